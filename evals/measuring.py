"""Measure steps: what was found and what was answered become ``measures.jsonl``, one line for each example."""

from collections.abc import Mapping

from evals.claims import claims
from evals.documents import Documents
from evals.grounding import nothing_to_check, said_measures, supported
from evals.retrieval import Evidence, Found, Measured, found_measures
from evals.steps import EXAMPLES_PER_LINE, read_responses
from workbench.examples import read_examples
from workbench.measures import MeasureName, Measures
from workbench.run import Response, Retrieved
from workbench.usecase import Example
from workbench.workspace import Step, read_jsonl, write_jsonl

MEASURES = "measures.jsonl"


def measure_answers(step: Step) -> None:
    """Do a ``measure`` step: every measure of what was found for each example, and of how its answer rests on it.

    Evidence that people confirmed counts where an example names none. Raises WorkbenchError where the responses are
    not exactly one for each example.
    """
    examples = read_examples(step.file("examples"))
    confirmed = step.record.inputs.get("evidence", {})
    step.progress("reading what was found")
    documents = Documents.read(step.needed("index").folder)
    retrieved = read_retrieved(step)
    responses = read_responses(step.needed("answers").path("responses.jsonl"), examples)
    rows, known = [], 0
    for n, example in enumerate(examples, 1):
        evidence = documents.evidence(example, confirmed)
        known += bool(evidence.documents)
        found = retrieved[example.id]
        measured = {**of_found(found, evidence), **of_answer(example, responses[example.id], found)}
        rows.append(row(example.id, measured).model_dump(mode="json"))
        if n % EXAMPLES_PER_LINE == 0 or n == len(examples):
            step.progress("measuring", step=n, total=len(examples))
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
    depth = None if found.ranking else len(handed)
    return found_measures(Found(ranked, handed, depth), evidence)


def of_answer(example: Example, response: Response, found: Retrieved) -> Mapping[MeasureName, Measured]:
    """Every measure by words of one answer."""
    texts = [passage.text for passage in found.passages]
    said = claims(response.marked or response.text)
    table = supported(texts, said, question=example.question)
    reason = nothing_to_check(response.text, texts)
    return said_measures(said, table, reason=reason, cite=bool(response.marked))
