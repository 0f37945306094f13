"""What was found is read again, each passage together with the question: a CrossEncoder of sentence-transformers.

Slower than to compare vectors by far, and surer: it is used on the few that were found. Like an embedder it is loaded
from a folder of files, without code of its own and without pickles.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from sentence_transformers import CrossEncoder

from rag.embed import BATCH, hub_folder
from workbench.errors import ConfigError, NotFound

KINDS = ("ForSequenceClassification", "ForCausalLM")
"""How architectures end that judge a pair; others would be given a head of random numbers."""


@dataclass(frozen=True)
class Reranker:
    """A loaded CrossEncoder."""

    name: str
    model: CrossEncoder

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers a question, in the model's own measure: the more the better."""
        if not texts:
            return []
        pairs = [(question, text) for text in texts]
        found: list[float] = self.model.predict(pairs, batch_size=BATCH, show_progress_bar=False).tolist()
        return found


def load_reranker(name: str) -> Reranker:
    """A CrossEncoder by its Hub id or folder.

    Raises NotFound where there is none, and ConfigError where the files are no CrossEncoder that gives one value for
    each pair.
    """
    folder = Path(name).expanduser()
    if not folder.is_dir():
        folder = hub_folder(name, what="reranker")
    _require_head(name, folder)
    try:
        model = CrossEncoder(
            str(folder), local_files_only=True, trust_remote_code=False, model_kwargs={"use_safetensors": True}
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ConfigError(
            f"The reranker {name!r} cannot be loaded from {folder}: {reason}",
            "It must be a whole CrossEncoder with safetensors weights and no code of its own.",
        ) from error
    if model.num_labels != 1:
        raise ConfigError(
            f"The reranker {name!r} gives {model.num_labels} values for each pair, not one.",
            "Choose one that was made to rank, such as cross-encoder/ms-marco-MiniLM-L6-v2.",
        )
    return Reranker(name, model)


def _require_head(name: str, folder: Path) -> None:
    path = folder / "config.json"
    if not path.is_file():
        raise NotFound(f"The reranker {name!r} is not there in full: {folder} holds no config.json.", "Save it again.")
    try:
        kinds = json.loads(path.read_text(encoding="utf-8")).get("architectures") or []
    except ValueError:
        raise ConfigError(f"{path} is not valid JSON.", "Save or download the reranker again.") from None
    if not any(str(kind).endswith(KINDS) for kind in kinds):
        raise ConfigError(
            f"{name!r} is no reranker: its config.json names {', '.join(map(str, kinds)) or 'no architecture'}.",
            "Choose a CrossEncoder; an embedder compares vectors and judges no pair.",
        )
