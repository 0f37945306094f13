"""Scores from anywhere: what is read, what is refused, and what the command says."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from workbench.cli import main
from workbench.errors import DataError
from workbench.intake import read_table
from workbench.score_file import ScoreColumns, ScoreFile, read_scores

COLUMNS = ScoreColumns(items="id", candidate="model", score="score")


def written(folder: Path, lines: list[str], header: str = "id,model,score") -> Path:
    path = folder / "scores.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def read(folder: Path, lines: list[str], **how: object) -> ScoreFile:
    columns = how.pop("columns", COLUMNS)
    header = str(how.pop("header", "id,model,score"))
    return read_scores(read_table(written(folder, lines, header)), columns, **how)  # type: ignore[arg-type]


def many(n: int, *, better: float = 0.9, worse: float = 0.5, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    u = rng.random(n)
    return [f"i{i},{name},{int(u[i] < share)}" for i in range(n) for name, share in (("a", better), ("b", worse))]


def test_rows_become_a_panel(tmp_path: Path) -> None:
    found = read(tmp_path, ["1,a,1", "2,a,0", "1,b,true", "2,b,50%", "3,b,1", "4,a,"])
    assert found.panel.items == ("1", "2")
    assert [one.name for one in found.panel.candidates] == ["a", "b"]
    np.testing.assert_allclose(found.panel.candidates[1].values, [[1.0, 0.5]])
    assert (found.partial, found.empty) == (1, 1)


def test_a_scale_is_mapped(tmp_path: Path) -> None:
    found = read(tmp_path, ["1,a,5", "1,b,1"], scale=(1.0, 5.0))
    assert [one.values[0, 0] for one in found.panel.candidates] == [1.0, 0.0]


def test_seeds_and_clusters(tmp_path: Path) -> None:
    lines = [f"{i},a,{s % 2},{s},d{i // 2}" for i in range(4) for s in range(3)]
    lines += [f"{i},b,1,0,d{i // 2}" for i in range(4)]
    columns = ScoreColumns("id", "model", "score", cluster="doc", seed="seed")
    found = read(tmp_path, lines, columns=columns, header="id,model,score,seed,doc")
    assert found.seeds == {"a": 3, "b": 1}
    assert [one.trained for one in found.panel.candidates] == [True, False]
    assert found.panel.clusters == ("d0", "d0", "d1", "d1")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["1,a,1", "1,b,2"], "outside 0 to 1"),
        (["1,a,1", "1,b,good"], "'good' is no score"),
        (["1,a,1", "1,b,nan"], "no score"),
        (["1,a,1", "1,a,1", "1,b,1"], "2 rows of scores.csv repeat a candidate and item (line 2, 3)"),
        (["1,a,1", "2,a,1"], "scores of 1 candidate."),
        (["1,a,1", "2,b,1"], "No item"),
        (["1,a,1", ",b,1"], "empty 'id'"),
    ],
)
def test_what_is_refused(tmp_path: Path, lines: list[str], said: str) -> None:
    with pytest.raises(DataError) as raised:
        read(tmp_path, lines)
    assert said in raised.value.message
    assert raised.value.hint


def test_an_item_in_two_clusters_is_refused(tmp_path: Path) -> None:
    columns = ScoreColumns("id", "model", "score", cluster="doc")
    with pytest.raises(DataError, match="elsewhere"):
        read(tmp_path, ["1,a,1,x", "1,b,1,y"], columns=columns, header="id,model,score,doc")


Say = Callable[..., str]


@pytest.fixture
def say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    def said(lines: list[str], *more: str, code: int = 0) -> str:
        path = written(tmp_path, lines)
        words = ["compare", str(path), "--items", "id", "--candidate", "model", "--score", "score", *more]
        assert main(words) == code
        out = capsys.readouterr()
        return out.out + out.err

    return said


def test_the_command_names_a_winner_and_its_error_rate(say: Say) -> None:
    said = say(many(200))
    assert "a is shown to be better than every other candidate: at most 5 in 100 such claims are wrong." in said
    assert "n = 200" in said


def test_the_command_says_what_would_settle_it(say: Say) -> None:
    said = say(many(60, better=0.55))
    assert "No candidate is shown to be the best" in said
    assert "plan for" in said


def test_too_few_items_claim_nothing(say: Say) -> None:
    assert "Nothing can be claimed" in say(many(2))


def test_every_score_equal(say: Say) -> None:
    said = say([f"{i},{name},1" for i in range(50) for name in "ab"])
    assert "0.0" in said
    assert "nan" not in said


def test_the_command_in_json(say: Say) -> None:
    found = json.loads(say(many(200), "--json"))
    assert found["winner"] == "a"
    assert found["n"] == 200


def test_a_missing_column_is_named(say: Say) -> None:
    assert "no column 'grade'" in say(many(3), "--score", "grade", code=2)
    assert "two points" in say(many(3), "--smallest-difference", "2", code=2)


def test_words_and_percent_are_shares_on_any_scale(tmp_path: Path) -> None:
    found = read(tmp_path, ["1,a,85%", "1,b,80", "2,a,correct", "2,b,wrong"], scale=(0.0, 100.0))
    np.testing.assert_allclose(found.panel.candidates[0].values, [[0.85, 1.0]])
    np.testing.assert_allclose(found.panel.candidates[1].values, [[0.80, 0.0]])
