"""``python -m evals.support STEP_DIR [STEP_DIR ...]``: a model says which claims of answers their passages support."""

import json
import sys

from workbench.environment import prepare

prepare()

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from evals.checking import Asked, Checked, Checker
from evals.claims import Claim, claims
from evals.grounding import judged_measures, nothing_to_check, supported
from evals.measuring import CLAIMS, MEASURES, claims_record, read_retrieved, row
from evals.nli import Nli
from evals.steps import read_responses
from evals.support_judge import REPLY_TOKENS, SupportJudge
from recipes.asking import asker
from workbench.claim_labels import CheckedClaim, ClaimLabel
from workbench.engine import main
from workbench.examples import read_examples
from workbench.run import Response, Retrieved
from workbench.support import Support
from workbench.usecase import Example
from workbench.workspace import Step, appending, read_jsonl, write_jsonl

PACKAGES = ("torch", "transformers", "sentence-transformers")
AT_ONCE = 16
"""Answers whose claims are asked about together; what was asked before a stop is not asked again."""
LABELLED = "labelled.jsonl"


class Checkers:
    """Models that this process has loaded, so that several steps share one."""

    def __init__(self) -> None:
        self._loaded: dict[str, Checker] = {}

    def of(self, step: Step) -> Checker | None:
        """What asks the model that a step names; None where it names none.

        Raises NotFound and ConfigError where that is not there or is none for this.
        """
        if "support" not in step.record.inputs:
            return None
        support = Support.parse(step.record.inputs["support"], where=str(step.folder))
        key = support.model_dump_json()
        if key not in self._loaded:
            self._loaded[key] = _checker(support)
        return self._loaded[key]


def _checker(support: Support) -> Checker:
    if support.nli is not None:
        return Nli(support.nli)
    assert support.judge is not None
    return SupportJudge(support.judge.model, asker(support.judge, tokens=REPLY_TOKENS))


def check_support(step: Step, *, checkers: Checkers) -> None:
    """Do a ``support`` step: what a model says supports the claims of answers, or of claims that people labelled."""
    step.progress("loading the model")
    check = checkers.of(step)
    if "claims" in step.record.files:
        check_labelled(step, check)
    elif check is not None:
        check_answers(step, check)


def check_answers(step: Step, check: Checker) -> None:
    """Every claim of every answer, and whether each passage of its prompt supports it; resumes where it stopped.

    Leaves ``measures.jsonl``, and ``claims.jsonl`` with what the model said of each claim.
    """
    examples = read_examples(step.file("examples"))
    responses = read_responses(step.needed("answers").path("responses.jsonl"), examples)
    retrieved = read_retrieved(step)
    partial_path = step.path("claims.part.jsonl")
    known = {record["example"]: record for record in read_jsonl(partial_path)}
    waiting = [one for one in examples if one.id not in known]
    with appending(partial_path) as out:
        for start in range(0, len(waiting), AT_ONCE):
            for record in _checked(waiting[start : start + AT_ONCE], responses, retrieved, check):
                known[record["example"]] = record
                out.write(json.dumps(record, ensure_ascii=False) + "\n")
            out.flush()
            step.progress("checking claims", step=len(known), total=len(examples))
    write_jsonl(step.path(CLAIMS), [known[one.id] for one in examples])
    rows = (
        row(one.id, judged_measures(*_read(known[one.id]), **_about(responses[one.id], retrieved[one.id])))
        for one in examples
    )
    write_jsonl(step.path(MEASURES), [one.model_dump(mode="json") for one in rows])
    partial_path.unlink(missing_ok=True)
    verdicts = [claim["supported"] for record in known.values() for claim in record["claims"]]
    step.note(claims=len(verdicts), without_verdict=sum(one is None for one in verdicts))


def _checked(
    part: Sequence[Example], responses: Mapping[str, Response], retrieved: Mapping[str, Retrieved], check: Checker
) -> Iterator[dict[str, Any]]:
    """What the model says of the answers to some examples, all of their claims asked about together."""
    said: dict[str, tuple[Claim, ...]] = {}
    asked: list[Asked] = []
    for one in part:
        response, texts = responses[one.id], _texts(retrieved[one.id])
        said[one.id] = () if nothing_to_check(response.text, texts) else claims(response.marked or response.text)
        asked += [Asked(one.question, claim.text, texts) for claim in said[one.id]]
    verdicts = iter(check(asked) if asked else [])
    for one in part:
        yield claims_record(one.id, said[one.id], [next(verdicts) for _ in said[one.id]])


def _texts(found: Retrieved) -> tuple[str, ...]:
    return tuple(passage.text for passage in found.passages)


def _read(record: Mapping[str, Any]) -> tuple[list[Claim], list[Checked]]:
    told = record["claims"]
    return [Claim(one["claim"], tuple(one["cites"])) for one in told], [one["supported"] for one in told]


def _about(response: Response, found: Retrieved) -> dict[str, Any]:
    return {"reason": nothing_to_check(response.text, _texts(found)), "cite": bool(response.marked)}


def check_labelled(step: Step, check: Checker | None) -> None:
    """Claims that people labelled, as words and the model see them; leaves ``labelled.jsonl``."""
    path = step.file("claims")
    labels = [ClaimLabel.parse(record, where=f"A line of {path}") for record in read_jsonl(path)]
    asked = [Asked(one.question, one.claim, one.passages) for one in labels]
    verdicts: Sequence[Checked] = check(asked) if check is not None else [None] * len(labels)
    rows = []
    for label, verdict in zip(labels, verdicts, strict=True):
        (by_words,) = supported(label.passages, [Claim(label.claim)], question=label.question)
        told = CheckedClaim(
            example=label.example,
            person=label.supported,
            words=any(by_words),
            model=None if verdict is None else any(verdict),
        )
        rows.append(told.model_dump(mode="json"))
    write_jsonl(step.path(LABELLED), rows)
    step.note(labels=len(rows))


if __name__ == "__main__":
    do = {"support": partial(check_support, checkers=Checkers())}
    sys.exit(main(do, program="evals.support", packages=PACKAGES))
