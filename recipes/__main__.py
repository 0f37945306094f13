"""``python -m recipes STEP_DIR [STEP_DIR ...]``: train and answer, in one process and on one loaded base model."""

import sys
import warnings
from collections.abc import Callable
from functools import partial

from workbench.environment import prepare

prepare()
warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")

from torch import distributed

from recipes.bases import Bases
from recipes.drift import drift
from recipes.export import export
from recipes.pairing import make_pairs
from recipes.paraphrase import paraphrase
from recipes.prefer import prefer
from recipes.rewrite import rewrite
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
        "rewrite": partial(rewrite, bases=bases),
        "paraphrase": partial(paraphrase, bases=bases),
        "answer": partial(answer, bases=bases),
        "prefer": partial(prefer, bases=bases),
        "export": export,
        "drift": partial(drift, bases=bases),
    }
    code = main(do, program="recipes", packages=PACKAGES)
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()
    sys.exit(code)
