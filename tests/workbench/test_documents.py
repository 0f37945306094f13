"""What was read of the documents, on page and command line, before and after it was."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.toys import toy_case
from workbench.case import Case, open_case, presets
from workbench.cli import main
from workbench.documents import plan_index, reading, retrieving, shelf, unread_table
from workbench.errors import WorkbenchError
from workbench.lookup import Desk, Lookup
from workbench.question import frozen
from workbench.views.hits_html import highlighted, hits_html, turns_html
from workbench.workspace import Step

ANSWERER = """
import json, sys
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if asked["question"] == "die":
        sys.exit(3)
    if asked["question"] == "refuse":
        print(json.dumps({"message": "The index is broken.", "hint": "Build it again."}), flush=True)
        continue
    passage = {"id": "a.md#1", "document": "a.md", "text": asked["instruction"], "score": 0.5}
    place = [{"id": "a.md#1", "score": 0.5}]
    print(json.dumps({
        "passages": {"a.md#1": passage}, "dense": place, "lexical": [], "both": place, "handed": ["a.md#1"],
        "turns": [{"role": "user", "content": asked["question"]}], "tokens": None, "words": ["lamp"], "seconds": 0.01,
    }), flush=True)
"""


@pytest.fixture
def case(full_workspace: Path) -> Case:
    return open_case(full_workspace, "shop-facts")


def index_of(case: Case) -> Step:
    plan, steps = plan_index(case, retrieving(case))
    return plan.step(steps["rag"])


def test_what_was_read(case: Case) -> None:
    found = reading(index_of(case))
    assert found is not None
    assert found.documents == found.passages == len(list((case.folder / "documents").iterdir()))
    assert found.sentence.endswith("1 could not be read.")
    assert [row.cells for row in unread_table(found).rows] == [("price-list.png", "is of an unknown kind, '.png'")]


def test_before_it_is_read(tmp_path: Path) -> None:
    case = toy_case(tmp_path, "product-facts", "new")
    plan, steps = plan_index(case, [presets()["rag"], presets()["rag-sft"]])
    assert set(plan.steps) == set(steps.values())
    assert len(plan.steps) == 1, "both read the documents alike"
    assert reading(plan.step(steps["rag"])) is None


def test_only_the_passages_looked_at_are_read(case: Case) -> None:
    step = index_of(case)
    shelved = shelf(step)
    records = [json.loads(line) for line in step.path("passages.jsonl").read_text(encoding="utf-8").splitlines()]
    for record in records[::7]:
        (passage,) = shelved.passages(record["document"])
        assert (passage.id, passage.text) == (record["id"], record["text"])


def test_the_command_says_what_was_read(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["documents", case.name, "--workspace", str(case.workspace)]) == 0
    told = capsys.readouterr().out
    assert "rag: " in told
    assert "price-list.png is of an unknown kind" in told
    assert main(["documents", case.name, "--workspace", str(case.workspace), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rag"]["unread"] == 1
    assert main(["documents", case.name, "--workspace", str(case.workspace), "--candidate", "sft"]) == 2
    assert "sft looks nothing up" in capsys.readouterr().err


def test_reading_documents_asks_no_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits and margin may still be set after it: only runs freeze them."""
    case = toy_case(tmp_path, "product-facts", "new")
    monkeypatch.setattr("workbench.launch._run_engines", lambda *given: None)
    main(["documents", case.name, "--workspace", str(tmp_path)])
    assert frozen(case) is None
    main(["run", case.name, "--workspace", str(tmp_path), "--candidate", "zero-shot", "--candidate", "rag"])
    assert frozen(case) is not None


# --- The process that searches --------------------------------------------------------------------------


@pytest.fixture
def desk(case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A process that talks as ``recipes.lookup`` does, without an embedder."""
    script = tmp_path / "answerer.py"
    script.write_text(ANSWERER)
    launcher = tmp_path / "python"
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}"\n')
    launcher.chmod(0o755)
    monkeypatch.setattr("workbench.lookup.sys.executable", str(launcher))
    found = Desk(index_of(case))
    yield found
    found.close()


def test_the_process_is_asked_again_and_again(case: Case, desk: Desk) -> None:
    candidate = presets()["rag"]
    for question in ("What does the lamp cost?", "Größe der Lampe?\nZweite Zeile"):
        found = desk.ask(case, candidate, question)
        assert found.turns[-1].content == question
        assert found.passages["a.md#1"].text == case.use_case.instruction
    with pytest.raises(WorkbenchError, match="The index is broken"):
        desk.ask(case, candidate, "refuse")
    assert desk.ask(case, candidate, "again").handed == ("a.md#1",)


def test_a_process_that_ends_says_so(case: Case, desk: Desk) -> None:
    with pytest.raises(WorkbenchError, match="has ended"):
        desk.ask(case, presets()["rag"], "die")
    assert not desk.alive


def test_hits_are_shown_with_their_words_and_nothing_is_executed(case: Case, desk: Desk) -> None:
    found = desk.ask(case, presets()["rag"], "a lamp")
    evil = found.passages["a.md#1"].model_copy(update={"text": "<script>alert(1)</script> The LAMP & the lamps"})
    found = Lookup.parse(found.model_dump() | {"passages": {"a.md#1": evil.model_dump()}}, where="here")
    shown = hits_html(found, found.dense, digits=3)
    assert "<script>" not in shown
    assert "The <mark>LAMP</mark> &amp; the lamps" in shown
    assert "in the prompt" in shown
    assert "0.500" in shown
    assert "<mark>lamp</mark>" in turns_html(found.turns, found.words)
    assert highlighted("Straße", {"strasse"}) == "<mark>Straße</mark>"
