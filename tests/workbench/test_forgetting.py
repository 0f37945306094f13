"""What training cost: a planted loss is named in its suite, an undamaged copy is never called degraded."""

from dataclasses import replace

import numpy as np
import pytest

from workbench.errors import WorkbenchError
from workbench.forgetting import Answers, Loss, Measured, judge, losses
from workbench.loss_words import form_or_substance, verdict
from workbench.statistics.clusters import Clusters
from workbench.suite_items import Asked, Item, Panel
from workbench.suites import Suite, pocket_suites

N = 300


def suite(name: str, *, higher: bool = True, delta: float = 0.03) -> Suite:
    return Suite(
        name=name, task=name, facet=name, metric="strict", lenient="lenient", higher_is_better=higher, chance=0.0,
        delta=delta,
    )  # fmt: skip


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


def suites(count: int) -> list[Suite]:
    return [suite(f"s{n}") for n in range(count)]


def panel(of: list[Suite], every: list[Item], *, template: str = "t") -> Panel:
    asked = {
        one.name: Asked(
            metric=one.metric, lenient=one.lenient, higher_is_better=bool(one.higher_is_better), items=len(every),
            template=template,
        )
        for one in of
    }  # fmt: skip
    return Panel({one.name: tuple(item for item in every if item.suite == one.name) for one in of}, asked)


def judged(
    of: list[Suite], base: list[Item], after: list[list[Item]], *, again: list[Item] | None = None
) -> tuple[Loss, ...]:
    second = panel(of, again) if again is not None else None
    return losses(of, Measured([panel(of, base)], [panel(of, one) for one in after], second))


def drawn(rng: np.random.Generator, right: np.ndarray, *, flip: float, drop: float = 0.0) -> np.ndarray:
    """Answers after training: ``flip`` of all items change sides both ways alike, and ``drop`` more are lost."""
    after = right.copy()
    churn = rng.random(len(right)) < flip
    after[churn] = rng.random(churn.sum()) < right.mean()
    after[(rng.random(len(right)) < drop / max(right.mean(), 0.01)) & (right == 1)] = 0
    return after


def compared(right: np.ndarray, after: np.ndarray, *, of: int, delta: float = 0.03) -> Loss:
    clusters = Clusters.singletons(len(right))
    return judge(
        suite("s", delta=delta), Answers(right[None].astype(float), after[None].astype(float), clusters), of=of
    )


def test_one_suite_of_six_that_lost_twelve_points_is_caught() -> None:
    rng = np.random.default_rng(0)
    caught = 0
    for _ in range(100):
        found = []
        for n in range(6):
            right = rng.random(N) < 0.8
            after = drawn(rng, right.astype(float), flip=0.1, drop=0.12 if n == 2 else 0.0)
            found.append(compared(right, after, of=6))
        worst = min(range(6), key=lambda n: found[n].change)
        caught += worst == 2 and found[2].state == "degraded"
    assert caught >= 90


@pytest.mark.parametrize("flip", [0.02, 0.1, 0.3])
def test_equal_suites_are_rarely_called_degraded(flip: float) -> None:
    rng = np.random.default_rng(1)
    flagged = 0
    for _ in range(1000):
        states = []
        for _ in range(10):
            # Which of the two is the base is a coin's choice, so that neither is better.
            right = rng.random(N) < 0.7
            other = right ^ (rng.random(N) < flip)
            keep = rng.random(N) < 0.5
            states.append(compared(np.where(keep, right, other), np.where(keep, other, right), of=10).state)
        flagged += "degraded" in states
    assert flagged / 1000 <= 0.065


@pytest.mark.parametrize(
    ("n", "flip", "delta"), [(1000, 0.05, 0.03), (300, 0.1, 0.05), (300, 0.0, 0.02), (300, 0.2, 0.1)]
)
def test_that_no_more_was_lost_is_claimed_rightly(n: int, flip: float, delta: float) -> None:
    rng = np.random.default_rng(2)
    wrong = 0
    for _ in range(2000):
        right = (rng.random(n) < 0.8).astype(float)
        # The true loss is exactly delta, so every claim that it is smaller is wrong.
        wrong += compared(right, drawn(rng, right, flip=flip, drop=delta), of=1, delta=delta).at_most_lost < delta
    assert wrong / 2000 <= 0.06


def test_an_unchanged_copy_is_shown_to_have_kept_everything() -> None:
    rng = np.random.default_rng(3)
    right = (rng.random(N) < 0.8).astype(float)
    (found,) = judged([suite("s")], items("s", right), [items("s", right)])
    assert found.state == "kept"
    assert (found.change, found.lost, found.won) == (0, 0, 0)


def test_seeds_are_averaged_and_flips_told_apart() -> None:
    base = items("s", np.array([1.0] * 6 + [0.0] * 4))
    one = items("s", np.array([1.0] * 4 + [0.0] * 6))
    other = items("s", np.array([1.0] * 6 + [1.0] * 2 + [0.0] * 2))
    (found,) = judged([suite("s")], base, [one, other])
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
    (found,) = judged([worse], base, [after])
    assert found.change == pytest.approx(-2.5, abs=0.1)
    assert found.low < found.change < found.high < -2.3, "nats are no shares: nothing is bounded by 1"
    assert found.state == "degraded"
    assert found.lost is None


def test_clusters_widen_what_is_known() -> None:
    rng = np.random.default_rng(4)
    groups = np.repeat(rng.random(20) < 0.5, 15).astype(float)
    base = [Item(suite="s", item=str(n), group=str(n // 15), values={"strict": 1.0}) for n in range(300)]
    after = [replace(one, values={"strict": float(groups[n])}) for n, one in enumerate(base)]
    alone = [replace(one, group="") for one in base]
    (together,) = judged([suite("s")], base, [after])
    (apart,) = judged([suite("s")], alone, [after])
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_what_does_not_pair_is_refused_with_the_reason() -> None:
    base = items("s", np.ones(5))
    of = [suite("s")]
    with pytest.raises(WorkbenchError, match="do not pair, because they were asked different items"):
        judged(of, base, [base[:-1]])
    with pytest.raises(WorkbenchError, match="different chat templates"):
        losses(of, Measured([panel(of, base)], [panel(of, base, template="other")]))
    with pytest.raises(WorkbenchError, match="different prompts for 1 items"):
        judged(of, base, [[*base[:-1], replace(base[-1], prompt="other")]])
    other = [suite("s"), suite("t")]
    with pytest.raises(WorkbenchError, match="one of them was not asked it"):
        every = [*base, *items("t", np.ones(5))]
        losses(other, Measured([panel(other, every)], [panel(of, base)]))


def test_flips_of_the_same_weights_are_the_noise_beneath() -> None:
    rng = np.random.default_rng(6)
    right = np.ones(N)
    noisy, worse = right.copy(), right.copy()
    noisy[rng.random(N) < 0.1] = 0
    worse[rng.random(N) < 0.1] = 0
    (found,) = judged([suite("s")], items("s", right), [items("s", worse)], again=items("s", noisy))
    assert found.lost == pytest.approx(0.1, abs=0.04)
    assert found.floor == pytest.approx(0.1, abs=0.04)
    assert found.excess_low is not None
    assert found.excess_high is not None
    assert found.excess_low < 0 < found.excess_high


def test_items_too_long_are_in_no_figure() -> None:
    base, after = items("s", np.ones(20)), items("s", np.ones(20))
    base[3] = replace(base[3], values={})
    (found,) = judged([suite("s")], base, [after])
    assert found.n == 19
    nothing = [replace(one, values={}) for one in base]
    assert judged([suite("s")], nothing, [nothing]) == ()


def test_a_lost_form_is_told_from_a_lost_ability() -> None:
    base = items("s", np.ones(N))
    form = [replace(one, values={"strict": 0.0, "lenient": 1.0}) for one in base]
    (found,) = judged([suite("s")], base, [form])
    assert "the form, not the ability" in form_or_substance(found)
    (found,) = judged([suite("s")], base, [items("s", np.zeros(N))])
    assert "the ability" in form_or_substance(found)
    assert verdict([found]) == "is shown to have lost s (\u2212100.0 points)"


def test_losses_are_told_of_the_headroom_over_guessing() -> None:
    right = np.array([1.0] * 60 + [0.0] * 40)
    after = np.array([1.0] * 50 + [0.0] * 50)
    four = suite("s").model_copy(update={"chance": 0.25})
    asked = Asked(metric="strict", higher_is_better=True, chance=0.25, items=100)
    one, two = (Panel({"s": tuple(items("s", values))}, {"s": asked}) for values in (right, after))
    (found,) = losses([four], Measured([one], [two]))
    assert found.headroom == pytest.approx(-0.1 / 0.35)


def test_the_suites_of_the_bundled_base() -> None:
    found = {one.name: one for one in pocket_suites()}
    assert len(found) == 8
    assert found["pocket_text"].unit == "nats per token"
    assert not found["pocket_text"].higher_is_better
    assert found["pocket_unsafe"].delta == 0.02
    assert {one.facet for one in found.values()} >= {"knowledge", "reading", "safety", "over-refusal"}
