"""What a candidate's retrieval takes: queries, a tuned embedder, and no other step than before without them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.toys import toy_case
from workbench.candidate import Candidate, EmbedderTuning, Hosted, Retrieval
from workbench.case import Case, presets
from workbench.facts import facts_of
from workbench.plan import Plan
from workbench.planning import make_plan
from workbench.stage import Helper, Sft
from workbench.waves import next_wave
from workbench.workspace import StepRecord


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return toy_case(tmp_path, "product-facts", "shop")


def record(plan: Plan, name: str, role: str) -> StepRecord:
    return plan.steps[plan.runs[name, 0].steps[role]]


def test_without_them_a_retrieval_is_what_it_was(case: Case) -> None:
    plan = make_plan(case, [Candidate(name="rag-sft", retrieval=Retrieval(), training=(Sft(),))])
    for split in ("test", "train"):
        found = record(plan, "rag-sft", f"retrieve-{split}")
        assert found.inputs == {"passages": 3, "examples": case.split_digest(split)}
        assert set(found.needs) == {"index"}
    assert record(plan, "rag-sft", "index").needs == {}
    assert not {one.kind for one in plan.steps.values()} & {"rewrite", "embedder"}


def test_every_search_has_its_queries_and_only_the_test_is_timed(case: Case) -> None:
    retrieval = Retrieval(query="several", queries=4)
    one = Candidate(name="one", retrieval=retrieval)
    other = Candidate(name="other", retrieval=retrieval, training=(Sft(),))
    plan = make_plan(case, [one, other])
    made = record(plan, "other", "queries-test")
    assert made is record(plan, "one", "queries-test"), "of the untrained base, so whoever is trained shares them"
    assert (made.inputs["rewriter"]["model"], made.inputs["base_model"]) == ("pocket", "pocket")
    assert made.inputs["queries"] == 4
    steps = plan.runs["other", 0].steps
    timed = {split: record(plan, "other", f"queries-{split}").inputs["timed"] for split in ("test", "dev", "train")}
    assert timed == {"test": 60, "dev": 0, "train": 0}
    for split in timed:
        assert record(plan, "other", f"retrieve-{split}").needs["queries"] == steps[f"queries-{split}"]
    single = make_plan(case, [Candidate(name="one", retrieval=Retrieval(query="rewritten", queries=4))])
    assert record(single, "one", "queries-test").inputs["queries"] == 1
    wave = next_wave(plan, list(plan.steps))
    assert wave is not None
    assert (wave[0], [plan.steps[name].kind for name in wave[1]]) == ("rag", ["index"])


def test_a_named_model_rewrites_or_the_hosted_base_at_its_own_endpoint(case: Case) -> None:
    helper = Helper(model="writer", endpoint="https://example.com/v1")
    named = Candidate(name="named", retrieval=Retrieval(query="rewritten", rewriter=helper))
    hosted = Candidate(
        name="hosted", base_model="openai:big", retrieval=Retrieval(query="rewritten"),
        hosted=Hosted(endpoint="http://localhost:9/v1", at_once=3),
    )  # fmt: skip
    plan = make_plan(case, [named, hosted])
    assert record(plan, "named", "queries-test").inputs["rewriter"]["endpoint"] == "https://example.com/v1"
    made = record(plan, "hosted", "queries-test")
    assert made.inputs["rewriter"] | {"key_variable": ""} == {
        "model": "big", "endpoint": "http://localhost:9/v1", "key_variable": "",
    }  # fmt: skip
    assert made.how["at_once"] == 3
    facts = facts_of(case.whole(named))
    assert (facts.leaves, facts.goes_to) == (True, "example.com")
    unused = named.model_copy(update={"retrieval": Retrieval(rewriter=helper)})
    assert facts_of(case.whole(unused)).leaves is False


def test_a_tuned_embedder_stands_between_two_indexes(case: Case) -> None:
    plan = make_plan(case, [presets()["rag"], presets()["rag-tuned-embedder"]])
    steps = plan.runs["rag-tuned-embedder", 0].steps
    assert list(steps)[:4] == ["index-untuned", "embedder", "index", "retrieve-test"]
    assert steps["index-untuned"] == plan.runs["rag", 0].steps["index"], "the first is shared with who does not tune"
    tuned = record(plan, "rag-tuned-embedder", "embedder")
    assert tuned.needs == {"index": steps["index-untuned"]}
    assert set(tuned.files) == {"examples", "dev"}
    assert record(plan, "rag-tuned-embedder", "index").needs == {"embedder": steps["embedder"]}
    assert record(plan, "rag-tuned-embedder", "retrieve-test").needs == {"index": steps["index"]}
    wave = next_wave(plan, list(plan.steps))
    assert wave is not None
    assert wave[0] == "rag"
    assert set(steps.values()) - set(wave[1]) == {
        steps[role] for role in ("answer", "score", "score-lenient", "measure")
    }
    case.freeze("dev", [])
    assert set(record(make_plan(case, [presets()["rag-tuned-embedder"]]), "rag-tuned-embedder", "embedder").files) == {
        "examples"
    }


def test_it_is_retrieval_that_learns_from_the_training_examples(case: Case) -> None:
    one = presets()["rag-tuned-embedder"]
    assert one.approach == "RAG"
    assert not one.trained
    assert case.sees_training_answers(one)
    assert not case.sees_training_answers(presets()["rag"])
    case.freeze("train", [])
    assert case.lacks(one) == "training examples"
    with pytest.raises(ValidationError, match="uses no embedder"):
        Retrieval(search="lexical", embedder_tuning=EmbedderTuning())
