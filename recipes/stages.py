"""Each stage gets the rows that its method learns from, and is handed to its recipe."""

from functools import partial
from typing import Any

from rag.corpus import read_corpus
from recipes.bases import Bases, earlier_stages
from recipes.data import answered, encode_pairs, encode_rows, windows
from recipes.distill import train_distill
from recipes.dpo import train_dpo
from recipes.draw import keep_passed, read_draws
from recipes.kto import train_kto
from recipes.model import Base, load
from recipes.prompting import conversations, prompt_plan, read_retrieved
from recipes.reinforce import reinforce
from recipes.reward import load_reward, train_reward
from recipes.rewards import Rewarder, graded, learned, shorter
from recipes.sft import train_sft
from workbench.errors import WorkbenchError
from workbench.examples import read_examples
from workbench.pair_intake import hold_out
from workbench.pairs import Pair, read_pairs
from workbench.stage import (
    Cpt,
    Distill,
    Dpo,
    Grpo,
    Kto,
    RejectionSampling,
    Reward,
    RewardPart,
    Rlhf,
    Sft,
    Stage,
)
from workbench.usecase import Example
from workbench.workspace import Step, read_jsonl


def train_stage(step: Step, base: Base, stage: Stage, *, seed: int) -> dict[str, Any]:
    """Do one stage on a base that is its own; returns facts about it.

    Raises Stopped when asked to, and WorkbenchError as the recipes do.
    """
    match stage:
        case Cpt():
            texts = [document.whole for document in read_corpus(step.file("documents")).documents]
            encoded = windows(texts, base.tokenizer, length=stage.max_length)
            return train_sft(step, base, stage, encoded=encoded, seed=seed)
        case Sft():
            examples = list(read_examples(step.file("examples")))
            solved = answered(examples)
            facts = {"rows_without_answer": len(examples) - len(solved)}
            return facts | _on_examples(step, base, stage, solved, seed=seed)
        case RejectionSampling():
            draws = list(read_draws(step.needed("rows").path("draws.jsonl")))
            examples = list(read_examples(step.file("examples")))
            kept, facts = keep_passed(draws, examples, stage, passages=read_retrieved(step))
            return facts | _on_examples(step, base, stage, kept, seed=seed)
        case Dpo() | Kto() | Reward():
            return _on_pairs(step, base, stage, seed=seed)
        case Grpo() | Rlhf():
            return _reinforced(step, base, stage, seed=seed)
        case Distill():
            return _distilled(step, base, stage, seed=seed)


def _on_examples(
    step: Step, base: Base, stage: Sft | RejectionSampling | Distill, examples: list[Example], *, seed: int
) -> dict[str, Any]:
    found = read_retrieved(step)
    if found is not None:  # A second answer to a request is asked with the same passages.
        found |= {one.id: found[one.id.split("~")[0]] for one in examples if one.id not in found}
    encoded = encode_rows(examples, prompt_plan(step), base.tokenizer, max_length=stage.max_length, retrieved=found)
    return train_sft(step, base, stage, encoded=encoded, seed=seed)


def _on_pairs(step: Step, base: Base, stage: Dpo | Kto | Reward, *, seed: int) -> dict[str, Any]:
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


def _reinforced(step: Step, base: Base, stage: Grpo | Rlhf, *, seed: int) -> dict[str, Any]:
    tried = {key: value for key, value in step.needed("passes").record.facts.items() if key.startswith("pass_at_")}
    often, share = max((int(name.removeprefix("pass_at_")), value) for name, value in tried.items())
    if not share and isinstance(stage, Grpo):
        raise WorkbenchError(
            f"None of {often} answers to any request was right (pass@{often} = 0): there is nothing to reinforce.",
            "Put an sft stage before this one, so that right answers come up at all (a cold start).",
        )
    examples = {example.id: example for example in read_examples(step.file("examples"))}
    run = partial(reinforce, step, base, stage, conversations=conversations(step, examples.values()), seed=seed)
    metric = step.record.inputs["metric"]
    if isinstance(stage, Grpo):
        parts = stage.rewards or (RewardPart(metric=metric),)
        rewards: list[tuple[Rewarder, float]] = [(graded(one.metric, examples, base), one.weight) for one in parts]
        if stage.long_from is not None:
            rewards.append((shorter(stage.long_from, stage.max_new_tokens), 1.0))
        return tried | run(rewards=rewards)
    watched = (graded(stage.watched or metric, examples, base), 0.0)
    judge = step.needed("reward")
    made = judge.record.inputs
    before = Bases().trained(made["base_model"], earlier_stages(judge), four_bit=bool(made["four_bit"]), merged=True)
    with before as scoring:
        return tried | run(rewards=[(learned(load_reward(scoring, judge.folder), base), 1.0), watched])


def _distilled(step: Step, base: Base, stage: Distill, *, seed: int) -> dict[str, Any]:
    examples = list(read_examples(step.file("examples")))
    if stage.mode == "on-policy":
        asked = conversations(step, examples)
        return train_distill(step, base, stage, conversations=asked, teacher=load(stage.teacher), seed=seed)
    path = step.needed("rows").path("responses.jsonl")
    answers = {record["example"]: record for record in read_jsonl(path) if record["finish"] == "stop"}
    taught = [
        one.model_copy(update={"target": answers[one.id]["text"]})
        for one in examples
        if one.id in answers and answers[one.id]["text"].strip()
    ]
    if not taught:
        raise WorkbenchError(
            f"The teacher {stage.teacher} finished no answer.", "Choose another teacher, or raise max_new_tokens."
        )
    facts = _on_examples(step, base, stage, taught, seed=seed)
    return facts | {"answers_unfinished": len(examples) - len(taught)}
