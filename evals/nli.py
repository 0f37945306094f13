"""A natural language inference model says which passages support a claim: a sentence-transformers CrossEncoder."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from huggingface_hub import snapshot_download

from evals.checking import Asked, Checked
from workbench.base_models import local_folder
from workbench.errors import ConfigError, NotFound

with warnings.catch_warnings():
    # bitsandbytes imports parts of torch that torch itself has deprecated.
    warnings.filterwarnings("ignore", message="`torch.jit.script", category=DeprecationWarning)
    from sentence_transformers import CrossEncoder

MODEL_FILES = ("*.safetensors", "*.json", "*.txt", "*.model")
"""What is read of a model: weights as safetensors, never pickles, and no code."""
ENTAILS = "entailment"
"""What the label is called that says that the one text follows from the other."""
STATEMENT = 6
"""Words from which on a claim is read as it is; a shorter one only says something beside its question."""
BATCH = 32


class Nli:
    """A loaded model: a passage supports a claim where that it follows is the likeliest of its labels."""

    def __init__(self, name: str) -> None:
        """Load the model of this name.

        Raises NotFound where it is not there, and ConfigError where none of its labels is entailment.
        """
        self.model = CrossEncoder(str(_folder(name)), trust_remote_code=False)
        labels = {number: str(label).casefold() for number, label in self.model.config.id2label.items()}
        found = [int(number) for number, label in labels.items() if label == ENTAILS]
        if len(found) != 1 or len(labels) < 2:
            raise ConfigError(
                f"{name} is no model for natural language inference: its labels are {', '.join(labels.values())}.",
                f"Name a CrossEncoder of which one label is {ENTAILS!r}, such as cross-encoder/nli-deberta-v3-base.",
            )
        self.entails = found[0]

    def __call__(self, asked: Sequence[Asked]) -> list[Checked]:
        """For each claim, whether each of its passages supports it."""
        pairs = [(passage, hypothesis(one)) for one in asked for passage in one.passages]
        scores = self.model.predict(pairs, batch_size=BATCH, show_progress_bar=False) if pairs else ()
        follows = iter([int(np.argmax(row)) == self.entails for row in scores])
        return [[next(follows) for _ in one.passages] for one in asked]


def hypothesis(asked: Asked) -> str:
    """What must follow from a passage: the claim, with its question before it where it is too short to be one."""
    short = len(asked.claim.split()) < STATEMENT
    return f"{asked.question} {asked.claim}" if short and asked.question else asked.claim


def _folder(name: str) -> Path:
    folder = local_folder(name)
    if folder is not None:
        return folder
    try:
        return Path(snapshot_download(name, allow_patterns=list(MODEL_FILES)))
    except (OSError, ValueError) as error:
        raise NotFound(
            f"The model {name} can't be had: {error}.", "Check its name and the network, or name a local folder."
        ) from None
