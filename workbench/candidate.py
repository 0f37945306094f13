"""A candidate: one way to answer, as base model x prompt x retrieval x training."""

from typing import Annotated, Literal

from pydantic import Field

from workbench.model import Noun
from workbench.usecase import SLUG

Approach = Literal["prompting", "RAG", "fine-tuning", "RAG + fine-tuning"]
APPROACHES: tuple[Approach, ...] = ("prompting", "RAG", "fine-tuning", "RAG + fine-tuning")
"""From the simplest to run to the most demanding: among equals, the earlier one is preferred."""


class Prompt(Noun):
    """What is said to the model besides the request itself."""

    instruction: str | None = None
    """Replaces the use case's instruction for this candidate."""
    examples: int = Field(default=0, ge=0, le=64)
    """How many solved training examples are shown before the request (few-shot)."""


class Retrieval(Noun):
    """How passages are found for a request."""

    embedder: str = "sentence-transformers/all-MiniLM-L6-v2"
    """A sentence-transformers model: a Hub id or a folder."""
    chunk_tokens: int = Field(default=160, ge=16, le=4096)
    """Longest passage, in tokens of the embedder."""
    chunk_overlap: int = Field(default=32, ge=0)
    """Tokens repeated from one passage to the next, where a document is cut."""
    passages: int = Field(default=3, ge=1, le=50)
    """How many passages are put into the prompt."""


class Lora(Noun):
    """Low-rank adapters on frozen weights (Hu et al. 2021)."""

    kind: Literal["lora"] = "lora"
    rank: int = Field(default=16, ge=1, le=512)
    alpha: int = Field(default=32, ge=1)
    dropout: float = Field(default=0.0, ge=0, lt=1)


class Qlora(Noun):
    """Low-rank adapters on weights held in 4-bit NF4 with double quantisation (Dettmers et al. 2023)."""

    kind: Literal["qlora"] = "qlora"
    rank: int = Field(default=16, ge=1, le=512)
    alpha: int = Field(default=32, ge=1)
    dropout: float = Field(default=0.0, ge=0, lt=1)


class Full(Noun):
    """All weights are trained."""

    kind: Literal["full"] = "full"


Adapter = Annotated[Lora | Qlora | Full, Field(discriminator="kind")]


class Sft(Noun):
    """Supervised fine-tuning on the training examples; only the answer carries loss."""

    method: Literal["sft"] = "sft"
    adapter: Adapter = Lora()
    learning_rate: float | None = Field(default=None, gt=0)
    """None: chosen from the size of the base model (see recipes/sft.py)."""
    epochs: float = Field(default=8, gt=0)
    batch_size: int = Field(default=16, ge=1)
    """Rows in one forward pass."""
    accumulate: int = Field(default=1, ge=1)
    """Forward passes in one step of the optimiser."""
    warmup: float = Field(default=0.05, ge=0, lt=1)
    """Share of the steps in which the learning rate rises."""
    weight_decay: float = Field(default=0.0, ge=0)
    max_length: int = Field(default=1024, ge=8)
    """Longest row in tokens; longer ones are left out and counted, never cut in silence."""


Stage = Sft


class Decoding(Noun):
    """How an answer is drawn from the model."""

    max_new_tokens: int = Field(default=96, ge=1, le=8192)
    temperature: float = Field(default=0.0, ge=0, le=2)
    """0: greedy, the most likely token each time."""


class Candidate(Noun):
    """One way to answer, fully specified and frozen."""

    name: str = Field(pattern=SLUG)
    description: str = ""
    base_model: str | None = None
    """``pocket``, a Hub id or a local folder; None: the use case's."""
    prompt: Prompt = Prompt()
    retrieval: Retrieval | None = None
    training: tuple[Stage, ...] = ()
    decoding: Decoding = Decoding()

    @property
    def approach(self) -> Approach:
        """Prompting, RAG, fine-tuning, or both: derived, never stored."""
        if self.retrieval is not None:
            return "RAG + fine-tuning" if self.training else "RAG"
        return "fine-tuning" if self.training else "prompting"
