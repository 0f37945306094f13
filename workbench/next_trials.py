"""The settings to try next, proposed by Optuna from those that were tried.

The study is made anew of the record for each batch, so the record is all that has to be kept, and the same trials and
the same seed give the same proposals, however often the search was interrupted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from workbench.tuning_space import Dimension, Setting, Settings

FIRST = 8
"""Trials that are drawn at random before the others' scores are made use of."""
ATTEMPTS = 60
"""Proposals in a row that were tried before, after which nothing new is expected."""
EVERY = 3
"""One proposal in so many is drawn by chance, as in BOHB (Falkner et al. 2018), so that no value is given up."""
KEPT = 0.6
"""Share of the best settings that those proposals keep."""


@dataclass(frozen=True)
class Known:
    """A trial that has been scored, or failed."""

    settings: Settings
    lead: float | None
    """By how much it is ahead of the candidate as it was, on the examples that it answered; None: it cannot be run."""


def propose(
    dimensions: Sequence[Dimension],
    known: Sequence[Known],
    *,
    count: int,
    seed: int,
    allowed: Callable[[Settings], bool] = lambda settings: True,
) -> list[dict[str, Setting]]:
    """So many settings that were not tried yet, or as many as are found; ``allowed`` says which can be run at all.

    Tree-structured Parzen estimators (Bergstra et al. 2011): they take categories and orders, and only ask which trials
    were among the better ones, so noise does not lead them far. Trials that were stopped early count by their lead on
    the examples that they answered, which is measured against the same answers as that of the others. What is proposed
    and not scored yet counts as poor, so that a batch spreads out. Those that are drawn by chance are near the best so
    far, and some of their settings are those of the first known trial: so it is seen which changes are needed at all.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    entropy = np.random.SeedSequence([seed, len(known)]).generate_state(1)[0]
    sampler = optuna.samplers.TPESampler(seed=int(entropy), n_startup_trials=FIRST)
    rng = np.random.default_rng(entropy)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    space = {one.name: _distribution(one) for one in dimensions}
    study.add_trials(_frozen(one, dimensions, space) for one in known)
    tried = {_key(one.settings) for one in known}
    found: list[dict[str, Setting]] = []
    misses = 0
    while len(found) < count and misses < ATTEMPTS:
        if known and (len(found) + misses) % EVERY == EVERY - 1:
            study.enqueue_trial(_near(known, dimensions, rng))
        asked = study.ask(space)
        settings = {one.name: one.values[int(asked.params[one.name])] for one in dimensions}
        if _key(settings) in tried or not allowed(settings):
            study.tell(asked, state=TrialState.FAIL)
            misses += 1
            continue
        misses = 0
        tried.add(_key(settings))
        found.append(settings)
    return found


def _near(known: Sequence[Known], dimensions: Sequence[Dimension], rng: np.random.Generator) -> dict[str, int]:
    """Places of the values of the best settings so far, of which some are drawn anew or as they were at first."""
    best = max(known, key=lambda one: -np.inf if one.lead is None else one.lead).settings
    found = {}
    for one in dimensions:
        anew = one.values[int(rng.integers(len(one.values)))]
        other = anew if rng.random() < 0.5 else known[0].settings[one.name]
        found[one.name] = one.values.index(best[one.name] if rng.random() < KEPT else other)
    return found


def _key(settings: Settings) -> tuple[tuple[str, Setting], ...]:
    return tuple(sorted(settings.items()))


def _distribution(one: Dimension) -> BaseDistribution:
    places = range(len(one.values))
    return IntDistribution(0, len(places) - 1) if one.ordered else CategoricalDistribution(tuple(places))


def _frozen(one: Known, dimensions: Sequence[Dimension], space: Mapping[str, BaseDistribution]) -> FrozenTrial:
    """A trial as Optuna knows it."""
    params = {each.name: each.values.index(one.settings[each.name]) for each in dimensions}
    state = TrialState.FAIL if one.lead is None else TrialState.COMPLETE
    return create_trial(state=state, value=one.lead, params=params, distributions=dict(space))
