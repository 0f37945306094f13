"""What a reader should know of how passages were found: requests that were not rewritten, rows, a tuned embedder."""

from collections.abc import Iterator, Mapping

from pydantic import Field

from workbench.model import Noun
from workbench.phrases import agreeing, listed


class Prepared(Noun):
    """What was done so that passages are found and read, as far as a candidate asks for it."""

    requests: int = 0
    """Requests that a model was to make queries of."""
    as_they_are: dict[str, int] = Field(default_factory=dict)
    """Those of which nothing of use was made, by the reason."""
    embedder: dict[str, float] = Field(default_factory=dict)
    """What the tuning of the embedder noted; empty where it was not tuned."""
    rows: dict[str, int] = Field(default_factory=dict)
    """Training rows by the passages that they were given on purpose; empty where they got what was found."""


def retrieval_notes(name: str, prepared: Prepared) -> tuple[str, ...]:
    """Sentences about one candidate's retrieval; none where it is used as it comes."""
    return tuple(_notes(name, prepared))


def _notes(name: str, prepared: Prepared) -> Iterator[str]:
    if prepared.requests:
        yield _rewritten(name, prepared)
    if prepared.embedder:
        yield _tuned(name, prepared.embedder)
    if prepared.rows:
        yield _rows(name, prepared.rows)


def _rewritten(name: str, prepared: Prepared) -> str:
    left = sum(prepared.as_they_are.values())
    text = (
        f"{name} searches for {prepared.requests - left:,} of {prepared.requests:,} requests by what a model made of "
        "them, too"
    )
    if not left:
        return f"{text}."
    ordered = sorted(prepared.as_they_are.items(), key=lambda one: (-one[1], one[0]))
    why = listed([f"{count:,} {reason}" for reason, count in ordered])
    return f"{text}; the others are searched for as they are, since nothing of use was made of them ({why})."


def _tuned(name: str, facts: Mapping[str, float]) -> str:
    pairs = f"{facts['pairs']:,.0f} pairs of a question and a passage that answers it"
    text = f"The embedder of {name} was tuned on {pairs}"
    left = int(facts["without_a_passage"])
    if left:
        text += f" ({left:,} training {agreeing(left, 'example says', 'examples say')} none)"
    if "dev_recall" not in facts:
        return f"{text}; no development example says which passage answers it, so nobody looked whether it helped."
    if not facts["kept_step"]:
        return f"{text}; it found development passages no better at any time, so it was left as it was."
    return (
        f"{text}. Of {facts['dev_questions']:,.0f} development questions {facts['dev_recall_before']:.0%} found theirs "
        f"first before, {facts['dev_recall']:.0%} after."
    )


def _rows(name: str, facts: Mapping[str, int]) -> str:
    text = (
        f"{name} was trained on {facts['rows_with_gold']:,} rows with the passage that answers among distractors and "
        f"{facts['rows_with_distractors_alone']:,} with distractors alone"
    )
    left = facts["rows_without_evidence"]
    if not left:
        return f"{text}."
    return f"{text}; {left:,} {agreeing(left, 'names', 'name')} no evidence and kept the passages that were found."
