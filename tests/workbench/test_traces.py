"""What a training leaves to be read."""

from pathlib import Path

from workbench.traces import read_samples, read_tokens
from workbench.workspace import Step, write_jsonl


def test_answers_on_the_way_each_once_and_in_order(tmp_path: Path) -> None:
    step = Step(tmp_path)
    assert read_samples(step) == ()
    told = {"request": "Hue?", "reference": "red"}
    lines = [
        {"step": 20, "example": "a", "text": "rod", **told},
        {"step": 40, "example": "a", "text": "reed", **told},
        {"step": 20, "example": "a", "text": "rid", **told},
        {"step": 20, "example": "b", "text": "blue", "request": "Sky?", "reference": "blue"},
    ]
    write_jsonl(step.path("samples.jsonl"), lines)
    first, second = read_samples(step)
    assert (first.request, first.reference, first.answers) == ("Hue?", "red", {20: "rid", 40: "reed"})
    assert second.answers == {20: "blue"}


def test_tokens_that_carry_loss(tmp_path: Path) -> None:
    step = Step(tmp_path)
    assert read_tokens(step) == ()
    write_jsonl(step.path("tokens.jsonl"), [{"pieces": [["Hue?", False], ["red", True]]}])
    assert read_tokens(step) == ([("Hue?", False), ("red", True)],)
