"""A judge beside people: how far it agrees with them on what both saw, its leanings, and what it is worth."""

from collections.abc import Mapping, Sequence

import numpy as np

from workbench.given import Request
from workbench.model import Noun
from workbench.preference import COUNTED, MIRRORED, Choice, Preference
from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.intervals import wilson
from workbench.statistics.judge_bias import judge_bias
from workbench.statistics.ppi import anchored_mean
from workbench.statistics.votes import Votes

FEWEST_BOTH = 8
"""Pairs that people and the judge both labelled, below which nothing is said about the judge's worth."""
VALUES: Mapping[Choice, float] = {"left": 1.0, "tie": 0.5, "neither": 0.5, "right": 0.0}
"""What a label is worth to the answer on the left."""


class Sharpened(Noun):
    """One candidate's win rate against the baseline by people, and with the judge's help."""

    candidate: str
    people: float
    people_low: float
    people_high: float
    together: float
    low: float
    high: float
    labelled: int
    """Requests on which people compared the two."""
    worth: float
    """As many labelled requests would give as short an interval without the judge."""
    helps: bool
    """The judge shortens the interval."""


class JudgeFindings(Noun):
    """What is known of one judge."""

    judge: str
    judged: int
    flips: int
    """Pairs of which it preferred the other answer when they changed places."""
    first: int
    """Flips in which it preferred whichever came first."""
    both: int
    """Pairs of answers that people labelled, too."""
    alike: float | None
    """Share of people's labels of those that say what the judge says."""
    alike_low: float | None
    alike_high: float | None
    length: float | None
    """Log-odds for an answer that is longer by one standard deviation, at equal candidates; None: not known."""
    length_low: float | None
    length_high: float | None
    sharpened: tuple[Sharpened, ...]


def judge_findings(
    people: Sequence[Preference],
    judged: Sequence[Preference],
    *,
    names: Sequence[str],
    prompts: Mapping[str, Request],
    baseline: str,
) -> tuple[JudgeFindings, ...]:
    """What is known of every judge of a queue."""
    by: dict[str, list[Preference]] = {}
    for label in judged:
        if label.choice in COUNTED:
            by.setdefault(label.annotator, []).append(label)
    counted = [label for label in people if label.choice in COUNTED and not label.repeat]
    return tuple(_about(name, own, counted, names, prompts, baseline) for name, own in sorted(by.items()))


def _about(
    judge: str,
    own: Sequence[Preference],
    people: Sequence[Preference],
    names: Sequence[str],
    prompts: Mapping[str, Request],
    baseline: str,
) -> JudgeFindings:
    said = {_pair(label): _towards_first(label) for label in own}
    shared = [label for label in people if _pair(label) in said]
    pairs = {_pair(label) for label in shared}
    same = sum(_kind(_towards_first(label)) == _kind(said[_pair(label)]) for label in shared)
    # Labels of one pair hang together, so the pairs are what counts.
    interval = wilson(same / len(shared), len(pairs)) if shared else None
    lean = _length(own, names, prompts)
    return JudgeFindings(
        judge=judge,
        judged=len(own),
        flips=sum(bool(label.reason) for label in own),
        first=sum("first" in label.reason for label in own),
        both=len(pairs),
        alike=same / len(shared) if shared else None,
        alike_low=interval.low if interval else None,
        alike_high=interval.high if interval else None,
        length=None if lean is None else lean[0],
        length_low=None if lean is None else lean[1],
        length_high=None if lean is None else lean[2],
        sharpened=tuple(
            found
            for name in names
            if name != baseline and (found := _sharpened(name, baseline, people, said, prompts)) is not None
        ),
    )


def _pair(label: Preference) -> tuple[str, str, str]:
    one, other = sorted((label.left, label.right))
    return label.example, one, other


def _towards_first(label: Preference) -> float:
    """What a label is worth to the candidate whose name comes first."""
    choice = label.choice if label.left < label.right else MIRRORED[label.choice]
    return VALUES[choice]


def _kind(value: float) -> int:
    return (value > 0.5) - (value < 0.5)


def _length(
    own: Sequence[Preference], names: Sequence[str], prompts: Mapping[str, Request]
) -> tuple[float, float, float] | None:
    """The judge's lean towards longer answers; None where lengths tell nothing apart from the candidates."""
    votes = Votes.of(
        names,
        [(label.left, label.right) for label in own],
        choice=[{"left": 1, "right": -1}.get(label.choice, 0) for label in own],
        item=[label.example for label in own],
    )
    lengths = [prompts[label.example].lengths for label in own]
    longer = np.array(
        [said[label.left] - said[label.right] for said, label in zip(lengths, own, strict=True)], dtype=float
    )
    lean = judge_bias(votes, longer).length if len(own) >= FEWEST_BOTH else None
    return None if lean is None else (lean.log_odds, lean.low, lean.high)


def _sharpened(
    name: str,
    baseline: str,
    people: Sequence[Preference],
    said: Mapping[tuple[str, str, str], float],
    prompts: Mapping[str, Request],
) -> Sharpened | None:
    """A candidate's win rate against the baseline by people and judge; None where too little was seen by both."""
    one, other = sorted((name, baseline))
    values: dict[str, list[float]] = {}
    for label in people:
        if {label.left, label.right} == {name, baseline}:
            values.setdefault(label.example, []).append(_towards_first(label))
    judged = {example: value for (example, *both), value in said.items() if tuple(both) == (one, other)}
    examples = sorted(judged)
    human: Floats = np.array([np.mean(values[e]) if e in values else np.nan for e in examples])
    if np.count_nonzero(~np.isnan(human)) < FEWEST_BOTH:
        return None
    items = Clusters.of([prompts[example].cluster or example for example in examples])
    found = anchored_mean(
        human, np.array([judged[example] for example in examples]), rng=np.random.default_rng(0), items=items
    )

    def own(value: float) -> float:
        """A share of the first name as this candidate's."""
        return float(np.clip(value if one == name else 1 - value, 0.0, 1.0))

    low, high = sorted((own(found.low), own(found.high)))
    people_low, people_high = sorted((own(found.human_low), own(found.human_high)))
    return Sharpened(
        candidate=name, people=own(found.human_mean), people_low=people_low, people_high=people_high,
        together=own(found.mean), low=low, high=high, labelled=found.n, worth=found.effective, helps=found.worth,
    )  # fmt: skip
