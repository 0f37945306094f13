"""The words around a step's requests: instruction, solved examples, and passages where any were found."""

from collections.abc import Callable, Iterable

from recipes.data import PromptPlan, Turn, choose_shots, conversation
from workbench.citations import cited, without_marks
from workbench.confirmed import with_confirmed
from workbench.examples import Examples, read_examples
from workbench.run import Response, Retrieved
from workbench.usecase import Example
from workbench.workspace import Step, read_jsonl


def read_retrieved(step: Step, role: str = "retrieve") -> dict[str, Retrieved] | None:
    """What retrieval found, by example, where the step builds on a retrieval in this role."""
    if role not in step.record.needs:
        return None
    path = step.needed(role).path("retrieved.jsonl")
    return {record["example"]: Retrieved.parse(record, where=str(path)) for record in read_jsonl(path)}


def with_retrieval(seconds: float | None, found: Retrieved | None) -> float | None:
    """The seconds of an answer and of finding its passages; None where either is not known."""
    if seconds is None or found is None:
        return seconds
    return None if found.seconds is None else seconds + found.seconds


def prompt_plan(step: Step) -> PromptPlan:
    """The instruction and the solved examples that the step puts around each request."""
    inputs = step.record.inputs
    count = int(inputs["shots"])
    shots = choose_shots(read_examples(step.file("shots")), count) if count else ()
    return PromptPlan(str(inputs["instruction"]), shots, cite=bool(inputs.get("cite")))


def unmarked(step: Step) -> Callable[[str], str]:
    """What takes the citation marks off an answer before it is scored; where none are asked for, it stays as it is."""
    return without_marks if step.record.inputs.get("cite") else str


def read_citations(step: Step, response: Response) -> Response:
    """An answer with what it cites told apart from what it says, where citations are asked for."""
    if not step.record.inputs.get("cite"):
        return response
    said = {"text": without_marks(response.text), "marked": response.text}
    return response.model_copy(update={**said, "cited": cited(response.text, response.passages)})


def read_asked(step: Step) -> Examples:
    """The examples of a step, with the evidence that people confirmed for them."""
    return with_confirmed(read_examples(step.file("examples")), step.record.inputs.get("evidence", {}))


def conversations(step: Step, examples: Iterable[Example], role: str = "retrieve") -> dict[str, list[Turn]]:
    """The turns that the model is sent for each example, by its id, with what the retrieval in this role found."""
    plan, found = prompt_plan(step), read_retrieved(step, role)
    return {one.id: conversation(one, plan, found[one.id] if found is not None else None) for one in examples}
