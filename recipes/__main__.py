"""``python -m recipes STEP_DIR [STEP_DIR ...]``: train and answer, in one process and on one loaded base model."""

import os
import sys
import warnings
from collections.abc import Callable
from functools import partial

# Set before torch loads: no word to anybody that something is trained (TRL would send one), no forked tokenizers, no
# progress bars of libraries, and an instruction set with bfloat16 but without AMX, which some virtual machines announce
# and then forbid (the process would die of an illegal instruction).
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")

from torch import distributed

from recipes.bases import Bases
from recipes.export import export
from recipes.pairing import make_pairs
from recipes.paraphrase import paraphrase
from recipes.steps import answer, draw_answers, train
from workbench.engine import main
from workbench.workspace import Step

PACKAGES = ("torch", "transformers", "peft", "trl", "bitsandbytes", "accelerate", "datasets", "safetensors")

if __name__ == "__main__":
    bases = Bases()
    do: dict[str, Callable[[Step], None]] = {
        "train": partial(train, bases=bases),
        "draw": partial(draw_answers, bases=bases),
        "judge": partial(make_pairs, bases=bases),
        "paraphrase": partial(paraphrase, bases=bases),
        "answer": partial(answer, bases=bases),
        "export": export,
    }
    code = main(do, program="recipes", packages=PACKAGES)
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()
    sys.exit(code)
