"""What has to be set before torch is loaded, in every process that loads it."""

import os

SETTINGS = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TQDM_DISABLE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16",
    "OMP_WAIT_POLICY": "PASSIVE",
}
"""No word to anybody that something is trained (TRL would send one), no forked tokenizers, no progress bars of
libraries, and an instruction set with bfloat16 but without AMX, which some virtual machines announce and then forbid
(the process would die of an illegal instruction)."""


def prepare() -> None:
    """Set what the user has not set otherwise."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
