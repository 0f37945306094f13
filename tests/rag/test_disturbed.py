"""Passages that are changed on purpose: what is changed, for whom, and that it is the same each time."""

from pathlib import Path
from typing import Any

import pytest

from rag.disturbed import disturb
from rag.steps import Embedders, retrieve
from tests.rag.test_rag_steps import make_step
from workbench.disturbance import DISTURBED, WORDINGS, Distracted, Disturbance, Disturbed, Planted, Reversed
from workbench.examples import write_examples
from workbench.run import Passage, Retrieved
from workbench.usecase import Example, Message
from workbench.workspace import Step, read_jsonl, write_jsonl

DOCUMENTS = {f"d{n}": f"Title {n}\nThe lamp number {n} costs {n + 20} crowns and is sold on Sunday." for n in range(12)}
MANY = 40


def asked(n: int, **changes: Any) -> Example:
    messages = (Message(role="user", content=f"What does the lamp number {n} cost?"),)
    known = {"id": f"q{n}", "messages": messages, "target": f"{n + 20} crowns", "evidence": (f"d{n}",)}
    return Example(**(known | changes))


def numbered() -> list[Example]:
    return [asked(n % 12, id=f"q{n}") for n in range(MANY)]


def passage(name: str, score: float = 0.5) -> Passage:
    return Passage(id=f"{name}#0", document=name, text=DOCUMENTS[name], score=score)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An index of twelve documents, and what was found: three passages, one, and none."""
    index = make_step(tmp_path, "index-a", inputs={})
    rows = [{"id": f"{name}#0", "document": name, "text": text} for name, text in DOCUMENTS.items()]
    write_jsonl(index.path("passages.jsonl"), rows)
    examples = [*numbered(), asked(0, id="single"), asked(0, id="nothing")]
    write_examples(tmp_path / "examples.jsonl", examples)
    found = [
        Retrieved(
            example=one.id, seconds=0.1, handed=True, ranking=("d0#0",),
            passages=tuple(passage(f"d{(n + more) % 12}") for more in range(3)),
        )
        for n, one in enumerate(examples[:MANY])
    ]  # fmt: skip
    found += [Retrieved(example="single", passages=(passage("d0"),)), Retrieved(example="nothing", passages=())]
    write_jsonl(
        make_step(tmp_path, "retrieve-b", inputs={}).path("retrieved.jsonl"), [one.model_dump() for one in found]
    )
    return tmp_path


def changed(
    workspace: Path, how: Disturbance, name: str = "retrieve-c"
) -> tuple[list[Retrieved], dict[str, Disturbed]]:
    step = make_step(
        workspace, name, inputs={"examples": "digest", "disturbed": how.model_dump(mode="json")},
        needs={"index": "index-a", "found": "retrieve-b"}, files={"examples": "examples.jsonl"},
    )  # fmt: skip
    disturb(step)
    rows = [Retrieved.parse(one, where="test") for one in read_jsonl(step.path("retrieved.jsonl"))]
    notes = [Disturbed.parse(one, where="test") for one in read_jsonl(step.path(DISTURBED))]
    assert step.record.facts == {"examples": len(rows), "changed": len(notes)}
    assert {one.seconds for one in rows} == {None}, "what was changed took no time that anybody waits for"
    return rows, {one.example: one for one in notes}


def before(workspace: Path) -> list[Retrieved]:
    path = Step(workspace / "steps" / "retrieve-b").path("retrieved.jsonl")
    return [Retrieved.parse(one, where="test") for one in read_jsonl(path)]


def test_the_last_passage_comes_first_and_a_single_one_has_no_order(workspace: Path) -> None:
    rows, notes = changed(workspace, Reversed())
    for old, new in zip(before(workspace), rows, strict=True):
        assert new.passages == tuple(reversed(old.passages))
        assert (new.handed, new.ranking) == (old.handed, old.ranking)
    assert set(notes) == {f"q{n}" for n in range(MANY)}


def test_irrelevant_passages_stand_among_the_others_and_hold_no_answer(workspace: Path) -> None:
    two, _ = changed(workspace, Distracted(count=2))
    five, notes = changed(workspace, Distracted(count=5), "retrieve-d")
    firsts = set()
    for n, (old, some, more) in enumerate(zip(before(workspace), two, five, strict=True)):
        own = [one for one in more.passages if one in old.passages]
        assert own == list(old.passages), "the others keep their order"
        added = [one for one in more.passages if one not in old.passages]
        assert len(added) == 5
        assert len({one.document for one in added}) == 5
        assert not {one.document for one in added} & {one.document for one in old.passages}
        assert {one.id for one in some.passages} <= {one.id for one in more.passages}, "the two are among the five"
        firsts.add(more.passages.index(added[0]) if n < MANY else -1)
    assert len(firsts) > 2, "they stand in other places each time"
    assert len(notes) == MANY + 2
    again, _ = changed(workspace, Distracted(count=5), "retrieve-e")
    other, _ = changed(workspace, Distracted(count=5, seed=1), "retrieve-f")
    assert again == five
    assert other != five


def test_evidence_and_passages_with_the_answer_are_no_distractors_and_too_few_are_none(workspace: Path) -> None:
    rows, notes = changed(workspace, Distracted(count=9))
    # Of the twelve documents three were found; "nothing" was found nothing for, and names one as its evidence.
    assert set(notes) == {f"q{n}" for n in range(MANY)} | {"single", "nothing"}
    assert "d0" not in {one.document for one in rows[-1].passages}
    rows, notes = changed(workspace, Distracted(count=10), "retrieve-d")
    assert set(notes) == {"single", "nothing"}
    assert rows[0].passages == before(workspace)[0].passages
    titled = asked(0, id="nothing", evidence=("Title 3",), target="")
    write_examples(workspace / "examples.jsonl", [*numbered(), asked(0, id="single"), titled])
    rows, _ = changed(workspace, Distracted(count=10), "retrieve-e")
    assert "d3" not in {one.document for one in rows[-1].passages}


def test_an_instruction_stands_in_one_of_the_passages(workspace: Path) -> None:
    rows, notes = changed(workspace, Planted(where="passage"))
    assert set(notes) == {f"q{n}" for n in range(MANY)} | {"single"}
    places, ends, wordings = set(), set(), set()
    for old, new in zip(before(workspace)[:MANY], rows, strict=False):
        note = notes[new.example]
        wording = WORDINGS[note.wording if note.wording is not None else -1]
        instruction = wording.replace("{word}", note.word)
        (place,) = (n for n, one in enumerate(new.passages) if one != old.passages[n])
        text = new.passages[place].text
        assert text.count(instruction) == 1
        assert text.replace(f"{instruction} ", "").replace(f" {instruction}", "") == old.passages[place].text
        assert note.word not in " ".join(one.text for one in old.passages)
        places.add(place)
        ends.add((text.startswith(instruction), text.endswith(instruction)))
        wordings.add(note.wording)
    assert places == {0, 1, 2}
    assert ends == {(True, False), (False, True), (False, False)}
    assert wordings == set(range(len(WORDINGS)))
    assert len({one.word for one in notes.values()}) > MANY / 2


def test_a_document_that_was_written_to_be_found_comes_first_and_repeats_the_question(workspace: Path) -> None:
    rows, notes = changed(workspace, Planted(where="document"))
    assert len(notes) == MANY + 2
    for old, new in zip(before(workspace), rows, strict=True):
        brought, *rest = new.passages
        assert brought.text.startswith("What does the lamp number")
        assert notes[new.example].word in brought.text
        assert tuple(rest) == old.passages[:-1]
    inside, of_passages = changed(workspace, Planted(where="passage"), "retrieve-d")
    assert len(inside) == len(rows)
    assert all(notes[name].wording == one.wording for name, one in of_passages.items()), "the same wording in both"


def test_the_retrieve_step_changes_what_was_found_without_searching(workspace: Path) -> None:
    step = make_step(
        workspace, "retrieve-c", inputs={"examples": "digest", "disturbed": {"how": "reversed"}},
        needs={"index": "index-a", "found": "retrieve-b"}, files={"examples": "examples.jsonl"},
    )  # fmt: skip
    retrieve(step, embedders=Embedders())  # There is no embedder and no index to search.
    assert step.record.facts["changed"] == MANY
