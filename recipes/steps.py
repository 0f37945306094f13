"""The kinds of step of this package: train a stage, draw several answers, and answer examples."""

import json

from recipes.answer import Generated, generate, time_alone
from recipes.bases import Bases, earlier_stages
from recipes.data import encode_prompt
from recipes.draw import draw
from recipes.hosted import answer_hosted
from recipes.model import Base, seed_everything
from recipes.peak import enough_memory, forget_peak_memory, peak_memory
from recipes.prompting import conversations, read_citations, read_retrieved, with_retrieval
from recipes.stages import train_stage
from workbench.base_models import hosted_name
from workbench.candidate import Decoding
from workbench.examples import read_examples, some_of
from workbench.run import Response, Retrieved
from workbench.stage import Full, Reward, parse_stage
from workbench.usecase import Example
from workbench.workspace import Step, appending, read_jsonl, write_jsonl


def train(step: Step, *, bases: Bases) -> None:
    """Do a ``train`` step: one stage, on top of the stages before it."""
    inputs = step.record.inputs
    stage = parse_stage(inputs["stage"], where=str(step.folder))
    before = earlier_stages(step)
    forget_peak_memory()
    step.progress("loading the base model")
    every = isinstance(stage.adapter, Full)
    if every or before or isinstance(stage, Reward):
        bases = Bases()  # Its weights change, so nobody else may share it.
    four_bit = bool(inputs["four_bit"])
    with (
        enough_memory(stage),
        bases.trained(inputs["base_model"], before, four_bit=four_bit, merged=True, exact=every) as base,
    ):
        step.progress("preparing the rows")
        facts = train_stage(step, base, stage, seed=int(inputs["seed"]))
        step.note(**facts, device=base.device.type, peak_memory_mb=peak_memory())


def draw_answers(step: Step, *, bases: Bases) -> None:
    """Do a ``draw`` step: several answers to each request, by the model as the stages before left it."""
    forget_peak_memory()
    step.progress("loading the base model")
    with bases.of(step, merged=True) as base:
        draw(step, base)
        step.note(peak_memory_mb=peak_memory())


def answer(step: Step, *, bases: Bases) -> None:
    """Do an ``answer`` step: answer every example, those already answered before a stop excepted."""
    inputs = step.record.inputs
    if hosted_name(str(inputs["base_model"])) is not None:
        answer_hosted(step)
        return
    decoding = Decoding.parse(inputs["decoding"], where=str(step.folder))
    seed_everything(int(inputs["seed"]))
    forget_peak_memory()
    step.progress("loading the base model")
    with bases.of(step, merged=True) as base:
        examples = some_of(read_examples(step.file("examples")), inputs.get("most"))
        retrieved = read_retrieved(step)
        prompts = {name: encode_prompt(turns, base.tokenizer) for name, turns in conversations(step, examples).items()}
        answers = _answer_all(step, base, prompts, decoding)
        seconds = _time_some(step, base, prompts, decoding, answers)
    said = (_response(one, answers[one.id], prompts[one.id], retrieved, seconds.get(one.id)) for one in examples)
    write_jsonl(step.path("responses.jsonl"), [read_citations(step, one).model_dump() for one in said])
    step.path("answers.part.jsonl").unlink(missing_ok=True)
    step.note(
        answered=len(examples),
        prompt_tokens=sum(map(len, prompts.values())) / len(prompts),
        completion_tokens=sum(a.tokens for a in answers.values()) / len(answers),
        peak_memory_mb=peak_memory(),
    )


def _answer_all(step: Step, base: Base, prompts: dict[str, list[int]], decoding: Decoding) -> dict[str, Generated]:
    partial = step.path("answers.part.jsonl")
    found = {record.pop("example"): Generated(**record) for record in read_jsonl(partial)}
    waiting = [name for name in prompts if name not in found]
    with appending(partial) as out:

        def keep(positions: list[int], answers: list[Generated]) -> None:
            for i, given in zip(positions, answers, strict=True):
                found[waiting[i]] = given
                out.write(json.dumps({"example": waiting[i], **vars(given)}) + "\n")
            out.flush()
            step.progress("answering", step=len(found), total=len(prompts))

        generate(base, [prompts[name] for name in waiting], decoding, on_batch=keep)
    return found


def _time_some(
    step: Step, base: Base, prompts: dict[str, list[int]], decoding: Decoding, answers: dict[str, Generated]
) -> dict[str, float]:
    """Seconds of the first few requests, answered alone; notes whether the answers stay the same."""
    wanted = [name for name in prompts if answers[name].finish != "too long"][: int(step.record.inputs["timed"])]
    seconds: dict[str, float] = {}
    same = 0
    timed = time_alone(base, [prompts[name] for name in wanted], decoding)
    for name, (given, took) in zip(wanted, timed, strict=True):
        seconds[name] = took
        same += given.text == answers[name].text
        step.progress("timing", step=len(seconds), total=len(wanted))
    if wanted and not decoding.temperature:
        step.note(timed=len(wanted), same_alone_as_in_batch=same)
    return seconds


def _response(
    example: Example,
    given: Generated,
    prompt: list[int],
    retrieved: dict[str, Retrieved] | None,
    seconds: float | None,
) -> Response:
    found = retrieved[example.id] if retrieved is not None else None
    return Response(
        example=example.id,
        text=given.text,
        passages=tuple(passage.id for passage in found.passages) if found else (),
        prompt_tokens=len(prompt),
        completion_tokens=given.tokens,
        finish=given.finish,
        seconds=with_retrieval(seconds, found),
    )
