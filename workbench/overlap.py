"""What examples share with each other: repeats within a split, leakage between splits, contradictions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from workbench.examples import Examples
from workbench.finding import SPLIT_NAMES, Finding, Said, finding
from workbench.repeats import find_repeats, gather
from workbench.usecase import MetricName, Split

LEAKS: tuple[tuple[Split, Split], ...] = (("test", "train"), ("test", "dev"), ("dev", "train"))
"""What must not be known, and from where; the first is the one that decides."""
OPEN_METRICS: frozenset[MetricName] = frozenset({"token_f1", "rouge_l", "contains"})
"""Measures under which one request may well have several good answers."""

Place = tuple[Split, int]


@dataclass(frozen=True)
class Match:
    """An example, by split and position, and the one that it repeats or contradicts."""

    row: Place
    partner: Place


@dataclass(frozen=True)
class Overlap:
    """All matches, by what they are: ``exact``, ``contradiction`` or the relation of two similar requests."""

    splits: Mapping[Split, Examples]
    matches: Mapping[str, tuple[Match, ...]]

    def between(self, kind: str, split: Split, other: Split) -> dict[int, list[int]]:
        """For each row of ``split``, in order, its partners in ``other``; in the same split, earlier ones."""
        found: dict[int, list[int]] = defaultdict(list)
        for match in self.matches.get(kind, ()):
            for row, partner in ((match.row, match.partner), (match.partner, match.row)):
                later = split != other or row[1] > partner[1]
                if row[0] == split and partner[0] == other and later:
                    found[row[1]].append(partner[1])
        return {row: sorted(set(partners)) for row, partners in sorted(found.items())}


def find_overlap(splits: Mapping[Split, Examples]) -> Overlap:
    """Every repeat, near repeat and contradiction within and between the splits."""
    places: list[Place] = [(split, n) for split, examples in splits.items() for n in range(len(examples))]
    repeats = find_repeats([example for examples in splits.values() for example in examples])
    matches: dict[str, list[Match]] = defaultdict(list)
    for by_target in repeats.rows:
        if not any(repeats.examples[next(iter(by_target.values()))[0]].question.split()):
            continue  # empty requests are a finding of their own
        answers = [tuple(places[row] for row in rows) for rows in by_target.values()]
        for rows in answers:
            matches["exact"].extend(_chained(rows))
        matches["contradiction"].extend(_contradicted(answers))
    for link in repeats.links():
        left, right = (tuple(places[row] for row in side) for side in (link.left, link.right))
        matches[link.relation].extend(_crossed(left, right))
    return Overlap(splits, {kind: tuple(found) for kind, found in matches.items()})


def _by_split(rows: Iterable[Place]) -> dict[Split, list[Place]]:
    gathered: dict[Split, list[Place]] = defaultdict(list)
    for place in rows:
        gathered[place[0]].append(place)
    return gathered


def _chained(rows: tuple[Place, ...]) -> Iterator[Match]:
    """Each row with the first of its split, and with the first and all of the other splits."""
    parts = _by_split(rows)
    for split, own in parts.items():
        for row in own[1:]:
            yield Match(row, own[0])
        for other, theirs in parts.items():
            if (split, other) in LEAKS:
                yield from _crossed(tuple(own), tuple(theirs))


def _crossed(left: tuple[Place, ...], right: tuple[Place, ...]) -> Iterator[Match]:
    """Every row of one side with a row of the other, and the other way round: as few as name them all."""
    theirs, ours = _by_split(right), _by_split(left)
    for own in ours.values():
        for others in theirs.values():
            for n in range(max(len(own), len(others))):
                yield Match(own[min(n, len(own) - 1)], others[min(n, len(others) - 1)])


def _contradicted(answers: list[tuple[Place, ...]]) -> Iterator[Match]:
    """Each row with one of another answer in each split, where there is one."""
    # Two rows of different answers in a split are enough for every row to find one that differs from its own.
    known: dict[Split, dict[int, Place]] = defaultdict(dict)
    for n, rows in enumerate(answers):
        for place in rows:
            if len(known[place[0]]) < 2:
                known[place[0]].setdefault(n, place)
    for n, rows in enumerate(answers):
        for place in rows:
            for theirs in known.values():
                other = next((partner for own, partner in theirs.items() if own != n), None)
                if other is not None:
                    yield Match(place, other)


def leaked_ids(overlap: Overlap) -> tuple[str, ...]:
    """Ids of the test examples that training has seen, word for word or nearly, with their answer."""
    leaked = overlap.between("exact", "test", "train") | overlap.between("duplicate", "test", "train")
    return tuple(overlap.splits["test"][row].id for row in sorted(leaked))


def overlap_findings(overlap: Overlap, *, metric: MetricName) -> list[Finding]:
    """What the matches mean, as findings."""
    return [
        *_leaks(overlap),
        *_repeats(overlap),
        *_contradictions(overlap, metric=metric),
        *_look_alikes(overlap),
    ]


def _matched(
    overlap: Overlap, said: Said, *, split: Split, other: Split, found: Mapping[int, list[int]]
) -> list[Finding]:
    """The finding, if there is anything to find."""
    if not found:
        return []
    made = finding(said, overlap.splits[split], split=split, rows=list(found))
    partners = tuple(overlap.splits[other][theirs[0]].id for theirs in found.values())
    return [made.model_copy(update={"partners": partners, "partner_split": other})]


def _leaks(overlap: Overlap) -> Iterator[Finding]:
    for split, other in LEAKS:
        exact = overlap.between("exact", split, other)
        similar = overlap.between("duplicate", split, other)
        near = {row: partners for row, partners in similar.items() if row not in exact}
        hint = f"Leave them out of the {SPLIT_NAMES[other]} set: an answer seen before proves nothing."
        word_for_word = Said(
            "leakage",
            "error" if (split, other) == ("test", "train") else "warning",
            f"{{rows}} also {{stand}} in the {SPLIT_NAMES[other]} set, with the same answer",
            hint,
        )
        nearly = Said(
            "near_leakage",
            "warning" if split == "test" else "note",
            f"{{rows}} {{stand}} in the {SPLIT_NAMES[other]} set in nearly the same words, answer included",
            hint,
        )
        for said, found in ((word_for_word, exact), (nearly, near)):
            # A row that also stands there in other words is only clean once those are left out, too.
            known = [n for row, partners in found.items() for n in (*partners, *similar.get(row, ()))]
            ids = [overlap.splits[other][n].id for n in known]
            update = {"drop": tuple(dict.fromkeys(ids)), "drop_split": other}
            for made in _matched(overlap, said, split=split, other=other, found=found):
                yield made.model_copy(update=update)


def _repeats(overlap: Overlap) -> Iterator[Finding]:
    for split in overlap.splits:
        exact = overlap.between("exact", split, split)
        said = Said(
            "exact_duplicate",
            "warning" if split == "test" else "note",
            "{rows} {repeat} an earlier one, request and answer",
            "Keep the first of each: repeats count several times without saying more.",
        )
        for made in _matched(overlap, said, split=split, other=split, found=exact):
            yield made.model_copy(update={"drop": made.rows, "drop_split": split})
        near = overlap.between("duplicate", split, split)
        said = Said(
            "near_duplicate",
            "note",
            "{rows} nearly {repeat} an earlier one, with the same answer",
            "If they are variants of one request, give them the same group, so that they count as one.",
        )
        found = {row: partners for row, partners in near.items() if row not in exact}
        yield from _matched(overlap, said, split=split, other=split, found=found)


def _contradictions(overlap: Overlap, *, metric: MetricName) -> Iterator[Finding]:
    for split, other in (*((each, each) for each in overlap.splits), ("test", "train")):
        against = "another one" if split == other else f"one in the {SPLIT_NAMES[other]} set"
        ceiling = _ceiling(overlap.splits[split])
        limit = f"; no candidate can get more than {ceiling:.1%} right" if split == other == "test" else ""
        said = Said(
            "conflict",
            "note" if metric in OPEN_METRICS else "warning",
            f"{{rows}} {{have}} the same request as {against} and a different answer"
            + (limit if metric not in OPEN_METRICS else ""),
            "Decide which answer is right, or add to the request what tells them apart.",
        )
        found = overlap.between("contradiction", split, other)
        yield from _matched(overlap, said, split=split, other=other, found=found)
        said = Said(
            "near_conflict",
            "note",
            f"{{rows}} {{have}} nearly the same request as {against} and a different answer",
            "Look at some: where both ask the same, one of the answers is wrong.",
        )
        found = overlap.between("conflict", split, other)
        yield from _matched(overlap, said, split=split, other=other, found=found)


def _ceiling(examples: Examples) -> float:
    """The share of examples that an answerer gets right that gives each request its most frequent answer."""
    best = sum(max(map(len, by_target.values())) for by_target in gather(examples))
    return best / max(1, len(examples))


def _look_alikes(overlap: Overlap) -> Iterator[Finding]:
    seen = overlap.between("exact", "test", "train") | overlap.between("duplicate", "test", "train")
    templated = Said(
        "templated",
        "note",
        "{rows} {are} worded like one in the training set, with other names, numbers or answers",
        "This is no leakage. If all requests follow a few templates, the figures hold for those templates.",
    )
    review = Said(
        "review",
        "note",
        "{rows} {share} half of their wording and the answer with one in the training set",
        "Look at some: where both ask the same, leave the training example out.",
    )
    for said in (templated, review):
        found = overlap.between(said.kind, "test", "train")
        found = {row: partners for row, partners in found.items() if row not in seen}
        seen |= found
        yield from _matched(overlap, said, split="test", other="train", found=found)
