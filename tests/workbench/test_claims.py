"""What may be claimed, by whom, and where nothing may."""

import numpy as np
import pytest

from tests.workbench.panels import assert_sound, coins, first, judge, panel_of, scores


def test_one_candidate_makes_no_claim() -> None:
    analysis = judge(panel_of(scores("only", coins(0.7, 100))))
    assert (analysis.verdict, analysis.choice, analysis.comparisons) == ("need_more_data", None, ())
    assert "only one candidate" in analysis.caution
    assert analysis.standings[0].low < analysis.standings[0].mean < analysis.standings[0].high


@pytest.mark.parametrize("n", [1, 2, 3, 29])
def test_few_items_make_no_claim(n: int) -> None:
    analysis = judge(panel_of(scores("all", np.ones(n)), scores("none", np.zeros(n))))
    assert analysis.verdict == "need_more_data"
    assert "test examples" in analysis.caution
    assert analysis.comparisons[0].shown == "not shown"
    assert analysis.best_set == ("all", "none")
    assert_sound(analysis)


@pytest.mark.parametrize(
    "clusters",
    [["one"] * 60, [f"g{i % 7}" for i in range(60)], ["big"] * 30 + [f"s{i}" for i in range(30)]],
    ids=["one group", "seven groups", "one dominates"],
)
def test_few_groups_make_no_claim(clusters: list[str]) -> None:
    panel = panel_of(scores("all", np.ones(60)), scores("none", first(0.1, 60)), clusters=clusters)
    analysis = judge(panel)
    assert analysis.winner is None
    assert analysis.good_enough == ()
    assert "group" in analysis.caution
    assert_sound(analysis)


def test_sparse_continuous_scores_are_not_trusted_too_far() -> None:
    base = np.full(200, 0.5)
    better = base.copy()
    better[:4] += 0.01
    analysis = judge(panel_of(scores("base", base), scores("better", better)))
    assert analysis.comparisons[0].shown == "not shown"
    assert analysis.winner is None


def test_one_seed_is_no_winner_unless_the_gap_is_huge() -> None:
    prompt = scores("prompt", coins(0.5, 400))
    for share, winner in ((0.62, None), (0.95, "tuned")):
        tuned = scores("tuned", coins(share, 400, seed=1), approach="fine-tuning")
        analysis = judge(panel_of(prompt, tuned))
        assert analysis.winner == winner
        assert "assumed" in analysis.comparisons[0].method
    unsure = judge(panel_of(prompt, scores("tuned", coins(0.56, 400, seed=1), approach="fine-tuning")))
    assert unsure.needed is not None
    assert unsure.needed.seeds == 3
    assert unsure.best_set == ("prompt", "tuned")


def test_candidates_that_may_not_be_chosen_are_compared_but_do_not_win() -> None:
    panel = panel_of(
        scores("simple", first(0.3, 300)),
        scores("second", first(0.6, 300), approach="RAG"),
        scores("best", first(0.9, 300), approach="fine-tuning"),
    )
    analysis = judge(panel, eligible=["simple", "second"])
    assert (analysis.winner, analysis.best_set) == ("second", ("second",))
    assert len(analysis.comparisons) == 3
    nobody = judge(panel, eligible=[])
    assert (nobody.choice, nobody.best_set, nobody.provisional) == (None, (), None)


def test_simplest_of_several_good_enough_is_chosen() -> None:
    base, nearly = first(0.7, 2000), first(0.7, 2000)
    nearly[:12], nearly[-10:] = 0, 1
    analysis = judge(panel_of(scores("found", base, approach="RAG"), scores("asked", nearly)))
    assert analysis.verdict == "good_enough"
    assert analysis.choice == "asked"
    assert analysis.good_enough == ("asked", "found")
