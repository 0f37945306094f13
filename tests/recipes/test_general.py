"""General rows: as many as their share asks for, from a file or from what the bundled base was trained on."""

import json
from pathlib import Path

import pytest

from recipes.data import IGNORED
from recipes.general import general_rows
from recipes.model import load
from tests.recipes.steps import do, make_training
from workbench.errors import DataError, NotFound
from workbench.examples import write_examples
from workbench.stage import Lora, Sft
from workbench.usecase import Example


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    """Thirty small conversations."""
    path = tmp_path / "general.jsonl"
    rows = [[{"role": "user", "content": f"Say {n}."}, {"role": "assistant", "content": str(n)}] for n in range(30)]
    path.write_text("".join(json.dumps({"messages": row}) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.25, 10), (0.5, 30)])
def test_the_share_is_of_all_rows(toy_base: Path, talks: Path, share: float, count: int) -> None:
    stage = Sft(general_share=share, general_rows=str(talks))
    rows = general_rows(stage, load(str(toy_base)), beside=30, seed=0)
    assert len(rows) == count
    assert all(row.labels[0] == IGNORED and row.labels[-2:] != [IGNORED, IGNORED] for row in rows)


def test_the_bundled_base_has_its_own(toy_base: Path) -> None:
    stage = Sft(general_share=0.2)
    base = load("pocket")
    rows = general_rows(stage, base, beside=40, seed=3)
    assert len(rows) == 10
    assert rows == general_rows(stage, base, beside=40, seed=3)
    assert rows != general_rows(stage, base, beside=40, seed=4)


def test_a_stage_counts_what_it_mixed_in(tmp_path: Path, toy_base: Path, talks: Path, examples: list[Example]) -> None:
    write_examples(tmp_path / "train.jsonl", examples)
    stage = Sft(adapter=Lora(rank=4), epochs=1, general_share=0.5, general_rows=str(talks))
    step = do(make_training(tmp_path, toy_base, stage))
    assert (step.record.facts["rows"], step.record.facts["general_rows"]) == (40, 20)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}\n", "Line 1 of .* is no conversation"),
        ('{"messages": [{"role": "user", "content": "Hi"}]}\n', "does not end with the assistant"),
        ('{"messages": [{"role": "king", "content": "Hi"}]}\n', "is no conversation: role"),
        ("", "has 0 rows that fit, and 10 general rows are wanted"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(toy_base: Path, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "general.jsonl"
    path.write_text(text)
    with pytest.raises(DataError, match=said):
        general_rows(Sft(general_share=0.5, general_rows=str(path)), load(str(toy_base)), beside=10, seed=0)
    with pytest.raises(NotFound, match="There is no file"):
        general_rows(Sft(general_share=0.5, general_rows="nowhere"), load(str(toy_base)), beside=10, seed=0)
