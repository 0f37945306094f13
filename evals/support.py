"""``python -m evals.support STEP_DIR [STEP_DIR ...]``: a model says which claims of answers their passages support."""

import json
import sys

from workbench.environment import prepare

prepare()

from collections.abc import Sequence
from functools import partial

from evals.checking import Asked, Checked, Checker
from evals.claims import Claim, claims
from evals.grounding import citation_precision, citation_recall, grounded, nothing_to_check
from evals.measuring import MEASURES, read_retrieved, row
from evals.nli import Nli
from evals.retrieval import Measured
from evals.steps import read_responses
from evals.support_judge import REPLY_TOKENS, SupportJudge
from recipes.asking import asker
from workbench.engine import main
from workbench.examples import read_examples
from workbench.measures import JUDGED, MeasureName
from workbench.support import Support
from workbench.workspace import Step, appending, read_jsonl, write_jsonl

PACKAGES = ("torch", "transformers", "sentence-transformers")
AT_ONCE = 16
"""Answers whose claims are asked about together; what was asked before a stop is not asked again."""
VERDICTS = "verdicts.jsonl"


class Checkers:
    """Models that this process has loaded, so that several steps share one."""

    def __init__(self) -> None:
        self._loaded: dict[str, Checker] = {}

    def get(self, support: Support) -> Checker:
        """What asks this model; raises as loading it does."""
        key = support.model_dump_json()
        if key not in self._loaded:
            self._loaded[key] = checker(support)
        return self._loaded[key]


def checker(support: Support) -> Checker:
    """What asks a model which passages support a claim.

    Raises NotFound and ConfigError where the model is not there or is none for this.
    """
    if support.nli is not None:
        return Nli(support.nli)
    assert support.judge is not None
    return SupportJudge(support.judge.model, asker(support.judge, tokens=REPLY_TOKENS))


def check_support(step: Step, *, checkers: Checkers) -> None:
    """Do a ``support`` step: every claim of every answer, and whether each passage of its prompt supports it.

    Leaves ``measures.jsonl``, and ``verdicts.jsonl`` with what the model said of each claim.
    """
    examples = read_examples(step.file("examples"))
    responses = read_responses(step.needed("answers").path("responses.jsonl"), examples)
    retrieved = read_retrieved(step)
    step.progress("loading the model")
    check = checkers.get(Support.parse(step.record.inputs["support"], where=str(step.folder)))
    partial_path = step.path("verdicts.part.jsonl")
    known = {record["example"]: record for record in read_jsonl(partial_path)}
    waiting = [one for one in examples if one.id not in known]
    with appending(partial_path) as out:
        for start in range(0, len(waiting), AT_ONCE):
            asked: list[Asked] = []
            owners: list[tuple[str, Claim]] = []
            part = waiting[start : start + AT_ONCE]
            for one in part:
                texts = tuple(passage.text for passage in retrieved[one.id].passages)
                response = responses[one.id]
                said = () if nothing_to_check(response.text, texts) else claims(response.marked or response.text)
                owners += [(one.id, claim) for claim in said]
                asked += [Asked(one.question, claim.text, texts) for claim in said]
            verdicts = check(asked) if asked else []
            for one in part:
                mine = [
                    {"claim": claim.text, "cites": claim.cites, "supported": verdict}
                    for (owner, claim), verdict in zip(owners, verdicts, strict=True)
                    if owner == one.id
                ]
                known[one.id] = {"example": one.id, "claims": mine}
                out.write(json.dumps(known[one.id], ensure_ascii=False) + "\n")
            out.flush()
            step.progress("checking claims", step=len(known), total=len(examples))
    write_jsonl(step.path(VERDICTS), [known[one.id] for one in examples])
    rows = []
    for one in examples:
        reason = nothing_to_check(responses[one.id].text, [p.text for p in retrieved[one.id].passages])
        told = known[one.id]["claims"]
        found = [Claim(claim["claim"], tuple(claim["cites"])) for claim in told]
        table = [claim["supported"] for claim in told]
        measured = judged_measures(found, table, reason=reason, cite=bool(responses[one.id].marked))
        rows.append(row(one.id, measured).model_dump(mode="json"))
    write_jsonl(step.path(MEASURES), rows)
    partial_path.unlink(missing_ok=True)
    said_nothing = sum(claim["supported"] is None for record in known.values() for claim in record["claims"])
    step.note(claims=sum(len(record["claims"]) for record in known.values()), without_verdict=said_nothing)


def judged_measures(
    found: Sequence[Claim], table: Sequence[Checked], *, reason: str, cite: bool
) -> dict[MeasureName, Measured]:
    """Every measure by a model of one answer; none where it gave no verdict on one of its claims."""
    if not reason and not found:
        reason = "it claims nothing"
    if not reason and any(verdict is None for verdict in table):
        reason = "the model gave no verdict"
    if reason:
        return {name: Measured(None, reason) for name in JUDGED.values()}
    rows = [verdict for verdict in table if verdict is not None]
    unasked = Measured(None, "citations were not asked for")
    precise = citation_precision(found, rows)
    return {
        JUDGED["grounded"]: Measured(grounded(rows)),
        JUDGED["citation_precision"]: unasked
        if not cite
        else Measured(precise, "" if precise is not None else "it cites nothing"),
        JUDGED["citation_recall"]: Measured(citation_recall(found, rows)) if cite else unasked,
    }


if __name__ == "__main__":
    sys.exit(main({"support": partial(check_support, checkers=Checkers())}, program="evals.support", packages=PACKAGES))
