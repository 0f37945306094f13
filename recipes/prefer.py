"""A model answers a queue as an annotator would: which of two answers is better, asked in both orders."""

from recipes.bases import Bases
from recipes.judge import request_text
from recipes.judging import judge_all
from workbench.stage import Judge
from workbench.workspace import Step, read_jsonl, write_jsonl


def prefer(step: Step, *, bases: Bases) -> None:
    """Do a ``prefer`` step: leaves ``verdicts.jsonl``, a line for each pair, with both verdicts.

    Raises WorkbenchError where the judge can't be understood or reached.
    """
    judge = Judge.parse(step.record.inputs["judge"], where=str(step.folder))
    rows = {row["id"]: row for row in read_jsonl(step.file("asked"))}
    asked = {name: (request_text(row["messages"]), row["left"], row["right"]) for name, row in rows.items()}
    found = judge_all(step, judge, asked, bases=bases)
    write_jsonl(
        step.path("verdicts.jsonl"),
        [{"id": name, "verdict": found[name][0], "swapped": found[name][1]} for name in rows],
    )
    step.note(judged=len(found))
