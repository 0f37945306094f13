"""Limits first, the simplest good enough one next, and words that a reader can check."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from tests.workbench.generators import World, draw
from workbench.candidate import APPROACHES, Approach
from workbench.cost import Measured, cost_per_1000, figure, latency_bounds
from workbench.limits import check_limits
from workbench.panel import Panel, Scores
from workbench.recommend import Recommendation, recommend
from workbench.usecase import Limits, UseCase

NAMES = ("zero-shot", "few-shot", "rag", "sft", "rag-sft")
WAYS: tuple[Approach, ...] = ("prompting", "prompting", "RAG", "fine-tuning", "RAG + fine-tuning")
TYPICAL_SECONDS = (0.2, 0.3, 0.5, 0.2, 0.5)


def panel(accuracies: Sequence[float], *, n: int = 300, seeds: int = 3, seed: int = 0) -> Panel:
    world = World(n, tuple(accuracies), seeds=(0, 0, 0, seeds, seeds), seed_sd=0.05)
    drawn = draw(world, np.random.default_rng(seed))
    candidates = tuple(
        Scores(name, way, one.trained, one.values) for name, way, one in zip(NAMES, WAYS, drawn.candidates, strict=True)
    )
    return Panel(candidates, drawn.items, drawn.clusters, drawn.metric)


def timed(seconds: Sequence[float] = TYPICAL_SECONDS, *, n: int = 200) -> dict[str, Measured]:
    """Latencies spread evenly over +-40 % around the mean."""
    spread = np.linspace(0.6, 1.4, n)
    return {
        name: Measured(
            seconds=tuple((mean * spread).tolist()),
            prompt_tokens=100,
            completion_tokens=10,
            train_seconds=45 if "sft" in name else None,
        )
        for name, mean in zip(NAMES, seconds, strict=True)
    }


def case(delta: float = 0.05, *, limits: Limits | None = None, **more: object) -> UseCase:
    return UseCase.model_validate(
        {"name": "case", "smallest_difference": delta, "limits": (limits or Limits()).model_dump(), **more}
    )


def judge(use_case: UseCase, of: Panel, measured: Mapping[str, Measured] | None = None) -> Recommendation:
    found = recommend(use_case, of, timed() if measured is None else measured, rng=np.random.default_rng(0))
    assert_sound(found)
    return found


def assert_sound(found: Recommendation) -> None:
    """What holds for every recommendation."""
    assert (found.choice is None) == (found.strength == "undecided")
    assert (found.choice is None) == (found.approach is None)
    for reason in found.reasons:
        assert reason.comparison is not None or found.ground == "limits"
        if reason.comparison is not None:
            cited = found.comparisons[reason.comparison]
            assert cited.candidate in reason.text or cited.reference in reason.text
    texts = [found.headline, *found.sentences, found.next_step, *(reason.text for reason in found.reasons)]
    for text in texts:
        assert text.endswith("."), text
        assert "None" not in text.replace("None of", "")
        assert "nan" not in text.lower().split()
        assert "-0.0" not in text
    assert "5 in 100" in found.sentences[1] or found.ground == "all wrong"
    assert Recommendation.model_validate_json(found.model_dump_json()) == found


# --- The four truths


@pytest.mark.parametrize(
    ("accuracies", "approach"),
    [
        ((0.10, 0.15, 0.88, 0.20, 0.85), "RAG"),
        ((0.05, 0.40, 0.10, 0.95, 0.93), "fine-tuning"),
        ((0.02, 0.05, 0.10, 0.15, 0.85), "RAG + fine-tuning"),
        ((0.95, 0.95, 0.92, 0.93, 0.92), "prompting"),
    ],
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_right_approach_is_recommended(accuracies: tuple[float, ...], approach: Approach, seed: int) -> None:
    found = judge(case(), panel(accuracies, seed=seed))
    assert found.approach == approach
    assert found.strength in ("clear", "lean")


def test_a_winner_is_clear_and_says_so() -> None:
    found = judge(case(), panel((0.02, 0.05, 0.10, 0.15, 0.85)))
    assert (found.choice, found.strength, found.ground) == ("rag-sft", "clear", "winner")
    assert found.headline == "Use rag-sft (RAG + fine-tuning)."
    assert "at most 5 in 100 such claims are wrong" in found.sentences[1]
    assert "300 test examples" in found.sentences[0]
    assert all("Not " in reason.text for reason in found.reasons)
    assert len(found.reasons) == 4


def test_the_simpler_of_two_good_ones_is_enough() -> None:
    found = judge(case(), panel((0.10, 0.15, 0.88, 0.20, 0.88), n=2000))
    assert (found.choice, found.strength, found.ground) == ("rag", "clear", "good enough")
    assert found.headline == "Use RAG: shown to be within 5.0 points of the best."
    not_needed = [reason for reason in found.reasons if reason.text.startswith("rag-sft is not needed")]
    assert len(not_needed) == 1


def test_simple_prompting_goes_before_cheaper_but_dearer_kinds() -> None:
    found = judge(case(), panel((0.9,) * 5, n=4000))
    assert (found.choice, found.strength) == ("zero-shot", "clear")
    slow_zero = timed((0.4, 0.3, 0.5, 0.2, 0.5))
    assert judge(case(), panel((0.9,) * 5, n=4000), slow_zero).choice == "few-shot"


def race(only_simple: int, only_dear: int) -> Panel:
    """300 items: both right on 200, each alone on the numbers given."""
    simple, dear = np.zeros((1, 300)), np.zeros((1, 300))
    simple[0, :200] = dear[0, :200] = 1
    simple[0, 200 : 200 + only_simple] = 1
    dear[0, 300 - only_dear :] = 1
    items = tuple(f"i{i}" for i in range(300))
    both = Scores("few-shot", "prompting", False, simple), Scores("rag", "RAG", False, dear)
    return Panel(both, items, items, "exact_match")


@pytest.mark.parametrize(("only_simple", "only_dear"), [(14, 15), (12, 20)])
def test_where_only_the_dearer_is_shown_the_simpler_is_leant_towards(only_simple: int, only_dear: int) -> None:
    found = judge(case(0.03), race(only_simple, only_dear), {})
    assert (found.choice, found.strength, found.ground) == ("few-shot", "lean", "simpler")
    assert "only rag is shown to be within 3.0 points of the best" in found.sentences[1]


def test_where_the_dearer_leads_by_what_matters_it_is_chosen_and_the_simpler_named() -> None:
    found = judge(case(0.03), race(16, 26), {})
    assert (found.choice, found.strength, found.ground) == ("rag", "clear", "good enough")
    assert "simpler, and perhaps as good, but not shown to be: few-shot" in found.sentences[1]


def test_where_all_that_may_be_best_are_of_one_approach_that_is_settled() -> None:
    of = panel((0.60, 0.60, 0.05, 0.05, 0.05), n=100, seed=1)
    found = judge(case(0.03), of)
    assert set(found.best_set) == {"zero-shot", "few-shot"}
    assert (found.approach, found.strength, found.ground) == ("prompting", "clear", "approach")
    assert found.choice in found.best_set
    assert found.claim == ("prompting", "clear")
    assert found.headline == "Use prompting; which of zero-shot and few-shot is the best, this test can't tell."
    assert "What is best is prompting (one of zero-shot and few-shot): at most 5 in 100" in found.sentences[1]
    assert "less than 3.0 would not change what you deploy" in found.sentences[1]
    assert found.needed is not None
    assert found.next_step.startswith("Put zero-shot into use, and run this again")
    assert "If it matters which: plan for 1,200 test examples in all (you have 100; " in found.next_step

    # Only those that are expected to lose less than what matters are offered beside it.
    wide = judge(case(0.05), of)
    assert wide.next_step.startswith("Put zero-shot, or whichever of zero-shot and few-shot you would rather run, into")

    # Where the wrong one of them would lose what matters, that is no finding to act upon.
    strict = judge(case(0.003), of)
    assert (strict.approach, strict.strength, strict.ground) == ("prompting", "lean", "approach")
    assert strict.headline.startswith("Lean towards prompting; which of zero-shot and few-shot is the best")
    assert "more than the 0.3 that matter to you" in strict.sentences[1]

    # Nor where one of them may break a limit: then the best of those left may be of another approach.
    few = dict(timed(), **{"few-shot": Measured(seconds=(0.3,))})
    doubted = judge(case(0.03, limits=Limits(max_p95_seconds=1.0)), of, few)
    assert (doubted.approach, doubted.strength, doubted.ground) == ("prompting", "lean", "approach")
    assert doubted.headline == "Lean towards zero-shot (prompting): it is not yet shown who keeps your limits."
    assert "but few-shot is not shown to keep the limits" in doubted.sentences[1]
    assert doubted.next_step.startswith("Time more single requests of few-shot")


def test_an_approach_is_not_settled_while_one_of_another_is_not_shown_to_be_worse() -> None:
    rng = np.random.default_rng(3)
    wide = rng.random((2, 200)) < np.array([[0.9], [0.2]])
    low = (rng.random((3, 200)) < 0.3).astype(float)
    items = tuple(f"i{i}" for i in range(200))
    scores = (
        Scores("zero-shot", "prompting", False, low[:1]), Scores("sft", "fine-tuning", True, wide.astype(float)),
        Scores("qlora", "fine-tuning", True, wide[::-1].astype(float)),
    )  # fmt: skip
    found = judge(case(0.03), Panel(scores, items, items, "exact_match"), {})
    assert set(found.best_set) == {"zero-shot", "sft", "qlora"}
    assert found.ground != "approach"


# --- Not decided


def test_twenty_examples_decide_nothing() -> None:
    found = judge(case(), panel((0.1, 0.1, 0.9, 0.2, 0.9), n=20))
    assert (found.strength, found.ground) == ("undecided", "nothing shown")
    assert "fewer than 30" in found.sentences[1]
    assert "test examples in all (you have 20" in found.next_step


def test_an_open_race_asks_for_a_number_of_examples() -> None:
    found = judge(case(0.02), panel((0.5, 0.6, 0.68, 0.66, 0.69), n=60))
    assert found.strength == "undecided"
    assert "plan for" in found.next_step.lower()
    assert "you have 60" in found.next_step
    assert found.sentences[2] == found.next_step
    assert "best_set" not in found.sentences[1]


def test_one_seed_is_asked_for_more_seeds() -> None:
    found = judge(case(0.03), panel((0.5, 0.5, 0.55, 0.52, 0.62), seeds=1))
    assert found.strength != "clear"
    assert "3 seeds" in found.next_step


def test_one_candidate_alone() -> None:
    whole = panel((0.5, 0.5, 0.5, 0.5, 0.5))
    alone = Panel(whole.candidates[:1], whole.items, whole.clusters, whole.metric)
    found = judge(case(), alone, {})
    assert found.headline == "Not decided: there is only one candidate."
    assert found.comparisons == ()


def test_nothing_right_is_nothing_to_choose() -> None:
    found = judge(case(), panel((0.0, 0.0, 0.0, 0.0, 0.0)))
    assert (found.strength, found.ground) == ("undecided", "all wrong")


def test_few_groups() -> None:
    whole = panel((0.1, 0.1, 0.9, 0.2, 0.9))
    grouped = Panel(whole.candidates, whole.items, tuple(f"g{i % 5}" for i in range(300)), whole.metric)
    found = judge(case(), grouped)
    assert found.strength == "undecided"
    assert "only 5 groups" in found.sentences[1]
    assert "more groups" in found.next_step


# --- Limits


def test_scenario_6_the_best_is_too_slow() -> None:
    limits = Limits(max_p95_seconds=2.0)
    # The 95th percentile of an even spread over +-40 % is 1.36 times the mean: 2.6 s and 1.1 s.
    seconds = (0.2, 0.3, 0.5, 1.1 / 1.36, 2.6 / 1.36)
    found = judge(case(limits=limits), panel((0.3, 0.3, 0.5, 0.75, 0.85)), timed(seconds))
    assert (found.choice, found.strength) == ("sft", "clear")
    assert [(one.candidate, one.limit) for one in found.ruled_out] == [("rag-sft", "p95 latency")]
    assert "0.60 s over the limit of 2 s" in found.ruled_out[0].figure
    last = found.reasons[-1].text
    assert last.startswith("rag-sft answers")
    assert "better than sft, but fails: p95 latency 2.6 s" in last
    assert "rag-sft" not in found.best_set


def test_scenario_6_forty_timings_do_not_decide() -> None:
    limits = Limits(max_p95_seconds=2.0)
    seconds = (0.2, 0.3, 0.5, 1.1 / 1.36, 2.6 / 1.36)
    found = judge(case(limits=limits), panel((0.3, 0.3, 0.5, 0.70, 0.9)), timed(seconds, n=40))
    assert {one.status for one in found.limits} == {"unsure"}
    assert found.ruled_out == ()
    assert (found.choice, found.strength) == ("rag-sft", "lean")
    assert "at least 59" in found.next_step
    assert "not yet shown to keep your limits" in found.headline


def test_a_candidate_sure_to_keep_the_limits_goes_first() -> None:
    limits = Limits(max_p95_seconds=0.45)
    measured = timed() | {"zero-shot": Measured(seconds=(0.2,) * 10)}
    found = judge(case(limits=limits), panel((0.9,) * 5, n=4000), measured)
    assert (found.choice, found.strength) == ("few-shot", "clear")


def test_a_few_timings_rule_out_what_is_hopeless() -> None:
    checks = check_limits("slow", Measured(seconds=(10.0,) * 30), case(limits=Limits(max_p95_seconds=2.0)))
    assert [one.status for one in checks] == ["fail"]


def test_nobody_keeps_the_limits() -> None:
    found = judge(case(limits=Limits(max_p95_seconds=0.1)), panel((0.3, 0.3, 0.5, 0.7, 0.8)))
    assert (found.choice, found.ground) == (None, "limits")
    assert len(found.ruled_out) == 5
    assert "comes closest" in found.headline
    assert found.next_step.startswith("Relax the p95 latency limit to 0.28 s")


def test_only_one_keeps_the_limits() -> None:
    found = judge(case(limits=Limits(max_p95_seconds=0.28)), panel((0.5,) * 5), timed((0.2, 0.9, 0.9, 0.9, 0.9)))
    assert (found.choice, found.strength, found.ground) == ("zero-shot", "clear", "only one left")


def test_cost_is_machine_time() -> None:
    # 0.36 s at 2 an hour is 0.0002 an answer
    bounds = cost_per_1000([0.36] * 50, 2.0)
    assert (bounds.estimate, bounds.low, bounds.high) == pytest.approx((0.2, 0.2, 0.2))
    use_case = case(limits=Limits(max_cost_per_1000=0.2), machine_cost_per_hour=2.0, volume_per_month=50_000)
    found = judge(use_case, panel((0.3, 0.3, 0.5, 0.7, 0.8)))
    status = {one.candidate: one.status for one in found.limits}
    assert status == {"zero-shot": "pass", "few-shot": "pass", "rag": "fail", "sft": "pass", "rag-sft": "fail"}
    assert "1,000 answers cost 0.11, a month's 5.6" in found.sentences[2]


def test_what_was_not_measured_is_said_and_never_passes() -> None:
    limits = Limits(max_p95_seconds=1.0, max_cost_per_1000=1.0)
    checks = check_limits("any", None, case(limits=limits))
    assert [(one.status, one.estimate) for one in checks] == [("unsure", None), ("unsure", None)]
    assert all("not measured" in one.text for one in checks)
    priced = case(limits=limits)
    assert "machine_cost_per_hour" in check_limits("any", Measured(seconds=(0.1,) * 99), priced)[1].text
    found = judge(priced, panel((0.1, 0.1, 0.1, 0.1, 0.9)), {})
    assert found.strength == "lean"
    assert "not measured" in found.sentences[2]


def test_p95_passes_only_with_enough_timings() -> None:
    assert latency_bounds([1.0] * 58).high is None
    assert latency_bounds([1.0] * 59).high == 1.0


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.6, "2.6"), (0.0421, "0.042"), (130.4, "130"), (12345.0, "12,345"), (0.6, "0.60"), (9.96, "10"), (0, "0")],
)
def test_figures(value: float, text: str) -> None:
    assert figure(value) == text


# --- Words


def test_knowledge_that_changes_means_training_again() -> None:
    found = judge(case(knowledge_changes="weekly"), panel((0.02, 0.05, 0.10, 0.95, 0.5)))
    assert found.approach == "fine-tuning"
    assert "train again" in found.next_step


def test_many_candidates_give_few_reasons() -> None:
    drawn = draw(World(200, (0.5,) * 11 + (0.95,)), np.random.default_rng(0))
    found = judge(case(), drawn, {})
    assert found.choice == "c11"
    assert len(found.reasons) <= len(APPROACHES) + 1


def test_same_input_same_words() -> None:
    drawn = panel((0.5, 0.6, 0.68, 0.66, 0.69), n=80)
    assert judge(case(), drawn) == judge(case(), drawn)
