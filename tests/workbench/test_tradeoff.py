"""Alignment tax, gain against loss, refusals, drift, limits: figures computed by hand, and what follows of them."""

import json
from pathlib import Path

import numpy as np
import pytest

from workbench.cost import Measured as Spent
from workbench.drifts import read_drifts
from workbench.forgetting import Answers, Loss, judge
from workbench.frontier import Frontier, Place, Walked, frontier, matched, sparing
from workbench.gain import Gain
from workbench.limits import check_limits
from workbench.refusals import refusals
from workbench.sections.tradeoff import proposal
from workbench.statistics.clusters import Clusters
from workbench.suite_items import Asked, Item, Panel
from workbench.suites import Suite
from workbench.tax import alignment_tax, fieller
from workbench.usecase import Limits, UseCase
from workbench.workspace import Step, StepRecord, write_atomically, write_jsonl

N = 300


def suite(name: str, *, facet: str = "", chance: float = 0.0) -> Suite:
    return Suite(
        name=name, task=name, facet=facet or name, metric="strict", lenient="lenient", higher_is_better=True,
        chance=chance,
    )  # fmt: skip


def loss(name: str, lost: float, *, before: float = 1.0, n: int = N, chance: float = 0.0) -> Loss:
    """A suite of which a share of the items became wrong."""
    was = (np.arange(n) < before * n).astype(float)[None]
    now = was.copy()
    now[0, : round(lost * n)] = 0
    return judge(suite(name, chance=chance), Answers(was, now, Clusters.singletons(n)), of=2)


# --- Alignment tax ------------------------------------------------------------------------------------


def test_the_tax_is_the_worst_bound_of_the_headroom_over_guessing() -> None:
    # 10 of 100 points above chance weigh more than 12 of 100 points from nothing.
    # Where it was hardly above guessing, there is nothing to lose a share of.
    found = [loss("choices", 0.10, before=0.6, chance=0.5), loss("open", 0.12), loss("lost before", 0.01, before=0.02)]
    gains = np.r_[np.ones(60), np.zeros(40)]
    tax = alignment_tax("the untrained base", found, gains, Clusters.singletons(100))
    assert tax is not None
    assert tax.worst.suite.name == "choices"
    assert tax.bound == pytest.approx(found[0].at_most_lost / 0.1)
    assert tax.gain is not None
    assert tax.gain.delta == pytest.approx(0.6)
    assert tax.per_gain is not None
    assert tax.per_gain.value == pytest.approx(0.1 / 0.6)
    assert tax.per_gain.low < 0.1 / 0.6 < tax.per_gain.high


def test_a_tax_per_gain_is_undefined_where_there_may_be_no_gain() -> None:
    gains = np.r_[np.ones(52), -np.ones(48)]
    tax = alignment_tax("the untrained base", [loss("open", 0.12)], gains, Clusters.singletons(100))
    assert tax is not None
    assert tax.gain is not None
    assert not tax.gain.shown
    assert tax.per_gain is None
    without = alignment_tax("the untrained base", [loss("open", 0.12)], None, None)
    assert without is not None
    assert without.gain is without.per_gain is None


def test_fieller_covers_the_true_ratio() -> None:
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(2000):
        found = fieller(rng.normal(0.1, 0.02), 0.02, rng.normal(0.4, 0.05), 0.05, df=np.inf)
        inside += found is not None and found.low <= 0.25 <= found.high
    assert 0.93 <= inside / 2000 <= 0.97


# --- Gain against loss --------------------------------------------------------------------------------


def place(at: float, gain: float, lost: float) -> Place:
    gained = Gain(delta=gain, low=gain - 0.1, high=gain + 0.1)
    return Place(way="alpha", at=at, gain=gained, losses=(loss("a", lost, n=100), loss("b", 0.0, n=100)))


def test_the_alpha_that_keeps_most_and_loses_nothing_is_proposed() -> None:
    found = frontier("sft", [place(0.25, 0.3, 0.0), place(0.5, 0.7, 0.02), place(0.75, 0.8, 0.1), place(1.0, 0.8, 0.3)])
    assert found.proposed == 0.5
    assert found.kept == pytest.approx(0.7 / 0.8)


@pytest.mark.parametrize(
    "places",
    [
        [place(0.5, 0.7, 0.0), place(1.0, 0.8, 0.02)],  # As trained it lost nothing.
        [place(0.5, 0.3, 0.0), place(1.0, 0.8, 0.3)],  # Half as strong, less than half of the gain is left.
        [place(0.5, 0.7, 0.1), place(1.0, 0.8, 0.3)],  # Every alpha loses something.
        [place(0.5, 0.0, 0.0), place(1.0, -0.1, 0.3)],  # Nothing was gained.
    ],
)
def test_otherwise_none_is_proposed(places: list[Place]) -> None:
    found: Frontier = frontier("sft", places)
    assert found.proposed is None


def test_where_nothing_keeps_all_the_least_loss_for_most_of_the_gain_is_told() -> None:
    found = frontier("sft", [place(0.25, 0.1, 0.1), place(0.5, 0.7, 0.3), place(0.75, 0.78, 0.4), place(1.0, 0.8, 0.6)])
    assert found.proposed is None
    best = sparing(found)
    assert best is not None
    assert best.at == 0.5
    assert "Least is lost at alpha 0.5: it keeps 88 % of the gain" in proposal(found)
    assert "loses 30.0 points instead of 60.0" in proposal(found)
    assert sparing(frontier("sft", [place(0.5, 0.1, 0.1), place(1.0, 0.8, 0.6)])) is None


def test_costs_are_compared_at_the_same_gain() -> None:
    clusters = Clusters.singletons(100)

    def way(name: str, gains: list[float], lost: list[float]) -> Walked:
        def table(shares: list[float], sign: float) -> np.ndarray:
            return np.stack([sign * (np.arange(100) < 100 * share) for share in [0.0, *shares]]).astype(float)

        return Walked(name, "alpha", table(gains, 1), clusters, [("words", table(lost, -1), clusters)])

    careless, careful = way("careless", [0.4, 0.8], [0.2, 0.4]), way("careful", [0.2, 0.4], [0.0, 0.04])
    found = matched([careless, careful], rng=np.random.default_rng(0))
    assert [one.candidate for one in found] == ["careful", "careless"]
    assert found[0].gain == found[1].gain == pytest.approx(0.8 * 0.4)
    assert found[0].loss == pytest.approx(0.6 * 0.04)
    assert found[1].loss == pytest.approx(0.8 * 0.2)
    assert found[1].low < 0.16 < found[1].high
    assert matched([careless], rng=np.random.default_rng(0)) == ()


# --- Refusals -----------------------------------------------------------------------------------------


def answers(harmless_refused: float, unsafe_declined: float) -> tuple[list[Suite], Panel]:
    suites = [suite("harmless", facet="over-refusal"), suite("unsafe", facet="safety")]
    rows = {"harmless": 1 - np.r_[np.ones(round(harmless_refused * N)), np.zeros(N - round(harmless_refused * N))]}
    rows["unsafe"] = np.r_[np.ones(round(unsafe_declined * N)), np.zeros(N - round(unsafe_declined * N))]
    asked = {name: Asked(metric="strict", lenient="lenient", higher_is_better=True, items=N) for name in rows}
    items = {
        name: tuple(Item(name, str(n), {"strict": float(v), "lenient": float(v)}) for n, v in enumerate(values))
        for name, values in rows.items()
    }
    return suites, Panel(items, asked)


def test_a_moved_threshold_is_no_improvement() -> None:
    suites, panel = answers(0.20, 0.80)
    base = refusals(suites, [panel])
    suites, panel = answers(0.05, 0.51)
    freer = refusals(suites, [panel])
    suites, panel = answers(0.02, 0.97)
    better = refusals(suites, [panel])
    assert base is not None
    assert freer is not None
    assert better is not None
    assert base.separation.value == pytest.approx(1.68, abs=0.02)
    assert (freer.refused.value, freer.complied.value) == pytest.approx((0.05, 0.49))
    assert "no change in telling them apart" in freer.beside(base)
    assert "better than its base" in better.beside(base)
    assert "less well than its base" in base.beside(better)
    assert refusals([suite("words")], [panel]) is None


# --- Drift --------------------------------------------------------------------------------------------


def test_drift_is_nats_by_tokens_over_all_prompts(tmp_path: Path) -> None:
    record = StepRecord(kind="drift", key="d", title="d", inputs={}, needs={}, files={}, status="done")
    write_atomically(tmp_path / "step.json", record.model_dump_json())
    step = Step(tmp_path)
    rows = [("task", "forward", "a", 2.0, 4), ("task", "forward", "b", 1.0, 16), ("neutral", "forward", "a", 0.0, 5)]
    names = ("kind", "way", "prompt", "nats", "tokens")
    write_jsonl(step.path("drift.jsonl"), [dict(zip(names, row, strict=True)) for row in rows])
    task, neutral = read_drifts([step])
    assert task.nats == pytest.approx(3 / 20)
    assert task.low <= task.nats <= task.high
    assert (task.prompts, neutral.prompts, neutral.nats) == (2, 1, 0.0)
    assert json.loads(task.model_dump_json())["kind"] == "task"


# --- Limits -------------------------------------------------------------------------------------------


def held(losses: list[Loss], allowed: float) -> tuple[str, str]:
    use_case = UseCase(name="a", limits=Limits(max_forgetting=allowed))
    (check,) = check_limits("sft", Spent(trained=True, losses=tuple(losses)), use_case)
    return check.status, check.text + check.settle + check.relax


def test_a_limit_on_forgetting_is_judged_by_bounds() -> None:
    status, told = held([loss("words", 0.15), loss("facts", 0.0)], 0.05)
    assert status == "fail"
    assert "words lost 15.0 points" in told
    assert "lower learning rate" in told
    assert held([loss("words", 0.0), loss("facts", 0.01)], 0.05)[0] == "pass"
    status, told = held([loss("words", 0.04), loss("facts", 0.0)], 0.05)
    assert status == "unsure"
    assert "Ask more items" in told
    assert held([], 0.05) == held([], 0.05)
    assert held([], 0.05)[0] == "unsure", "not measured is not kept"


def test_what_was_not_trained_keeps_any_limit_on_forgetting() -> None:
    use_case = UseCase(name="a", limits=Limits(max_forgetting=0.01))
    (check,) = check_limits("rag", Spent(), use_case)
    assert check.status == "pass"
    assert "unchanged by construction" in check.text
    (check,) = check_limits("rag", None, use_case)
    assert check.status == "unsure"
