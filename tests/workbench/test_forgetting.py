"""What training cost: a planted loss is named in its suite, an undamaged copy is never called degraded."""

import numpy as np
import pytest

from workbench.forgetting import Item, losses
from workbench.suites import Suite, pocket_suites

N = 300


def suite(name: str, *, higher: bool = True, delta: float = 0.03) -> Suite:
    return Suite(name=name, facet=name, metric="strict", higher_is_better=higher, delta=delta)


def items(name: str, values: np.ndarray, *, groups: int = 0) -> list[Item]:
    return [
        Item(
            suite=name,
            item=f"{name}-{n}",
            group=str(n % groups) if groups else "",
            values={"strict": float(value), "lenient": float(value)},
        )
        for n, value in enumerate(values)
    ]


def panel(count: int) -> dict[str, Suite]:
    return {f"s{n}": suite(f"s{n}") for n in range(count)}


def drawn(rng: np.random.Generator, right: np.ndarray, *, flip: float, drop: float = 0.0) -> np.ndarray:
    """Answers after training: ``flip`` of all items change sides both ways alike, and ``drop`` more are lost."""
    after = right.copy()
    churn = rng.random(len(right)) < flip
    after[churn] = rng.random(churn.sum()) < right.mean()
    after[(rng.random(len(right)) < drop / max(right.mean(), 0.01)) & (right == 1)] = 0
    return after


def test_one_suite_of_six_that_lost_twelve_points_is_caught() -> None:
    rng = np.random.default_rng(0)
    caught = 0
    for _ in range(100):
        base: list[Item] = []
        after: list[Item] = []
        for n in range(6):
            right = (rng.random(N) < 0.8).astype(float)
            base += items(f"s{n}", right)
            after += items(f"s{n}", drawn(rng, right, flip=0.1, drop=0.12 if n == 2 else 0.0))
        found = losses(panel(6), base, [after])
        caught += found[0].suite.name == "s2" and found[0].state == "degraded"
    assert caught >= 90


@pytest.mark.parametrize("flip", [0.02, 0.1, 0.3])
def test_equal_suites_are_rarely_called_degraded(flip: float) -> None:
    rng = np.random.default_rng(1)
    flagged = 0
    for _ in range(1000):
        base: list[Item] = []
        after: list[Item] = []
        for n in range(10):
            # Which of the two is the base is a coin's choice, so that neither is better.
            right = (rng.random(N) < 0.7).astype(float)
            other = right.copy()
            changed = rng.random(N) < flip
            other[changed] = 1 - other[changed]
            keep = rng.random(N) < 0.5
            one, two = np.where(keep, right, other), np.where(keep, other, right)
            base += items(f"s{n}", one)
            after += items(f"s{n}", two)
        flagged += any(one.state == "degraded" for one in losses(panel(10), base, [after]))
    assert flagged / 1000 <= 0.065


def test_that_there_is_no_loss_is_claimed_rightly() -> None:
    rng = np.random.default_rng(2)
    wrong = 0
    for _ in range(2000):
        right = (rng.random(1000) < 0.8).astype(float)
        # The true loss is exactly delta, so every claim that it is smaller is wrong.
        after = drawn(rng, right, flip=0.05, drop=0.03)
        (found,) = losses({"s": suite("s")}, items("s", right), [items("s", after)])
        wrong += found.state == "kept"
    assert wrong / 2000 <= 0.06


def test_an_unchanged_copy_is_shown_to_have_kept_everything() -> None:
    rng = np.random.default_rng(3)
    right = (rng.random(N) < 0.8).astype(float)
    (found,) = losses({"s": suite("s")}, items("s", right), [items("s", right)])
    assert found.state == "kept"
    assert (found.change, found.lost, found.won) == (0, 0, 0)


def test_seeds_are_averaged_and_flips_told_apart() -> None:
    base = items("s", np.array([1.0] * 6 + [0.0] * 4))
    one = items("s", np.array([1.0] * 4 + [0.0] * 6))
    other = items("s", np.array([1.0] * 6 + [1.0] * 2 + [0.0] * 2))
    (found,) = losses({"s": suite("s")}, base, [one, other])
    assert found.change == pytest.approx(0)
    assert found.lost == pytest.approx(0.1)
    assert found.won == pytest.approx(0.1)
    assert found.state == "not shown"
    assert found.enough is not None
    assert found.enough > 10


def test_lower_may_be_better() -> None:
    noise = np.random.default_rng(5).normal(0, 0.1, 50)
    base, after = items("s", np.full(50, 2.0)), items("s", 4.5 + noise)
    worse = suite("s", higher=False).model_copy(update={"unit": "nats per token"})
    (found,) = losses({"s": worse}, base, [after])
    assert found.change == pytest.approx(-2.5, abs=0.1)
    assert found.low < found.change < found.high < -2.3, "nats are no shares: nothing is bounded by 1"
    assert found.state == "degraded"
    assert found.lost is None


def test_clusters_widen_what_is_known() -> None:
    rng = np.random.default_rng(4)
    groups = np.repeat(rng.random(20) < 0.5, 15).astype(float)
    base = [Item(suite="s", item=str(n), group=str(n // 15), values={"strict": 1.0}) for n in range(300)]
    after = [one.model_copy(update={"values": {"strict": float(groups[n])}}) for n, one in enumerate(base)]
    alone = [one.model_copy(update={"group": ""}) for one in base]
    (together,) = losses({"s": suite("s")}, base, [after])
    (apart,) = losses({"s": suite("s")}, alone, [after])
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_other_items_do_not_pair() -> None:
    base = items("s", np.ones(5))
    with pytest.raises(ValueError, match="do not pair"):
        losses({"s": suite("s")}, base, [base[:-1]])


def test_the_suites_of_the_bundled_base() -> None:
    found = pocket_suites()
    assert len(found) == 8
    assert found["pocket_text"].unit == "nats per token"
    assert not found["pocket_text"].higher_is_better
    assert found["pocket_unsafe"].delta == 0.02
    assert {one.facet for one in found.values()} >= {"knowledge", "reading", "safety", "over-refusal"}
