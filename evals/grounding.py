"""Whether answers rest on the passages that they were given: citations that support, and claims that are supported.

What supports a claim is said by words here, and by a model in ``evals.support``. Words see what was made up, such as a
number or a name that stands nowhere; they do not see a "not".
"""

from collections.abc import Mapping, Sequence

from evals.abstention import abstains
from evals.claims import Claim
from evals.retrieval import Measured
from evals.scorers import words
from workbench.measures import JUDGED, SAID, MeasureName

LONG = 4
"""Letters from which on a word carries meaning, whatever the language; shorter ones count where nothing else does."""
ENOUGH = 0.75
"""Share of a claim's words that must stand in a passage; of those with a digit every one must."""

Supported = Sequence[Sequence[bool]]
"""For each claim, whether each passage supports it."""


def supports(passage: str, claim: str, *, question: str = "") -> bool:
    """Whether the words of a claim stand in a passage: all numbers, and three quarters of the other words.

    Words that the question says already claim nothing, unless the claim has no others.
    """
    said, asked = words(claim), set(words(question))
    telling = [word for word in said if word not in asked and (len(word) >= LONG or _counts(word))] or said
    known = set(words(passage))
    if not telling or any(_counts(word) and word not in known for word in telling):
        return False
    return sum(word in known for word in telling) >= ENOUGH * len(telling)


def _counts(word: str) -> bool:
    return any(letter.isdigit() for letter in word)


def supported(passages: Sequence[str], found: Sequence[Claim], *, question: str = "") -> Supported:
    """What supports what, by words."""
    return [[supports(text, claim.text, question=question) for text in passages] for claim in found]


def nothing_to_check(text: str, passages: Sequence[str]) -> str:
    """Why an answer claims nothing that passages could support; empty where it does."""
    if not text.strip():
        return "it says nothing"
    if abstains(text):
        return "it says that it does not know"
    return "" if passages else "no passage was in its prompt"


def grounded(table: Supported) -> float:
    """The share of claims that some passage of the prompt supports."""
    return sum(map(any, table)) / len(table)


def citation_precision(found: Sequence[Claim], table: Supported) -> float | None:
    """The share of citations whose passage supports their claim; a number that no passage has supports nothing.

    None where nothing is cited.
    """
    cited = [_holds(row, number) for claim, row in zip(found, table, strict=True) for number in claim.cites]
    return sum(cited) / len(cited) if cited else None


def citation_recall(found: Sequence[Claim], table: Supported) -> float:
    """The share of claims that cite a passage which supports them."""
    held = [any(_holds(row, number) for number in claim.cites) for claim, row in zip(found, table, strict=True)]
    return sum(held) / len(held)


def _holds(row: Sequence[bool], number: int) -> bool:
    return 1 <= number <= len(row) and row[number - 1]


def said_measures(
    found: Sequence[Claim], table: Supported, *, reason: str, cite: bool
) -> Mapping[MeasureName, Measured]:
    """Every measure of one answer, by words; ``reason``: why there is nothing to check, empty where there is."""
    if reason or not found:
        return {name: Measured(None, reason or "it claims nothing") for name in SAID}
    if not cite:
        unasked = Measured(None, "citations were not asked for")
        return {"grounded": Measured(grounded(table)), "citation_precision": unasked, "citation_recall": unasked}
    precise = citation_precision(found, table)
    return {
        "grounded": Measured(grounded(table)),
        "citation_precision": Measured(precise, "" if precise is not None else "it cites nothing"),
        "citation_recall": Measured(citation_recall(found, table)),
    }


def judged_measures(
    found: Sequence[Claim], table: Sequence[Sequence[bool] | None], *, reason: str, cite: bool
) -> Mapping[MeasureName, Measured]:
    """The same by a model; none has a value where the model gave no verdict on one of the claims."""
    rows = [row for row in table if row is not None]
    if len(rows) < len(table):
        reason = reason or "the model gave no verdict"
    return {JUDGED[name]: one for name, one in said_measures(found, rows, reason=reason, cite=cite).items()}
