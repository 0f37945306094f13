"""What would flip a recommendation: other settings, and the same test without a segment, a group or a seed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.cost import Measured, figure
from workbench.decision import Decision, Strength, decide
from workbench.earnings import price
from workbench.model import Noun
from workbench.panel import Panel
from workbench.people import Deciding
from workbench.phrases import points
from workbench.statistics.clusters import Clusters
from workbench.usecase import UseCase, Volatility
from workbench.wording import headline

MARGINS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.10, 0.15, 0.20)
FACTORS = (0.1, 0.5, 2.0, 10.0)
"""By which amounts and volumes are multiplied."""
HOW_OFTEN: tuple[Volatility, ...] = ("never", "yearly", "monthly", "weekly", "daily")
MOST_GROUPS = 8
"""Groups that are left out one by one: those that move the choice's lead most."""
MOST_SEGMENTS = 12
WRONG = "What a wrong answer costs"


class Outcome(Noun):
    """What would be recommended, otherwise."""

    setting: str
    """What is changed, in words: "5.0 points", "without the segment facts"."""
    claimed: str | None
    """A candidate or, where only that much is shown, an approach; None where nothing is."""
    strength: Strength
    headline: str


class Sweep(Noun):
    """One thing that is changed step by step, or left out one by one."""

    what: str
    now: str
    """The setting as it is; empty where something is left out."""
    outcomes: tuple[Outcome, ...]
    """All that were tried, in order."""
    flips: tuple[Outcome, ...]
    """Those with another choice, or the same less or more firmly; of neighbours with the same outcome the nearest."""


def sweeps(use_case: UseCase, panel: Panel, measured: Mapping[str, Measured]) -> tuple[Sweep, ...]:
    """Decide again under every change that makes sense for the use case.

    Each is the whole decision with its own limits and error rate; a flip where something is left out says that the
    recommendation hangs on it.
    """

    def judged(changed: UseCase, of: Panel = panel) -> Decision:
        return decide(changed, of, measured, rng=np.random.default_rng(0), chances=False)

    now = judged(use_case)
    found: list[Sweep] = []

    def add(what: str, at: str, tried: Sequence[tuple[str, Decision]], *, place: int | None) -> None:
        outcomes = [_outcome(setting, decision) for setting, decision in tried]
        if outcomes:
            flips = _flips(outcomes, now, place=place)
            found.append(Sweep(what=what, now=at, outcomes=tuple(outcomes), flips=tuple(flips)))

    margins = [m for m in MARGINS if abs(m - use_case.smallest_difference) > 1e-9]
    add(
        "The smallest difference that matters", f"{points(use_case.smallest_difference)} points",
        [(f"{points(m)} points", judged(use_case.model_copy(update={"smallest_difference": m}))) for m in margins],
        place=sum(m < use_case.smallest_difference for m in margins),
    )  # fmt: skip
    for what, at, settings in _amounts(use_case):
        tried = [(words, judged(changed)) for words, changed in settings]
        nothing = what == WRONG and use_case.money.price_of_wrong == 0
        add(what, at, tried, place=0 if nothing else sum(factor < 1 for factor in FACTORS))
    if now.earnings.costs_known and use_case.money.values and _trains(panel):
        others = [each for each in HOW_OFTEN if each != use_case.knowledge_changes]
        add(
            "How often the knowledge changes", use_case.knowledge_changes,
            [(each, judged(use_case.model_copy(update={"knowledge_changes": each}))) for each in others],
            place=HOW_OFTEN.index(use_case.knowledge_changes),
        )  # fmt: skip
    for what, parts in _left_out(panel, now):
        add(what, "", [(words, judged(use_case, of)) for words, of in parts], place=None)
    return tuple(found)


def preference_sweeps(
    use_case: UseCase, panel: Panel, measured: Mapping[str, Measured], deciding: Deciding
) -> tuple[Sweep, ...]:
    """The same where people's choices decide: other margins, and the same labels without one annotator."""

    def judged(of: Deciding) -> Decision:
        changed = use_case.model_copy(update={"smallest_difference": of.margin})
        rng = np.random.default_rng(0)
        return decide(changed, panel, measured, rng=rng, by_people=of.analysis, chances=False)

    now = judged(deciding)
    margins = [m for m in MARGINS if abs(m - deciding.margin) > 1e-9]
    tried = [_outcome(f"{points(m)} points", judged(replace(deciding, margin=m))) for m in margins]
    place = sum(m < deciding.margin for m in margins)
    found = [
        Sweep(
            what="The smallest difference that matters", now=f"{points(deciding.margin)} points",
            outcomes=tuple(tried), flips=tuple(_flips(tried, now, place=place)),
        )
    ]  # fmt: skip
    if len(deciding.annotators) > 1:
        # Reports are handed on, so people have numbers there and no names.
        people = enumerate(deciding.annotators, 1)
        tried = [_outcome(f"without annotator {n}", judged(replace(deciding, without=name))) for n, name in people]
        flips = tuple(_flips(tried, now, place=None))
        found.append(Sweep(what="Without an annotator", now="", outcomes=tuple(tried), flips=flips))
    return tuple(found)


def _outcome(setting: str, decision: Decision) -> Outcome:
    return Outcome(setting=setting, claimed=decision.claimed, strength=decision.strength, headline=headline(decision))


def _flips(outcomes: Sequence[Outcome], now: Decision, *, place: int | None) -> Iterator[Outcome]:
    """Outcomes that differ from what holds now: nearest first on either side of ``place``, each change once."""

    def kind(one: Outcome) -> tuple[str | None, Strength]:
        return one.claimed, one.strength

    current = now.claimed, now.strength
    sides = [outcomes] if place is None else [list(reversed(outcomes[:place])), outcomes[place:]]
    for side in sides:
        last: tuple[str | None, Strength] = current
        for one in side:
            if kind(one) != current and (place is None or kind(one) != last):
                yield one
            last = kind(one)


def _trains(panel: Panel) -> bool:
    return any(one.trained for one in panel.candidates)


def _amounts(use_case: UseCase) -> Iterator[tuple[str, str, list[tuple[str, UseCase]]]]:
    """Amounts of money and the volume, where they are set, multiplied."""
    money, currency = use_case.money, use_case.money.currency

    def changed(**update: Any) -> UseCase:
        return use_case.model_copy(update={"money": money.model_copy(update=update)})

    if money.value_of_success is not None:
        worth, most = money.value_of_success, money.value_at_most
        rows = [
            (price(worth * f, currency), changed(value_of_success=worth * f, value_at_most=most and most * f))
            for f in FACTORS
        ]
        yield "What a right answer is worth", price(worth, currency), rows
        wrong = money.price_of_wrong or worth
        rows = [(price(wrong * f, currency), changed(price_of_wrong=wrong * f)) for f in FACTORS]
        yield WRONG, price(money.price_of_wrong, currency), rows
        if use_case.volume_per_month and use_case.machine_cost_per_hour is not None:
            volume = use_case.volume_per_month
            rows = [
                (
                    figure(max(1, round(volume * f))),
                    use_case.model_copy(update={"volume_per_month": max(1, round(volume * f))}),
                )
                for f in FACTORS
            ]
            yield "Requests a month", f"{volume:,}", rows


def _left_out(panel: Panel, now: Decision) -> Iterator[tuple[str, list[tuple[str, Panel]]]]:
    """The same test without each segment, each of the weightiest groups, and each training seed."""
    tags = sorted(set().union(*panel.tags)) if panel.tags else []
    if 1 < len(tags) <= MOST_SEGMENTS:
        without = [(tag, np.array([tag not in each for each in panel.tags])) for tag in tags]
        yield "Without a segment", [(f"without {tag}", part(panel, kept)) for tag, kept in without if kept.sum() > 1]
    clusters = np.asarray(panel.clusters)
    if len(set(panel.clusters)) < len(panel.clusters):
        heavy = _weighty(panel, now)
        yield "Without a group", [(f"without {name}", part(panel, clusters != name)) for name in heavy]
    runs = max((len(one.values) for one in panel.candidates if one.trained), default=1)
    if runs > 1:
        yield "Without a training seed", [(f"without seed {n}", _without_seed(panel, n)) for n in range(runs)]


def part(panel: Panel, kept: NDArray[np.bool_]) -> Panel:
    """The panel with some of its items."""
    rows = np.flatnonzero(kept)
    candidates = tuple(
        replace(one, values=one.values[:, rows], abstained=None if one.abstained is None else one.abstained[:, rows])
        for one in panel.candidates
    )
    tags = tuple(panel.tags[i] for i in rows) if panel.tags else ()
    return Panel(
        candidates, tuple(panel.items[i] for i in rows), tuple(panel.clusters[i] for i in rows), panel.metric, tags
    )


def _without_seed(panel: Panel, seed: int) -> Panel:
    """Without one run of every candidate that was trained more than once."""

    def kept(one: Any) -> Any:
        if not one.trained or len(one.values) < 2 or seed >= len(one.values):
            return one
        rows = [n for n in range(len(one.values)) if n != seed]
        silent = None if one.abstained is None else one.abstained[rows]
        return replace(one, values=one.values[rows], abstained=silent)

    return replace(panel, candidates=tuple(kept(one) for one in panel.candidates))


def _weighty(panel: Panel, now: Decision) -> list[str]:
    """Groups whose leaving moves the lead of the choice over the best other candidate most."""
    means = {one.name: one.values.mean(axis=0) for one in panel.candidates}
    subject = now.choice if now.choice in means else now.leader if now.leader in means else panel.candidates[0].name
    others = sorted((name for name in means if name != subject), key=lambda name: -float(means[name].mean()))
    if not others:
        return []
    difference = means[subject] - means[others[0]]
    clusters = Clusters.of(panel.clusters)
    totals = np.abs(clusters.sums((difference - difference.mean())[:, None])[:, 0])
    names = np.unique(np.asarray(panel.clusters))
    return [str(names[i]) for i in np.argsort(-totals, kind="stable")[:MOST_GROUPS]]
