"""Agreement between annotators and with themselves: textbook cases and invariances."""

import numpy as np
import pytest

from tests.workbench.labellers import Labellers, joined, renamed, votes_of
from workbench.agreement import agreement, gwet, krippendorff
from workbench.statistics.arrays import Floats
from workbench.statistics.votes import Votes

# Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability": four observers, twelve units, missing data.
TEXTBOOK = [
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
]


def counted(rows: list[str]) -> Floats:
    table = np.array([row.split() for row in rows])
    return np.stack([(table == value).sum(axis=0) for value in "12345"], axis=1).astype(np.float64)


def rated(rows: list[tuple[str, str, tuple[str, str], int]]) -> Votes:
    """Labels of candidates a, b and c from (annotator, item, pair as shown, choice)."""
    return Votes.of(
        ("a", "b", "c"),
        [row[2] for row in rows],
        choice=[row[3] for row in rows],
        item=[row[1] for row in rows],
        annotator=[row[0] for row in rows],
    )


def test_the_textbook_s_alpha() -> None:
    assert krippendorff(counted(TEXTBOOK)) == pytest.approx(0.743, abs=0.0005)


def test_alpha_and_ac1_by_hand() -> None:
    # Two raters, 20 units: 18 times both say the first, once each way.
    counts = np.array([[2.0, 0.0]] * 18 + [[1.0, 1.0]] * 2)
    assert krippendorff(counts) == pytest.approx(1 - (4 / 40) / (2 * 38 * 2 / (40 * 39)))
    expected = 2 * 0.95 * 0.05
    assert gwet(counts) == pytest.approx((0.9 - expected) / (1 - expected))


def test_nearly_everybody_saying_the_same_ruins_alpha_and_not_ac1() -> None:
    counts = np.array([[2.0, 0.0, 0.0]] * 94 + [[1.0, 0.0, 1.0]] * 6)
    alpha, ac1 = krippendorff(counts), gwet(counts)
    assert alpha is not None
    assert ac1 is not None
    assert alpha < 0.05
    assert ac1 > 0.9


def test_nothing_to_disagree_about() -> None:
    assert krippendorff(np.array([[2.0, 0.0]] * 5)) is None
    assert krippendorff(np.array([[1.0, 0.0]] * 5)) is None
    assert gwet(np.array([[1.0, 0.0]] * 5)) is None
    assert gwet(np.array([[2.0, 0.0]] * 5)) == 1.0


def test_choices_are_of_candidates_and_not_of_sides() -> None:
    one, other = ("a", "b"), ("b", "a")
    same = rated([("x", "q", one, 1), ("y", "q", other, -1), ("x", "r", one, -1), ("y", "r", other, 1)])
    found = agreement(same, ("x", "y"), rng=np.random.default_rng(0))
    assert found.raw == 1.0
    assert found.alpha == 1.0
    assert (found.units, found.labels) == (2, 4)
    apart = rated([("x", "q", one, 1), ("y", "q", other, 1)])
    assert agreement(apart, ("x", "y"), rng=np.random.default_rng(0)).raw == 0.0


def test_other_answers_to_the_same_prompt_are_other_units() -> None:
    votes = rated([("x", "q", ("a", "b"), 1), ("y", "q", ("a", "c"), 1)])
    found = agreement(votes, ("x", "y"), rng=np.random.default_rng(0))
    assert found.units == 0
    assert (found.raw, found.alpha, found.low, found.ac1) == (None, None, None, None)


def test_sides_and_names_do_not_matter() -> None:
    votes = votes_of(Labellers((0.8, 0.0, -0.8), 60, annotators=4, item_sd=1.0), 600, seed=1)
    one = agreement(votes, "wxyz", rng=np.random.default_rng(0))
    assert one.alpha is not None
    swapped = agreement(votes.swapped(), "wxyz", rng=np.random.default_rng(0))
    other = agreement(renamed(votes, [2, 0, 1]), "wxyz", rng=np.random.default_rng(0))
    for again in (swapped, other):
        assert again.units == one.units
        assert (again.raw, again.alpha, again.ac1) == pytest.approx((one.raw, one.alpha, one.ac1))
        for before, after in zip(one.annotators, again.annotators, strict=True):
            assert after.with_others == before.with_others
            assert after.alike == before.alike
    for before, after in zip(one.annotators, swapped.annotators, strict=True):
        assert after.first_share == pytest.approx(1 - (before.first_share or 0))
        assert after.first_p == pytest.approx(before.first_p)


def test_how_one_annotator_labels() -> None:
    rows: list[tuple[str, str, tuple[str, str], int]] = []
    for n in range(10):
        rows += [("x", f"q{n}", ("a", "b"), 1), ("y", f"q{n}", ("b", "a"), -1 if n < 7 else 0)]
    rows += [("x", "q0", ("b", "a"), -1), ("x", "q1", ("b", "a"), 1), ("x", "q2", ("b", "a"), 0)]
    seconds = np.arange(len(rows), dtype=np.float64)
    x, y = agreement(rated(rows), ("x", "y"), rng=np.random.default_rng(0), seconds=seconds).annotators
    assert (x.labels, x.repeats, y.repeats) == (13, 3, 0)
    assert x.alike == pytest.approx(1 / 3)
    assert x.alike_low is not None
    assert x.alike_low < 1 / 3
    assert x.first_share == pytest.approx(11 / 12)
    assert x.first_p == pytest.approx(2 * 13 / 2**12)
    assert (x.shared, x.with_others) == (10, 0.7)
    assert y.first_share == 0
    assert x.seconds == np.median([*range(0, 20, 2), 20, 21, 22])


def test_repeats_do_not_count_as_other_people() -> None:
    once = rated([("x", "q", ("a", "b"), 1), ("y", "q", ("a", "b"), -1)])
    again = joined(once, once.where(np.array([True, False])))
    assert agreement(again, ("x", "y"), rng=np.random.default_rng(0)).raw == 0.0


def test_equal_candidates_agree_by_chance_and_shared_prompts_do_not() -> None:
    equal = votes_of(Labellers((0.0, 0.0), 150, annotators=4), 600, seed=1)
    found = agreement(equal, "wxyz", rng=np.random.default_rng(0))
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0 < found.high
    clear = votes_of(Labellers((0.0, 0.0), 150, annotators=4, item_sd=3.0, log_tie=-3.0), 600, seed=1)
    found = agreement(clear, "wxyz", rng=np.random.default_rng(0))
    assert found.low is not None
    assert found.low > 0.2


def test_no_labels() -> None:
    found = agreement(Votes.of(("a", "b"), [], choice=[]), ("x",), rng=np.random.default_rng(0))
    assert found.units == 0
    assert found.annotators[0].labels == 0
    assert found.annotators[0].first_p is None
