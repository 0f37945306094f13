"""Why one wins: each probe's finding follows from its rows, with intervals that hold."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.toys import finish, finished_case
from workbench.case import Case
from workbench.diagnose import findings
from workbench.errors import ConfigError
from workbench.plan import is_done
from workbench.probe import Probes
from workbench.probe_kinds import TELLS, ProbeKind
from workbench.probe_rows import Finding, Probed, Values
from workbench.probed import read_probed, takes
from workbench.probes import plan_probes
from workbench.provenance import provenance
from workbench.results import decide, load_results, mean_scores
from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.weighted import Term, weighted
from workbench.workspace import write_jsonl

N = 400


def probed(
    kind: ProbeKind,
    cells: Mapping[str, Floats],
    *,
    about: tuple[str, ...] = ("sft", "zero-shot"),
    weights: Mapping[str, str] | None = None,
) -> Probed:
    """A probe's rows, as they would have been read."""
    n = next(iter(cells.values())).shape[1]
    items = tuple(f"i{i:04d}" for i in range(n))
    return Probed(
        kind=kind,
        about=about,
        approach="fine-tuning",
        items=items,
        clusters=items,
        cells=tuple(
            Values(name=name, values=tuple(map(tuple, rows.tolist())), weights=(weights or {}).get(name, ""))
            for name, rows in cells.items()
        ),
    )


def share(mean: float, *, seed: int = 0, rows: int = 1, n: int = N) -> Floats:
    """Rows of right and wrong answers with this mean; easy items are the same for every seed of this function."""
    ease = np.random.default_rng(99).random(n)
    luck = 0.8 * ease + 0.2 * np.random.default_rng(seed).random((rows, n))
    found: Floats = (luck < np.quantile(luck, mean)).astype(np.float64) if 0 < mean < 1 else np.full((rows, n), mean)
    return found


def one(made: Probed, margin: float = 0.05) -> Finding:
    (found,) = findings([made], margin=margin)
    for effect in found.effects:
        assert effect.low <= effect.value <= effect.high
        assert effect.low < effect.high
    assert found.n == len(made.items)
    return found


# --- The sum of means ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seeds", [1, 3])
def test_intervals_of_weighted_sums_hold(seeds: int) -> None:
    """An interaction of 10 points, two trained cells whose trainings differ by 3 points: 95 % intervals cover it."""
    rng = np.random.default_rng(5)
    covered, repetitions = 0, 600
    for _ in range(repetitions):
        ability = rng.normal(0, 1, 200)
        cells = []
        for level, trained in ((0.3, False), (0.45, True), (0.4, False), (0.65, True)):
            rows = []
            for _ in range(seeds if trained else 1):
                mean = level + (rng.normal(0, 0.03) if trained and seeds > 1 else 0)
                rows.append(np.clip(mean + 0.1 * ability + rng.normal(0, 0.25, 200), -2, 3))
            cells.append(np.array(rows))
        terms = [
            Term(values, weight, f"t{n}" if n in (1, 3) else "")
            for n, (values, weight) in enumerate(zip(cells, (1, -1, -1, 1), strict=True))
        ]
        found = weighted(terms, Clusters.singletons(200))
        covered += found.low <= 0.1 <= found.high
    assert covered / repetitions >= 0.93


def test_terms_that_share_their_trainings_are_told_apart_from_those_that_do_not() -> None:
    rng = np.random.default_rng(1)
    rows = np.clip(0.5 + rng.normal(0, 0.1, (3, 1)) + rng.normal(0, 0.05, (3, 100)), 0, 1)
    same = weighted([Term(rows + 0.1, 1, "a"), Term(rows, -1, "a")], Clusters.singletons(100))
    other = weighted([Term(rows + 0.1, 1, "a"), Term(rows, -1, "b")], Clusters.singletons(100))
    assert same.delta == pytest.approx(other.delta) == pytest.approx(0.1)
    assert same.se < other.se / 1.8


# --- Findings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("levels", "said", "not_said"),
    [
        ((0.1, 0.4, 0.58, 0.88), "no more and no less than the sum", "so"),
        ((0.1, 0.4, 0.58, 0.70), "less than the sum, so they partly bring the same", "alone"),
        ((0.1, 0.1, 0.70, 0.50), "less than the better of them alone", "bring the same"),
        ((0.1, 0.1, 0.12, 0.90), "so one does more with the other than alone", "same"),
        ((0.1, 0.40, 0.40, 0.80), "more than the sum", "so one"),
        ((0.5, 0.95, 0.95, 0.97), "the sum would be above 100 %", "other"),
    ],
)
def test_the_two_by_two_says_how_training_and_retrieval_work_together(
    levels: tuple[float, ...], said: str, not_said: str
) -> None:
    names = ("neither", "training", "retrieval", "both")
    cells = {name: share(level, seed=n, n=2_000) for n, (name, level) in enumerate(zip(names, levels, strict=True))}
    found = one(probed("grid", cells, about=("sft", "rag", "rag-sft")))
    assert said in found.sentence
    assert not_said not in found.sentence.partition(": ")[2].replace("no more and no", "")
    assert [effect.name for effect in found.effects] == [
        "training alone", "retrieval alone", "both", "beyond the sum of both",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("closed", "found_", "handed", "there", "said"),
    [
        (0.10, 0.60, 0.95, 0.62, "better retrieval is worth most"),
        (0.10, 0.60, 0.95, 1.00, "fewer passages, a reranker or training with passages"),
        (0.10, 0.68, 0.70, 1.00, "a better reader"),
        (0.10, 0.97, 0.98, 1.00, "hardly anything is lost"),
        (0.70, 0.70, 0.70, 1.00, "knowledge is not what is missing"),
    ],
)
def test_the_right_passages_split_the_gap(closed: float, found_: float, handed: float, there: float, said: str) -> None:
    cells = {
        "closed book": share(closed), "found": share(found_), "handed over": share(handed),
        "right one found": share(there),
    }  # fmt: skip
    found = one(probed("gold", cells, about=("rag",)))
    assert said in found.sentence
    lost = [effect.value for effect in found.effects[1:]]
    assert sum(lost) == pytest.approx(1 - cells["found"].mean())
    few = {name: rows[:, :10] for name, rows in cells.items()}
    if closed == 0.70:
        few["handed over"] = 1 - (1 - few["handed over"]) * (np.arange(10) % 3 > 0)
        unsure = one(probed("gold", few, about=("rag",)))
        assert "is not shown" in unsure.sentence
        assert not unsure.telling
    trained = probed("gold", {name: rows for name, rows in cells.items() if name != "closed book"}, about=("rag-sft",))
    assert "without any" not in one(trained).sentence


def form(strict: tuple[float, float], lenient: tuple[float, float]) -> Probed:
    return probed(
        "form",
        {
            "trained": share(strict[0], seed=1), "beside": share(strict[1], seed=2),
            "trained, lenient": share(lenient[0], seed=1), "beside, lenient": share(lenient[1], seed=2),
        },
    )  # fmt: skip


def test_a_gain_that_is_only_form_is_called_one_and_warned_of() -> None:
    found = one(form((0.9, 0.02), (0.9, 0.9)))
    assert "the gain is form alone" in found.sentence
    assert "form alone" in found.caution
    assert "parser" in found.caution
    unsure = one(form((0.9, 0.02), (0.9, 0.9)), margin=0.001)
    assert "as far as is shown" in unsure.caution
    partly = one(form((0.9, 0.1), (0.9, 0.5)))
    assert "are form" in partly.sentence
    assert not partly.caution
    assert "it is no gain of form" in one(form((0.9, 0.1), (0.9, 0.1))).sentence
    more = one(form((0.6, 0.1), (0.9, 0.1)))
    assert "it is no gain of form" in more.sentence
    assert "Of the" not in more.sentence
    cells = form((0.6, 0.3), (0.6, 0.33)).cells
    small = probed("form", {cell.name: np.array(cell.values)[:, :60] for cell in cells})
    assert "is not shown" in one(small).sentence
    assert "not shown to be ahead" in one(form((0.5, 0.5), (0.5, 0.5))).sentence


def test_half_a_value_is_no_right_answer_where_the_metric_knows_none() -> None:
    made = form((0.9, 0.0), (0.9, 0.9))
    half = made.model_copy(
        update={
            "cells": (*made.cells[:3], made.cells[3].model_copy(update={"values": (tuple([0.5] * N),)})),
        }
    )
    assert "it is no gain of form" in one(half).sentence


@pytest.mark.parametrize(
    ("often", "level", "said"),
    [
        (0.0, 0.9, "never came up before"),
        (0.3, 0.9, "made likelier what the model could say already"),
        (0.99, 0.9, "not shown to bring more"),
        (0.9, 0.3, "training lost what single answers gave before"),
    ],
)
def test_reach_tells_new_from_likelier(often: float, level: float, said: str) -> None:
    rng = np.random.default_rng(2)
    drawn = (rng.random((16, N)) < often * share(0.9)).astype(np.float64)
    found = one(probed("reach", {"drawn": drawn, "trained": share(level)}, about=("sft",)))
    assert said in found.sentence


def test_an_answer_that_is_nearly_right_counts_alike_before_and_after_training() -> None:
    nearly = np.full((16, N), 0.9)
    found = one(probed("reach", {"drawn": nearly, "trained": nearly[:1]}, about=("sft",)))
    assert "training brought no right answer" in found.sentence


def test_unknown_answers_are_warned_of() -> None:
    rng = np.random.default_rng(2)
    known = (rng.random((16, N)) < np.where(np.arange(N) < 40, 0.9, 0.0)).astype(np.float64)
    assert "retrieval is the safer way" in one(probed("known", {"drawn": known}, about=("sft",))).sentence
    assert "retrieval" not in one(probed("known", {"drawn": np.ones((16, N))}, about=("sft",))).sentence


def test_the_learning_curve_goes_on_as_it_went() -> None:
    weights = {"0.25": "a", "0.5": "b", "1": "c"}

    def curve(*levels: float) -> Finding:
        cells = {name: share(level, rows=2) for name, level in zip(weights, levels, strict=True)}
        return one(probed("curve", cells, about=("sft",), weights=weights))

    rising, flat, done = curve(0.3, 0.45, 0.55), curve(0.8, 0.8, 0.8), curve(0.3, 0.6, 1.0)
    assert rising.effects[-1].value == pytest.approx(0.1 * 0.1 / 0.15, abs=0.01)
    assert "twice as many would bring" in rising.sentence
    assert flat.effects[-1].value == 0
    assert done.effects[-1].value == 0
    assert done.effects[-1].high < 0.02
    falling, dipping = curve(0.73, 0.59, 0.42), curve(0.49, 0.30, 0.61)
    assert "made it worse" in falling.sentence
    assert len(falling.effects) == 2
    assert not dipping.telling


@pytest.mark.parametrize("seeds", [1, 2])
def test_the_next_doubling_is_covered(seeds: int) -> None:
    """The truth is a power law: 95 % intervals hold what another doubling brings."""
    truth, following, covered, times = np.array([0.50, 0.60, 0.67]), 0.049, 0, 150
    rng = np.random.default_rng(8)
    for _ in range(times):
        ease = rng.normal(0, 1, N)
        cells = {}
        for name, level in zip(("0.25", "0.5", "1"), truth, strict=True):
            luck = rng.normal(0, 0.015, (seeds, 1))
            chance = np.clip(level + luck + 0.1 * ease, 0, 1)
            cells[name] = (rng.random((seeds, N)) < chance).astype(np.float64)
        weights = {"0.25": "a", "0.5": "b", "1": "c"}
        (found,) = findings([probed("curve", cells, about=("sft",), weights=weights)], margin=0.05)
        if len(found.effects) == 3:
            covered += found.effects[-1].low <= following <= found.effects[-1].high
        else:
            times -= 1
    assert covered / times >= 0.93


def test_levels_count_the_spread_over_trainings() -> None:
    cells = {"drawn": np.zeros((16, N)), "trained": np.concatenate([share(0.2), share(0.8)])}
    found = one(probed("reach", cells, about=("sft",), weights={"trained": "a b"}))
    trained = found.effects[-1]
    assert trained.high - trained.low > 0.5


# --- From the folders ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return finished_case(tmp_path_factory.mktemp("probes"))


def planned(case: Case) -> Probes:
    results = load_results(case)
    return plan_probes(case, mean_scores(results.candidates, results.use_case.metric))


def do(probes: Probes, kinds: list[ProbeKind]) -> None:
    """What the engines would have left."""
    plan = probes.chosen(kinds)
    plan.write()
    plan.runs |= {("made", n): run for n, run in enumerate(load_results(plan.case).plan.runs.values())}
    for name in plan.unfinished():
        step = plan.step(name)
        if step.record.kind == "draw":
            split = "train" if "train" in step.record.files["examples"] else "test"
            rows = [
                {"example": one.id, "text": "", "tokens": 1, "finish": "stop", "value": 0.0}
                for one in plan.case.examples(split)  # type: ignore[arg-type]
                for _ in range(16)
            ]
            with step.running(provenance(())):
                write_jsonl(step.path("draws.jsonl"), rows)
        elif step.record.kind == "score":
            finish(plan, name, used=provenance(()))


def test_every_probe_of_a_whole_case_is_planned_and_finished_runs_are_reused(case: Case) -> None:
    probes = planned(case)
    assert {probe.kind for probe in probes.probes} == set(TELLS)
    assert not probes.missing
    grid, *_ = probes.of("grid")
    assert grid.about == ("sft", "rag", "rag-sft")
    done = {cell.name: all(is_done(probes.plan.step(step)) for step in cell.steps) for cell in grid.cells}
    # The prompts and the training are candidates' own, so only what nobody ran is left to do.
    assert done == {"neither": True, "training": True, "retrieval": True, "both": True}
    assert takes(probes, "grid") == "Done"
    assert "4 of them trainings" in takes(probes, "curve")
    gold = [step for name, step in probes.chosen(["gold"]).steps.items() if step.inputs.get("gold")]
    assert len(gold) == 1  # rag and rag-sft are handed the same passages.


def test_training_on_a_share_takes_whole_groups_and_smaller_shares_are_part_of_larger(case: Case) -> None:
    plan = planned(case).chosen(["curve"])
    assert plan.shares == {0.25, 0.5}
    plan.write()
    quarter, half, every = (
        set(path.read_text().splitlines())
        for path in (case.share_path(0.25), case.share_path(0.5), case.split_path("train"))
    )
    assert quarter < half < every
    assert len(quarter) == pytest.approx(len(every) / 4, rel=0.25)
    assert len(half) == pytest.approx(len(every) / 2, rel=0.2)
    trains = [record for record in plan.steps.values() if record.kind == "train"]
    assert {record.files["examples"] for record in trains if "shares" in record.files["examples"]} == {
        str(case.share_path(share).relative_to(case.workspace)) for share in (0.25, 0.5)
    }


def test_findings_are_reasons_and_travel_with_the_raw_rows(case: Case) -> None:
    probes = planned(case)
    before = decide(load_results(case))
    # Answers of those that retrieve are read leniently with every run.
    assert {one.kind for one in before.findings} == {"grid", "form"}
    do(probes, ["form", "reach", "known"])
    made = read_probed(probes, leaked=frozenset())
    assert {one.kind for one in made} == {"grid", "form", "reach", "known"}
    after = decide(load_results(case))
    assert (after.choice, after.strength, after.headline) == (before.choice, before.strength, before.headline)
    assert {reason.text for reason in after.reasons} >= {one.sentence for one in after.findings if one.telling}
    form_ = [one for one in made if one.kind == "form"]
    assert [one.about for one in form_] == [("sft", "few-shot"), ("rag-sft", "rag")]
    assert all(len({cell.name for cell in one.cells}) == len(one.cells) for one in made)


def test_names_of_any_length_keep_what_is_compared_apart(tmp_path: Path) -> None:
    case = finished_case(tmp_path)
    long = "s" * 64
    sft = next(one for one in case.candidates() if one.name == "sft")
    rag = next(one for one in case.candidates() if one.name == "rag")
    case.choose([rag.model_copy(update={"name": "drawn"}), sft.model_copy(update={"name": long})])
    probes = plan_probes(case, {"drawn": 0.7, long: 0.4})
    grid, *_ = probes.of("grid")
    assert grid.about[:2] == (long, "drawn")
    assert len(set(grid.about)) == 3
    assert all(len({cell.name for cell in probe.cells}) == len(probe.cells) for probe in probes.probes)


def test_other_prompts_are_no_two_by_two(tmp_path: Path) -> None:
    case = finished_case(tmp_path)
    chosen = {one.name: one for one in case.candidates()}
    few = chosen["rag"].model_copy(update={"prompt": chosen["few-shot"].prompt})
    case.choose([few, chosen["sft"]])
    probes = plan_probes(case, {"rag": 0.7, "sft": 0.4})
    assert "other prompts" in probes.missing["grid"]


def test_one_that_is_both_is_told_apart_into_its_own_parts(tmp_path: Path) -> None:
    case = finished_case(tmp_path)
    case.choose([one for one in case.candidates() if one.name == "rag-sft"])
    grid, *_ = plan_probes(case, {"rag-sft": 0.8}).of("grid")
    assert grid.about == ("rag-sft", "rag-sft", "rag-sft")
    assert len({cell.steps for cell in grid.cells}) == 4


def test_what_cannot_make_a_learning_curve_says_why(tmp_path: Path) -> None:
    case = finished_case(tmp_path)
    sft = next(one for one in case.candidates() if one.name == "sft")
    case.choose([sft.model_copy(update={"train_share": 0.5})])
    assert "not trained to its end on all" in plan_probes(case, {"sft": 0.4}).missing["curve"]
    case.choose([sft])
    case.freeze("train", [one.model_copy(update={"group": "all"}) for one in case.examples("train")])
    assert "groups too large" in plan_probes(case, {"sft": 0.4}).missing["curve"]


def test_a_candidate_that_is_handed_the_right_passages_cannot_be_chosen(case: Case) -> None:
    rag = next(one for one in case.candidates() if one.name == "rag")
    assert rag.retrieval is not None
    handed = rag.model_copy(update={"retrieval": rag.retrieval.model_copy(update={"gold": True})})
    with pytest.raises(ConfigError, match="handed the right passages"):
        case.choose([handed])


def test_what_cannot_be_explained_says_why(tmp_path: Path) -> None:
    case = finished_case(tmp_path)
    case.choose([one for one in case.candidates() if one.approach == "prompting"])
    probes = planned(case)
    assert not probes.probes
    assert probes.missing["grid"].startswith("it needs a trained candidate")
    assert set(probes.missing) == set(TELLS)
