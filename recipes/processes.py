"""Several processes that train one step together."""

import os

from torch import distributed


def processes() -> int:
    """How many processes train together: those that ``accelerate launch`` or ``torchrun`` started."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def agreed(words: list[bool]) -> list[bool]:
    """What the first process says, so that all of them save and stop at the same step."""
    if distributed.is_available() and distributed.is_initialized():
        distributed.broadcast_object_list(words, src=0)
    return words


def sharded() -> bool:
    """Whether each process holds a part of the model alone (FSDP, as accelerate's own configuration says)."""
    return os.environ.get("ACCELERATE_USE_FSDP", "false").lower() in ("true", "1")
