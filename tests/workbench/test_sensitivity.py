"""What would flip a recommendation."""

import numpy as np
import pytest

from tests.workbench.test_recommend import case, panel, timed
from tests.workbench.test_segments import world
from workbench.cost import Measured
from workbench.panel import Panel
from workbench.sensitivity import Sweep, part, sweeps
from workbench.usecase import UseCase

MARGIN = "The smallest difference that matters"


def swept(use_case: UseCase, of: Panel) -> dict[str, Sweep]:
    measured = timed() if len(of.candidates) == 5 else {one.name: Measured() for one in of.candidates}
    return {one.what: one for one in sweeps(use_case, of, measured)}


def test_a_larger_margin_makes_the_simpler_one_enough() -> None:
    found = swept(case(0.02), panel((0.50, 0.62, 0.70, 0.60, 0.71), n=1_500))
    margin = found[MARGIN]
    assert margin.now == "2.0 points"
    assert len(margin.outcomes) == 8
    assert margin.flips
    assert margin.flips[-1].claimed == "few-shot"
    assert "points" in margin.flips[-1].setting


def test_what_is_far_ahead_is_not_flipped() -> None:
    found = swept(case(0.05), panel((0.05, 0.05, 0.1, 0.1, 0.9), n=500, seeds=3))
    assert not found[MARGIN].flips
    assert not found["Without a training seed"].flips
    assert [one.setting for one in found["Without a training seed"].outcomes] == [f"without seed {n}" for n in range(3)]


def test_without_the_segment_that_carries_it_it_flips() -> None:
    of = world(900, knowledge=(0.2, 0.95), form=(0.7, 0.7))
    found = swept(case(0.03), of)["Without a segment"]
    assert [one.setting for one in found.outcomes] == ["without form", "without knowledge"]
    assert [one.setting for one in found.flips] == ["without knowledge"]


def test_groups_are_left_out_the_weightiest_first() -> None:
    of = world(300, knowledge=(0.4, 0.6), form=(0.6, 0.6))
    grouped = Panel(of.candidates, of.items, tuple(f"g{n // 10}" for n in range(300)), of.metric)
    found = swept(case(0.03), grouped)["Without a group"]
    assert len(found.outcomes) == 8
    means = np.stack([one.values[0] for one in of.candidates])
    totals = (means[1] - means[0] - (means[1] - means[0]).mean()).reshape(30, 10).sum(axis=1)
    assert found.outcomes[0].setting == f"without g{int(np.argmax(np.abs(totals)))}"


def test_money_is_swept_where_it_is_set() -> None:
    use_case = case(machine_cost_per_hour=36.0, volume_per_month=100, money={"value_of_success": 0.02})
    found = swept(use_case, panel((0.60, 0.60, 0.90, 0.60, 0.60), n=600))
    assert {"What a right answer is worth", "What a wrong answer costs", "Requests a month"} <= set(found)
    assert "How often the knowledge changes" in found
    assert all(one.outcomes for one in found.values())


def test_a_part_keeps_everything_in_step() -> None:
    of = world(50, knowledge=(0.4, 0.6), form=(0.6, 0.6))
    kept = np.arange(50) % 2 == 0
    half = part(of, kept)
    assert half.items == of.items[::2]
    assert half.tags == of.tags[::2]
    np.testing.assert_array_equal(half.candidates[1].values, of.candidates[1].values[:, kept])


@pytest.mark.parametrize("accuracies", [(0.5,) * 5, (0.1, 0.1, 0.8, 0.2, 0.8)])
def test_a_flip_is_another_outcome_than_now(accuracies: tuple[float, ...]) -> None:
    for one in swept(case(0.03), panel(accuracies, n=200)).values():
        assert all(flip in one.outcomes for flip in one.flips)
