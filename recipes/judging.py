"""A judge's verdicts about many pairs of answers: kept as they come, so that a stopped step goes on."""

import json
from collections.abc import Mapping

from recipes.asking import asker
from recipes.bases import Bases
from recipes.judge import REPLY_TOKENS, Verdict, compare
from workbench.stage import Judge
from workbench.workspace import Step, appending, read_jsonl

PAIRS_PER_PART = 32
"""Pairs that are judged together; each part is kept as soon as it is judged."""

Verdicts = tuple[Verdict, Verdict]
"""What a judge said of two answers in the order given, and with their places changed; both speak of the order given."""


def judge_all(
    step: Step, judge: Judge, asked: Mapping[str, tuple[str, str, str]], *, bases: Bases
) -> dict[str, Verdicts]:
    """Verdicts by name about pairs of answers, each a request and its two answers; kept in ``judged.jsonl``.

    Raises WorkbenchError as ``compare`` and ``asker`` do.
    """
    path = step.path("judged.jsonl")
    found: dict[str, Verdicts] = {
        record["example"]: (record["verdict"], record["swapped"]) for record in read_jsonl(path)
    }
    waiting = [name for name in asked if name not in found]
    ask = asker(judge, tokens=REPLY_TOKENS, bases=bases) if waiting else None
    with appending(path) as out:
        for start in range(0, len(waiting), PAIRS_PER_PART):
            assert ask is not None
            part = waiting[start : start + PAIRS_PER_PART]
            verdicts = compare(ask, judge, [asked[name] for name in part])
            for name, (one, other) in zip(part, verdicts, strict=True):
                found[name] = one, other
                out.write(json.dumps({"example": name, "verdict": one, "swapped": other}) + "\n")
            out.flush()
            step.progress("judging", step=len(found), total=len(asked))
    return found
