"""What is almost all right can't lose much, whoever the others are."""

import numpy as np
import pytest
from scipy import stats

from tests.workbench.test_recommend import assert_sound, case
from workbench.compare import analyse
from workbench.panel import Panel, Scores
from workbench.recommend import recommend
from workbench.statistics.arrays import Floats
from workbench.statistics.ceiling import ceiling_loss
from workbench.statistics.clusters import Clusters

ITEMS = tuple(f"i{n:03d}" for n in range(300))


def right(wrong: int, *, at: int = 0) -> Floats:
    values = np.ones(300)
    values[at : at + wrong] = 0
    return values


def test_it_is_the_exact_bound_of_a_share() -> None:
    alone = Clusters.singletons(300)
    assert ceiling_loss(right(5), alone, level=0.01) == pytest.approx(1 - stats.beta.ppf(0.01, 295, 6))
    assert stats.binom.sf(294, 300, 1 - ceiling_loss(right(5), alone, level=0.01)) == pytest.approx(0.01)
    assert ceiling_loss(right(0), alone, level=0.01) == pytest.approx(1 - 0.01 ** (1 / 300))
    assert ceiling_loss(right(300), alone, level=0.01) == 1.0


def test_clusters_and_shares_of_a_point_bound_less() -> None:
    groups = Clusters.of([f"g{n // 5}" for n in range(300)])
    alone = Clusters.singletons(300)
    assert ceiling_loss(right(10), groups, level=0.01) > ceiling_loss(right(10), alone, level=0.01)
    partly = np.where(right(10) == 0, 0.5, 1.0)
    assert ceiling_loss(partly, alone, level=0.01) < ceiling_loss(right(10), alone, level=0.01)
    assert 0 < ceiling_loss(np.ones(300), groups, level=0.01) < 0.15


def panel(simple: Floats, *, trained: tuple[int, ...] = (5, 40), also: Floats | None = None) -> Panel:
    """One that prompts beside one that was trained twice, once well and once badly."""
    twice = np.stack([right(wrong, at=100) for wrong in trained])
    scores = [Scores("zero-shot", "prompting", False, simple[None]), Scores("sft", "fine-tuning", True, twice)]
    if also is not None:
        scores.append(Scores("few-shot", "prompting", False, also[None]))
    return Panel(tuple(scores), ITEMS, ITEMS, "exact_match")


def test_what_two_trainings_leave_open_matters_not_where_all_is_right_already() -> None:
    found = recommend(case(0.05), panel(right(4)), {}, rng=np.random.default_rng(0))
    assert_sound(found)
    assert (found.choice, found.strength, found.ground) == ("zero-shot", "clear", "good enough")
    assert "since nothing can be more than all right, and less than 5.0 would not change" in found.sentences[1]
    # With more to be won it stays open.
    open_ = recommend(case(0.05), panel(right(12)), {}, rng=np.random.default_rng(0))
    assert open_.strength != "clear"


@pytest.mark.parametrize("margin", [0.03, 0.05, 0.1, 0.2, 0.5])
def test_a_larger_margin_takes_no_claim_away(margin: float) -> None:
    of = panel(right(45), also=right(1, at=70))
    found = analyse(of, smallest_difference=margin, rng=np.random.default_rng(0))
    assert "few-shot" in found.good_enough
    assert ("zero-shot" in found.at_the_top) == (margin > 0.2)


def test_groups_that_fail_as_a_whole_are_reckoned_with() -> None:
    rng = np.random.default_rng(2)
    groups = Clusters.of([f"g{n // 8}" for n in range(320)])
    wrong = 0
    for _ in range(500):
        values = np.repeat(rng.random(40) > 0.051, 8) & (rng.random(320) > 0.007)
        wrong += ceiling_loss(values.astype(float), groups, level=0.01) < 1 - (1 - 0.051) * (1 - 0.007)
    assert wrong / 500 <= 0.01


def test_it_costs_the_other_claims_next_to_nothing_and_is_not_wrong_more_often() -> None:
    rng = np.random.default_rng(1)
    wrong = 0
    for rep in range(400):
        ability = rng.normal(0, 1, 300)

        def answered(share: float, ability: Floats = ability) -> Floats:
            hard = stats.norm.ppf(share) * np.sqrt(2)
            return (ability + rng.normal(0, 1, 300) < hard).astype(float)

        # One of 94.4 % beside one of 99.5 %, so that choosing it loses a little more than what matters.
        runs = np.stack([answered(share) for share in np.clip(rng.normal(0.995, 0.002, 2), 0.98, 0.9999)])
        scores = (
            Scores("zero-shot", "prompting", False, answered(0.944)[None]),
            Scores("sft", "fine-tuning", True, runs),
        )
        found = analyse(
            Panel(scores, ITEMS, ITEMS, "exact_match"), smallest_difference=0.05, rng=np.random.default_rng(rep)
        )
        wrong += "zero-shot" in found.good_enough
    assert wrong / 400 <= 0.05
