"""What a step has held at most, and what to do where it wants more than there is."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch

from workbench.errors import WorkbenchError
from workbench.stage import Stage, Trained


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


@contextmanager
def enough_memory(stage: Stage) -> Iterator[None]:
    """Raise WorkbenchError, with what to do, where a stage of training runs out of memory."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _too_large(stage) from error
    except RuntimeError as error:
        if "not enough memory" not in str(error) and "can't allocate memory" not in str(error):
            raise
        raise _too_large(stage) from error


def _too_large(stage: Stage) -> WorkbenchError:
    and_more = " and raise accumulate by as much" if isinstance(stage, Trained) else ""
    return WorkbenchError(
        f"The memory is full: a batch of {stage.batch_size} does not fit.",
        f"Lower batch_size{and_more}, or lower max_length; `workbench estimate` tells beforehand. What was trained is "
        "kept up to the last checkpoint.",
    )
