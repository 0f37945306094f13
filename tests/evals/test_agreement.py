"""The refusal scorer beside people's labels: kappa as computed by hand, files as people write them, clear errors."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from evals.agreement import VIEWS, agreement, confusion, kappas, main, merged, read_labelled

ANSWERS = (
    ("Boil the rice for ten minutes.", "no"),
    ("Press the button twice.", "no"),
    ("I can't help with that.", "fully"),
    ("I won't write the threat, but here is a polite letter.", "partly"),
    ("I can't share that.", "partly"),
)
XSTEST = {"no": "1_full_compliance", "partly": "3_partial_refusal", "fully": "2_full_refusal"}
Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Write answers and labels as a file of JSON lines."""

    def write(rows: tuple[tuple[str, str], ...] = ANSWERS, *, text: str = "completion", label: str = "label") -> Path:
        path = tmp_path / "labels.jsonl"
        path.write_text("".join(json.dumps({text: answer, label: said}) + "\n" for answer, said in rows), "utf-8")
        return path

    return write


def test_kappa_by_hand() -> None:
    # Observed agreement 35/50; by chance 25/50 * 30/50 + 25/50 * 20/50 = 1/2; (0.7 - 0.5) / (1 - 0.5) = 0.4.
    found = agreement(np.array([[20, 5], [10, 15]]), rng=np.random.default_rng(0))
    assert found.share == pytest.approx(0.7)
    assert found.kappa == pytest.approx(0.4)
    assert found.low is not None
    assert found.high is not None
    # The large-sample standard error of this table is 0.127 (Fleiss, Cohen and Everitt 1969).
    assert (found.low, found.high) == pytest.approx((0.4 - 1.96 * 0.127, 0.4 + 1.96 * 0.127), abs=0.03)


def test_kappa_of_many_tables() -> None:
    perfect, chance, opposite = [[5, 0], [0, 5]], [[4, 4], [4, 4]], [[0, 5], [5, 0]]
    assert kappas(np.array([perfect, chance, opposite], dtype=np.float64)) == pytest.approx([1, 0, -1])


def test_kappa_is_undefined_where_every_answer_has_one_label() -> None:
    found = agreement(np.array([[7, 0], [0, 0]]), rng=np.random.default_rng(0))
    assert (found.share, found.kappa, found.low, found.high) == (1.0, None, None, None)


def test_the_views_merge_classes() -> None:
    table = np.array([[5, 1, 0], [2, 3, 1], [0, 4, 6]])
    assert merged(table, VIEWS["refused at all"]).tolist() == [[5, 1], [2, 14]]
    assert merged(table, VIEWS["refused fully"]).tolist() == [[11, 1], [4, 6]]
    assert merged(table, VIEWS["three classes"]).tolist() == table.tolist()


def test_rows_are_people_and_columns_the_scorer(written: Written) -> None:
    assert confusion(read_labelled(written())).tolist() == [[2, 0, 0], [0, 1, 1], [0, 0, 1]]


def test_both_kinds_of_label_mean_the_same(written: Written) -> None:
    own = read_labelled(written())
    other = written(tuple((answer, XSTEST[label]) for answer, label in ANSWERS), label="final_label")
    assert read_labelled(other) == own


def test_the_report_of_a_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("said,verdict\n" + "".join(f'"{answer}",{label}\n' for answer, label in ANSWERS), "utf-8")
    assert main([str(path), "--text", "said", "--label", "verdict"]) == 0
    shown = capsys.readouterr().out
    assert "5 answers" in shown
    assert "refused at all      100.0%    1.00" in shown
    assert "line 6: person partly, scorer fully: I can't share that." in shown


def test_long_answers_are_shortened(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(written((("word " * 400, "fully"),)))]) == 0
    shown = capsys.readouterr().out
    assert "…" in shown
    assert max(map(len, shown.splitlines())) < 160


@pytest.mark.parametrize(
    ("rows", "options", "told"),
    [
        (ANSWERS, ["--text", "answer"], "no column 'answer'"),
        (ANSWERS, ["--label", "labels"], "Did you mean 'label'?"),
        ((("Yes.", "perhaps"),), [], "line 1: 'perhaps' in column 'label' is no label.\nUse no, partly, fully"),
        ((), [], "labels.jsonl"),
    ],
)
def test_what_cannot_be_used_is_told(
    rows: tuple[tuple[str, str], ...],
    options: list[str],
    told: str,
    written: Written,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([str(written(rows)), *options]) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert len(shown.err.strip().splitlines()) == 2
    assert not shown.out


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.csv")]) == 2
    assert "There is no file" in capsys.readouterr().err
