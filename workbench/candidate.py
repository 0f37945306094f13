"""A candidate: one way to answer, as base model x prompt x retrieval x training."""

from typing import Literal, Self

from pydantic import Field, model_validator

from workbench.disturbance import Disturbance
from workbench.model import Noun
from workbench.stage import Full, Helper, Qlora, Reward, Rlhf, Stage
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


SearchWay = Literal["dense", "lexical", "hybrid"]
QueryWay = Literal["as_is", "rewritten", "several"]
Chunker = Literal["sections", "fixed"]
VectorKind = Literal["auto", "flat", "hnsw", "ivfpq"]


class EmbedderTuning(Noun):
    """How the embedder is tuned on the use case's own questions and the passages that answer them.

    The question is drawn to its passage and away from the passages of the other questions in its batch (multiple
    negatives ranking, Henderson et al. 2017).
    """

    epochs: float = Field(default=4, gt=0, le=100)
    """How often each question is trained on."""
    learning_rate: float = Field(default=5e-5, gt=0)
    """The largest step; it rises to it and falls to 0."""
    batch_size: int = Field(default=32, ge=2)
    """Questions in one forward pass, each held against the passages of all others."""
    hard_negatives: int = Field(default=1, ge=0, le=8)
    """Passages for each question, beside those of the others, that were found near it and do not answer it."""
    looks: int = Field(default=4, ge=0)
    """How often it looks on its way at how well the passages of the development questions are found."""
    patience: int | None = Field(default=2, ge=1)
    """Stop after so many looks that were no better than an earlier one, or where nothing could be better; None: go on
    to the end. Kept is the best."""
    seed: int = Field(default=0, ge=0)
    """Decides the order of the questions."""


class Retrieval(Noun):
    """How passages are found for a request."""

    search: SearchWay = "dense"
    """dense: by the embedder's vectors; lexical: by the words, as BM25 weighs them; hybrid: by both together."""
    query: QueryWay = "as_is"
    """as_is: the request is searched for as it is; rewritten: and a query that a model makes of it; several: and
    several of them. What a query finds counts for as much as it is like the request."""
    queries: int = Field(default=3, ge=2, le=8)
    """How many queries are made of a request, where it is several."""
    rewriter: Helper | None = None
    """Who makes them; without it, the candidate's base model as it is before training."""

    embedder: str = "sentence-transformers/all-MiniLM-L6-v2"
    """A sentence-transformers model: a Hub id or a folder."""
    embedder_tuning: EmbedderTuning | None = None
    """Tune it on the training questions first; without it, it is used as it comes."""
    chunking: Chunker = "sections"
    """sections: documents are cut at headings and between sentences; fixed: after so many tokens, wherever that is."""
    chunk_tokens: int = Field(default=160, ge=16, le=4096)
    """Longest passage, in tokens of the embedder."""
    chunk_overlap: int = Field(default=32, ge=0)
    """Tokens repeated from one passage to the next, where a document is cut."""
    parent_tokens: int | None = Field(default=None, ge=32, le=8192)
    """Hand over the stretch of up to so many tokens around each passage that is found, so that small passages are
    found and large ones read; without it, the passages themselves."""
    vectors: VectorKind = "auto"
    """flat: every vector is compared; hnsw, ivfpq: only those that are likely near, which is faster and may miss some;
    auto: as the number of passages asks for."""
    passages: int = Field(default=3, ge=1, le=50)
    """How many passages are put into the prompt."""
    reranker: str | None = None
    """A sentence-transformers CrossEncoder that puts what was found into a better order: a Hub id or a folder."""
    rerank_from: int = Field(default=30, ge=2, le=200)
    """How many of the passages found the reranker reads, the best first."""
    diversity: float = Field(default=0.0, ge=0, le=1)
    """How much a passage loses by being like those chosen before it (maximal marginal relevance, Carbonell and
    Goldstein 1998); 0: nothing."""
    least_score: float | None = None
    """Passages that score less are left out: by the reranker where there is one, else by the cosine."""
    budget_tokens: int | None = Field(default=None, ge=16)
    """Most tokens of all passages together, counted by the embedder's tokenizer: the best first, as many as fit."""
    whole_documents: bool = False
    """Hand over whole documents, those with the best passages first, as many as fit budget_tokens; all documents where
    they all fit."""
    cite: bool = False
    """Ask for the number of the passage behind each claim. The marks are checked, and taken off before an answer is
    scored; trained candidates learn to cite the passage that holds the evidence."""
    gold: bool = False
    """Hand over the passages of the documents that each test example names as its evidence, instead of searching: no
    request brings them, so this can only explain, and never be chosen."""
    disturbed: Disturbance | None = None
    """Change the passages of each test example on purpose: this, too, can only explain, and never be chosen."""

    @property
    def explains_only(self) -> bool:
        """Whether passages are handed over that no request would bring."""
        return self.gold or self.disturbed is not None

    @model_validator(mode="after")
    def _tuning_is_used(self) -> Self:
        """Refuse to tune what nothing uses."""
        if self.embedder_tuning is not None and self.search == "lexical":
            raise ValueError("search by words alone uses no embedder: leave embedder_tuning out, or choose hybrid")
        return self

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        """Refuse settings of which one would undo another."""
        if self.parent_tokens is not None and self.parent_tokens <= self.chunk_tokens:
            raise ValueError(f"parent_tokens ({self.parent_tokens}) must exceed chunk_tokens ({self.chunk_tokens})")
        if self.reranker is not None and self.rerank_from < self.passages:
            raise ValueError(f"rerank_from ({self.rerank_from}) must be at least passages ({self.passages})")
        if self.whole_documents and self.budget_tokens is None:
            raise ValueError("whole_documents needs budget_tokens: how many tokens of documents fit the prompt")
        if self.whole_documents and (self.parent_tokens is not None or self.diversity):
            raise ValueError("whole_documents leaves nothing to parent_tokens and diversity: leave them out")
        largest = self.parent_tokens or self.chunk_tokens
        if self.budget_tokens is not None and self.budget_tokens < largest:
            raise ValueError(f"budget_tokens ({self.budget_tokens}) has no room for a passage of {largest} tokens")
        return self


class Decoding(Noun):
    """How an answer is drawn from the model."""

    max_new_tokens: int = Field(default=96, ge=1, le=8192)
    temperature: float = Field(default=0.0, ge=0, le=2)
    """0: greedy, the most likely token each time."""


class Hosted(Noun):
    """How a model behind an OpenAI-compatible endpoint is asked: OpenAI, vLLM, Ollama, llama.cpp and others."""

    endpoint: str | None = Field(default=None, pattern=r"^https?://")
    """Base URL, such as http://localhost:8000/v1; by default $OPENAI_BASE_URL, else OpenAI's own."""
    key_variable: str = "OPENAI_API_KEY"
    """Environment variable that holds the key; the key itself is never written down."""
    at_once: int = Field(default=8, ge=1, le=256)
    """Requests under way at the same time."""
    requests_per_minute: float | None = Field(default=None, gt=0)
    """No more than so many; None: as many as the endpoint takes."""
    input_price: float | None = Field(default=None, ge=0)
    """Price of a million tokens read, in the use case's currency."""
    output_price: float | None = Field(default=None, ge=0)
    """Price of a million tokens written."""
    cached_price: float | None = Field(default=None, ge=0)
    """Price of a million tokens read that the endpoint says it had in its cache; None: as the others."""
    ours: bool = False
    """The endpoint is on machines of our own, whatever its name: requests do not leave."""
    spend_at_most: float | None = Field(default=None, gt=0)
    """Where the answers of one run would cost more, it stops; needs both prices."""

    @model_validator(mode="after")
    def _priced(self) -> Self:
        if self.spend_at_most is not None and (self.input_price is None or self.output_price is None):
            raise ValueError("spend_at_most needs input_price and output_price")
        return self

    def cost(self, prompt_tokens: float, completion_tokens: float, *, cached: float = 0) -> float | None:
        """What so many tokens cost, ``cached`` of those read from a cache; None where a price is not known."""
        if self.input_price is None or self.output_price is None:
            return None
        saved = 0.0 if self.cached_price is None else cached * (self.input_price - self.cached_price)
        return (prompt_tokens * self.input_price - saved + completion_tokens * self.output_price) / 1e6


class Imported(Noun):
    """Answers that were given elsewhere and are taken in as they are."""

    approach: Approach
    """What gave them, in the words of whoever took them in."""
    answers: tuple[str, ...] = Field(min_length=1)
    """The SHA-256 of the answers of each training seed: other answers are another candidate."""
    scored: bool = False
    """Whether scores or labels came with them, which count in place of the metric."""


class Candidate(Noun):
    """One way to answer, fully specified and frozen."""

    name: str = Field(pattern=SLUG)
    description: str = ""
    base_model: str | None = None
    """``pocket``, a Hub id, a local folder, or ``openai:`` and a hosted model's name; None: the use case's."""
    prompt: Prompt = Prompt()
    retrieval: Retrieval | None = None
    training: tuple[Stage, ...] = ()
    decoding: Decoding = Decoding()
    adapter_scale: float = Field(default=1.0, gt=0, le=2)
    """How strongly the trained adapters act: 1 as they were trained, 0.5 halfway back to the base model."""
    after_steps: int | None = Field(default=None, ge=1)
    """The weights as the last stage had them after so many steps, at one of its looks; None: at its end."""
    train_share: float = Field(default=1.0, gt=0, le=1)
    """Share of the training examples that it learns from, always the same ones: for a learning curve."""
    hosted: Hosted = Hosted()
    """How a hosted base model is asked."""
    imported: Imported | None = None
    """Answers from elsewhere; nothing is run then."""

    @model_validator(mode="after")
    def _stages_fit(self) -> Self:
        """Refuse stages that could not follow one another."""
        four_bit = [isinstance(stage.adapter, Qlora) for stage in self.training]
        if any(four_bit[1:]) and not four_bit[0]:
            raise ValueError("a qlora adapter can only be in the first stage: later ones build on merged weights")
        if any(four_bit) and any(isinstance(stage.adapter, Full) for stage in self.training):
            raise ValueError("weights in 4 bits (qlora) can't be trained in full: use lora in the later stages")
        if self.training and all(isinstance(stage, Reward) for stage in self.training):
            raise ValueError("a reward model answers nothing: list a stage that learns from it")
        if self.imported is not None and (self.training or self.retrieval is not None or self.base_model):
            raise ValueError("what was answered elsewhere has no training, retrieval or base model here")
        changed = self.adapter_scale != 1 or self.after_steps is not None
        if changed and (not self.training or any(isinstance(stage.adapter, Full) for stage in self.training)):
            raise ValueError("adapter_scale and after_steps are about adapters: train with lora or qlora")
        if self.train_share < 1 and not self.training:
            raise ValueError("train_share is about training, and nothing is trained")
        for n, stage in enumerate(self.training):
            if isinstance(stage, Rlhf) and not any(isinstance(before, Reward) for before in self.training[:n]):
                raise ValueError("rlhf needs a reward stage before it, whose reward model it learns from")
        return self

    @property
    def approach(self) -> Approach:
        """Prompting, RAG, fine-tuning, or both: derived from the parts; of answers from elsewhere it is told.

        An embedder that is tuned is part of the retrieval: the weights of the model that answers stay as they are.
        """
        if self.imported is not None:
            return self.imported.approach
        if self.retrieval is not None:
            return "RAG + fine-tuning" if self.training else "RAG"
        return "fine-tuning" if self.training else "prompting"

    @property
    def trained(self) -> bool:
        """Whether its weights are not the base model's any more."""
        return "fine-tuning" in self.approach


def tunes_embedder(candidate: Candidate) -> bool:
    """Whether its embedder is tuned on the training questions."""
    return candidate.retrieval is not None and candidate.retrieval.embedder_tuning is not None


def rewrites(candidate: Candidate) -> bool:
    """Whether a model makes queries of its requests."""
    return candidate.retrieval is not None and candidate.retrieval.query != "as_is"
