"""Measure steps: what was found and what was answered become ``measures.jsonl``, one line for each example."""

from collections.abc import Mapping, Sequence
from typing import Any

from evals.claims import Claim, claims
from evals.documents import Documents
from evals.grounding import Supported, nothing_to_check, said_measures, supported
from evals.retrieval import Evidence, Found, Measured, found_measures
from evals.steps import EXAMPLES_PER_LINE, read_responses
from workbench.examples import read_examples
from workbench.measures import MeasureName, Measures
from workbench.run import Response, Retrieved
from workbench.usecase import Example
from workbench.workspace import Step, read_jsonl, write_jsonl

MEASURES = "measures.jsonl"
CLAIMS = "claims.jsonl"
"""What each answer claims, and which passages of its prompt support it."""


def measure_answers(step: Step) -> None:
    """Do a ``measure`` step: every measure of what was found for each example, and of how its answer rests on it.

    Leaves ``claims.jsonl`` beside, with what each answer claims.
    Evidence that people confirmed counts where an example names none. Raises WorkbenchError where the responses are
    not exactly one for each example.
    """
    examples = read_examples(step.file("examples"))
    confirmed = step.record.inputs.get("evidence", {})
    step.progress("reading what was found")
    documents = Documents.read(step.needed("index").folder)
    retrieved = read_retrieved(step)
    responses = read_responses(step.needed("answers").path("responses.jsonl"), examples)
    rows, told, known = [], [], 0
    for n, example in enumerate(examples, 1):
        evidence = documents.evidence(example, confirmed)
        known += bool(evidence.documents)
        found = retrieved[example.id]
        said, table = claims_of(example, responses[example.id], found)
        told.append(claims_record(example.id, said, table))
        measured = {**of_found(found, evidence), **of_answer(responses[example.id], found, said, table)}
        rows.append(row(example.id, measured).model_dump(mode="json"))
        if n % EXAMPLES_PER_LINE == 0 or n == len(examples):
            step.progress("measuring", step=n, total=len(examples))
    write_jsonl(step.path(CLAIMS), told)
    write_jsonl(step.path(MEASURES), rows)
    step.note(examples=len(examples), with_evidence=known, confirmed=sum(one in confirmed for one in examples.ids))


def read_retrieved(step: Step) -> dict[str, Retrieved]:
    """What retrieval found, by example."""
    path = step.needed("retrieve").path("retrieved.jsonl")
    return {record["example"]: Retrieved.parse(record, where=str(path)) for record in read_jsonl(path)}


def row(example: str, measured: Mapping[MeasureName, Measured]) -> Measures:
    """One example's line."""
    return Measures(
        example=example,
        values={name: one.value for name, one in measured.items() if one.value is not None},
        reasons={name: one.reason for name, one in measured.items() if one.value is None},
    )


def of_found(found: Retrieved, evidence: Evidence) -> Mapping[MeasureName, Measured]:
    """Every measure of what was found for one example."""
    handed = [passage.document for passage in found.passages]
    ranked = [passage.rpartition("#")[0] for passage in found.ranking] or handed
    # Where nothing at all was found, nothing was left out either.
    depth = None if found.ranking or not handed else len(handed)
    return found_measures(Found(ranked, handed, depth), evidence)


def claims_of(example: Example, response: Response, found: Retrieved) -> tuple[Sequence[Claim], Supported]:
    """What an answer claims, and which passages support it by words."""
    texts = [passage.text for passage in found.passages]
    if nothing_to_check(response.text, texts):
        return (), ()
    said = claims(response.marked or response.text)
    return said, supported(texts, said, question=example.question)


def claims_record(example: str, said: Sequence[Claim], table: Sequence[Sequence[bool] | None]) -> dict[str, Any]:
    """One line of ``claims.jsonl``."""
    told = [
        {"claim": claim.text, "cites": claim.cites, "supported": row} for claim, row in zip(said, table, strict=True)
    ]
    return {"example": example, "claims": told}


def of_answer(
    response: Response, found: Retrieved, said: Sequence[Claim], table: Supported
) -> Mapping[MeasureName, Measured]:
    """Every measure by words of one answer."""
    reason = nothing_to_check(response.text, [passage.text for passage in found.passages])
    return said_measures(said, table, reason=reason, cite=bool(response.marked))
