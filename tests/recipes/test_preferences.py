"""Learning from pairs: the preferred answer becomes likelier, the reference is the start, the base is left alone."""

from pathlib import Path

import pytest
import torch
from datasets import Dataset
from safetensors.torch import load_file
from trl.trainer.kto_config import KTOConfig

from recipes.bases import Bases
from recipes.data import PromptPlan, encode_pairs
from recipes.kto import Labelled, weights
from recipes.model import load
from recipes.reward import judge_pairs, load_reward
from recipes.training import last_checkpoint
from tests.recipes.steps import do, make_training, same_adapters, stop
from workbench.pair_intake import hold_out
from workbench.pairs import Pair, write_pairs
from workbench.ratings import Rating, write_ratings
from workbench.stage import Cpt, Dpo, Full, Kto, Lora, Reward, Stage
from workbench.usecase import Message
from workbench.workspace import Step

PAIRS = [
    Pair(
        id=f"p{i}",
        messages=(Message(role="user", content=f"What colour is thing {i}{' indeed' * (i % 5)}?"),),
        chosen=["red", "blue"][i % 2],
        rejected=["green", "white"][i % 2],
    )
    for i in range(24)
]


def _step(workspace: Path, base: Path, stage: Stage, *, name: str = "train-a") -> Step:
    write_pairs(workspace / "pairs.jsonl", PAIRS)
    return make_training(workspace, base, stage, name=name)


def _figures(step: Step, name: str) -> list[float]:
    return [line[name] for line in step.read_progress() if name in line]


STAGES: dict[str, Stage] = {
    "dpo": Dpo(adapter=Lora(rank=4), epochs=6, learning_rate=5e-3),
    "dpo-ipo": Dpo(adapter=Lora(rank=4), epochs=6, learning_rate=5e-3, loss="ipo", beta=0.5),
    "dpo-robust": Dpo(adapter=Lora(rank=4), epochs=6, learning_rate=5e-3, loss="robust", wrong_share=0.1),
    "dpo-full": Dpo(adapter=Full(), epochs=6, learning_rate=5e-4),
    "kto": Kto(adapter=Lora(rank=4), epochs=8, batch_size=8, learning_rate=5e-3),
    "reward": Reward(adapter=Lora(rank=4), epochs=25, learning_rate=1e-3),
}


@pytest.mark.parametrize("name", STAGES)
def test_the_preferred_answers_move_ahead(tmp_path: Path, toy_base: Path, name: str) -> None:
    step = _step(tmp_path, toy_base, STAGES[name])
    bases = Bases()
    base = bases.get(str(toy_base))
    ids = torch.arange(5, 25)[None]
    with torch.no_grad():
        before = base.model(input_ids=ids).logits
    do(step, bases)
    margins = _figures(step, "margin")
    assert sum(margins[-3:]) / 3 > 0.1 + sum(margins[:2]) / 2
    if name.startswith("dpo"):
        assert margins[0] == pytest.approx(0, abs=1e-5), "the reference is the model as it was"
    if not isinstance(STAGES[name].adapter, Full):
        assert {path.name for path in step.path("adapter").iterdir()} >= {"adapter_model.safetensors"}
        assert not (step.path("adapter") / "ref").exists()
        assert bases.get(str(toy_base)) is base
        assert not base.model.training
        assert "forward" not in base.model.__dict__
        with torch.no_grad():
            assert torch.equal(base.model(input_ids=ids).logits, before), "the base is left as it was"


def test_a_reward_model_is_measured_on_pairs_it_never_saw_and_can_be_loaded(tmp_path: Path, toy_base: Path) -> None:
    stage = STAGES["reward"]
    assert isinstance(stage, Reward)
    step = _step(tmp_path, toy_base, stage)
    do(step)
    facts = step.record.facts
    learned, unseen = hold_out(PAIRS, share=stage.held_out)
    assert facts["held_out_pairs"] == len(unseen) == 5
    assert facts["rows"] == len(learned) == 19
    base = load(str(toy_base))
    encoded, too_long = encode_pairs(unseen, PromptPlan(), base.tokenizer, max_length=stage.max_length)
    assert too_long == 0
    again = judge_pairs(load_reward(base, step.folder), encoded)
    assert again["mean_margin"] == pytest.approx(facts["mean_margin"], abs=1e-4)
    assert again["pair_accuracy"] == facts["pair_accuracy"] > 0.5


def test_what_a_batch_is_held_against_comes_from_other_pairs(toy_base: Path) -> None:
    rows = [{"prompt_ids": [n // 2], "completion_ids": [n], "label": n % 2 == 0} for n in range(12)]
    config = KTOConfig(output_dir="unused", per_device_train_batch_size=4, use_cpu=True, bf16=False, report_to="none")
    found = Labelled._prepare_dataset(None, Dataset.from_list(rows), None, config, "train")  # type: ignore[arg-type]
    for start in range(0, 12, 4):
        batch = found[start : start + 4]
        assert sorted(batch["KL_completion_ids"]) == sorted(batch["completion_ids"])
        own = zip(batch["prompt_ids"], batch["KL_completion_ids"], strict=True)
        assert all(answer[0] // 2 != prompt[0] for prompt, answer in own)


@pytest.mark.parametrize("name", ["dpo", "kto", "reward"])
def test_stopping_keeps_a_checkpoint_and_goes_on_as_undisturbed(tmp_path: Path, toy_base: Path, name: str) -> None:
    whole, step = (_step(tmp_path, toy_base, STAGES[name], name=f"train-{one}") for one in "ab")
    do(whole)
    stop(step, phase="training", at=5)
    assert last_checkpoint(step.path("checkpoints"))
    do(step)
    assert same_adapters(whole, step)


@pytest.mark.parametrize("name", ["dpo", "dpo-ipo", "dpo-robust", "reward"])
def test_accumulation_of_single_pairs_equals_one_batch(tmp_path: Path, toy_base: Path, name: str) -> None:
    stage = STAGES[name].model_copy(update={"epochs": 1})
    at_once = stage.model_copy(update={"batch_size": 8, "accumulate": 1})
    singly = stage.model_copy(update={"batch_size": 1, "accumulate": 8})
    # Pairs that are alike, so that both orders put the same ones into a step.
    write_pairs(tmp_path / "pairs.jsonl", [PAIRS[0].model_copy(update={"id": pair.id}) for pair in PAIRS])
    first = do(make_training(tmp_path, toy_base, at_once, name="train-a"))
    second = do(make_training(tmp_path, toy_base, singly, name="train-b"))
    assert first.record.facts["optimiser_steps"] == second.record.facts["optimiser_steps"]
    weights = [load_file(step.path("adapter") / "adapter_model.safetensors") for step in (first, second)]
    for key, value in weights[0].items():
        assert torch.allclose(value, weights[1][key], atol=2e-4), key


@pytest.mark.parametrize(
    ("good", "bad", "found"), [(30, 30, (1, 1)), (40, 30, (1, 1)), (80, 30, (1, 2)), (15, 30, (2, 1))]
)
def test_the_rarer_kind_of_rating_is_not_drowned_out(good: int, bad: int, found: tuple[float, float]) -> None:
    assert weights(good, bad) == pytest.approx(found)
    both = weights(good, bad)
    assert 1 <= round(good * both[0] / (bad * both[1]), 6) <= round(4 / 3, 6)


def test_single_answers_called_good_or_bad_are_learned_from(tmp_path: Path, toy_base: Path) -> None:
    ratings = [
        Rating(id=f"{pair.id}{good}", messages=pair.messages, answer=answer, good=good)
        for n, pair in enumerate(PAIRS)
        for answer, good in ((pair.chosen, True), (pair.rejected, False))
        if good or n % 2
    ]
    write_ratings(tmp_path / "ratings.jsonl", ratings)
    step = do(make_training(tmp_path, toy_base, STAGES["kto"]))
    assert step.record.facts["rows"] == 36
    margins = _figures(step, "margin")
    assert sum(margins[-3:]) / 3 > 0.1 + sum(margins[:2]) / 2


def test_documents_are_learned_by_heart(tmp_path: Path, toy_base: Path) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "one.txt").write_text("The lamp is red. " * 40)
    step = _step(tmp_path, toy_base, Cpt(adapter=Lora(rank=8), epochs=30, max_length=32, learning_rate=2e-2))
    do(step)
    losses = _figures(step, "loss")
    assert losses[-1] < 0.5 * losses[0]
    assert step.record.facts["rows"] > 5
