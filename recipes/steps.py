"""The two kinds of step of this package: train a stage, and answer examples."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel

from rag.corpus import read_corpus
from recipes.answer import Generated, generate, time_alone
from recipes.data import encode_pairs, encode_prompt, encode_rows, windows
from recipes.dpo import train_dpo
from recipes.draw import draw
from recipes.grpo import train_grpo
from recipes.kto import train_kto
from recipes.model import Base, load, seed_everything
from recipes.prompting import conversations, prompt_plan, read_retrieved
from recipes.reward import train_reward
from recipes.rewards import graded, shorter
from recipes.sft import train_sft
from workbench.candidate import Decoding
from workbench.errors import WorkbenchError
from workbench.examples import read_examples
from workbench.pairs import Pair, hold_out, read_pairs
from workbench.run import Response, Retrieved
from workbench.stage import Cpt, Dpo, Full, Grpo, Kto, Reward, RewardPart, Sft, Stage, parse_stage
from workbench.usecase import Example
from workbench.workspace import Step, read_jsonl, write_jsonl


class Bases:
    """Base models that were loaded in this process, so that several steps share them."""

    def __init__(self) -> None:
        """Nothing is loaded yet."""
        self._loaded: dict[tuple[str, bool], Base] = {}

    def get(self, name: str, *, four_bit: bool = False) -> Base:
        """The base as it came; callers leave it as they found it."""
        key = (name, four_bit)
        if key not in self._loaded:
            self._loaded.clear()  # One at a time: memory is scarcer than the seconds to load it again.
            self._loaded[key] = load(name, four_bit=four_bit)
        return self._loaded[key]

    @contextmanager
    def trained(self, name: str, stages: list[Path], *, four_bit: bool = False, merged: bool = False) -> Iterator[Base]:
        """The base with the weights that the stages left, in their order; as it came once this ends.

        The adapter of the last stage is only put on, as it was when it was trained, unless all are to be ``merged``
        into the weights, as for further training. Weights in 4 bits stay in 4 bits.
        """
        whole = [i for i, folder in enumerate(stages) if (folder / "weights").is_dir()]
        start = str(stages[whole[-1]] / "weights") if whole else name
        adapters = [folder / "adapter" for folder in stages[whole[-1] + 1 if whole else 0 :]]
        if len(adapters) > 1 or whole or (adapters and merged):
            self._loaded.clear()
            base = load(start, four_bit=four_bit)
            model: Any = base.model
            for folder in adapters if merged else adapters[:-1]:
                model = PeftModel.from_pretrained(model, folder).merge_and_unload()
            if adapters and not merged:
                model = PeftModel.from_pretrained(model, adapters[-1])
            yield Base(model.eval(), base.tokenizer, base.device)
            return
        base = self.get(name, four_bit=four_bit)
        if not adapters:
            yield base
            return
        adapted = PeftModel.from_pretrained(base.model, adapters[0])
        try:
            yield Base(adapted.eval(), base.tokenizer, base.device)
        finally:
            adapted.unload()


def earlier_stages(step: Step) -> list[Path]:
    """Folders of the training stages a step builds on, in their order."""
    names = sorted((role for role in step.record.needs if role.startswith("train-")), key=lambda r: int(r[6:]))
    return [step.needed(role).folder for role in names]


def train(step: Step, *, bases: Bases) -> None:
    """Do a ``train`` step: one stage, on top of the stages before it."""
    inputs = step.record.inputs
    stage = parse_stage(inputs["stage"], where=str(step.folder))
    before = earlier_stages(step)
    step.progress("loading the base model")
    if isinstance(stage.adapter, Full) or before:
        bases = Bases()  # Its weights change, so nobody else may share it.
    with bases.trained(inputs["base_model"], before, four_bit=bool(inputs["four_bit"]), merged=True) as base:
        step.progress("preparing the rows")
        facts = _train_stage(step, base, stage, seed=int(inputs["seed"]))
        step.note(**facts, peak_memory_mb=peak_memory())


def _train_stage(step: Step, base: Base, stage: Stage, *, seed: int) -> dict[str, Any]:
    """Hand a stage the rows that its method learns from."""
    match stage:
        case Cpt():
            corpus = read_corpus(step.file("documents"))
            texts = [document.whole for document in corpus.documents]
            encoded = windows(texts, base.tokenizer, length=stage.max_length)
            return train_sft(step, base, stage, encoded=encoded, seed=seed)
        case Sft():
            examples = read_examples(step.file("examples"))
            encoded = encode_rows(
                examples, prompt_plan(step), base.tokenizer, max_length=stage.max_length, retrieved=read_retrieved(step)
            )
            return train_sft(step, base, stage, encoded=encoded, seed=seed)
        case Dpo() | Kto() | Reward():
            return _train_on_pairs(step, base, stage, seed=seed)
        case Grpo():
            return _reinforce(step, base, stage, seed=seed)


def _reinforce(step: Step, base: Base, stage: Grpo, *, seed: int) -> dict[str, Any]:
    tried = step.needed("passes").record.facts
    often, share = max((int(name[8:]), value) for name, value in tried.items() if name.startswith("pass_at_"))
    if not share:
        raise WorkbenchError(
            f"None of {often} answers to any request was right (pass@{often} = 0): there is nothing to reinforce.",
            "Put an sft stage before this one, so that right answers come up at all (a cold start).",
        )
    examples = {example.id: example for example in read_examples(step.file("examples"))}
    metric = step.record.inputs["metric"]
    parts = stage.rewards or (RewardPart(metric=metric),)
    rewards = [(graded(part.metric, examples, base), part.weight) for part in parts]
    if stage.long_from is not None:
        rewards.append((shorter(stage.long_from, stage.max_new_tokens), 1.0))
    return train_grpo(
        step, base, stage, conversations=conversations(step, examples.values()), rewards=rewards, seed=seed
    ) | {name: value for name, value in tried.items() if name.startswith("pass_at_")}


def draw_answers(step: Step, *, bases: Bases) -> None:
    """Do a ``draw`` step: several answers to each request, by the model as the stages before left it."""
    inputs = step.record.inputs
    step.progress("loading the base model")
    with bases.trained(inputs["base_model"], earlier_stages(step), four_bit=bool(inputs["four_bit"])) as base:
        draw(step, base)
        step.note(peak_memory_mb=peak_memory())


def _train_on_pairs(step: Step, base: Base, stage: Dpo | Kto | Reward, *, seed: int) -> dict[str, Any]:
    pairs = read_pairs(step.file("pairs"))
    held_out: list[Pair] = []
    if isinstance(stage, Reward):
        pairs, held_out = hold_out(pairs, share=stage.held_out)
    encode = partial(
        encode_pairs,
        plan=prompt_plan(step),
        tokenizer=base.tokenizer,
        max_length=stage.max_length,
        retrieved=read_retrieved(step),
    )
    encoded, too_long = encode(pairs)
    left_out = {"rows_too_long": too_long}
    match stage:
        case Dpo():
            return left_out | train_dpo(step, base, stage, pairs=encoded, seed=seed)
        case Kto():
            return left_out | train_kto(step, base, stage, pairs=encoded, seed=seed)
        case Reward():
            unseen, _ = encode(held_out) if held_out else ([], 0)
            return left_out | train_reward(step, base, stage, pairs=encoded, held_out=unseen, seed=seed)


def answer(step: Step, *, bases: Bases) -> None:
    """Do an ``answer`` step: answer every example, those already answered before a stop excepted."""
    inputs = step.record.inputs
    decoding = Decoding.parse(inputs["decoding"], where=str(step.folder))
    seed_everything(int(inputs["seed"]))
    step.progress("loading the base model")
    with bases.trained(inputs["base_model"], earlier_stages(step), four_bit=bool(inputs["four_bit"])) as base:
        examples = read_examples(step.file("examples"))
        retrieved = read_retrieved(step)
        prompts = {name: encode_prompt(turns, base.tokenizer) for name, turns in conversations(step, examples).items()}
        answers = _answer_all(step, base, prompts, decoding)
        seconds = _time_some(step, base, prompts, decoding, answers)
    write_jsonl(
        step.path("responses.jsonl"),
        [_response(e, answers[e.id], prompts[e.id], retrieved, seconds.get(e.id)).model_dump() for e in examples],
    )
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
    with partial.open("a", encoding="utf-8") as out:

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
    if seconds is not None and found is not None:
        seconds += found.seconds or 0.0
    return Response(
        example=example.id,
        text=given.text,
        passages=tuple(passage.id for passage in found.passages) if found else (),
        prompt_tokens=len(prompt),
        completion_tokens=given.tokens,
        finish=given.finish,
        seconds=seconds,
    )


def peak_memory() -> float | None:
    """Most memory this process has held so far, in MB: of the GPU where there is one, else of the machine."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_reserved() / 2**20
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
