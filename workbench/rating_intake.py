"""The user's files into ratings, and what is wrong with them."""

from collections.abc import Iterable, Iterator, Sequence

from workbench.errors import DataError
from workbench.intake import Columns, to_examples
from workbench.model import Noun
from workbench.pair_intake import FEWEST_PAIRS, PROMPTS
from workbench.phrases import percent
from workbench.ratings import Rating
from workbench.similarity import normalise
from workbench.table import Table
from workbench.usecase import Example

ANSWERS = ("completion", "response", "answer", "output")
LABELS = ("label", "rating", "good", "thumb", "thumbs", "feedback", "vote")
GOOD = ("true", "1", "1.0", "good", "up", "yes", "+1", "positive", "👍")
BAD = ("false", "0", "0.0", "bad", "down", "no", "-1", "negative", "👎")
ONE_SIDED = 0.9
"""Share of ratings of one kind from which little can be learned from the others."""


class RatingCheck(Noun):
    """What is wrong with ratings: what was left out, and what training on the rest would teach."""

    ratings: int
    """Those that are left."""
    good: int
    repeated: int
    """Left out, since an earlier one says the same."""
    leaked: int
    """Left out, since their request stands in the test or dev set."""
    contradictions: int
    """Answers that were called good and bad; both stay, as people do disagree."""

    def remarks(self) -> tuple[str, ...]:
        """What a person should know, in sentences; empty where nothing is odd."""
        return tuple(self._remarks())

    def _remarks(self) -> Iterator[str]:
        if self.repeated:
            yield f"{self.repeated} ratings say what an earlier one says, and were left out."
        if self.leaked:
            yield f"{self.leaked} ratings ask what a test or dev example asks, and were left out."
        if self.contradictions:
            yield f"{self.contradictions} answers are called good and bad; both were kept."
        share = self.good / self.ratings if self.ratings else 0.0
        if not ONE_SIDED >= share >= 1 - ONE_SIDED:
            yield f"{percent(share)} of the ratings are good: there is little to hold them against."
        if self.ratings < 2 * FEWEST_PAIRS:
            yield f"{self.ratings} ratings are few: some hundreds teach something."


def looks_rated(table: Table) -> bool:
    """Whether a table holds single answers with a label rather than pairs."""
    known = {name.casefold() for name in table.columns}
    return not {"chosen", "rejected"} <= known and any(name in known for name in LABELS)


def to_ratings(table: Table) -> list[Rating]:
    """One rating a row; columns by their usual names, as in TRL: prompt, completion, label.

    Raises DataError for a column that is missing and a label that says neither good nor bad.
    """
    known = {name.casefold(): name for name in table.columns}
    prompt = _named(known, PROMPTS, table)
    answer = _named(known, [name for name in ANSWERS if known.get(name) != prompt], table)
    label = _named(known, LABELS, table)
    plain = not (table.column(prompt)[:1] and table.column(prompt)[0].lstrip().startswith("["))
    columns = Columns(
        **{"input" if plain else "messages": prompt}, target=answer, id=known.get("id"), group=known.get("group")
    )
    found = []
    labels = zip(table.numbers, table.column(label), strict=True)
    for example, (number, said) in zip(to_examples(table, columns, split="train"), labels, strict=True):
        word = said.strip().casefold()
        if word not in GOOD + BAD:
            raise DataError(
                f"{table.unit.capitalize()} {number} of {table.source} has the label {said!r}.",
                "Write true or false, 1 or 0, good or bad, up or down.",
            )
        found.append(
            Rating(
                id=example.id,
                messages=example.messages,
                answer=example.target,
                good=word in GOOD,
                group=example.group,
            )
        )
    return found


def _named(known: dict[str, str], usual: Iterable[str], table: Table) -> str:
    names = list(usual)
    for name in names:
        if name in known:
            return known[name]
    raise table.missing(names[0])


def check_ratings(ratings: Sequence[Rating], *, held_out: Iterable[Example]) -> tuple[list[Rating], RatingCheck]:
    """The ratings that may be trained on, and what is wrong with all of them.

    ``held_out``: the test and dev examples, whose requests must not be trained on.
    """
    forbidden = {normalise(example.question) for example in held_out}
    kept: dict[tuple[str, str, bool], Rating] = {}
    leaked = repeated = 0
    for one in ratings:
        if normalise(one.messages[-1].content) in forbidden:
            leaked += 1
            continue
        key = ("\n".join(message.content for message in one.messages), one.answer.strip(), one.good)
        repeated += key in kept
        kept.setdefault(key, one)
    left = list(kept.values())
    return left, RatingCheck(
        ratings=len(left),
        good=sum(one.good for one in left),
        repeated=repeated,
        leaked=leaked,
        contradictions=sum(good and (request, answer, False) in kept for request, answer, good in kept),
    )
