"""A run: one execution of one candidate with one seed, and the responses it gave."""

from typing import Literal

from pydantic import Field

from workbench.candidate import Candidate
from workbench.model import Noun

Finish = Literal["stop", "length", "too long", "missing"]


class Passage(Noun):
    """One passage that was retrieved for a request."""

    id: str
    document: str
    text: str
    score: float
    """By vectors the cosine, 1 is identical; by words the BM25 weight; by both their weighted mean, each as a share of
    its greatest; the reranker's where there is one."""
    page: int | None = None
    """The page of the document that it begins on; None where that has no pages."""
    heading: str = ""
    """The headings that it begins under, the outermost first, with `` > `` between."""


class Rewritten(Noun):
    """What a model made of one request to search for, and what that took."""

    example: str
    queries: tuple[str, ...] = ()
    """Searched for beside the request itself, which is searched for alone where there are none."""
    reason: str = ""
    """Why there are none."""
    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)
    seconds: float | None = None
    """Time to rewrite this request alone; None where several were rewritten together."""


class Retrieved(Noun):
    """What retrieval found for one example."""

    example: str
    passages: tuple[Passage, ...]
    ranking: tuple[str, ...] = ()
    """Ids of the best passages, deeper than what is handed over and before any threshold or budget; each begins with
    its document's id and ``#``."""
    seconds: float | None = None
    """Time to embed and search for this request alone, and to rewrite it; None where it was searched in a batch."""
    handed: bool = False
    """Whether these are the passages of the documents that the example names, and nothing was searched."""
    rewritten: Rewritten | None = None
    """What was searched for beside the request; None where it was searched for as it is."""


class Apart(Noun):
    """The passages of one training example, told apart by whether they answer it."""

    example: str
    gold: tuple[Passage, ...] = ()
    """One of each document that the example names as its evidence; () where it names none that is there."""
    others: tuple[Passage, ...] = ()
    """The best that were found in other documents."""


class Response(Noun):
    """What a run answered to one example, and what it took."""

    example: str
    text: str
    passages: tuple[str, ...] = ()
    """Ids of the passages that were in the prompt, in that order."""
    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)
    finish: Finish = "stop"
    """``length``: cut off at the limit of new tokens; ``too long``: the prompt left no room for an answer; ``missing``:
    none was taken in."""
    seconds: float | None = None
    """Time to answer this request alone, retrieval included; None where it was answered in a batch."""
    cost: float | None = None
    """What it cost, in the use case's currency, where that came with it."""
    given: float | None = Field(default=None, ge=0, le=1)
    """Its score, where that came with it: it counts in place of the primary metric."""
    abstained: bool = False
    """Whether it came with the word that it abstains."""
    cited: tuple[str, ...] = ()
    """Ids of the passages that it cites, where citations were asked for; its text is without their marks."""
    marked: str = ""
    """The answer with its marks, as it was written; empty where none were asked for."""


class Run(Noun):
    """One execution of one candidate with one seed: the candidate as it was and the steps it took."""

    id: str
    use_case: str
    candidate: Candidate
    seed: int
    steps: dict[str, str]
    """Names of the step folders by role (index, retrieve, train-1, answer, score...), in order."""
    examples: str
    """Digest of the examples it answered."""
    created: float
    """Seconds since 1970."""
