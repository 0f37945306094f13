"""Stages: where their rows come from, what a use case must have for them, and what steps come before them."""

from pathlib import Path

import pytest

from tests.toys import toy_case
from workbench.candidate import Candidate
from workbench.case import Case, presets
from workbench.errors import ConfigError
from workbench.pairs import Pair
from workbench.planning import make_plan
from workbench.stage import (
    METHODS,
    Cpt,
    Dpo,
    Drawn,
    Grpo,
    Helper,
    Judge,
    RejectionSampling,
    Sft,
    Stage,
    reads_pairs,
    reads_requests,
)
from workbench.workspace import file_digest


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return toy_case(tmp_path, "ticket-json", "shop-tickets")


def _candidate(*stages: Stage, base: str | None = None) -> Candidate:
    return Candidate(name="tuned", training=stages, base_model=base)


def test_every_method_has_a_stage_of_its_name() -> None:
    for name, stage in METHODS.items():
        assert stage().method == name
    assert {stage.method for candidate in presets().values() for stage in candidate.training} == set(METHODS)


def test_where_rows_come_from() -> None:
    assert reads_pairs(Dpo())
    assert not reads_requests(Dpo())
    assert not reads_pairs(Dpo(pairs=Drawn()))
    assert reads_requests(Dpo(pairs=Drawn()))
    assert not reads_requests(Cpt())
    assert reads_requests(Grpo())


def test_what_a_use_case_must_have(case: Case) -> None:
    assert case.lacks(_candidate(Dpo())) == "preference pairs"
    assert case.lacks(_candidate(Dpo(pairs=Drawn()))) == ""
    case.freeze("train", [one.model_copy(update={"target": "", "check": "{}"}) for one in case.examples("train")])
    assert case.lacks(_candidate(Sft())) == "training examples with an answer"
    assert case.lacks(presets()["few-shot"]) == "training examples with an answer"
    assert case.lacks(_candidate(Grpo())) == ""
    case.freeze("train", [])
    assert case.lacks(_candidate(Grpo())) == "training examples"


def test_general_rows_of_another_base_have_to_be_named(case: Case, tmp_path: Path) -> None:
    mixed = Sft(general_share=0.2)
    assert case.lacks(_candidate(mixed)) == ""
    assert "general rows" in case.lacks(_candidate(mixed, base="some/model"))
    named = _candidate(mixed.model_copy(update={"general_rows": str(tmp_path / "talks.jsonl")}), base="some/model")
    assert "the file" in case.lacks(named)
    with pytest.raises(ConfigError, match="talks"):
        make_plan(case, [named])
    (tmp_path / "talks.jsonl").write_text("")
    assert case.lacks(named) == ""


def test_other_general_rows_are_another_training(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "talks.jsonl"
    names = []
    for text in ("one", "other"):
        path.write_text(text)
        plan = make_plan(case, [_candidate(Sft(general_share=0.2, general_rows=str(path)))])
        names.append(plan.runs["tuned", 0].steps["train-1"])
        assert plan.steps[names[-1]].inputs["general"] == file_digest(path)
    assert names[0] != names[1]


def test_drawn_pairs_are_judged_before_they_are_trained_on(case: Case) -> None:
    judge = Judge(model="some-model", endpoint="http://localhost:1/v1")
    plan = make_plan(case, [_candidate(Sft(), Dpo(pairs=Drawn(judge=judge)))])
    steps = plan.runs["tuned", 0].steps
    draw, pairs, train = (plan.steps[steps[role]] for role in ("rows-2", "pairs-2", "train-2"))
    assert (draw.kind, pairs.kind) == ("draw", "judge")
    assert draw.needs == {"train-1": steps["train-1"]}
    assert pairs.needs == {"rows": steps["rows-2"]}
    assert pairs.inputs["judge"]["model"] == "some-model"
    assert train.needs == {"train-1": steps["train-1"], "pairs": steps["pairs-2"]}
    assert list(plan.steps).index(steps["pairs-2"]) < list(plan.steps).index(steps["train-2"])
    assert list(steps)[-2:] == ["answer", "score"]


def test_looking_at_dev_is_part_of_a_training(case: Case) -> None:
    def trained(stage: Stage) -> str:
        return make_plan(case, [_candidate(stage)]).runs["tuned", 0].steps["train-1"]

    before = trained(Sft()), trained(Sft(looks=0))
    case.freeze("dev", case.examples("dev")[:3])
    assert trained(Sft()) != before[0]
    assert trained(Sft(looks=0)) == before[1], "it never looked there"


def test_the_metric_only_matters_to_those_who_score(case: Case) -> None:
    def trained(stage: Stage) -> str:
        return make_plan(case, [_candidate(stage)]).runs["tuned", 0].steps["train-1"]

    pairs = [Pair(id=one.id, messages=one.messages, chosen=one.target, rejected="?") for one in case.examples("train")]
    case.freeze_pairs(pairs)
    before = [trained(stage) for stage in (Sft(), Dpo(), RejectionSampling())]
    case.save(case.use_case.model_copy(update={"metric": "valid_json"}))
    after = [trained(stage) for stage in (Sft(), Dpo(), RejectionSampling())]
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, False]


def test_a_stage_list_that_cannot_work_is_refused() -> None:
    with pytest.raises(ConfigError, match="rlhf needs a reward stage before it"):
        Candidate.parse({"name": "x", "training": [{"method": "rlhf"}]}, where="The candidate")
    with pytest.raises(ConfigError, match="endpoint"):
        Judge.parse({"model": "m", "endpoint": "localhost:8000"}, where="The judge")


def test_documents_are_told_in_other_words_once_for_all_seeds(tmp_path: Path) -> None:
    case = toy_case(tmp_path, "product-facts", "shop-facts")
    stage = Cpt(paraphrases=3, paraphraser=Helper(model="m", endpoint="http://localhost:1/v1"))
    plan = make_plan(case, [_candidate(stage, Sft())])
    first, second = (run.steps for run in plan.runs.values())
    assert first["paraphrases-1"] == second["paraphrases-1"]
    assert plan.steps[first["train-1"]].needs["paraphrases"] == first["paraphrases-1"]
