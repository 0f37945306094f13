"""Each stage gets the rows that its method learns from, and is handed to its recipe."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from evals.scorers import SCORERS
from rag.cache import Cache
from rag.corpus import read_corpus
from recipes.answer import Generated, context
from recipes.asking import asker
from recipes.bases import Bases, earlier_stages
from recipes.data import (
    IGNORED,
    Encoded,
    EncodedRating,
    Row,
    answer_of,
    answered,
    encode_pairs,
    encode_prompt,
    encode_ratings,
    encode_row,
    encode_rows,
    spelled_out,
    windows,
)
from recipes.distill import train_distill
from recipes.dpo import train_dpo
from recipes.draw import keep_passed, read_draws
from recipes.general import general_rows
from recipes.judge import REPLY_TOKENS
from recipes.kto import train_kto
from recipes.look import ANSWERED, ROWS, SHOWN, Look, Question
from recipes.model import Base, load
from recipes.paraphrase import read_paraphrases
from recipes.processes import sharded
from recipes.prompting import conversations, prompt_plan, read_asked, read_retrieved, unmarked
from recipes.raft import arranged, read_apart
from recipes.reinforce import reinforce
from recipes.reward import load_reward, train_reward
from recipes.rewards import Rewarder, graded, judged, learned, shorter
from recipes.sft import train_sft
from workbench.chances import chance_of
from workbench.errors import ConfigError, WorkbenchError
from workbench.examples import read_examples
from workbench.pair_intake import hold_out
from workbench.pairs import Pair, read_pairs
from workbench.ratings import read_ratings
from workbench.stage import (
    Cpt,
    Distill,
    Dpo,
    Grpo,
    Imitating,
    Kto,
    RejectionSampling,
    Reward,
    RewardPart,
    Rlhf,
    Sft,
    Stage,
    Trained,
    has_distractors,
)
from workbench.usecase import Example
from workbench.workspace import Step, read_jsonl, write_jsonl

ROWS_SHOWN = 4
"""Rows whose tokens are shown before training."""


def train_stage(step: Step, base: Base, stage: Stage, *, seed: int) -> dict[str, Any]:
    """Do one stage on a base that is its own; returns facts about it.

    Raises Stopped when asked to, and WorkbenchError as the recipes do.
    """
    look = _look(step, base, stage)
    match stage:
        case Cpt():
            parsed = Cache(step.workspace / "cache").parsed
            texts = [document.whole for document in read_corpus(step.file("documents"), keep=parsed).documents]
            if stage.paraphrases:
                texts += read_paraphrases(step.needed("paraphrases"))
            encoded = windows(texts, base.tokenizer, length=stage.max_length)
            _show_tokens(step, base, encoded.rows)
            return train_sft(step, base, stage, encoded=encoded, look=look, seed=seed)
        case Sft():
            examples = list(read_asked(step))
            solved = answered(examples)
            facts = {"rows_without_answer": len(examples) - len(solved)}
            return facts | _on_examples(step, base, stage, solved, look=look, seed=seed)
        case RejectionSampling():
            draws = list(read_draws(step.needed("rows").path("draws.jsonl")))
            examples = list(read_asked(step))
            passed, facts = keep_passed(draws, examples, stage, passages=read_retrieved(step), bare=unmarked(step))
            return facts | _on_examples(step, base, stage, passed, look=look, seed=seed)
        case Dpo() | Kto() | Reward():
            return _on_pairs(step, base, stage, look=look, seed=seed)
        case Grpo() | Rlhf():
            return _reinforced(step, base, stage, look=look, seed=seed)
        case Distill():
            return _distilled(step, base, stage, look=look, seed=seed)


def _on_examples(
    step: Step, base: Base, stage: Sft | RejectionSampling | Distill, examples: list[Example], *, look: Look, seed: int
) -> dict[str, Any]:
    found, chosen = read_retrieved(step), dict[str, int]()
    if found is not None:  # A second answer to a request is asked with the same passages.
        requests = {one.id: one.id if one.id in found else one.id.split("~")[0] for one in examples}
        if has_distractors(stage):
            names = dict.fromkeys(requests.values())
            found, chosen = arranged(names, found, read_apart(step), stage, seed=seed)
        found = {name: found[request] for name, request in requests.items()}
    encoded = encode_rows(examples, prompt_plan(step), base.tokenizer, max_length=stage.max_length, retrieved=found)
    general = general_rows(stage, base, beside=len(encoded.rows), seed=seed)
    encoded = Encoded([*encoded.rows, *general], encoded.too_long)
    _show_tokens(step, base, encoded.rows)
    mixed = {"general_rows": len(general)} if general else {}
    return mixed | chosen | train_sft(step, base, stage, encoded=encoded, look=look, seed=seed)


def _show_tokens(step: Step, base: Base, rows: Sequence[Row]) -> None:
    """Leave a few rows spelled out in ``tokens.jsonl``, with what of them carries loss, before training begins."""
    write_jsonl(step.path("tokens.jsonl"), [{"pieces": spelled_out(row, base.tokenizer)} for row in rows[:ROWS_SHOWN]])


def _look(step: Step, base: Base, stage: Stage) -> Look:
    """What the stage looks at on its way: the development set, where there is one and the stage makes answers."""
    if not stage.looks or isinstance(stage, Reward) or "dev" not in step.record.files or sharded():
        return _nothing_to_wait_for(stage)
    examples = {example.id: example for example in read_examples(step.file("dev"))}
    turns = conversations(step, examples.values(), "retrieve-dev")
    plan, found = prompt_plan(step), read_retrieved(step, "retrieve-dev") or {}
    targets = {one.id: answer_of(one, plan, found.get(one.id)) for one in answered(examples.values())}
    own = (encode_row(turns[name], target, base.tokenizer) for name, target in targets.items())
    length = stage.max_length if isinstance(stage, Trained) else context(base)
    rows = list(islice((row for row in own if len(row.input_ids) <= length), ROWS))
    most = int(step.record.inputs.get("answer_tokens", 96))
    judged = not isinstance(stage, Cpt | Imitating) or (stage.patience is not None and not rows)
    prompts = {name: encode_prompt(asked, base.tokenizer) for name, asked in turns.items()}
    fitting = [name for name, prompt in prompts.items() if len(prompt) + most <= context(base)]
    questions = [
        Question(name, examples[name].question, examples[name].target or examples[name].check, prompts[name])
        for name in fitting[: ANSWERED if judged else SHOWN]
    ]
    scorer, bare = SCORERS[step.record.inputs["metric"]] if judged else None, unmarked(step)

    def score(one: Question, given: Generated) -> float | None:
        assert scorer is not None
        return scorer(bare(given.text), examples[one.example].reference).value

    if not rows and not (judged and questions):
        _nothing_to_wait_for(stage)
    return Look(rows, questions, score if judged and questions else None, most)


def _nothing_to_wait_for(stage: Stage) -> Look:
    """No look; refused where the stage is to stop by one."""
    if stage.patience is not None and not isinstance(stage, Reward):
        raise ConfigError(
            "There is nothing on the development set by which the stage could stop early.",
            "Set patience to null, or add development examples with answers; with sharded models it can't be used.",
        )
    return Look()


def _on_pairs(step: Step, base: Base, stage: Dpo | Kto | Reward, *, look: Look, seed: int) -> dict[str, Any]:
    if "ratings" in step.record.files and isinstance(stage, Kto):
        return _on_ratings(step, base, stage, look=look, seed=seed)
    made = step.record.needs.get("pairs")
    pairs = read_pairs(step.needed("pairs").path("pairs.jsonl") if made else step.file("pairs"))
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
    answers = [(one.prompt, answer) for one in encoded[:ROWS_SHOWN] for answer in (one.chosen, one.rejected)]
    _show_tokens(step, base, [Row(asked + answer, [IGNORED] * len(asked) + answer) for asked, answer in answers])
    left_out = {"rows_too_long": too_long}
    match stage:
        case Dpo():
            return left_out | train_dpo(step, base, stage, pairs=encoded, look=look, seed=seed)
        case Kto():
            both = [
                (one.prompt, answer, one.chosen is answer) for one in encoded for answer in (one.chosen, one.rejected)
            ]
            rated = [EncodedRating(*one) for one in both]
            return left_out | train_kto(step, base, stage, rated=rated, paired=True, look=look, seed=seed)
        case Reward():
            unseen, _ = encode(held_out) if held_out else ([], 0)
            return left_out | train_reward(step, base, stage, pairs=encoded, held_out=unseen, look=look, seed=seed)


def _on_ratings(step: Step, base: Base, stage: Kto, *, look: Look, seed: int) -> dict[str, Any]:
    rated, too_long = encode_ratings(
        read_ratings(step.file("ratings")),
        prompt_plan(step),
        base.tokenizer,
        max_length=stage.max_length,
        retrieved=read_retrieved(step),
    )
    shown = rated[:ROWS_SHOWN]
    _show_tokens(step, base, [Row(o.prompt + o.answer, [IGNORED] * len(o.prompt) + o.answer) for o in shown])
    facts = train_kto(step, base, stage, rated=rated, paired=False, look=look, seed=seed)
    return facts | {"rows_too_long": too_long}


def _reinforced(step: Step, base: Base, stage: Grpo | Rlhf, *, look: Look, seed: int) -> dict[str, Any]:
    metric = step.record.inputs["metric"]
    drawn = step.needed("passes").record.facts
    tried = {key: value for key, value in drawn.items() if key.startswith("pass_at_")}
    chance = chance_of({"requests": 0} | drawn)
    assert chance is not None
    own = not isinstance(stage, Grpo) or (stage.parts and all(part.metric != metric for part in stage.parts))
    if not chance.many and not chance.differing and not own:
        raise WorkbenchError(
            f"The model cannot do this: pass@{chance.k} = 0, none of {chance.k} answers to any request was right.",
            "Put an sft stage before this one, so that right answers come up at all (a cold start).",
        )
    examples = {example.id: example for example in read_examples(step.file("examples"))}
    run = partial(
        reinforce, step, base, stage, conversations=conversations(step, examples.values()), look=look, seed=seed
    )
    if isinstance(stage, Grpo):
        parts = stage.parts or (RewardPart(metric=metric),)
        rewards = [(_rewarder(step, stage, one, examples, base), one.weight) for one in parts]
        if stage.long_from is not None:
            rewards.append((shorter(stage.long_from, stage.max_new_tokens), 1.0))
        return tried | run(rewards=rewards)
    watched = (graded(stage.watched or metric, examples, base, bare=unmarked(step)), 0.0)
    judge = step.needed("reward")
    made = judge.record.inputs
    before = Bases().trained(made["base_model"], earlier_stages(judge), four_bit=bool(made["four_bit"]), merged=True)
    with before as scoring:
        return tried | run(rewards=[(learned(load_reward(scoring, judge.folder), base), 1.0), watched])


def _rewarder(step: Step, stage: Grpo, part: RewardPart, examples: Mapping[str, Example], base: Base) -> Rewarder:
    if part.metric != "judge":
        return graded(part.metric, examples, base, bare=unmarked(step))
    assert stage.judge is not None
    return judged(stage.judge, asker(stage.judge, tokens=REPLY_TOKENS), base)


def _distilled(step: Step, base: Base, stage: Distill, *, look: Look, seed: int) -> dict[str, Any]:
    examples = list(read_asked(step))
    if stage.mode == "on-policy":
        asked = conversations(step, examples)
        return train_distill(step, base, stage, conversations=asked, teacher=load(stage.teacher), look=look, seed=seed)
    path = step.needed("rows").path("responses.jsonl")
    answers = {record["example"]: record for record in read_jsonl(path) if record["finish"] == "stop"}
    taught = [
        one.model_copy(update={"target": answers[one.id].get("marked") or answers[one.id]["text"]})
        for one in examples
        if one.id in answers and answers[one.id]["text"].strip()
    ]
    if not taught:
        raise WorkbenchError(
            f"The teacher {stage.teacher} finished no answer.", "Choose another teacher, or raise max_new_tokens."
        )
    facts = _on_examples(step, base, stage, taught, look=look, seed=seed)
    return facts | {"answers_unfinished": len(examples) - len(taught)}
