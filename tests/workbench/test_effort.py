"""How long training takes, by the field's usual arithmetic, and how much there is to train on."""

import pytest

from workbench.effort import BUSY, Gpu, Load, effort, gpu_of, gpus, load_of
from workbench.errors import ConfigError
from workbench.memory import Shape
from workbench.stage import Cpt, Distill, Dpo, Full, Grpo, Kto, Lora, Qlora, RejectionSampling, Reward, Rlhf, Sft, Stage
from workbench.usecase import Example, Message

LLAMA_8B = Shape(layers=32, width=4096, heads=32, kv_heads=8, head_width=128, inner=14336, vocabulary=128256)
LOAD = Load(rows=1000, tokens=500, answer_tokens=100, document_tokens=100_000)
H100 = gpus()["H100"]


def test_gpus_by_name_and_by_memory() -> None:
    assert gpu_of("h100") == H100
    assert gpu_of("RTX 4090").memory_gb == 24
    assert gpu_of("a100").name == "A100-80GB", "the first of several"
    assert gpu_of("4090").name == "RTX-4090"
    assert gpu_of("24GB") == Gpu(name="24GB", memory_gb=24)
    with pytest.raises(ConfigError, match="no amount of memory"):
        gpu_of("Voodoo 2")


def test_supervised_fine_tuning_by_hand() -> None:
    took = effort(LLAMA_8B, Sft(epochs=3, adapter=Lora()), LOAD, H100)
    assert took is not None
    assert took.quick == pytest.approx(6 * 8_030_261_248 * 1000 * 500 * 3 / (0.45 * 989e12))
    assert took.slow == pytest.approx(took.quick * BUSY[0] / BUSY[1])
    whole = effort(LLAMA_8B, Sft(epochs=3, adapter=Full()), LOAD, H100)
    assert whole is not None
    assert whole.quick == pytest.approx(took.quick * 8 / 6)
    assert effort(LLAMA_8B, Sft(), LOAD, Gpu(name="24GB", memory_gb=24)) is None


@pytest.mark.parametrize(
    ("more", "less"),
    [
        (Sft(epochs=4), Sft(epochs=2)),
        (Dpo(epochs=1), Sft(epochs=1)),
        (Kto(epochs=1), Reward(epochs=1)),
        (Grpo(beta=0.1), Grpo()),
        (Rlhf(beta=0.1), Grpo(beta=0.1)),
        (Grpo(steps=200), Grpo(steps=100)),
        (Distill(mode="on-policy"), Distill(mode="off-policy")),
        (RejectionSampling(answers=16), RejectionSampling(answers=4)),
        (Cpt(epochs=20), Cpt(epochs=2)),
    ],
)
def test_more_work_takes_longer(more: Stage, less: Stage) -> None:
    long, short = effort(LLAMA_8B, more, LOAD, H100), effort(LLAMA_8B, less, LOAD, H100)
    assert long is not None
    assert short is not None
    assert long.quick > short.quick > 0
    assert long.slow > long.quick


def test_adapters_on_4_bits_take_what_adapters_take() -> None:
    assert effort(LLAMA_8B, Sft(adapter=Qlora()), LOAD, H100) == effort(LLAMA_8B, Sft(), LOAD, H100)


def test_the_load_of_examples() -> None:
    examples = [
        Example(id=str(n), messages=(Message(role="user", content="x" * 60),), target="y" * 20) for n in range(5)
    ]
    load = load_of(examples, document_bytes=400)
    assert (load.rows, load.tokens, load.answer_tokens, load.document_tokens) == (5, 20, 5, 100)
