"""Rows with the right passage among distractors: how many have it, where it stands, and what is left as it was."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from recipes.raft import arranged
from tests.recipes.steps import do, make_training, same_adapters
from tests.toys import toy_case
from workbench.candidate import Candidate, Retrieval
from workbench.case import Case, presets
from workbench.examples import write_examples
from workbench.plan import Plan
from workbench.planning import make_plan
from workbench.run import Apart, Passage, Retrieved
from workbench.stage import Distill, Dpo, Grpo, Lora, Sft
from workbench.usecase import Example
from workbench.workspace import Step, write_atomically, write_jsonl


def passage(name: str) -> Passage:
    return Passage(id=f"{name}#1", document=name, text=f"The thing is {name}.", score=0.5)


def material(count: int = 40) -> tuple[dict[str, Retrieved], dict[str, Apart]]:
    """Examples of which every tenth names no evidence, with what was found and what it is."""
    others = tuple(passage(f"other{n}") for n in range(4))
    found = {f"e{n}": Retrieved(example=f"e{n}", passages=others[:3]) for n in range(count)}
    apart = {
        name: Apart(example=name, gold=(passage(f"gold-{name}"),) if n % 10 else (), others=others)
        for n, name in enumerate(found)
    }
    return found, apart


def test_a_share_of_the_rows_has_the_right_passage_anywhere_among_distractors() -> None:
    found, apart = material()
    rows, facts = arranged(found, found, apart, Sft(gold_share=0.75, distractors=2), seed=0)
    assert facts == {"rows_with_gold": 27, "rows_with_distractors_alone": 9, "rows_without_evidence": 4}
    having = {name: [p.document.startswith("gold") for p in row.passages] for name, row in rows.items()}
    assert sum(map(any, having.values())) == 27
    assert {len(row) for row in having.values()} == {3}, "the number of passages tells nothing"
    assert {row.index(True) for row in having.values() if any(row)} == {0, 1, 2}, "nor does their order"
    assert all(rows[f"e{n}"] == found[f"e{n}"] for n in (0, 10, 20, 30)), "as found, where no evidence is named"
    assert all(len({p.id for p in row.passages}) == 3 for row in rows.values())


def test_the_same_seed_makes_the_same_rows_and_another_other_ones() -> None:
    found, apart = material()
    stage = Sft(gold_share=0.5)
    assert arranged(found, found, apart, stage, seed=1) == arranged(found, found, apart, stage, seed=1)
    assert arranged(found, found, apart, stage, seed=1)[0] != arranged(found, found, apart, stage, seed=2)[0]


def test_too_few_distractors_are_counted() -> None:
    found, apart = material(10)
    _, facts = arranged(found, found, apart, Sft(gold_share=1, distractors=6), seed=0)
    assert facts["rows_short_of_distractors"] == 9


def _finished(workspace: Path, name: str, apart: dict[str, Apart], found: dict[str, Retrieved]) -> Step:
    folder = workspace / "steps" / name
    record = {"kind": "retrieve", "key": name, "title": name, "inputs": {}, "status": "done"}
    write_atomically(folder / "step.json", json.dumps(record))
    write_jsonl(folder / "apart.jsonl", [one.model_dump(mode="json") for one in apart.values()])
    write_jsonl(folder / "retrieved.jsonl", [one.model_dump(mode="json") for one in found.values()])
    return Step(folder)


def test_it_is_trained_on_those_rows(tmp_path: Path, toy_base: Path, examples: list[Example]) -> None:
    found, apart = material(20)
    write_examples(tmp_path / "train.jsonl", examples)
    step = _finished(tmp_path, "retrieve-a", apart, found)
    plain = Sft(adapter=Lora(rank=4), epochs=1, looks=0)
    chosen = plain.model_copy(update={"gold_share": 0.5})
    one = do(make_training(tmp_path, toy_base, chosen, name="train-a", retrieve=step.name))
    facts = one.record.facts
    assert (facts["rows"], facts["rows_with_gold"], facts["rows_without_evidence"]) == (20, 9, 2)
    shown = "".join(text for text, _ in json.loads(one.path("tokens.jsonl").read_text().splitlines()[1])["pieces"])
    assert shown.count("The thing is") == 3
    other = do(make_training(tmp_path, toy_base, plain, name="train-b", retrieve=step.name))
    assert not same_adapters(one, other)
    assert "rows_with_gold" not in other.record.facts


# --- Planning -----------------------------------------------------------------------------------------


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return toy_case(tmp_path, "product-facts", "shop")


def _kept(plan: Plan, role: str, name: str) -> str:
    return plan.runs[name, 0].steps[role]


def test_what_is_left_at_its_default_changes_no_step(case: Case) -> None:
    known = presets()
    plan = make_plan(case, [known["rag-sft"], known["raft"]])
    stages = {name: plan.steps[_kept(plan, "train-1", name)].inputs["stage"] for name in ("rag-sft", "raft")}
    assert not {"gold_share", "distractors"} & set(stages["rag-sft"])
    assert (stages["raft"]["gold_share"], stages["raft"]["distractors"]) == (0.8, 2)
    trains = [plan.steps[_kept(plan, "retrieve-train", name)].inputs for name in ("rag-sft", "raft")]
    assert trains[1] == trains[0] | {"beside": 2}
    assert _kept(plan, "retrieve-test", "rag-sft") == _kept(plan, "retrieve-test", "raft"), "asked alike"
    (stage,) = known["sft"].training
    bare = Candidate(name="bare", training=(stage.model_copy(update={"gold_share": 0.5}),))
    plan = make_plan(case, [known["sft"], bare])
    assert _kept(plan, "train-1", "sft") == _kept(plan, "train-1", "bare"), "without passages it is the same training"


def test_it_is_not_suggested(case: Case) -> None:
    assert {"raft", "rag-tuned-embedder"} <= set(presets())
    assert not {"raft", "rag-tuned-embedder"} & {one.name for one in case.suggested()}


def test_settings_that_would_do_nothing_are_refused() -> None:
    with pytest.raises(ValidationError, match="on-policy there are none"):
        Distill(mode="on-policy", gold_share=0.5)
    for method in (Dpo, Grpo):
        with pytest.raises(ValidationError):
            method(gold_share=0.5)
    assert Candidate(name="x", retrieval=Retrieval(), training=(Sft(gold_share=0.5),)).approach == "RAG + fine-tuning"
