"""What is tried next: the same for the same record, never twice, and near what was good."""

from statistics import median

from workbench.next_trials import FIRST, Known, propose
from workbench.tuning_space import Dimension

SPACE = (
    Dimension(name="k", values=(1, 2, 3, 5, 8), ordered=True),
    Dimension(name="way", values=("dense", "lexical", None), ordered=False),
)
OWN = Known({"k": 3, "way": "dense"}, 0.0)


def test_the_same_record_gives_the_same_proposals() -> None:
    known = [OWN, Known({"k": 1, "way": None}, 0.1), Known({"k": 8, "way": "dense"}, None)]
    assert propose(SPACE, known, count=4, seed=1) == propose(SPACE, known, count=4, seed=1)
    assert propose(SPACE, known, count=4, seed=1) != propose(SPACE, known, count=4, seed=2)


def test_nothing_is_tried_twice_and_at_last_all_is() -> None:
    found = propose(SPACE, [OWN], count=40, seed=0)
    assert len(found) == 14
    assert OWN.settings not in found
    assert len({tuple(one.items()) for one in found}) == 14
    assert propose(SPACE, [OWN, *(Known(one, 0.0) for one in found)], count=3, seed=0) == []


def test_what_cannot_be_run_is_not_proposed() -> None:
    found = propose(SPACE, [OWN], count=40, seed=0, allowed=lambda settings: settings["way"] is not None)
    assert {one["way"] for one in found} == {"dense", "lexical"}


def test_it_learns() -> None:
    wide = (Dimension(name="x", values=tuple(range(40)), ordered=True),)
    early, late = [], []
    for seed in range(4):
        known = [Known({"x": 0}, -30.0)]
        for _ in range(7):
            asked = propose(wide, known, count=2, seed=seed)
            known += [Known(one, -float(abs(int(str(one["x"])) - 30))) for one in asked]
        away = [-(one.lead or 0.0) for one in known[1:]]
        early += away[:FIRST]
        late += away[FIRST:]
    assert median(late) < 7 < median(early)  # Drawn evenly, half are 10 and more away.
