"""Base models as the judgement side knows them: where they are, what identifies them, which to propose."""

from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import Field

from workbench.errors import NotFound
from workbench.model import Noun
from workbench.workspace import digest, file_digest

POCKET = Path(__file__).resolve().parent.parent / "recipes" / "pocket" / "weights"
"""The folder of the bundled base model."""


HOSTED = "openai:"
"""How the name of a base model begins that answers behind an OpenAI-compatible endpoint."""


def hosted_name(name: str) -> str | None:
    """What a hosted model is called at its endpoint; None for one that is loaded here."""
    return name.removeprefix(HOSTED) if name.startswith(HOSTED) else None


class BaseModelCard(Noun):
    """What is to be known of a base model before it is downloaded."""

    name: str
    parameters: float = Field(gt=0)
    """In billions."""
    licence: str
    answer_gb: float = Field(gt=0)
    """Memory to answer in bfloat16."""
    qlora_gb: float = Field(gt=0)
    """Memory to train with QLoRA at short lengths."""
    note: str = ""


@lru_cache(maxsize=1)
def proposals() -> tuple[BaseModelCard, ...]:
    """The base models of ``base_models.yaml``, smallest first."""
    path = Path(__file__).with_suffix(".yaml")
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tuple(BaseModelCard.parse(row, where=str(path)) for row in rows)


def local_folder(name: str) -> Path | None:
    """The folder of a bundled or local base model; None for what must be a Hub id.

    Raises NotFound where the name can be neither, or the folder is not in Hugging Face format.
    """
    if hosted_name(name) is not None:
        return None
    if name == "pocket":
        if not (POCKET / "model.safetensors").is_file():
            raise NotFound(
                "The weights of the bundled base model are missing.",
                "Install the package again, or train them with `python -m recipes.pocket`.",
            )
        return POCKET
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise NotFound(f"{folder} holds no config.json.", "Name a folder in Hugging Face format.")
        if not list(folder.glob("*.safetensors")):
            raise NotFound(f"{folder} holds no weights as safetensors.", "Convert them; pickled weights are not read.")
        return folder
    if name.startswith((".", "/", "~")) or name.count("/") != 1:
        raise NotFound(
            f"There is no base model {name!r}.", "Use `pocket`, a Hub id such as Qwen/Qwen3-0.6B, or a local folder."
        )
    return None


def identity(name: str) -> str:
    """What identifies a base model in step keys: the digest of a local folder's files, or its name elsewhere."""
    if hosted_name(name) is not None:
        return name
    folder = local_folder(name)
    if folder is None:
        return f"hub:{name}"
    wanted = {".json", ".safetensors", ".jinja", ".model"}
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix in wanted)
    return digest([(path.name, _digest(path, path.stat().st_mtime_ns, path.stat().st_size)) for path in files])


@lru_cache(maxsize=256)
def _digest(path: Path, changed: int, size: int) -> str:
    """The digest of a file, computed once for each version of it."""
    del changed, size
    return file_digest(path)
