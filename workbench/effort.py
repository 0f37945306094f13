"""How long a stage of training will take on a GPU, and what that costs, told from a model's shape alone."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources

import yaml
from pydantic import Field

from workbench.case import Case
from workbench.errors import ConfigError
from workbench.memory import Shape, gigabytes
from workbench.model import Noun
from workbench.pairs import read_pairs
from workbench.ratings import read_ratings
from workbench.stage import (
    Cpt,
    Distill,
    Drawn,
    Full,
    Kto,
    Preferences,
    Reinforced,
    RejectionSampling,
    Rlhf,
    Stage,
    Trained,
)
from workbench.usecase import Example

BUSY = (0.45, 0.25)
"""Share of a GPU's peak that training reaches, at best and usually (model FLOP utilisation)."""
STREAMED = (0.7, 0.35)
"""Share of a GPU's memory bandwidth that drawing answers reaches, at best and usually, without a serving engine."""
BYTES_PER_TOKEN = 4.0
"""Of UTF-8 text, by and large, for large vocabularies."""
DRAWN_AT_ONCE = 48
"""Answers that are drawn together where no step of the optimiser waits for them."""


class Gpu(Noun):
    """A kind of GPU."""

    name: str
    memory_gb: float = Field(gt=0)
    tflops: float | None = Field(default=None, gt=0)
    """Dense, in bfloat16; None: only its memory is known."""
    bandwidth: float | None = Field(default=None, gt=0)
    """Of its memory, in GB/s."""


@lru_cache(maxsize=1)
def gpus() -> Mapping[str, Gpu]:
    """The GPUs that are known by name."""
    text = (resources.files("workbench") / "gpus.yaml").read_text(encoding="utf-8")
    return {one["name"]: Gpu.parse(one, where="gpus.yaml") for one in yaml.safe_load(text)}


def gpu_of(text: str) -> Gpu:
    """A GPU by name, whatever its case, or one of which only the memory is named, such as "24GB".

    Raises ConfigError for anything else.
    """
    known = {name.casefold(): gpu for name, gpu in gpus().items()}
    plain = text.strip().casefold().replace(" ", "-")
    if plain in known:
        return known[plain]
    close = [gpu for name, gpu in known.items() if plain and (name.startswith(plain) or name.endswith(f"-{plain}"))]
    return close[0] if close else Gpu(name=text, memory_gb=gigabytes(text))


class Load(Noun):
    """How much there is to train on."""

    rows: int = Field(gt=0)
    tokens: float = Field(gt=0)
    """Of one row, request and answer together."""
    answer_tokens: float = Field(gt=0)
    document_tokens: float = 0.0
    """Of all documents, for continued pre-training."""


def load_of(examples: Sequence[Example], *, document_bytes: int = 0) -> Load:
    """The load that training examples make; they must not be empty."""
    answers = [len((one.target or one.check).encode()) for one in examples]
    requests = [sum(len(message.content.encode()) for message in one.messages) for one in examples]
    count = len(examples) * BYTES_PER_TOKEN
    return Load(
        rows=len(examples),
        tokens=max(1.0, (sum(answers) + sum(requests)) / count),
        answer_tokens=max(1.0, sum(answers) / count),
        document_tokens=document_bytes / BYTES_PER_TOKEN,
    )


def load_of_case(case: Case) -> Load:
    """The load that a use case's training rows, or else its preferences, make.

    Raises ConfigError where it has neither.
    """
    examples = list(case.examples("train"))
    examples = examples or [pair.as_example() for pair in read_pairs(case.pairs_path)]
    examples = examples or [rating.as_example() for rating in read_ratings(case.ratings_path)]
    if not examples:
        raise ConfigError(f"The use case {case.name} has nothing to train on.", "Add training examples.")
    documents = case.documents
    files = [path for path in documents.rglob("*") if path.is_file()] if documents else []
    return load_of(examples, document_bytes=sum(path.stat().st_size for path in files))


class Effort(Noun):
    """Seconds that a stage takes, at best and usually."""

    quick: float
    slow: float

    def __add__(self, other: "Effort") -> "Effort":
        """Both, one after the other."""
        return Effort(quick=self.quick + other.quick, slow=self.slow + other.slow)


def effort(shape: Shape, stage: Stage, load: Load, gpu: Gpu) -> Effort | None:
    """How long a stage takes on one GPU; None where nothing is known of it but its memory.

    Training takes k x weights x tokens operations: k is 8 for all weights and 6 for adapters, with activations
    computed twice, as is done on a GPU (Kaplan et al. 2020; no gradients of frozen weights). A forward pass alone takes
    2. Drawing an answer reads all weights once for each token of the longest answer in a batch.
    """
    if gpu.tflops is None or gpu.bandwidth is None:
        return None
    worked = _operations(shape, stage, load) / (gpu.tflops * 1e12)
    read = 2 * shape.total * _decoded(stage, load) / (gpu.bandwidth * 1e9)
    return Effort(quick=worked / BUSY[0] + read / STREAMED[0], slow=worked / BUSY[1] + read / STREAMED[1])


def _operations(shape: Shape, stage: Stage, load: Load) -> float:
    trained = 8 if isinstance(stage.adapter, Full) else 6
    forward = 2 * shape.total
    if isinstance(stage, Reinforced):
        answers = stage.steps * stage.prompts * stage.answers
        tokens = answers * (load.tokens - load.answer_tokens + min(load.answer_tokens, stage.max_new_tokens))
        others = (stage.beta > 0) + isinstance(stage, Rlhf)  # The reference, and the reward model.
        return tokens * (trained * shape.total + others * forward)
    assert isinstance(stage, Trained)
    if isinstance(stage, Cpt):
        return trained * shape.total * load.document_tokens * stage.epochs
    tokens = load.rows * load.tokens * stage.epochs
    if isinstance(stage, Preferences):
        reference = 3 * forward * stage.epochs if isinstance(stage, Kto) else forward
        return 2 * (trained * shape.total * tokens + reference * load.rows * load.tokens)
    judged = isinstance(stage, Distill) and stage.mode == "on-policy"
    kept = stage.keep if isinstance(stage, RejectionSampling) else 1
    return tokens * kept * (trained * shape.total + judged * forward)


def _decoded(stage: Stage, load: Load) -> float:
    """How often all weights are read to draw answers."""
    if isinstance(stage, Reinforced):
        return stage.steps * min(stage.max_new_tokens, 2 * load.answer_tokens)
    drawn = stage.pairs if isinstance(stage, Preferences) and isinstance(stage.pairs, Drawn) else None
    if drawn is not None:
        return load.rows * drawn.answers / DRAWN_AT_ONCE * min(drawn.max_new_tokens, 2 * load.answer_tokens)
    if isinstance(stage, RejectionSampling):
        return load.rows * stage.answers / DRAWN_AT_ONCE * min(stage.max_new_tokens, 2 * load.answer_tokens)
    if isinstance(stage, Distill):
        batches = load.rows / DRAWN_AT_ONCE
        if stage.mode == "on-policy":
            batches = load.rows * stage.epochs / stage.batch_size
        return batches * min(stage.max_new_tokens, 2 * load.answer_tokens)
    return 0.0
