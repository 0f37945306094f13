"""Which examples repeat each other, and in what way: the one rule that splitting and auditing share."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Literal

from workbench.similarity import Pair, Specifics, near_pairs, normalise, specifics
from workbench.usecase import Example

DUPLICATE = 0.8
"""Jaccard similarity from which two requests are nearly the same."""
TELLING_SHARE = 0.02
"""An answer that more than this share of the requests has (yes, no, a frequent label) may agree by chance."""
FEW = 3
"""Answers of a similar request that a differing one is linked to: enough to look at, and never the square."""

Relation = Literal["duplicate", "conflict", "templated", "review"]
"""How two different but similar requests relate.

duplicate: nearly the same request with the same answer; who has seen one knows the other.
conflict: nearly the same request, naming the same numbers and names, with another answer.
templated: alike but for what they ask about, such as the prices of two products.
review: half of it in common, the same numbers, names and answer; worth a look.
"""


@dataclass(frozen=True)
class Link:
    """Examples, by position, of two similar requests; all of a side are equal in request and answer."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    relation: Relation


def identity(example: Example) -> str:
    """The whole conversation, normalised: equal for requests that differ only in case or spacing."""
    return "\n".join(f"{message.role}: {normalise(message.content)}" for message in example.messages)


def request_text(example: Example) -> str:
    """The conversation without system turns: what is compared for likeness."""
    return "\n".join(turn.content for turn in example.messages if turn.role != "system")


class Leaders:
    """Positions joined into sets, each led by its first: union-find."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def of(self, position: int) -> int:
        """The first position of the set."""
        while self._above[position] != position:
            self._above[position] = self._above[self._above[position]]
            position = self._above[position]
        return position

    def join(self, one: int, other: int) -> None:
        """Make one set of two."""
        first, second = sorted((self.of(one), self.of(other)))
        self._above[second] = first


@dataclass(frozen=True)
class Repeats:
    """Examples gathered by request, and the pairs of requests that are similar.

    ``rows`` has, for each distinct request, the positions of its examples by normalised answer;
    ``pairs`` refers to positions in ``rows``.
    """

    examples: tuple[Example, ...]
    rows: tuple[dict[str, tuple[int, ...]], ...]
    pairs: tuple[Pair, ...]

    @cached_property
    def telling(self) -> frozenset[str]:
        """The answers that two unrelated requests hardly share by chance.

        Copies of one request, so near ones that all have the same answer, count once; but a template
        with several answers counts each time, for its requests are not the same.
        """
        leader = Leaders(len(self.rows))
        for pair in self.pairs:
            if pair.jaccard >= DUPLICATE:
                leader.join(pair.left, pair.right)
        answers: dict[int, Counter[str]] = defaultdict(Counter)
        for n, by_target in enumerate(self.rows):
            answers[leader.of(n)].update(by_target.keys())
        counts: Counter[str] = Counter()
        for each in answers.values():
            counts.update(each if len(each) > 1 else each.keys())
        most = max(2.0, TELLING_SHARE * len(self.rows))
        return frozenset(target for target, count in counts.items() if count <= most)

    def links(self) -> Iterator[Link]:
        """Every relation between examples of different requests, in order of position.

        Of the answers that differ, each is linked to the first ``FEW`` of the other request.
        """
        for pair in self.pairs:
            left, right = self.rows[pair.left], self.rows[pair.right]
            near = pair.jaccard >= DUPLICATE
            same = self._specifics[pair.left].agree(self._specifics[pair.right])
            for target in left:
                if target in right:
                    relation = self._agreeing(pair, same, telling=target in self.telling)
                    if relation is not None:
                        yield Link(left[target], right[target], relation)
            if near:
                for one, other in _differing(left, right):
                    yield Link(left[one], right[other], "conflict" if same else "templated")

    def _agreeing(self, pair: Pair, same: bool, *, telling: bool) -> Relation | None:
        """The relation of two requests with one answer; ``same``: they name the same numbers and names."""
        near = pair.jaccard >= DUPLICATE
        if (telling and (near or pair.containment >= DUPLICATE)) or (near and same):
            return "duplicate"
        if near:
            return "templated"
        return "review" if telling and same else None

    @cached_property
    def _specifics(self) -> tuple[Specifics, ...]:
        firsts = (next(iter(by_target.values()))[0] for by_target in self.rows)
        return tuple(specifics(request_text(self.examples[row])) for row in firsts)

    def families(self) -> tuple[int, ...]:
        """For each example, the number of its family: examples that no split may part.

        One family are all with the same request, nearly the same request (duplicate or conflict), or
        the same group. Numbers are those of the family's first example.
        """
        leader = Leaders(len(self.examples))
        for by_target in self.rows:
            members = [row for rows in by_target.values() for row in rows]
            for row in members[1:]:
                leader.join(members[0], row)
        for link in self.links():
            if link.relation in ("duplicate", "conflict"):
                leader.join(link.left[0], link.right[0])
        groups: dict[str, int] = {}
        for row, example in enumerate(self.examples):
            if example.group:
                leader.join(groups.setdefault(example.group, row), row)
        return tuple(leader.of(row) for row in range(len(self.examples)))


def _differing(left: Iterable[str], right: Iterable[str]) -> dict[tuple[str, str], None]:
    """Pairs of answers that differ, naming every answer of either side, but not all with all."""
    some, others = list(islice(left, FEW)), list(islice(right, FEW))
    pairs = [(one, other) for one in left for other in others]
    pairs += [(one, other) for other in right for one in some]
    return dict.fromkeys((one, other) for one, other in pairs if one != other)


def gather(examples: Sequence[Example]) -> list[dict[str, list[int]]]:
    """For each distinct request, the positions of its examples by normalised answer."""
    gathered: dict[str, dict[str, list[int]]] = {}
    for row, example in enumerate(examples):
        answer = normalise(example.target or example.check)
        gathered.setdefault(identity(example), {}).setdefault(answer, []).append(row)
    return list(gathered.values())


def find_repeats(examples: Sequence[Example]) -> Repeats:
    """Gather examples by request, and find the requests that are similar.

    About 2 seconds for 13,000 short requests; see ``near_pairs`` for what may be missed.
    """
    rows = [{target: tuple(own) for target, own in each.items()} for each in gather(examples)]
    texts = [normalise(request_text(examples[next(iter(each.values()))[0]])) for each in rows]
    filled = [n for n, text in enumerate(texts) if text]
    pairs = [
        Pair(filled[pair.left], filled[pair.right], jaccard=pair.jaccard, containment=pair.containment)
        for pair in near_pairs([texts[n] for n in filled])
    ]
    return Repeats(tuple(examples), tuple(rows), tuple(pairs))
