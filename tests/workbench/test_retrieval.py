"""Settings of retrieval: what does not fit is refused, and what is left at its default changes no step's key."""

from pathlib import Path
from typing import Any

import pytest

from tests.rag.conftest import make_cross_encoder
from tests.toys import toy_case
from workbench.candidate import Candidate, Retrieval
from workbench.case import Case, presets
from workbench.courses import INDEXED, SEARCHED
from workbench.errors import ConfigError, NotFound
from workbench.plan import Plan
from workbench.planning import make_plan
from workbench.workspace import StepRecord


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return toy_case(tmp_path, "product-facts", "shop-facts")


def planned(case: Case, **settings: Any) -> tuple[StepRecord, StepRecord]:
    """The steps ``index`` and ``retrieve`` of a candidate with some settings."""
    plan: Plan = make_plan(case, [Candidate(name="one", retrieval=Retrieval.model_validate(settings))])
    (run,) = plan.runs.values()
    return plan.steps[run.steps["index"]], plan.steps[run.steps["retrieve-test"]]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"parent_tokens": 160}, r"parent_tokens \(160\) must exceed chunk_tokens \(160\)"),
        ({"whole_documents": True}, "whole_documents needs budget_tokens"),
        ({"whole_documents": True, "budget_tokens": 900, "diversity": 0.5}, "leaves nothing to"),
        ({"whole_documents": True, "budget_tokens": 900, "parent_tokens": 400}, "leaves nothing to"),
        ({"budget_tokens": 100}, r"budget_tokens \(100\) has no room for a passage of 160 tokens"),
        ({"budget_tokens": 300, "parent_tokens": 400}, "has no room for a passage of 400 tokens"),
        ({"reranker": "a/b", "passages": 40}, r"rerank_from \(30\) must be at least passages \(40\)"),
        ({"diversity": 1.5}, "diversity"),
        ({"vectors": "lsh"}, "vectors"),
        ({"chunking": "pages"}, "chunking"),
    ],
)
def test_settings_of_which_one_undoes_another_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        Retrieval.parse(settings, where="retrieval")


def test_defaults_are_no_inputs_of_any_step(case: Case) -> None:
    index, retrieve = planned(case)
    assert index.inputs.keys() == {"chunk_tokens", "chunk_overlap", "embedder", "documents"}
    assert retrieve.inputs.keys() == {"passages", "examples"}
    assert retrieve.files.keys() == {"examples"}


@pytest.mark.parametrize(
    ("name", "value", "where"),
    [
        ("chunking", "fixed", "index"),
        ("parent_tokens", 400, "index"),
        ("vectors", "hnsw", "index"),
        ("search", "hybrid", "retrieve"),
        ("diversity", 0.3, "retrieve"),
        ("least_score", 0.4, "retrieve"),
        ("budget_tokens", 500, "retrieve"),
    ],
)
def test_what_is_turned_is_an_input_of_the_step_that_it_changes(case: Case, name: str, value: Any, where: str) -> None:
    plain, turned = planned(case), planned(case, **{name: value})
    index, retrieve = turned
    assert (index.inputs if where == "index" else retrieve.inputs)[name] == value
    assert (index.key != plain[0].key) == (where == "index"), "the index is shared where only the search differs"
    assert retrieve.key != plain[1].key
    assert name in (INDEXED if where == "index" else SEARCHED)


def test_a_reranker_is_known_by_what_it_is(case: Case, tmp_path: Path) -> None:
    folder = make_cross_encoder(tmp_path / "reranker", labels=1)
    _, before = planned(case, reranker=str(folder))
    assert before.inputs["rerank_from"] == 30
    (folder / "config.json").write_text((folder / "config.json").read_text() + "\n")
    _, after = planned(case, reranker=str(folder))
    assert before.key != after.key, "other files, another step"
    _, hub = planned(case, reranker="cross-encoder/some-reranker")
    assert hub.inputs["reranker_model"] == "hub:cross-encoder/some-reranker"
    with pytest.raises(NotFound):
        planned(case, reranker="./nowhere")


def test_without_a_reranker_how_much_it_would_read_changes_nothing(case: Case) -> None:
    assert planned(case, rerank_from=50) == planned(case)


def test_whole_documents_are_read_by_the_step_that_hands_them_over(case: Case) -> None:
    index, retrieve = planned(case, whole_documents=True, budget_tokens=500)
    assert retrieve.files["documents"] == index.files["documents"]


def test_long_context_is_there_for_whoever_asks_for_it(case: Case) -> None:
    preset = presets()["long-context"]
    assert preset.approach == "RAG"
    assert preset.retrieval is not None
    assert preset.retrieval.whole_documents
    assert not case.lacks(preset)
    assert preset not in case.suggested()
