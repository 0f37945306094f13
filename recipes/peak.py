"""What a step has held at most."""

from contextlib import suppress
from pathlib import Path

import torch


def forget_peak_memory() -> None:
    """Begin to measure anew what this process holds at most, so that each step tells of itself alone."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        return
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory() -> float | None:
    """Most memory this process has held in this step, in MB: of the GPU where there is one, else of the machine."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_reserved() / 2**20
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
