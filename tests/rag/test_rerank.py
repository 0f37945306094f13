"""The reranker: its own order, loaded from files alone; what is none is refused."""

import json
import shutil
from pathlib import Path

import huggingface_hub.constants
import pytest
from sentence_transformers import CrossEncoder
from transformers import AutoTokenizer, BertConfig, BertModel

from rag.rerank import load_reranker
from tests.rag.conftest import make_cross_encoder
from workbench.errors import ConfigError, NotFound

TEXTS = ["The lamp costs nine crowns.", "The chair is made of blue oak.", "The ferry leaves on Sunday."]


def test_scores_are_the_models_and_do_not_depend_on_what_else_is_read(toy_reranker: Path) -> None:
    reranker = load_reranker(str(toy_reranker))
    together = reranker.score("What does the lamp cost?", TEXTS)
    own = CrossEncoder(str(toy_reranker)).predict([("What does the lamp cost?", text) for text in TEXTS])
    assert together == pytest.approx(own.tolist(), abs=1e-6)
    assert len(set(together)) == 3
    assert [reranker.score("What does the lamp cost?", [text])[0] for text in TEXTS] == pytest.approx(
        together, abs=1e-5
    )
    assert reranker.score("anything", []) == []


def test_an_embedder_is_no_reranker(toy_reranker: Path, tmp_path: Path) -> None:
    folder = tmp_path / "headless"
    BertModel(BertConfig.from_pretrained(toy_reranker)).save_pretrained(folder)
    AutoTokenizer.from_pretrained(toy_reranker).save_pretrained(folder)
    with pytest.raises(ConfigError, match=r"is no reranker: its config\.json names BertModel"):
        load_reranker(str(folder))


def test_several_values_for_a_pair_are_no_order(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gives 3 values for each pair"):
        load_reranker(str(make_cross_encoder(tmp_path / "nli", labels=3)))


def test_what_is_not_there_or_damaged_is_named(
    toy_reranker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(NotFound, match="The reranker 'somebody/some-reranker' is not there"):
        load_reranker("somebody/some-reranker")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFound, match=r"holds no config\.json"):
        load_reranker(str(tmp_path / "empty"))
    broken = shutil.copytree(toy_reranker, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes((broken / "model.safetensors").read_bytes()[:99])
    with pytest.raises(ConfigError, match="cannot be loaded"):
        load_reranker(str(broken))
    (broken / "config.json").write_text("{")
    with pytest.raises(ConfigError, match="not valid JSON"):
        load_reranker(str(broken))


def test_pickled_weights_and_code_are_not_loaded(toy_reranker: Path, tmp_path: Path) -> None:
    model = shutil.copytree(toy_reranker, tmp_path / "model")
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        load_reranker(str(model))
    coded = shutil.copytree(toy_reranker, tmp_path / "coded")
    (coded / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Evil: ...\n")
    config = json.loads((coded / "config.json").read_text())
    told = {"model_type": "evil", "auto_map": dict.fromkeys(
        ("AutoConfig", "AutoModelForSequenceClassification"), "evil.Evil"
    )}  # fmt: skip
    (coded / "config.json").write_text(json.dumps(config | told))
    with pytest.raises(ConfigError, match="cannot be loaded"):
        load_reranker(str(coded))
    assert not (tmp_path / "ran").exists()
