"""A search over settings: on the development set alone, within its budget, resumable, and honest about its choice."""

import json
import os
from pathlib import Path

import pytest

from tests.toy_tuning import ToyEngines, case_to_tune
from workbench.candidate import Candidate, Hosted, Imported, Retrieval
from workbench.case import Case, presets
from workbench.errors import ConfigError, WorkbenchError
from workbench.question import freeze, frozen
from workbench.searched import searched
from workbench.tune import Watch, keep, tune
from workbench.tuning import Tuning, read_tuning, read_tunings
from workbench.tuning_choice import Choice, look
from workbench.tuning_start import Wanted
from workbench.workspace import Step, known_steps

RAG = Candidate(name="rag", retrieval=Retrieval(search="dense"))


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> ToyEngines:
    made = ToyEngines()
    monkeypatch.setattr("workbench.launch._run_engines", made)
    monkeypatch.setattr(os, "fsync", lambda file: None)  # Thousands of small files, and no power cut to fear.
    return made


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return case_to_tune(tmp_path / "workspace")


def search(case: Case, engines: ToyEngines, candidate: Candidate = RAG, **wanted: object) -> tuple[Tuning, Choice]:
    tuning = tune(case, candidate, Wanted(**wanted), clock=engines.clock)  # type: ignore[arg-type]
    return tuning, look(searched(case, tuning))


def test_what_is_better_is_found_and_kept(case: Case, engines: ToyEngines) -> None:
    tuning, choice = search(case, engines, trials=24)
    chosen = choice.of(choice.chosen)
    assert chosen is not None
    assert chosen.changed["retrieval.search"] == "hybrid"
    assert tuning.trials[chosen.number].settings["retrieval.passages"] in (1, 2)
    assert choice.gain is not None
    assert choice.gain.low > 0
    assert tuning.end == "trials"
    assert len(tuning.trials) == 24
    made = keep(case, tuning)
    assert made is not None
    assert made.name == "rag-tuned"
    assert made.approach == "RAG"
    known = {one.name: one for one in case.candidates()}
    assert known["rag-tuned"] == made
    assert known["rag"] == presets()["rag"]
    assert [one.kept for one in read_tunings(case)] == ["rag-tuned"]


def test_in_the_place_of_the_candidate(case: Case, engines: ToyEngines) -> None:
    tuning, _ = search(case, engines, trials=12)
    assert keep(case, tuning, replace=True) is not None
    names = [one.name for one in case.candidates()]
    assert "rag-tuned" in names
    assert "rag" not in names


def test_no_test_example_is_looked_at(case: Case, engines: ToyEngines) -> None:
    case.split_path("test").write_text("{ this could not be read", encoding="utf-8")
    tuning, _ = search(case, engines, trials=10)
    test, development = case.split_digest("test"), set(case.examples("dev").ids)
    steps = list(known_steps(case.workspace))
    assert len(steps) > 20
    for record in steps:
        assert not any("test" in Path(path).name for path in record.files.values()), record.title
        assert test not in json.dumps(record.inputs)
    answered = set()
    for path in case.workspace.glob("steps/answer-*/responses.jsonl"):
        answered |= {json.loads(line)["example"] for line in path.read_text(encoding="utf-8").splitlines()}
    assert answered == development
    assert tuning.examples == case.split_digest("dev")


def test_few_examples_first_then_more_and_none_twice(case: Case, engines: ToyEngines) -> None:
    tuning, choice = search(case, engines, trials=14)
    assert [rung.examples for rung in tuning.rungs] == [20, 60]
    early = [one for one in choice.tried if one.status == "stopped early"]
    whole = [one for one in choice.tried if one.status == "whole"]
    assert len(early) >= len(whole)
    assert {one.examples for one in early} == {20}
    assert {one.examples for one in whole} == {60}
    assert len(engines.done) == len(set(engines.done))
    # Who went on had done at least as well on the first examples as most who were stopped.
    assert max(one.mean or 0 for one in whole) >= max(one.mean or 0 for one in early)


@pytest.mark.parametrize("share", [0.02, 0.4, 0.8])
def test_an_interrupted_search_goes_on_where_it_was(
    case: Case, engines: ToyEngines, tmp_path: Path, share: float
) -> None:
    straight, _ = search(case, engines, trials=10)
    steps = len(engines.done)
    other = case_to_tune(tmp_path / "other")
    engines.done.clear()
    engines.interrupt_after = int(share * steps)
    with pytest.raises(KeyboardInterrupt):
        search(other, engines, trials=10)
    kept = read_tuning(other, "rag")
    assert kept is not None
    assert kept.end == ""
    engines.interrupt_after = None
    resumed, _ = search(other, engines, trials=10)
    assert [one.settings for one in resumed.trials] == [one.settings for one in straight.trials]
    assert [one.status for one in resumed.trials] == [one.status for one in straight.trials]
    assert len(engines.done) == len(set(engines.done)) == steps
    assert resumed.spent >= kept.spent


def test_the_budget_is_kept_and_the_candidate_itself_still_ends(case: Case, engines: ToyEngines) -> None:
    tuning, choice = search(case, engines, budget=0.5)
    assert tuning.end == "budget"
    assert [one.status for one in tuning.trials] == ["whole"]
    assert choice.chosen == 0
    assert keep(case, tuning) is None
    assert "rag-tuned" not in [one.name for one in case.candidates()]
    more, _ = search(case, engines, budget=120.0)
    assert more.trials[0] == tuning.trials[0]
    assert len(more.trials) > 3
    assert 120 <= more.spent < 120 + 10  # A step that is under way when the time is up is not cut in two by the toy.
    again, _ = search(case, engines, budget=120.0)
    assert again.trials == more.trials


def test_what_cannot_be_run_is_said_and_left_out(case: Case, engines: ToyEngines) -> None:
    engines.refuse = lambda step: "Too long." if step.record.inputs.get("chunk_tokens") == 240 else ""
    tuning, choice = search(case, engines, trials=16)
    failed = [one for one in tuning.trials if one.status == "failed"]
    assert failed
    assert all(one.settings["retrieval.chunk_tokens"] == 240 for one in failed)
    assert failed[0].reason == "Too long. Choose another."
    assert choice.chosen not in [one.number for one in failed]
    engines.refuse = lambda step: "Nothing goes." if step.record.kind == "index" else ""
    with pytest.raises(WorkbenchError, match="itself cannot be run: Nothing goes"):
        search(case, engines, RAG.model_copy(update={"retrieval": Retrieval(chunk_tokens=100)}), trials=3)


def test_where_nothing_is_better_it_stays_as_it_was(case: Case, engines: ToyEngines) -> None:
    engines.skill = lambda step: 0.5
    tuning, choice = search(case, engines, trials=10)
    assert choice.chosen == 0
    assert choice.gain is None
    assert keep(case, tuning) is None


def test_the_question_is_not_asked_anew(case: Case, engines: ToyEngines) -> None:
    search(case, engines, trials=2)
    assert frozen(case) is None
    asked = freeze(case, seen=False)
    case.save(case.use_case.model_copy(update={"smallest_difference": 0.3}))
    search(case, engines, trials=3)
    assert frozen(case) == asked


def test_another_search_counts_the_time_of_the_one_before(case: Case, engines: ToyEngines) -> None:
    first, _ = search(case, engines, trials=4)
    second, _ = search(case, engines, trials=4, seed=1)
    assert second.before == pytest.approx(first.spent)
    assert [one.settings for one in second.trials[1:]] != [one.settings for one in first.trials[1:]]


def test_everything_is_tried_at_last(case: Case, engines: ToyEngines) -> None:
    tuning, _ = search(case, engines, presets()["zero-shot"], wordings=("Say it.",), trials=40)
    assert tuning.end == "exhausted"
    assert len(tuning.trials) == 10  # Two instructions, five numbers of solved examples.
    assert len({tuple(one.settings.items()) for one in tuning.trials}) == 10


def test_training_learns_from_fewer_rows_first(case: Case, engines: ToyEngines) -> None:
    def skill(step: Step) -> float:
        stage = step.needed("train-1").record.inputs["stage"]
        return 0.7 if (stage["learning_rate"] or 4e-3) < 2e-3 else 0.4

    engines.skill = skill
    tuning, choice = search(case, engines, presets()["sft"], trials=12, wordings=())
    assert {one.name for one in tuning.dimensions} == {
        "training.1.learning_rate",
        "training.1.epochs",
        "training.1.adapter.rank",
    }
    assert [(rung.examples, rung.train_share) for rung in tuning.rungs] == [(60, 1.0)]
    chosen = choice.of(choice.chosen)
    assert chosen is not None
    assert float(str(tuning.trials[chosen.number].settings["training.1.learning_rate"])) < 2e-3
    made = keep(case, tuning)
    assert made is not None
    assert made.train_share == 1


def test_many_rows_make_two_rungs_of_training(case: Case, engines: ToyEngines) -> None:
    engines.skill = lambda step: 0.5
    rows = [one.model_copy(update={"id": f"{one.id}-{n}"}) for n in range(3) for one in case.examples("train")]
    case.freeze("train", rows)
    tuning, _ = search(case, engines, presets()["sft"], trials=7, wordings=())
    assert [(rung.examples, rung.train_share) for rung in tuning.rungs] == [(20, 0.33), (60, 1.0)]
    assert tuning.trials[0].scored[0] == ()
    trained = [record for record in known_steps(case.workspace) if record.kind == "train"]
    assert len({record.inputs["examples"] for record in trained}) == 2
    assert {one.status for one in tuning.trials} == {"whole", "stopped early"}


def test_hosted_models_are_asked_within_a_cap(case: Case, engines: ToyEngines) -> None:
    hosted = Hosted(input_price=1.0, output_price=1.0, spend_at_most=2.0, endpoint="http://localhost:1/v1")
    asked = RAG.model_copy(update={"base_model": "openai:any"})
    with pytest.raises(ConfigError, match="how much a search may spend"):
        search(case, engines, asked, trials=5)
    tuning, _ = search(case, engines, asked.model_copy(update={"hosted": hosted}), trials=50)
    assert tuning.end == "spending"
    answered = sum(record.facts["answered"] for record in known_steps(case.workspace) if record.kind == "answer")
    assert 1.0 < 0.01 * answered <= 2.0


def test_what_cannot_be_tuned_is_refused(case: Case, engines: ToyEngines) -> None:
    taken = Candidate(name="theirs", imported=Imported(approach="RAG", answers=("0" * 64,)))
    with pytest.raises(ConfigError, match="answered elsewhere"):
        search(case, engines, taken, trials=3)
    case.freeze("dev", list(case.examples("dev"))[:7])
    with pytest.raises(ConfigError, match="7 development examples; to tune on fewer than 20"):
        search(case, engines, trials=3)
    case.freeze("dev", [])
    with pytest.raises(ConfigError, match="no development examples"):
        search(case, engines, trials=3)
    assert engines.done == []


def test_whoever_watches_is_told(case: Case, engines: ToyEngines) -> None:
    seen: list[int] = []
    ticks: list[float] = []
    watch = Watch(lambda tuning: seen.append(len(tuning.trials)), lambda tuning, plan, seconds: ticks.append(seconds))
    tune(case, RAG, Wanted(trials=8), watch=watch, clock=engines.clock)
    assert seen == sorted(seen)
    assert seen[-1] == 8
    assert len(ticks) > 8
