"""Segments in which another candidate is better, and routing by them."""

from dataclasses import replace

import numpy as np
import pytest

from tests.workbench.test_recommend import assert_sound, case
from workbench.cost import Measured
from workbench.panel import Panel, Scores
from workbench.recommend import Recommendation, recommend
from workbench.segments import find_segments, measured_router
from workbench.statistics.clusters import Clusters
from workbench.statistics.interaction import holm, interaction

SHARE = 0.3
"""Of requests that ask for knowledge."""


def world(
    n: int, *, knowledge: tuple[float, float], form: tuple[float, float], seed: int = 0, tagged: bool = True
) -> Panel:
    """Prompting and RAG on two kinds of requests, with shared difficulty: accuracies by kind."""
    rng = np.random.default_rng(seed)
    kind = rng.random(n) < SHARE
    ability = rng.normal(0, 1.0, n)
    sides = []
    for of_knowledge, of_form in zip(knowledge, form, strict=True):
        mean = np.where(kind, of_knowledge, of_form)
        # Probit with shared ability: the mean over abilities is as wanted.
        from scipy import special

        chance = special.ndtr(special.ndtri(mean) * np.sqrt(2.0) + ability)
        sides.append((rng.random((1, n)) < chance).astype(float))
    items = tuple(f"i{i:05d}" for i in range(n))
    tags = tuple(("knowledge",) if one else ("form",) for one in kind) if tagged else ()
    candidates = (Scores("zero-shot", "prompting", False, sides[0]), Scores("rag", "RAG", False, sides[1]))
    return Panel(candidates, items, items, "exact_match", tags)


def judged(of: Panel, delta: float = 0.02) -> Recommendation:
    measured = {
        one.name: Measured(seconds=(0.1, 0.2) * 50, timed=of.items[:100], prompt_tokens=10, completion_tokens=5)
        for one in of.candidates
    }
    found = recommend(case(delta), of, measured, rng=np.random.default_rng(0))
    assert_sound(found)
    return found


def test_scenario_4_the_segments_disagree() -> None:
    """RAG is 25 points better on knowledge (30 %) and 5 worse on form: routing, not a tie and not RAG."""
    found, routes = 0, 0
    for seed in range(20):
        made = judged(world(1_000, knowledge=(0.45, 0.70), form=(0.80, 0.75), seed=seed))
        assert made.segments is not None
        found += bool(made.segments.router)
        routes += made.headline.startswith(("Route: ", "Lean towards routing: "))
    assert found >= 15
    assert routes >= 12


def test_a_clear_case_is_routed_and_says_by_what() -> None:
    made = judged(world(1_500, knowledge=(0.30, 0.85), form=(0.85, 0.55)))
    assert made.segments is not None
    assert made.strength == "clear"
    assert made.headline == "Route: zero-shot (prompting) for form, RAG for knowledge." or (
        made.headline == "Route: zero-shot for form, rag for knowledge."
    )
    assert made.approach == "RAG"
    assert made.segments.seconds == pytest.approx(0.15, abs=0.02)


@pytest.mark.parametrize("n", [100, 300])
def test_equals_are_seldom_routed(n: int) -> None:
    """Where the tags mean nothing, a router appears in at most 5 of 100 tests."""
    routed = 0
    for seed in range(200):
        found = find_segments(world(n, knowledge=(0.6, 0.6), form=(0.6, 0.6), seed=seed), ("zero-shot", "rag"))
        assert found is not None
        routed += found.router is not None
    assert routed / 200 <= 0.05


def test_a_router_between_equals_is_never_better_than_chance() -> None:
    """Routed by other folds, equals score what they score: the choice of who answers brings nothing by itself."""
    from workbench.segments import _routed

    gains = []
    for seed in range(150):
        of = world(200, knowledge=(0.6, 0.6), form=(0.6, 0.6), seed=seed)
        means = np.stack([one.values[0] for one in of.candidates], axis=1)
        labels = [tags[0] for tags in of.tags]
        router = _routed(of, of.candidates, means, 0, labels=labels, segments=()).router
        if router is None:
            continue  # One candidate is best in both segments.
        gains.append(router.values.mean() - means.mean())
    assert len(gains) > 30
    assert np.mean(gains) < 0.02


def test_without_tags_there_are_no_segments() -> None:
    assert find_segments(world(100, knowledge=(0.2, 0.9), form=(0.9, 0.2), tagged=False), ("zero-shot", "rag")) is None
    of = world(100, knowledge=(0.2, 0.9), form=(0.9, 0.2))
    assert find_segments(of, ("rag",)) is None


def test_the_order_of_items_and_candidates_changes_nothing() -> None:
    of = world(400, knowledge=(0.3, 0.8), form=(0.8, 0.6))
    order = np.random.default_rng(1).permutation(400)
    turned = Panel(
        tuple(Scores(one.name, one.approach, one.trained, one.values[:, order]) for one in reversed(of.candidates)),
        tuple(of.items[i] for i in order),
        tuple(of.clusters[i] for i in order),
        of.metric,
        tuple(of.tags[i] for i in order),
    )
    one, other = judged(of), judged(turned)
    assert one.headline == other.headline
    assert one.sentences == other.sentences


def test_overlapping_tags_route_by_the_surest() -> None:
    of = world(600, knowledge=(0.3, 0.8), form=(0.8, 0.6))
    tags = tuple((*each, "long") if n % 3 else each for n, each in enumerate(of.tags))
    found = find_segments(Panel(of.candidates, of.items, of.clusters, of.metric, tags), ("zero-shot", "rag"))
    assert found is not None
    assert found.router is not None
    assert {one.tag for one in found.segments.routes} in ({"knowledge", "other"}, {"form", "other"})


def test_interaction_keeps_its_level_with_groups() -> None:
    rng, found = np.random.default_rng(0), 0
    for _ in range(400):
        groups = np.repeat(np.arange(30), 10)
        segment = groups % 3 == 0
        differences = rng.normal(0, 0.5, 30)[groups] + rng.normal(0, 1, 300)
        found += interaction(differences, segment, Clusters(groups)).p <= 0.05
    assert found / 400 <= 0.075


def test_holm() -> None:
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03])), [0.03, 0.06, 0.06])


def test_a_router_that_is_not_shown_to_be_better_neither_may_be_the_best_nor_is_worse() -> None:
    of = world(1_500, knowledge=(0.40, 0.75), form=(0.80, 0.70))
    simple, other = of.candidates
    once = replace(of, candidates=(simple, replace(other, approach="fine-tuning", trained=True)))
    made = judged(once)
    assert made.segments is not None
    assert made.segments.router
    assert made.choice != made.segments.router
    assert made.may_be_best(made.segments.router) == "not shown"
    assert {made.may_be_best(one.name) for one in once.candidates} <= {"yes", "no"}


def test_segments_that_disagree_are_a_reason_also_where_nothing_is_routed() -> None:
    made = judged(world(300, knowledge=(0.35, 0.75), form=(0.80, 0.74)), delta=0.05)
    assert made.segments is not None
    assert [one.tag for one in made.segments.segments if one.reversed]
    assert any("the segments disagree" in reason.text for reason in made.reasons)


def priced(cost: float, of: Panel, *, first: int = 0) -> Measured:
    timed = of.items[first : first + 100]
    return Measured(seconds=(1.0,) * 100, timed=timed, costs=(cost,) * 200)


def test_a_router_costs_what_its_parts_cost_by_their_share() -> None:
    of = world(1_000, knowledge=(0.2, 0.9), form=(0.9, 0.3))
    found = find_segments(of, ("zero-shot", "rag"))
    assert found is not None
    told = {"zero-shot": priced(0.001, of), "rag": priced(0.9, of)}
    share = found.sent.count("rag") / len(found.sent)
    costs = measured_router(found, of, told).costs
    assert np.mean(costs) == pytest.approx(share * 0.9 + (1 - share) * 0.001, rel=0.02)
    mixed = told | {"rag": Measured(seconds=(1.0,) * 100, timed=of.items[:100])}
    assert measured_router(found, of, mixed).costs == ()
    assert measured_router(found, of, mixed).seconds == ()


def test_a_router_timed_in_one_segment_alone_has_no_latency() -> None:
    of = world(1_000, knowledge=(0.2, 0.9), form=(0.9, 0.3))
    found = find_segments(of, ("zero-shot", "rag"))
    assert found is not None
    only = tuple(item for item, sent in zip(of.items, found.sent, strict=True) if sent == "rag")[:100]
    told = {name: Measured(seconds=(1.0,) * 100, timed=only) for name in ("zero-shot", "rag")}
    assert measured_router(found, of, told).seconds == ()


def test_a_router_has_no_more_trainings_than_each_of_its_parts() -> None:
    of = world(600, knowledge=(0.2, 0.9), form=(0.9, 0.3))
    simple, other = of.candidates
    once = Scores("sft1", "fine-tuning", True, simple.values)
    thrice = Scores("sft3", "fine-tuning", True, np.repeat(other.values, 3, axis=0))
    found = find_segments(Panel((once, thrice), of.items, of.clusters, of.metric, of.tags), ("sft1", "sft3"))
    assert found is not None
    assert found.router is not None
    assert found.router.values.shape == (1, 600)
