"""How many steps this machine can do side by side, and with how many threads each."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from workbench.base_models import local_folder
from workbench.plan import Plan

SMALL_BYTES = 256 * 1024 * 1024
"""Weights up to this size keep one core busy and no more: threads that wait for one another would only slow it down."""
LANE_BYTES = 2 * 1024**3
"""Memory that a process with such a model takes, libraries included, with room to spare."""
MOST_LANES = 8


def is_small(plan: Plan, names: Sequence[str]) -> bool:
    """Whether steps ask and train models on the processor that are too small to keep several cores busy."""
    if shutil.which("nvidia-smi") is not None:
        return False
    models = {str(plan.steps[name].inputs.get("base_model", "")) for name in names}
    return all(model and 0 < _weights(model) <= SMALL_BYTES for model in models)


def lanes(plan: Plan, names: Sequence[str]) -> int:
    """How many processes may do these steps side by side: several where each keeps one core busy and fits."""
    if not is_small(plan, names):
        return 1
    return max(1, min(_cores(), MOST_LANES, _free_memory() // LANE_BYTES))


def threads(plan: Plan, names: Sequence[str]) -> dict[str, str]:
    """The environment of a process that does these steps; what the user has set stays."""
    return {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")} if is_small(plan, names) else {}


def _weights(model: str) -> int:
    """Bytes of a base model's weights on this machine; 0 where it is not here."""
    folder = local_folder(model)
    return sum(path.stat().st_size for path in Path(folder).glob("*.safetensors")) if folder is not None else 0


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _free_memory() -> int:
    """Bytes that a new process could take."""
    try:
        told = Path("/proc/meminfo").read_text(encoding="ascii")
        return 1024 * int(told.split("MemAvailable:")[1].split()[0])
    except (OSError, IndexError, ValueError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
