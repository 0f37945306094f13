"""What is exported is loaded by transformers alone and answers as the candidate did, also from 4-bit weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from recipes.bases import Bases
from recipes.export import export
from tests.recipes.steps import do, make, make_training
from workbench.candidate import Decoding
from workbench.errors import WorkbenchError
from workbench.examples import write_examples
from workbench.stage import Adapter, Full, Lora, Qlora, Sft
from workbench.usecase import Example
from workbench.workspace import Step

KINDS: dict[str, Adapter] = {"lora": Lora(rank=4), "qlora": Qlora(rank=4), "full": Full()}


def _exported(
    workspace: Path, base: Path, trained: list[Step], *, form: str, four_bit: bool = False, **how: float
) -> Step:
    decoding = Decoding(max_new_tokens=6).model_dump(mode="json")
    needs = {f"train-{n}": step.name for n, step in enumerate(trained, 1)}
    inputs: dict[str, Any] = {"to": str(workspace / "out"), "form": form, "card": "# A card\n", "four_bit": four_bit}
    step = make(workspace, base, "export", f"export-{form}", needs=needs, decoding=decoding, **inputs, **how)
    export(step)
    return step


@pytest.fixture
def workspace(tmp_path: Path, examples: list[Example]) -> Path:
    write_examples(tmp_path / "train.jsonl", examples)
    return tmp_path


@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_model_answers_alike(workspace: Path, toy_base: Path, kind: str) -> None:
    stage = Sft(adapter=KINDS[kind], epochs=10, batch_size=5, learning_rate=5e-3)
    trained = do(make_training(workspace, toy_base, stage))
    step = _exported(workspace, toy_base, [trained], form="merged", four_bit=kind == "qlora")
    assert step.record.facts["alike"] == step.record.facts["asked"] == 20
    out = workspace / "out"
    assert {path.name for path in out.iterdir()} >= {
        "config.json", "model.safetensors", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
        "README.md",
    }  # fmt: skip
    assert not list(out.glob("*.bin"))
    assert (out / "README.md").read_text() == "# A card\n"
    model, tokenizer = AutoModelForCausalLM.from_pretrained(out), AutoTokenizer.from_pretrained(out)
    ids = torch.tensor([tokenizer("What colour is thing 0?")["input_ids"]])
    with torch.no_grad(), Bases().trained(str(toy_base), [trained.folder], four_bit=kind == "qlora") as base:
        assert torch.allclose(model(ids).logits.float(), base.model(ids).logits.float(), atol=1e-2)


def test_two_stages_become_one_model(workspace: Path, toy_base: Path) -> None:
    stage = Sft(adapter=Lora(rank=4), epochs=5, batch_size=5, learning_rate=5e-3)
    first = do(make_training(workspace, toy_base, stage))
    second = do(make_training(workspace, toy_base, stage, name="train-b", **{"train-1": first.name}))
    step = _exported(workspace, toy_base, [first, second], form="merged")
    assert step.record.facts["alike"] == 20


@pytest.mark.parametrize("form", ["merged", "adapter"])
@pytest.mark.parametrize("kind", ["lora", "qlora"])
def test_a_weaker_adapter_is_exported_as_weak(workspace: Path, toy_base: Path, kind: str, form: str) -> None:
    stage = Sft(adapter=KINDS[kind], epochs=10, batch_size=5, learning_rate=1e-2)
    trained = do(make_training(workspace, toy_base, stage))
    step = _exported(workspace, toy_base, [trained], form=form, four_bit=kind == "qlora", scale=0.5)
    assert step.record.facts["alike"] == 20
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.no_grad(), Bases().trained(str(toy_base), [trained.folder], four_bit=kind == "qlora") as base:
        whole = base.model(ids).logits
    if form == "merged":
        with torch.no_grad():
            assert not torch.allclose(
                AutoModelForCausalLM.from_pretrained(workspace / "out")(ids).logits, whole, atol=0.1
            )


def test_the_adapter_alone(workspace: Path, toy_base: Path) -> None:
    trained = do(make_training(workspace, toy_base, Sft(adapter=Lora(rank=4), epochs=5, batch_size=5)))
    step = _exported(workspace, toy_base, [trained], form="adapter")
    assert step.record.facts["alike"] == 20
    names = {path.name for path in (workspace / "out").iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json"} <= names
    assert "model.safetensors" not in names


def test_one_that_answers_otherwise_is_an_error(
    workspace: Path, toy_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Sft(adapter=Lora(rank=4), epochs=20, batch_size=5, learning_rate=1e-2)
    trained = do(make_training(workspace, toy_base, stage))
    monkeypatch.setattr("recipes.export._merged", lambda model, last, **rest: model.unload())
    with pytest.raises(WorkbenchError, match="answers of the exported model are those of the candidate"):
        _exported(workspace, toy_base, [trained], form="merged")
