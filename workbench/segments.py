"""Segments of the requests, by their tags: where another candidate is better, and what routing by segment would bring.

A router sends every request to the candidate that does best in its segment. It is judged as one more candidate, on
items that had no part in choosing who answers them.
"""

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.candidate import Approach
from workbench.cost import Measured
from workbench.facts import Facts
from workbench.model import Noun
from workbench.panel import Panel, Scores
from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.interaction import holm, interaction
from workbench.statistics.seeds import IMPUTED_SEED_SD, ONE_SEED_SD

FEWEST = 10
"""With fewer items, or fewer than so many outside it, a segment is not looked at."""
FEWEST_GROUPS = 8
"""The same for groups of items that belong together."""
FOLDS = 5
"""Parts of the items; each is routed by what the others show."""
ALPHA = 0.05
FARTHEST = 0.15
"""How far the shares of the timed requests may lie from those of all, for a router's latency to be known."""
OTHER = "other"
"""Items without a tag that a router goes by."""
ROUTER = "router"


class SegmentMean(Noun):
    """One candidate in one segment."""

    candidate: str
    mean: float
    beyond: float
    """How far it is ahead of the candidate that leads over all items, here."""
    elsewhere: float
    """The same outside the segment."""
    p: float
    """That the two are the same, adjusted for all segments and candidates; 1 for the leader."""


class Segment(Noun):
    """The items with one tag."""

    tag: str
    n: int
    means: tuple[SegmentMean, ...]
    reversed: tuple[str, ...]
    """Candidates that are ahead here and behind elsewhere, and shown to differ from one to the other."""


class Routed(Noun):
    """Who answers the requests of a segment."""

    tag: str
    candidate: str
    n: int


class Segments(Noun):
    """What the tags tell."""

    leader: str
    """The highest mean over all items."""
    segments: tuple[Segment, ...]
    router: str
    """The router's name among the candidates; empty where no segment calls for one."""
    routes: tuple[Routed, ...]
    """The router's rule, as all items together suggest it."""
    seconds: float | None = None
    """Mean seconds of a request that is routed; None where there is no router or it is not known."""

    @property
    def policy(self) -> str:
        """The rule in words: "rag for facts, sft for tone and other"."""
        by_candidate: dict[str, list[str]] = {}
        for one in self.routes:
            by_candidate.setdefault(one.candidate, []).append(one.tag)
        return ", ".join(f"{name} for {' and '.join(tags)}" for name, tags in by_candidate.items())


@dataclass(frozen=True, eq=False)
class Found:
    """The segments, and the router as a candidate where there is one."""

    segments: Segments
    router: Scores | None
    parts: tuple[str, ...]
    """Names of the candidates that it sends requests to."""
    sent: tuple[str, ...]
    """For each item of the panel, who answers it by the router's rule."""


def find_segments(panel: Panel, eligible: Sequence[str]) -> Found | None:
    """Look at every tag that enough items have; None where there is none, or fewer than two candidates.

    Raises nothing: a panel without tags has no segments.
    """
    candidates = [one for one in panel.candidates if one.name in eligible]
    tags = _tags(panel)
    if len(candidates) < 2 or not tags:
        return None
    means = np.stack([one.values.mean(axis=0) for one in candidates], axis=1)
    # Of equals, the order of the panel decides nothing.
    leader = max(range(len(candidates)), key=lambda j: (round(float(means[:, j].mean()), 9), candidates[j].name))
    segments = _segments(panel, candidates, means, leader, tags)
    name = candidates[leader].name
    if not any(one.reversed for one in segments):
        return Found(Segments(leader=name, segments=segments, router="", routes=()), None, (), ())
    labels = _labels(panel, segments)
    return _routed(panel, candidates, means, leader, labels=labels, segments=segments)


def _tags(panel: Panel) -> dict[str, NDArray[np.bool_]]:
    """The items of each tag that enough of them have, in alphabetical order."""
    if not panel.tags:
        return {}
    found = {}
    clusters = np.asarray(panel.clusters)
    for tag in sorted(set().union(*panel.tags)):
        mask = np.array([tag in tags for tags in panel.tags])
        sides = (mask, ~mask)
        if all(side.sum() >= FEWEST and len(set(clusters[side])) >= FEWEST_GROUPS for side in sides):
            found[tag] = mask
    return found


def _segments(
    panel: Panel,
    candidates: Sequence[Scores],
    means: Floats,
    leader: int,
    tags: Mapping[str, NDArray[np.bool_]],
) -> tuple[Segment, ...]:
    clusters = Clusters.of(panel.clusters)
    others = [j for j in range(len(candidates)) if j != leader]
    tests = {
        (tag, j): interaction(
            means[:, j] - means[:, leader], mask, clusters,
            seed_variance=_seed_variance(candidates[j], mask) + _seed_variance(candidates[leader], mask),
        )
        for tag, mask in tags.items()
        for j in others
    }  # fmt: skip
    adjusted = dict(zip(tests, holm(np.array([test.p for test in tests.values()])), strict=True))
    found = []
    for tag, mask in tags.items():
        rows, turned = [], []
        for j, one in enumerate(candidates):
            mean = float(means[mask, j].mean())
            if j == leader:
                rows.append(SegmentMean(candidate=one.name, mean=mean, beyond=0.0, elsewhere=0.0, p=1.0))
                continue
            test, p = tests[tag, j], float(adjusted[tag, j])
            row = SegmentMean(candidate=one.name, mean=mean, beyond=test.inside, elsewhere=test.outside, p=p)
            rows.append(row)
            if p <= ALPHA and test.inside > 0 > test.outside:
                turned.append(one.name)
        found.append(Segment(tag=tag, n=int(mask.sum()), means=tuple(rows), reversed=tuple(turned)))
    return tuple(found)


def _seed_variance(one: Scores, mask: NDArray[np.bool_]) -> float:
    """What training again would change of the difference between a segment and the rest."""
    if not one.trained:
        return 0.0
    if len(one.values) < 2:
        return ONE_SEED_SD**2
    gaps = one.values[:, mask].mean(axis=1) - one.values[:, ~mask].mean(axis=1)
    return float(max(gaps.var(ddof=1), IMPUTED_SEED_SD**2)) / len(gaps)


def _labels(panel: Panel, segments: Sequence[Segment]) -> tuple[str, ...]:
    """For each item the segment that a router goes by.

    Where no item has two of the tags, each is a segment; otherwise there is one, in which a candidate is turned most
    surely, and the rest.
    """
    known = {one.tag for one in segments}
    each = [[tag for tag in tags if tag in known] for tags in panel.tags]
    if all(len(tags) <= 1 for tags in each):
        return tuple(tags[0] if tags else OTHER for tags in each)
    surest = min(
        (one for one in segments if one.reversed),
        key=lambda one: (min(row.p for row in one.means if row.candidate in one.reversed), one.tag),
    )
    return tuple(surest.tag if surest.tag in tags else OTHER for tags in each)


def _routed(
    panel: Panel,
    candidates: Sequence[Scores],
    means: Floats,
    leader: int,
    *,
    labels: Sequence[str],
    segments: tuple[Segment, ...],
) -> Found:
    """The router with its scores, each item routed by the folds that it is not in."""
    where = np.asarray(labels)
    folds = np.array([zlib.crc32(name.encode()) % FOLDS for name in panel.clusters])
    picks = np.full(len(where), leader)
    rule = {}
    for label in sorted(set(labels)):
        inside = where == label
        rule[label] = _best(means, inside, leader)
        for fold in range(FOLDS):
            picks[inside & (folds == fold)] = _best(means, inside & (folds != fold), leader)
    used, final = sorted(set(picks.tolist())), sorted(set(rule.values()))
    found = Segments(leader=candidates[leader].name, segments=segments, router="", routes=())
    if len(final) < 2:
        return Found(found, None, (), ())
    # No more trainings than every trained part has: one that is repeated would look like none that vary.
    trained = [len(candidates[j].values) for j in used if candidates[j].trained]
    runs = min(trained, default=1)
    values, silent = np.zeros((runs, len(where))), np.zeros((runs, len(where)), dtype=np.bool_)
    for j in used:
        one, mine = candidates[j], picks == j
        again = np.arange(runs) % len(one.values)
        values[:, mine] = one.values[again][:, mine]
        if one.abstained is not None:
            silent[:, mine] = one.abstained[again][:, mine]
    taken = {one.name for one in panel.candidates}
    name = next(each for each in (ROUTER, *(f"{ROUTER}-{n}" for n in range(2, 100))) if each not in taken)
    parts = [candidates[j] for j in final]
    approach = _approach([one.approach for one in parts])
    router = Scores(name, approach, bool(trained), values, silent)
    counts = Counter(labels)
    routes = tuple(Routed(tag=tag, candidate=candidates[j].name, n=counts[tag]) for tag, j in rule.items())
    found = found.model_copy(update={"router": name, "routes": routes})
    sent = tuple(candidates[rule[label]].name for label in labels)
    return Found(found, router, tuple(one.name for one in parts), sent)


def _best(means: Floats, items: NDArray[np.bool_], leader: int) -> int:
    """Who is best on some items; the leader where they are few or nobody is better."""
    if items.sum() < FEWEST:
        return leader
    here = means[items].mean(axis=0)
    best = int(np.argmax(here))
    return best if here[best] > here[leader] + 1e-9 else leader


def _approach(parts: Sequence[Approach]) -> Approach:
    """What it takes to run all parts."""
    retrieves, trains = any("RAG" in one for one in parts), any("fine-tuning" in one for one in parts)
    if retrieves:
        return "RAG + fine-tuning" if trains else "RAG"
    return "fine-tuning" if trains else "prompting"


def measured_router(found: Found, panel: Panel, measured: Mapping[str, Measured]) -> Measured:
    """What the router takes: each request as its part answers it, and the training of all parts.

    What is not known of every part is not known of the router.
    """
    shares = {name: found.sent.count(name) / len(found.sent) for name in found.parts}
    parts = {name: measured.get(name, Measured()) for name in found.parts}

    def mean(values: Mapping[str, float | None]) -> float | None:
        known = {name: value for name, value in values.items() if value is not None}
        return sum(shares[name] * value for name, value in known.items()) if len(known) == len(parts) else None

    trained = {name: one for name, one in parts.items() if one.trained}
    times = [one.train_seconds for one in trained.values() if one.train_seconds is not None]
    checked = all(one.losses for one in trained.values())
    refusing = [one.refusals for one in parts.values() if one.refusals is not None]
    told = [bool(one.costs) for one in parts.values()]
    return Measured(
        seconds=_seconds(found, panel, parts, shares) if all(told) or not any(told) else (),
        costs=_costs(parts, shares) if all(told) else (),
        prompt_tokens=mean({name: one.prompt_tokens for name, one in parts.items()}),
        completion_tokens=mean({name: one.completion_tokens for name, one in parts.items()}),
        train_seconds=sum(times) if times else None,
        trained=bool(trained),
        losses=tuple(loss for one in trained.values() for loss in one.losses) if checked else (),
        facts=_facts([one.facts for one in parts.values()]),
        refusals=max(refusing, key=lambda one: one.refused.at_most) if len(refusing) == len(parts) else None,
    )


def _facts(parts: Sequence[Facts]) -> Facts:
    """What is so of all parts; what is not known of one is only known where another settles it."""

    def every(values: Sequence[bool | None]) -> bool | None:
        return False if False in values else None if None in values else True

    leaves = every([None if one.leaves is None else not one.leaves for one in parts])
    licences = [one.licences for one in parts]
    known = [licence for one in licences if one is not None for licence in one]
    return Facts(
        leaves=None if leaves is None else not leaves,
        goes_to=", ".join(dict.fromkeys(one.goes_to for one in parts if one.goes_to)),
        licences=None if None in licences else tuple(dict.fromkeys(known)),
        cites=every([one.cites for one in parts]),
        deletable=every([one.deletable for one in parts]),
    )


def _seconds(
    found: Found, panel: Panel, parts: Mapping[str, Measured], shares: Mapping[str, float]
) -> tuple[float, ...]:
    """The timed requests as they are routed; nothing where they come from other segments than requests do."""
    part_of = dict(zip(panel.items, found.sent, strict=True))
    by_part = {
        name: [s for item, s in zip(one.timed, one.seconds, strict=False) if part_of.get(item) == name]
        for name, one in parts.items()
    }
    total = sum(map(len, by_part.values()))
    if not total or any(abs(len(own) / total - shares[name]) > FARTHEST for name, own in by_part.items()):
        return ()
    return tuple(second for own in by_part.values() for second in own)


def _costs(parts: Mapping[str, Measured], shares: Mapping[str, float]) -> tuple[float, ...]:
    """Costs of single requests, of each part as many as its share of them, spread as its own are."""
    total = min(len(one.costs) for one in parts.values())
    found: list[float] = []
    for name, one in parts.items():
        count = max(1, round(total * shares[name]))
        found += np.quantile(np.array(one.costs), (np.arange(count) + 0.5) / count).tolist()
    return tuple(found)
