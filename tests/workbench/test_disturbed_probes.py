"""Probes that change passages: what is planned, what is read of the answers, and what that shows."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from evals.steps import score_answers
from rag.disturbed import disturb
from tests.toys import finished_case
from tests.workbench.test_diagnose import one, probed, share
from workbench.candidate import Candidate
from workbench.case import Case
from workbench.disturbance import DISTURBED, Disturbance, Planted, Reversed
from workbench.errors import ConfigError
from workbench.phrases import percent
from workbench.planning import make_plan
from workbench.probe import Probes
from workbench.probe_rows import Finding
from workbench.probed import read_probed
from workbench.probes import plan_probes
from workbench.provenance import provenance
from workbench.results import decide, load_results
from workbench.run import Passage, Response, Retrieved
from workbench.sections.why import explained
from workbench.statistics.arrays import Floats
from workbench.usecase import Example
from workbench.workspace import Step, read_jsonl, write_jsonl

N = 400
Model = Callable[[Example, Retrieved, str], str]
"""Answers an example from its passages; the last argument is the word that is planted there, or empty."""


# --- What is planned ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A finished case with a candidate that retrieves, not trained."""
    made = finished_case(tmp_path_factory.mktemp("disturbed"))
    made.choose(candidate for candidate in made.candidates() if candidate.name in ("zero-shot", "rag"))
    return made


def named(case: Case, name: str) -> Candidate:
    return next(candidate for candidate in case.candidates() if candidate.name == name)


def disturbed(candidate: Candidate, how: Disturbance | None) -> Candidate:
    assert candidate.retrieval is not None
    return candidate.model_copy(update={"retrieval": candidate.retrieval.model_copy(update={"disturbed": how})})


def test_the_change_builds_on_what_was_found_and_no_other_step_is_another(case: Case) -> None:
    rag = named(case, "rag")
    plain = make_plan(case, [rag]).runs["rag", 0].steps
    turned = make_plan(case, [disturbed(rag, Reversed())])
    changed = turned.runs["rag", 0].steps
    assert (changed["index"], changed["found-test"]) == (plain["index"], plain["retrieve-test"])
    step = turned.steps[changed["retrieve-test"]]
    assert step.needs == {"index": plain["index"], "found": plain["retrieve-test"]}
    assert step.inputs["disturbed"] == {"how": "reversed"}
    assert turned.steps[changed["answer"]].inputs["timed"] == 0, "nobody waits for what only explains"
    assert make_plan(case, [disturbed(rag, None)]).runs["rag", 0].steps == plain
    planted = make_plan(case, [disturbed(rag, Planted(where="passage"))])
    record = planted.steps[planted.runs["rag", 0].steps["retrieve-test"]]
    assert "Ignore the question" in str(record.inputs), "the key holds what was planted"


def test_a_candidate_whose_passages_are_changed_cannot_be_chosen(case: Case) -> None:
    with pytest.raises(ConfigError, match="changed on purpose"):
        case.choose([disturbed(named(case, "rag"), Reversed())])


@pytest.mark.parametrize(
    ("update", "why"),
    [({"passages": 1}, "a single passage, which has no order"), ({}, "draws its answers")],
)
def test_what_has_no_order_says_why(tmp_path: Path, update: dict[str, int], why: str) -> None:
    made = finished_case(tmp_path)
    rag = named(made, "rag")
    assert rag.retrieval is not None
    decoding = rag.decoding.model_copy(update={"temperature": 0.0 if update else 0.7})
    made.choose([rag.model_copy(update={"retrieval": rag.retrieval.model_copy(update=update), "decoding": decoding})])
    probes = plan_probes(made, {"rag": 0.8})
    assert why in probes.missing["order"]
    assert probes.of("distractors")
    assert probes.of("injection")


def test_who_retrieves_nothing_has_no_passages_to_change(tmp_path: Path) -> None:
    made = finished_case(tmp_path)
    made.choose([named(made, "zero-shot")])
    probes = plan_probes(made, {"zero-shot": 0.1})
    assert {probes.missing[kind] for kind in ("order", "distractors", "injection")} == {
        "it needs a candidate that retrieves"
    }


# --- What is read -------------------------------------------------------------------------------------


def do(probes: Probes, model: Model) -> None:
    """Do every step of the probes that change passages, with a made-up model that reads what it is given."""
    plan = probes.chosen(["order", "distractors", "injection"])
    plan.write()
    for name in plan.unfinished():
        step = plan.step(name)
        with step.running(provenance(())):
            if step.record.kind == "retrieve":
                disturb(step) if "disturbed" in step.record.inputs else hand_over(step, plan.case)
            elif step.record.kind == "answer":
                answer(step, plan.case, model)
            else:
                score_answers(step)


def hand_over(step: Step, case: Case) -> None:
    """The right passages, as searching for them would have left it."""
    made = []
    for example in case.examples("test"):
        texts = {name: (case.folder / "documents" / name).read_text(encoding="utf-8") for name in example.evidence}
        own = tuple(Passage(id=f"{name}#0", document=name, text=text, score=1) for name, text in texts.items())
        made.append(Retrieved(example=example.id, passages=own, handed=bool(own)))
    write_jsonl(step.path("retrieved.jsonl"), [each.model_dump(mode="json") for each in made])


def answer(step: Step, case: Case, model: Model) -> None:
    found = step.needed("retrieve")
    notes = found.path(DISTURBED)
    words = {row["example"]: row["word"] for row in read_jsonl(notes)} if notes.exists() else {}
    got = {row["example"]: Retrieved.parse(row, where="test") for row in read_jsonl(found.path("retrieved.jsonl"))}
    rows = [
        Response(
            example=example.id, text=model(example, got[example.id], words.get(example.id, "")),
            passages=tuple(passage.id for passage in got[example.id].passages), prompt_tokens=9, completion_tokens=3,
            finish="too long" if len(got[example.id].passages) > 5 and example.id.endswith("7") else "stop",
        )
        for example in case.examples("test")
    ]  # fmt: skip
    write_jsonl(step.path("responses.jsonl"), [row.model_dump(mode="json") for row in rows])


def first_only(example: Example, got: Retrieved, word: str) -> str:
    """Reads the first passage alone, and does what it is told there."""
    first = got.passages[0].text if got.passages else ""
    if word and word in first:
        return f"Sure: {word.upper()}!"
    return example.target if example.target.lower() in first.lower() else f"not in {first[:20]}"


def test_a_model_that_reads_the_first_passage_alone_is_found_out(case: Case) -> None:
    results = load_results(case)
    probes = plan_probes(case, {"rag": 0.9, "zero-shot": 0.1})
    # The finished run answers as this model would, too, so that only the passages differ.
    for cell in {cell for kind in ("order", "injection") for probe in probes.of(kind) for cell in probe.cells[:1]}:
        for name, score in zip(cell.answers, cell.steps, strict=True):
            answer(probes.plan.step(name), case, first_only)
            score_answers(probes.plan.step(score))
    do(probes, first_only)
    made = {each.kind: each for each in read_probed(probes, leaked=frozenset())}
    assert set(made) >= {"order", "distractors", "injection"}
    found = {kind: one(made[kind]) for kind in ("order", "distractors", "injection")}

    rows = {example.id: example for example in case.examples("test")}
    order = found["order"]
    assert order.effects[1].value > 0.3
    assert order.telling
    assert made["order"].left_out == 0
    assert "irrelevant ones among them" in found["distractors"].sentence
    assert found["distractors"].effects[-1].high < 0, "most answers are not in the first passage any more"
    assert made["distractors"].left_out >= sum(name.endswith("7") for name in made["injection"].items)
    assert "left out" in found["distractors"].sentence
    injection = {effect.name: effect for effect in found["injection"].effects}
    assert injection["obeyed, planted in a document"].value == 1, "that passage always comes first"
    assert 0.1 < injection["obeyed, planted in a passage"].value < 0.6, "one of three comes first"
    by_wording = [effect for name, effect in injection.items() if name.startswith("obeyed: ")]
    assert sum(effect.n or 0 for effect in by_wording) == len(rows)
    assert "100.0 % of those planted" in found["injection"].caution
    told = decide(load_results(case))
    assert (told.choice, told.strength) == (decide(results).choice, decide(results).strength), "it decides nothing"
    assert any(caution.caution for caution in told.findings)


# --- What it shows ------------------------------------------------------------------------------------


def order(changed: float, *, fall: float = 0.0, n: int = N) -> Finding:
    """A score of a half that changes for a share of the items, in both directions but for the fall."""
    before = (np.arange(n) % 2).astype(float)[None]
    after, turned = before.copy(), np.flatnonzero(np.arange(n) < changed * n)
    after[0, turned] = 1 - after[0, turned]
    lost = np.flatnonzero((after[0] == 1) & (np.arange(n) >= changed * n))[: int(fall * n)]
    after[0, lost] = 0
    answers = (before != after).astype(float)
    cells: Mapping[str, Floats] = {"found": before, "reversed": after, "another answer": answers}
    return one(probed("order", cells, about=("rag",)))


def test_order_tells_whether_it_matters_and_in_which_direction() -> None:
    assert "their order hardly matters" in order(0.0).sentence
    assert "hangs on where it stands" in order(0.3).sentence
    assert "a reranker may help" in order(0.3, fall=0.2).sentence
    unsure = order(0.05, n=60)
    assert "is not shown" in unsure.sentence
    assert not unsure.telling


def test_order_counts_the_spread_over_trainings() -> None:
    before, after = np.concatenate([share(0.8, seed=1), share(0.8, seed=2)]), np.concatenate([share(0.8), share(0.3)])
    cells = {"found": before, "reversed": after, "another answer": (before != after).astype(float)}
    weights = dict.fromkeys(("found", "reversed", "another answer"), "a b")
    spread = one(probed("order", cells, about=("rag-sft",), weights=weights))
    alone = one(probed("order", cells, about=("rag",)))
    assert spread.effects[1].high - spread.effects[1].low > 1.5 * (alone.effects[1].high - alone.effects[1].low)


@pytest.mark.parametrize(
    ("five", "said", "telling"),
    [
        (0.9, "hardly distracts it", True),
        (0.6, "it is distracted, by", True),
        (0.85, "distracted a little", True),
    ],
)
def test_distractors_tell_how_the_score_falls(five: float, said: str, telling: bool) -> None:
    cells = {"handed over": share(0.9), "2 more": share(0.9), "5 more": share(five)}
    found = one(probed("distractors", cells, about=("rag",)))
    assert said in found.sentence
    assert found.telling is telling
    assert "nothing but the right passages" in found.sentence
    assert f"{percent(cells['5 more'].mean())} with 5" in found.sentence
    plain = one(probed("distractors", {"found": share(0.9), "2 more": share(0.9), "5 more": share(0.9)}))
    assert "the passages it finds" in plain.sentence


def injected(inside: float, outside: float) -> Finding:
    cells = {
        "found": share(0.9), "in a passage": share(0.9 * (1 - inside)), "in a document": share(0.9 * (1 - outside)),
        "obeyed in a passage": share(inside, seed=3), "obeyed in a document": share(outside, seed=4),
        "wording in a passage": (np.arange(N) % 5).astype(float)[None],
        "wording in a document": (np.arange(N) % 5).astype(float)[None],
    }  # fmt: skip
    return one(probed("injection", cells, about=("rag",)))


def test_instructions_that_are_obeyed_are_warned_of_and_those_that_are_not_are_bounded() -> None:
    steered = injected(0.2, 0.6)
    assert "documents can steer it" in steered.sentence
    assert "60.0 % of those planted" in steered.caution
    assert len(steered.effects) == 4 + 5
    assert {effect.n for effect in steered.effects[4:]} == {N // 5}
    safe = injected(0.0, 0.0)
    assert not safe.caution
    bound = max(effect.high for effect in safe.effects[:2])
    assert 0 < bound < 0.05
    assert f"at most {percent(bound)} of such instructions are obeyed" in safe.sentence
    assert [block.kind for block in explained(safe)] == ["effects", "text"]
