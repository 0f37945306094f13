"""Which run is handed on, what is refused, and what the model card says."""

import re
from pathlib import Path

import pytest

from tests.toys import finished_case
from workbench.case import Case
from workbench.errors import ConfigError, NotFound
from workbench.export import MARKER, card, find_run, is_ours, plan_export


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return finished_case(tmp_path_factory.mktemp("toys"))


def test_a_run_is_found_by_id_and_by_candidate(case: Case) -> None:
    run = find_run(case.workspace, "sft", seed=1)
    assert (run.candidate.name, run.seed) == ("sft", 1)
    assert find_run(case.workspace, run.id) == run
    with pytest.raises(ConfigError, match="sft was run more than once") as caught:
        find_run(case.workspace, "sft")
    assert run.id in caught.value.hint
    with pytest.raises(NotFound, match="no run 'dpo'") as missing:
        find_run(case.workspace, "dpo")
    assert "sft" in missing.value.hint


def test_what_cannot_be_exported_is_refused(case: Case, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="zero-shot is not trained"):
        plan_export(case, find_run(case.workspace, "zero-shot"), to=tmp_path / "out", form="merged")
    run = find_run(case.workspace, "sft", seed=0)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "README.md").write_text("years of work")
    with pytest.raises(ConfigError, match="holds something else"):
        plan_export(case, run, to=tmp_path / "mine", form="merged")


def test_only_what_an_export_wrote_is_replaced(case: Case, tmp_path: Path) -> None:
    assert is_ours(tmp_path / "new")
    assert is_ours(tmp_path)
    (tmp_path / MARKER).write_text('{"step": "export-a"}')
    assert is_ours(tmp_path)
    (tmp_path / MARKER).write_text("{}")
    assert not is_ours(tmp_path)
    assert not is_ours(tmp_path / MARKER)


def test_a_folder_that_holds_another_export_is_written_again(case: Case, tmp_path: Path) -> None:
    run = find_run(case.workspace, "sft", seed=0)
    plan, name = plan_export(case, run, to=tmp_path / "out", form="merged")
    plan.write()
    plan.step(name).update(status="done")
    (tmp_path / "out").mkdir()
    for written, status in ((name, "done"), ("export-other", "waiting")):
        (tmp_path / "out" / MARKER).write_text(f'{{"step": "{written}"}}')
        plan_export(case, run, to=tmp_path / "out", form="merged")
        assert plan.step(name).status == status


def test_the_step_says_what_to_write_from_what(case: Case, tmp_path: Path) -> None:
    run = find_run(case.workspace, "rag-sft", seed=0)
    plan, name = plan_export(case, run, to=tmp_path / "out", form="merged")
    record = plan.steps[name]
    assert record.kind == "export"
    assert record.needs["train-1"] == run.steps["train-1"]
    assert record.needs["retrieve"] == run.steps["retrieve-dev"], "asked as it was trained: with passages"
    assert record.inputs["to"] == str(tmp_path / "out")
    assert record.files["examples"].endswith("dev.jsonl")


def test_the_card_tells_scores_with_intervals_data_and_what_is_unknown(case: Case) -> None:
    text = card(case, find_run(case.workspace, "sft", seed=0))
    assert text.startswith("---\nbase_model: pocket\n")
    assert re.search(r"^\| \*\*sft\*\* +\| fine-tuning +\|", text, re.MULTILINE), "its own row stands out"
    assert "Memory training" in text
    assert "> **" in text, "the recommendation for the use case, as a report tells it"
    assert "95 % interval" in text
    assert f"sha256 {case.split_digest('train')}" in text
    assert "Forgetting was not measured" in text
    assert "name: sft" in text
    assert case.use_case.instruction in text
