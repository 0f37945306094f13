"""What analyse promises: invariants, soundness and speed."""

from dataclasses import replace
from time import perf_counter

import numpy as np
import pytest

from tests.workbench.generators import World, draw
from tests.workbench.panels import assert_sound, coins, first, judge, panel_of, scores
from workbench.analysis import Analysis
from workbench.candidate import Approach
from workbench.comparison import find
from workbench.panel import Panel, Scores


def close(one: Analysis, other: Analysis) -> None:
    """The same but for rounding."""
    left, right = one.model_dump(), other.model_dump()
    figures = ("delta", "low", "high", "p", "regret_bound", "expected_regret", "seed_sd")
    for key in ("comparisons", "standings"):
        for a, b in zip(left.pop(key), right.pop(key), strict=True):
            for field in figures:
                assert a.pop(field, None) == pytest.approx(b.pop(field, None), abs=1e-6), field
            for field in ("mean",):
                a.pop(field, None), b.pop(field, None)
            assert a == b
    assert left.pop("detectable") == pytest.approx(right.pop("detectable"), abs=1e-6)
    assert left == right


SEEDED = World(120, (0.6, 0.65, 0.7, 0.72), seeds=(0, 0, 2, 2), seed_sd=0.2, sizes=(4,) * 30, cluster_sd=0.4)


def permuted(panel: Panel, rng: np.random.Generator) -> Panel:
    rows = rng.permutation(len(panel.items))
    candidates = [replace(one, values=one.values[:, rows]) for one in panel.candidates]
    return Panel(
        tuple(candidates[j] for j in rng.permutation(len(candidates))),
        tuple(panel.items[i] for i in rows),
        tuple(panel.clusters[i] for i in rows),
        panel.metric,
    )


@pytest.mark.parametrize("world", [World(300, (0.6, 0.7, 0.72)), World(45, (0.6, 0.7, 0.72)), SEEDED])
def test_shuffling_rows_and_candidates_changes_nothing(world: World) -> None:
    panel = draw(world, np.random.default_rng(3))
    shuffled = permuted(panel, np.random.default_rng(9))
    assert judge(panel) == judge(shuffled)


def test_names_do_not_matter() -> None:
    panel = draw(World(80, (0.6, 0.7, 0.72)), np.random.default_rng(3))
    alike = [replace(one, approach="RAG") for one in panel.candidates]
    renamed = [replace(one, name=name) for one, name in zip(alike, ("c02", "c00", "c01"), strict=True)]
    before, after = (judge(replace(panel, candidates=tuple(those))) for those in (alike, renamed))
    name = dict(zip(("c00", "c01", "c02"), ("c02", "c00", "c01"), strict=True))
    for one in before.standings:
        twin = next(other for other in after.standings if other.candidate == name[one.candidate])
        assert one.model_copy(update={"candidate": twin.candidate}) == twin
    for comparison in before.comparisons:
        twin_index = find(after.comparisons, name[comparison.candidate], name[comparison.reference])
        assert abs(after.comparisons[twin_index].delta) == abs(comparison.delta)
        assert after.comparisons[twin_index].p == comparison.p


@pytest.mark.parametrize("world", [World(300, (0.6, 0.7, 0.72)), World(45, (0.6, 0.7, 0.72)), SEEDED])
def test_harder_items_for_everybody_change_nothing(world: World) -> None:
    panel = draw(world, np.random.default_rng(4))
    shift = np.random.default_rng(5).random(len(panel.items))
    # Halved first, so that the shifted scores stay within [0, 1].
    halves = [replace(one, values=one.values / 2) for one in panel.candidates]
    shifted = [replace(one, values=one.values / 2 + shift / 2) for one in panel.candidates]
    plain, moved = (judge(replace(panel, candidates=tuple(those))) for those in (halves, shifted))
    for analysis in (plain, moved):
        assert len(analysis.comparisons) >= 3
    strip = {"low": 0.0, "high": 1.0}
    close(
        plain.model_copy(update={"standings": tuple(s.model_copy(update=strip) for s in plain.standings)}),
        moved.model_copy(update={"standings": tuple(s.model_copy(update=strip) for s in moved.standings)}),
    )


@pytest.mark.parametrize("n", [40, 300])
@pytest.mark.parametrize("approach", ["prompting", "fine-tuning"])
def test_a_copy_differs_by_exactly_zero_and_neither_wins(n: int, approach: Approach) -> None:
    values = coins(0.7, n, runs=2 if approach == "fine-tuning" else 1)
    panel = panel_of(
        scores("one", values, approach=approach),
        scores("copy", values, approach=approach),
        scores("bad", first(0.1, n)),
    )
    analysis = judge(panel)
    twins = analysis.comparisons[find(analysis.comparisons, "one", "copy")]
    assert (twins.delta, twins.p, twins.shown) == (0, 1, "not shown")
    assert twins.low < 0 < twins.high
    assert analysis.winner is None
    assert {"one", "copy"} <= set(analysis.best_set)


def test_swapping_sides_flips_the_sign() -> None:
    panel = draw(World(200, (0.6, 0.7)), np.random.default_rng(1))
    swapped = replace(panel, candidates=tuple(replace(one, values=1 - one.values) for one in panel.candidates))
    one, other = judge(panel).comparisons[0], judge(swapped).comparisons[0]
    assert (one.delta, one.low, one.high) == pytest.approx((-other.delta, -other.high, -other.low))


def test_the_reference_is_the_simpler_one_and_every_pair_comes_once() -> None:
    panel = panel_of(
        scores("tuned", coins(0.7, 60, seed=1), approach="fine-tuning"),
        scores("asked", coins(0.6, 60, seed=2)),
        scores("found", coins(0.6, 60, seed=3), approach="RAG"),
    )
    pairs = [(one.reference, one.candidate) for one in judge(panel).comparisons]
    assert pairs == [("asked", "found"), ("asked", "tuned"), ("found", "tuned")]


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_equal_scores_cause_no_trouble(value: float) -> None:
    panel = panel_of(*(scores(name, np.full(100, value)) for name in "abc"))
    analysis = judge(panel)
    assert analysis.winner is None
    assert analysis.best_set == ("a", "b", "c")
    assert_sound(analysis)


def test_everything_against_nothing_is_neither_certain_nor_impossible() -> None:
    analysis = judge(panel_of(scores("all", np.ones(100)), scores("none", np.zeros(100))))
    assert analysis.winner == "all"
    assert_sound(analysis)


@pytest.mark.parametrize("seed", range(6))
def test_random_panels_are_sound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 120))
    candidates = [
        Scores(f"c{j}", "fine-tuning" if j % 2 else "RAG", bool(j % 2), rng.random((1 + j % 3, n)).round(int(seed % 3)))
        for j in range(4)
    ]
    clusters = [f"g{c}" for c in rng.integers(0, max(1, n // 3), n)]
    assert_sound(judge(panel_of(*candidates, clusters=clusters)))


def test_untrained_repetitions_are_averaged_not_seeds() -> None:
    runs = coins(0.5, 200, runs=3)
    analysis = judge(panel_of(scores("asked", runs), scores("found", coins(0.6, 200, seed=2), approach="RAG")))
    assert [one.seeds for one in analysis.standings] == [1, 1]
    assert analysis.standings[0].mean == pytest.approx(runs.mean())
    assert analysis.standings[0].seed_sd is None


def test_detectable_difference_shrinks_with_the_root_of_n() -> None:
    small, large = (judge(draw(World(n, (0.7, 0.7)), np.random.default_rng(1))).detectable for n in (200, 3200))
    assert small is not None
    assert large is not None
    assert small / large == pytest.approx(4, rel=0.15)


@pytest.mark.parametrize(("k", "n", "seconds"), [(6, 300, 0.15), (20, 10_000, 3.0)])
def test_analyse_is_quick(k: int, n: int, seconds: float) -> None:
    seeds = (0,) * (k // 2) + (2,) * (k - k // 2)
    panel = draw(World(n, tuple(np.linspace(0.5, 0.8, k).tolist()), seeds=seeds, seed_sd=0.1), np.random.default_rng(0))
    times = []
    for _ in range(3):
        start = perf_counter()
        judge(panel)
        times.append(perf_counter() - start)
    # The machine may be busy with something else: only a gross slowdown fails.
    assert min(times) < 5 * seconds
