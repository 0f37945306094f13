"""The forecast counts weights as the models' own makers do, and says what fits where, and why not."""

import json
from pathlib import Path

import pytest

from workbench.base_models import POCKET
from workbench.errors import ConfigError, NotFound
from workbench.memory import Shape, advice, forecast, forecasts, read_shape
from workbench.stage import Distill, Dpo, Full, Grpo, Lora, Qlora, Rlhf, Sft

LLAMA_8B = Shape(layers=32, width=4096, heads=32, kv_heads=8, head_width=128, inner=14336, vocabulary=128256)
LLAMA_70B = Shape(layers=80, width=8192, heads=64, kv_heads=8, head_width=128, inner=28672, vocabulary=128256)
ONE_ROW = Sft(batch_size=1, max_length=2048, adapter=Full())


def test_weights_are_counted_as_published() -> None:
    assert LLAMA_8B.total == 8_030_261_248
    assert LLAMA_70B.total == 70_553_706_496
    assert LLAMA_8B.adapter(16) == 41_943_040
    pocket = read_shape(POCKET)
    assert pocket.total == 3_475_712


def test_a_70b_model_trains_in_4_bits_on_one_80_gb_gpu_and_not_in_full() -> None:
    full, lora, qlora = forecasts(LLAMA_70B, ONE_ROW, on_gpu=True)
    assert [one.way for one in (full, lora, qlora)] == ["full", "lora", "qlora"]
    assert full.badge(80) == lora.badge(80) == "exceeds"
    assert qlora.badge(80) == "fits"
    assert full.gb > 1000
    assert full.parts[0].what == "optimiser"
    assert qlora.parts[0].what == "weights"
    assert 36 < qlora.parts[0].gb < 40
    assert any("qlora" in text for text in advice((full, lora, qlora), ONE_ROW, limit_gb=80))


def test_the_usual_figures_of_an_8b_model() -> None:
    full, lora, qlora = forecasts(LLAMA_8B, ONE_ROW, on_gpu=True)
    held = {part.what: part.gb * 2**30 / 1e9 for part in full.parts}
    assert held["weights"] + held["gradients"] + held["optimiser"] == pytest.approx(128.5, abs=1)
    assert {part.what: part.gb * 2**30 / 1e9 for part in lora.parts}["weights"] == pytest.approx(16.06, abs=0.05)
    assert lora.badge(24) == "tight"
    assert qlora.badge(24) == "fits"


def test_what_a_stage_needs_besides() -> None:
    sft = forecast(LLAMA_8B, Sft(batch_size=8), on_gpu=True).gb
    assert forecast(LLAMA_8B, Dpo(batch_size=8), on_gpu=True).gb > sft, "two answers for each pair"
    parts = {part.what for part in forecast(LLAMA_8B, Rlhf(adapter=Lora()), on_gpu=True).parts}
    assert {"reward model", "keys and values of the answers drawn"} <= parts
    assert "reward model" not in {part.what for part in forecast(LLAMA_8B, Grpo(), on_gpu=True).parts}
    taught = {part.what for part in forecast(LLAMA_8B, Distill(mode="on-policy"), on_gpu=True).parts}
    assert "teacher, if as large" in taught
    own = forecasts(LLAMA_8B, Sft(adapter=Qlora()), on_gpu=True)
    assert own[0].way == "qlora"
    assert advice(own, Sft(adapter=Qlora()), limit_gb=200) == ()


def test_a_batch_that_is_too_large_is_told_how_to_shrink() -> None:
    stage = Sft(batch_size=64, max_length=4096, adapter=Qlora())
    said = " ".join(advice(forecasts(LLAMA_8B, stage, on_gpu=True), stage, limit_gb=24))
    assert "batch_size" in said
    assert "max_length" in said


def test_configs_that_say_too_little_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    with pytest.raises(NotFound):
        read_shape(path)
    path.write_text("{")
    with pytest.raises(ConfigError, match="not valid JSON"):
        read_shape(tmp_path)
    path.write_text(json.dumps({"hidden_size": 8}))
    with pytest.raises(ConfigError, match="num_hidden_layers"):
        read_shape(path)
