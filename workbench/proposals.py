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
Position = int
"""Where a setting's value stands in its dimension: neighbours are alike where that is ordered."""


@dataclass(frozen=True)
class Known:
    """A trial that has been scored, or failed."""

    settings: Settings
    mean: float | None
    """On the last rung that it finished; None: it could not be run."""
    examples: int
    """How many examples that mean is of."""
    whole: bool
    """Whether these are all."""


def propose(
    dimensions: Sequence[Dimension],
    known: Sequence[Known],
    *,
    count: int,
    seed: int,
    allowed: Callable[[Settings], bool] = lambda settings: True,
) -> list[dict[str, Setting]]:
    """So many settings that were not tried yet, or as many as are found; ``allowed`` says which can be run at all.

    Tree-structured Parzen estimators (Bergstra et al. 2011): they take categories and orders, bear noisy scores, and
    learn from trials that were stopped early by the examples these reached. What was proposed and is not scored yet
    counts as poor, so that a batch spreads out.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    entropy = np.random.SeedSequence([seed, len(known)]).generate_state(1)[0]
    sampler = optuna.samplers.TPESampler(seed=int(entropy), n_startup_trials=FIRST)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    space = {one.name: _distribution(one) for one in dimensions}
    study.add_trials([_frozen(one, dimensions, space) for one in known])
    tried = {_key(one.settings) for one in known}
    found: list[dict[str, Setting]] = []
    for _ in range(ATTEMPTS * count):
        if len(found) == count:
            break
        asked = study.ask(space)
        settings = {one.name: one.values[int(asked.params[one.name])] for one in dimensions}
        if _key(settings) in tried or not allowed(settings):
            study.tell(asked, state=TrialState.FAIL)
            continue
        tried.add(_key(settings))
        found.append(settings)
    return found


def _key(settings: Settings) -> tuple[tuple[str, Setting], ...]:
    return tuple(sorted(settings.items()))


def _distribution(one: Dimension) -> BaseDistribution:
    places = range(len(one.values))
    return IntDistribution(0, len(places) - 1) if one.ordered else CategoricalDistribution(tuple(places))


def _frozen(one: Known, dimensions: Sequence[Dimension], space: Mapping[str, BaseDistribution]) -> FrozenTrial:
    """A trial as Optuna knows it: whole with its value, stopped early with the value that it had there, or failed."""
    params: dict[str, Position] = {each.name: each.values.index(one.settings[each.name]) for each in dimensions}
    seen = {} if one.mean is None else {one.examples: one.mean}
    state = TrialState.FAIL if one.mean is None else TrialState.COMPLETE if one.whole else TrialState.PRUNED
    value = one.mean if state == TrialState.COMPLETE else None
    return create_trial(state=state, value=value, params=params, distributions=dict(space), intermediate_values=seen)
