"""Commands that need no engine, as they are typed."""

import json
from pathlib import Path

import pytest

from workbench.case import create_case
from workbench.cli import main
from workbench.usecase import Example, Message, UseCase

LLAMA_70B = {
    "num_hidden_layers": 80,
    "hidden_size": 8192,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "intermediate_size": 28672,
    "vocab_size": 128256,
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The config.json of a model of 70 billion weights."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps(LLAMA_70B))
    return path


def test_a_70b_model_is_told_to_fit_in_4_bits_only(
    tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--workspace", str(tmp_path)]
    assert main([*where, "estimate", "sft", "--config", str(config), "--gpu", "80GB"]) == 2
    printed = capsys.readouterr().out
    assert "70.6 billion weights; 80 GB of memory." in printed
    assert "exceeds" in printed
    assert "Use qlora" in printed
    assert main([*where, "estimate", "qlora", "--config", str(config), "--gpu", "80GB", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["parameters"] == 70_553_706_496
    assert [one["way"] for one in told["stages"][0]["ways"]] == ["qlora", "full", "lora"]


def test_what_can_not_be_estimated_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--workspace", str(tmp_path)]
    assert main([*where, "estimate", "magic"]) == 2
    assert "no candidate 'magic'" in capsys.readouterr().err
    assert main([*where, "estimate", "sft", "--gpu", "much"]) == 2
    assert "no amount of memory" in capsys.readouterr().err
    assert main([*where, "estimate", "sft", "--base", "some/model"]) == 2
    assert "--config" in capsys.readouterr().err
    assert main([*where, "estimate", "rag"]) == 0
    assert "not trained" in capsys.readouterr().out
    assert main([*where, "estimate", "reasoning"]) == 0, "pocket fits anywhere"


def test_pairs_are_added_and_what_is_odd_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = Example(id="t", messages=(Message(role="user", content="Leaked?"),), target="x")
    create_case(tmp_path, UseCase(name="one"), {"train": [], "test": [asked]})
    path = tmp_path / "pairs.csv"
    path.write_text("prompt,chosen,rejected\nWhat?,This.,That.\nLeaked?,Yes,No\n")
    assert main(["--workspace", str(tmp_path), "pairs", "one", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "one has 1 preference pairs." in printed
    assert "test or dev example" in printed
    assert main(["--workspace", str(tmp_path), "pairs", "one", str(path), "--prompt", "nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err
