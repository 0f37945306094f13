"""Weaker adapters and earlier ones: the interpolation of the weights, and what was kept on the way."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from recipes.bases import Bases, kept_adapter
from recipes.drift import drift
from tests.recipes.steps import do, make, make_training
from workbench.candidate import Candidate
from workbench.checks import kept_steps
from workbench.engine import do_step
from workbench.errors import ConfigError, WorkbenchError
from workbench.examples import write_examples
from workbench.stage import Lora, Sft
from workbench.suites import pocket_suites
from workbench.usecase import Example
from workbench.workspace import Step, read_jsonl, write_jsonl

STAGE = Sft(adapter=Lora(rank=4), epochs=4, batch_size=5, learning_rate=1e-2, looks=4)
LAYER = "model.layers.0.self_attn.q_proj.weight"


@pytest.fixture
def trained(tmp_path: Path, toy_base: Path, examples: list[Example]) -> Step:
    write_examples(tmp_path / "train.jsonl", examples[:15])
    write_examples(tmp_path / "dev.jsonl", examples[15:])
    return do(make_training(tmp_path, toy_base, STAGE))


def _weights(toy_base: Path, stages: list[Path], scale: float) -> torch.Tensor:
    with Bases().trained(str(toy_base), stages, merged=True, scale=scale) as base:
        model: Any = base.model
        return model.state_dict()[LAYER].clone()


def test_half_an_adapter_is_halfway_between_base_and_trained(trained: Step, toy_base: Path) -> None:
    before = load_file(toy_base / "model.safetensors")[LAYER]
    whole, half = (_weights(toy_base, [trained.folder], scale) for scale in (1.0, 0.5))
    assert not torch.allclose(before, whole, atol=1e-4)
    assert torch.allclose(half, (before + whole) / 2, atol=1e-6)
    both = [trained.folder, trained.folder]
    whole, half = (_weights(toy_base, both, scale) for scale in (1.0, 0.5))
    assert torch.allclose(half, (before + whole) / 2, atol=1e-6), "with several stages, all of them"


def test_an_adapter_that_is_only_put_on_acts_as_little(trained: Step, toy_base: Path) -> None:
    ids = torch.arange(5, 25)[None]
    with Bases().trained(str(toy_base), [trained.folder], scale=0.5) as base, torch.no_grad():
        model: Any = base.model
        put_on = model(input_ids=ids).logits
    with Bases().trained(str(toy_base), [trained.folder], scale=0.5, merged=True) as base, torch.no_grad():
        model = base.model
        merged = model(input_ids=ids).logits
    assert torch.allclose(put_on, merged, atol=1e-4)


def test_adapters_are_kept_at_each_look_but_the_last(trained: Step) -> None:
    total = int(trained.record.facts["optimiser_steps"])
    assert kept_steps(trained) == [total // 4, total // 2, 3 * total // 4]
    early = load_file(kept_adapter(trained.folder, total // 4) / "adapter_model.safetensors")
    late = load_file(trained.path("adapter") / "adapter_model.safetensors")
    assert set(early) == set(late)
    assert any(not torch.equal(early[name], late[name]) for name in early)
    with pytest.raises(WorkbenchError, match="weights after 1 steps were not kept") as error:
        kept_adapter(trained.folder, 1)
    assert str(total // 2) in error.value.hint


def test_answers_come_from_the_weights_that_were_asked_for(trained: Step, tmp_path: Path, toy_base: Path) -> None:
    texts = {}
    for name, how in {"whole": {}, "hardly": {"scale": 1e-6}, "early": {"after_steps": 3}}.items():
        needs = {"train-1": trained.name}
        plain = {"decoding": {"max_new_tokens": 6}, "timed": 0}
        step = do(make(tmp_path, toy_base, "answer", f"answer-{name}", needs=needs, **plain, **how))
        texts[name] = [row["text"] for row in read_jsonl(step.path("responses.jsonl"))]
    base = do(make(tmp_path, toy_base, "answer", "answer-base", decoding={"max_new_tokens": 6}, timed=0))
    assert texts["hardly"] == [row["text"] for row in read_jsonl(base.path("responses.jsonl"))]
    assert texts["whole"] != texts["hardly"]
    assert texts["early"] != texts["whole"]


@pytest.mark.parametrize("training", [(), (Sft(adapter={"kind": "full"}),)])
def test_only_adapters_can_be_weakened(training: tuple[Sft, ...]) -> None:
    with pytest.raises(ValueError, match="adapter_scale and after_steps are about adapters"):
        Candidate(name="a", training=training, adapter_scale=0.5)
    with pytest.raises(ConfigError, match="adapter_scale"):
        Candidate.parse({"name": "a", "adapter_scale": 0.5}, where="a.yaml")


def test_drift_grows_with_the_adapter(trained: Step, tmp_path: Path, toy_base: Path) -> None:
    rows = [{"suite": one.name, "item": "1", "request": "What is red?", "answer": "a"} for one in pocket_suites()]
    neutral = make(tmp_path, toy_base, "check", "check-base")
    write_jsonl(neutral.path("items.jsonl"), rows)
    neutral.update(status="done")
    found: dict[float, dict[tuple[str, str], float]] = {}
    for scale in (0.1, 1.0):
        needs = {"train-1": trained.name, "neutral": "check-base"}
        step = make(tmp_path, toy_base, "drift", f"drift-{scale}", needs=needs, answer_tokens=6, scale=scale)
        do_step(step, {"drift": lambda one: drift(one, bases=Bases())}, packages=[])
        sums: dict[tuple[str, str], list[float]] = {}
        for row in read_jsonl(step.path("drift.jsonl")):
            one = sums.setdefault((row["kind"], row["way"]), [0.0, 0.0])
            one[0] += row["nats"]
            one[1] += row["tokens"]
        found[scale] = {key: nats / tokens for key, (nats, tokens) in sums.items()}
        assert step.record.facts["prompts"] == {"task": 15, "neutral": 8}
    assert len(found[1.0]) == 4
    assert all(0 < found[0.1][key] < found[1.0][key] for key in found[1.0])
