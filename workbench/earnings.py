"""What candidates earn: the worth of right answers, less the price of wrong ones and all that answers cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np

from workbench.candidate import Approach
from workbench.cost import figure
from workbench.model import Noun
from workbench.panel import Panel, Scores
from workbench.running_cost import RunningCost
from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.optimal import chances_of_best, envelope
from workbench.statistics.seeds import ONE_SEED_SD, seed_spread
from workbench.usecase import Money

DRAWS = 4_000
GRID = 49
"""Values of a right answer at which the chances are shown."""
MOST_KEPT = 16
"""Of a panel's forms in money, so many are kept."""
FINEST = 0.001
"""Of the largest value that matters: what happens at smaller ones is not told."""
AROUND = 8.0
"""By what factor they reach beyond the values that matter, on either side."""


class Earning(Noun):
    """One candidate's answers by outcome, what a request costs, and what it earns."""

    candidate: str
    approach: Approach
    right: float
    """Mean score: the share of right answers, where an answer is right or wrong."""
    wrong: float
    abstained: float
    """The rest: answers that only say they do not know."""
    cost: RunningCost | None
    """None where it was not measured."""
    earned: tuple[float, ...]
    """A request's net benefit at each of the use case's values; empty where it sets none."""


class Switch(Noun):
    """From this value of a right answer on, a candidate earns most on average."""

    value: float
    candidate: str
    low: float | None
    """95 % interval of the value; None for the first candidate, which is the best from 0 on."""
    high: float | None
    """None: there may be no such value."""


class Acceptability(Noun):
    """How probable it is that a candidate earns most, along the value of a right answer."""

    values: tuple[float, ...]
    chances: dict[str, tuple[float, ...]]


class Earnings(Noun):
    """What those candidates earn that keep the limits, or all where none does."""

    candidates: tuple[Earning, ...]
    counted: tuple[str, ...]
    """Those of which somebody earns most; who breaks a limit is not among them."""
    values: tuple[float, ...]
    """The least and the most that a right answer may be worth; one where it is known, none where it is not."""
    price_of_wrong: float
    costs_known: bool
    """Whether costs are taken off; not where those of one candidate are unknown."""
    switches: tuple[Switch, ...]
    """Who earns most, from no value on upwards."""
    pays_from: float | None
    """The value of a right answer from which somebody earns more than a request costs, on average; 0: at any; None: at
    none, since nobody is ever right."""
    acceptability: Acceptability | None
    """None where one candidate earns most at any value."""


def price(amount: float, currency: str) -> str:
    """An amount of money with two significant digits."""
    text = figure(abs(amount))
    sign = "\u2212" if amount < 0 and text != "0" else ""
    return f"{sign}{text} {currency}".rstrip()


_paid: WeakKeyDictionary[Panel, dict[tuple[object, ...], Panel]] = WeakKeyDictionary()
"""By panel: what it earns at a value, a price of wrong answers and costs. What is gathered of it is gathered once."""


def benefit_panel(panel: Panel, costs: Mapping[str, RunningCost | None], money: Money, value: float) -> Panel:
    """The panel with what each answer earns in place of its score, on a scale from 0 (wrong) to 1 (right).

    One unit of it is ``value + money.price_of_wrong``. Costs are taken off the means, where all are known.
    """
    known, key = _paid.setdefault(panel, {}), (value, money.price_of_wrong, *costs.items())
    if key not in known:
        if len(known) >= MOST_KEPT:
            known.clear()
        known[key] = _benefit_panel(panel, costs, money, value)
    return known[key]


def _benefit_panel(panel: Panel, costs: Mapping[str, RunningCost | None], money: Money, value: float) -> Panel:
    unit = value + money.price_of_wrong
    known = all_known(panel, costs)

    def earned(one: Scores) -> Scores:
        values = (value * one.values - money.price_of_wrong * one.wrong + money.price_of_wrong) / unit
        cost = costs.get(one.name) if known else None
        values = np.clip(values, 0.0, 1.0)
        if cost is None:
            return replace(one, values=values)
        return replace(one, values=values, cost=cost.request / unit, cost_variance=cost.variance / unit**2)

    return replace(panel, candidates=tuple(earned(one) for one in panel.candidates))


def all_known(panel: Panel, costs: Mapping[str, RunningCost | None]) -> bool:
    """Whether everybody's cost of a request is known."""
    return all(costs.get(one.name) is not None for one in panel.candidates)


def earnings(
    panel: Panel,
    costs: Mapping[str, RunningCost | None],
    money: Money,
    *,
    rng: np.random.Generator,
    eligible: Sequence[str] = (),
    chances: bool = True,
) -> Earnings:
    """What every candidate earns, and who earns most along the value of a right answer.

    ``eligible``: names of those that may be chosen; where there are none, all are counted. Without ``chances`` there is
    no acceptability.
    """
    counted = [one for one in panel.candidates if one.name in eligible] or list(panel.candidates)
    known, wrong_price = all_known(panel, costs), money.price_of_wrong
    rows = []
    for one in panel.candidates:
        right, wrong, cost = float(one.values.mean()), float(one.wrong.mean()), costs.get(one.name)
        spent = cost.request if known and cost is not None else 0.0
        rows.append(
            Earning(
                candidate=one.name, approach=one.approach, right=right, wrong=wrong,
                abstained=max(0.0, round(1 - right - wrong, 9)), cost=cost,
                earned=tuple(value * right - wrong_price * wrong - spent for value in money.values),
            )
        )  # fmt: skip
    lines = _lines(counted, costs if known else {}, money, clusters=Clusters.of(panel.clusters), rng=rng)
    switches = _worth_telling(lines.switches(), money.values)
    return Earnings(
        candidates=tuple(rows),
        counted=tuple(one.name for one in counted),
        values=money.values,
        price_of_wrong=wrong_price,
        costs_known=known,
        switches=switches,
        pays_from=lines.pays_from(),
        acceptability=lines.acceptability(_grid(money.values, switches) if chances else None, unit=wrong_price),
    )


def crossing(
    panel: Panel,
    costs: Mapping[str, RunningCost | None],
    money: Money,
    low: str,
    high: str,
    *,
    rng: np.random.Generator,
) -> Switch | None:
    """The value of a right answer from which ``high`` earns more than ``low``, with its interval.

    None where there is none among the use case's values: what is chosen also follows the margin and simplicity.
    """
    both = [next(one for one in panel.candidates if one.name == name) for name in (low, high)]
    known = costs if all_known(panel, costs) else {}
    lines = _lines(both, known, money, clusters=Clusters.of(panel.clusters), rng=rng)
    gain, dearer = float(lines.right[1] - lines.right[0]), float(lines.rest[1] - lines.rest[0])
    if gain <= 0 or not money.values[0] <= dearer / gain <= money.values[-1]:
        return None
    return lines.switch(0, 1, dearer / gain)


def _worth_telling(switches: Sequence[Switch], values: Sequence[float]) -> tuple[Switch, ...]:
    """Switches but those at a tiny part of the values that matter: nobody prices answers that finely."""
    least = FINEST * max([switches[-1].value, *values])
    after = max(n for n, one in enumerate(switches) if one.value <= least)
    first = switches[after].model_copy(update={"value": 0.0, "low": None, "high": None})
    return (first, *switches[after + 1 :])


def _grid(values: Sequence[float], switches: Sequence[Switch]) -> Floats | None:
    """Values at which the chances are shown, evenly on a logarithmic scale; None where nothing depends on the value."""
    matter = [*values, *(one.value for one in switches[1:] if one.value > 0)]
    if len(switches) < 2 or not matter:
        return None
    grid: Floats = np.geomspace(min(matter) / AROUND, max(matter) * AROUND, GRID)
    return grid


@dataclass(frozen=True, eq=False)
class _Lines:
    """Net benefit as lines over the value v: ``v * right - rest``, as estimated (k,) and in draws (draws, k).

    ``covariance`` (2k, 2k) of the means of right and rest, seeds and costs included; read for differences only.
    """

    names: tuple[str, ...]
    right: Floats
    rest: Floats
    covariance: Floats
    right_draws: Floats
    rest_draws: Floats
    rng: np.random.Generator

    def switches(self) -> tuple[Switch, ...]:
        """Who is on top from which value on, with intervals from the draws."""
        top = envelope(-self.rest, self.right)
        first = Switch(value=0.0, candidate=self.names[top.best[0]], low=None, high=None)
        pairs = zip(top.best[:-1], top.best[1:], top.start[1:], strict=True)
        return (first, *(self.switch(int(before), int(after), float(value)) for before, after, value in pairs))

    def switch(self, before: int, after: int, value: float) -> Switch:
        """The value at which one line crosses another, with its interval from the draws."""
        steeper = self.right_draws[:, after] - self.right_draws[:, before]
        dearer = self.rest_draws[:, after] - self.rest_draws[:, before]
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.where(steeper > 0, np.maximum(dearer, 0.0) / steeper, np.inf)
        low, high = np.quantile(at, [0.025, 0.975], method="inverted_cdf")
        return Switch(
            value=value, candidate=self.names[after], low=float(low) if np.isfinite(low) else None,
            high=float(high) if np.isfinite(high) else None,
        )  # fmt: skip

    def pays_from(self) -> float | None:
        """The least value at which some line is above 0; None where nobody is ever right."""
        some = self.right > 0
        return float(max(0.0, (self.rest[some] / self.right[some]).min())) if some.any() else None

    def acceptability(self, grid: Floats | None, *, unit: float) -> Acceptability | None:
        """The chances along a grid of values; ``unit``: what a right answer is better than a wrong one, at value 0."""
        if grid is None:
            return None
        k = len(self.names)
        noise, picks = self.rng.standard_normal((DRAWS, k - 1)), self.rng.random(DRAWS)
        chances = []
        for value in grid:
            mix = np.hstack([value * np.eye(k), -np.eye(k)])
            means, covariance = value * self.right - self.rest, mix @ self.covariance @ mix.T
            chances.append(chances_of_best(means, covariance, noise, picks, scale=value + unit))
        table = np.array(chances)
        return Acceptability(
            values=tuple(float(value) for value in grid),
            chances={name: tuple(float(each) for each in table[:, j]) for j, name in enumerate(self.names)},
        )


def _lines(
    counted: Sequence[Scores],
    costs: Mapping[str, RunningCost | None],
    money: Money,
    *,
    clusters: Clusters,
    rng: np.random.Generator,
) -> _Lines:
    """Estimates and draws of each candidate's line.

    What training again would change moves right and wrong answers against each other.
    """
    k, penalty = len(counted), money.price_of_wrong
    right = np.stack([one.values.mean(axis=0) for one in counted], axis=1)
    wrong = np.stack([one.wrong.mean(axis=0) for one in counted], axis=1)
    trained = [one.trained for one in counted]
    known = [costs.get(one.name) for one in counted]
    cost = np.array([0.0 if one is None else one.request for one in known])
    cost_variance = np.array([0.0 if one is None else one.variance for one in known])
    relative = np.hstack([right - right.mean(axis=1, keepdims=True), wrong - wrong.mean(axis=1, keepdims=True)])
    shared = clusters.covariance(relative)
    spreads = [
        seed_spread([one.values for one in counted], trained),
        seed_spread([one.wrong for one in counted], trained),
    ]
    one_seed = np.array(trained) & (spreads[0].seeds == 1)
    by_seed = [np.sqrt(np.where(one_seed, ONE_SEED_SD**2, spread.variance)) for spread in spreads]
    seeds = np.vstack([np.diag(by_seed[0]), -np.diag(by_seed[1])])
    both = shared + seeds @ seeds.T
    weigh = np.diag(np.concatenate([np.ones(k), np.full(k, penalty)]))
    covariance = weigh @ both @ weigh + np.diag(np.concatenate([np.zeros(k), cost_variance]))
    values, vectors = np.linalg.eigh(covariance)
    errors = rng.standard_normal((DRAWS, 2 * k)) * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    means = right.mean(axis=0), penalty * wrong.mean(axis=0) + cost
    return _Lines(
        names=tuple(one.name for one in counted),
        right=means[0],
        rest=means[1],
        covariance=covariance,
        right_draws=means[0] + errors[:, :k],
        rest_draws=means[1] + errors[:, k:],
        rng=rng,
    )
