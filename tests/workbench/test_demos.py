"""The bundled use cases: drawn from what the base model has never seen, and true to what they say of themselves."""

import json
import re
import time
from functools import cache
from itertools import chain
from random import Random

import pytest

from evals.scorers import SCORERS
from recipes.pocket.curriculum import draw_row
from workbench.audit import audit
from workbench.demos import DEMOS, Demo, build
from workbench.demos.catalogue import NAMED
from workbench.demos.ticket_json import PROBLEMS, URGENCY
from workbench.demos.world.facts import FACTS
from workbench.demos.world.names import is_reserved
from workbench.demos.world.things import KINDS, PRODUCTS
from workbench.errors import NotFound
from workbench.examples import Examples
from workbench.similarity import normalise
from workbench.usecase import Example

TRUTHS = {
    "product-facts": "RAG",
    "ticket-json": "fine-tuning",
    "facts-as-json": "RAG + fine-tuning",
    "already-known": "prompting",
    "brand-voice": "fine-tuning",
    "sums": "fine-tuning",
}
SEEDS = (0, 1, 2)
ABOUT_PRODUCTS = ("product-facts", "facts-as-json")
OF_A_KNOWN_WORLD = ("already-known", "brand-voice")
WITHOUT_DOCUMENTS = ("brand-voice", "sums")
every_demo = pytest.mark.parametrize("name", TRUTHS)
every_seed = pytest.mark.parametrize("seed", SEEDS)

demo = cache(build)


def all_of(found: Demo) -> list[Example]:
    return [*found.train, *found.dev, *found.test]


def test_the_demos_and_their_truths() -> None:
    assert {name: demo(name, 0).truth for name in DEMOS} == TRUTHS
    with pytest.raises(NotFound, match="no demo 'chess'"):
        build("chess", 0)


@every_demo
@every_seed
def test_sizes_ids_and_splits(name: str, seed: int) -> None:
    found = demo(name, seed)
    assert (len(found.train), len(found.dev), len(found.test)) == (400, 60, 300)
    assert len({example.id for example in all_of(found)}) == 760
    for split, examples in (("train", found.train), ("dev", found.dev), ("test", found.test)):
        assert {example.split for example in examples} == {split}
    assert found.use_case.name == name
    assert found.use_case.smallest_difference == 0.05
    assert found.use_case.seeds == (4 if name == "already-known" else 2)
    assert found.use_case.instruction
    assert found.blurb
    assert bool(found.documents) == (name not in WITHOUT_DOCUMENTS)


@every_demo
def test_the_same_seed_draws_the_same_and_another_another(name: str) -> None:
    assert build(name, 0) == demo(name, 0)
    asked = [{example.question for example in demo(name, seed).test} for seed in SEEDS]
    shared = max(len(asked[a] & asked[b]) / 300 for a, b in ((0, 1), (0, 2), (1, 2)))
    # The world that the base knows is the same for all seeds, so that demo can only ask for other parts of it.
    most = 0.7 if name in OF_A_KNOWN_WORLD else 0.25 if name == "sums" else 0.01
    assert shared <= most
    assert demo(name, 0).documents != demo(name, 1).documents or name in ("ticket-json", *WITHOUT_DOCUMENTS)


@every_demo
@every_seed
def test_no_question_is_asked_twice_and_none_of_the_test_is_in_training(name: str, seed: int) -> None:
    found = demo(name, seed)
    questions = [normalise(example.question) for example in all_of(found)]
    assert len(set(questions)) == len(questions)
    groups = [{example.cluster for example in split} for split in (found.train, found.dev, found.test)]
    assert not groups[0] & groups[2]
    assert not groups[1] & (groups[0] | groups[2])


@every_demo
def test_the_audit_has_nothing_to_mend(name: str) -> None:
    found = demo(name, 0)
    splits = (Examples(tuple(split)) for split in (found.train, found.dev, found.test))
    audited = audit(*splits, metric=found.use_case.metric)
    assert audited.worst in (None, "note")
    assert not audited.leaked_ids


@every_demo
def test_every_metric_can_score_every_reference(name: str) -> None:
    found = demo(name, 0)
    for metric in (found.use_case.metric, *found.use_case.secondary_metrics):
        solved = [
            example for example in all_of(found) if example.target and (example.split == "test" or not found.pairs)
        ]
        assert {SCORERS[metric](example.target, example.reference).value for example in solved} == {1}
        assert {SCORERS[metric]("?", example.reference).value for example in all_of(found)} == {0}


@every_demo
def test_documents_and_requests_are_short(name: str) -> None:
    found = demo(name, 0)
    sizes = [len(text.split()) for text in found.documents.values()]
    assert all(20 <= size <= 70 for size in sizes)
    assert max(len(example.question.split()) for example in all_of(found)) <= 60


@every_demo
def test_building_is_fast(name: str) -> None:
    started = time.process_time()
    build(name, 7)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("name", ABOUT_PRODUCTS)
@every_seed
def test_products_are_new_and_told_apart_by_name(name: str, seed: int) -> None:
    found = demo(name, seed)
    assert len(found.documents) == 220
    assert len({example.group for example in found.test}) >= 100
    stems = [file.removesuffix(".md").split("-")[0] for file in found.documents]
    assert len(set(stems)) == len(stems)
    assert all(map(is_reserved, stems))
    for example in all_of(found):
        assert is_reserved(example.group.split()[0])
        assert example.group in example.question
        if example.tags[0] in NAMED:
            assert is_reserved(answer_of(example))


def answer_of(example: Example) -> str:
    if example.target.startswith("{"):
        return str(json.loads(example.target)["holds"])
    return example.target


@pytest.mark.parametrize("name", ABOUT_PRODUCTS)
@every_seed
def test_the_documents_hold_every_answer(name: str, seed: int) -> None:
    found = demo(name, seed)
    for example in all_of(found):
        (file,) = example.evidence
        document = found.documents[file]
        answer = answer_of(example)
        assert example.group in document
        assert answer in document or f"{answer.capitalize()} is what" in document


@pytest.mark.parametrize("name", ABOUT_PRODUCTS)
def test_only_what_a_document_states_is_asked(name: str) -> None:
    """The question's attribute is stated in one of the sentences that the world has for it."""
    found = demo(name, 0)
    forms = {attribute.key: attribute.statements for attribute in KINDS["product"].attributes}
    for example in all_of(found):
        document = found.documents[example.evidence[0]]
        the_name, answer = f"the {example.group}", answer_of(example)
        stated = [
            form.format(N=subject, n=the_name, v=answer)
            for form in forms[example.tags[0]]
            for subject in (f"The {example.group}", "It")
        ]
        assert any(sentence[0].upper() + sentence[1:] in document for sentence in stated)


@every_seed
def test_facts_as_json_are_entries(seed: int) -> None:
    keys = {attribute.key for attribute in KINDS["product"].attributes}
    for example in all_of(demo("facts-as-json", seed)):
        entry = json.loads(example.target)
        assert list(entry) == ["entry", "property", "holds"]
        assert entry["entry"] == example.group
        assert entry["property"] in keys


@every_seed
def test_tickets_follow_from_their_messages(seed: int) -> None:
    found = demo("ticket-json", seed)
    for example in all_of(found):
        ticket = json.loads(example.target)
        assert list(ticket) == ["ticket", "priority", "item", "client"]
        said = example.question
        assert any(problem.format(p=ticket["item"]) in said for problem in PROBLEMS[ticket["ticket"]])
        others = chain.from_iterable(texts for code, texts in PROBLEMS.items() if code != ticket["ticket"])
        assert not any(problem.format(p=ticket["item"]) in said for problem in others)
        assert [item for item in PRODUCTS if item in said.replace("?", " ").replace(".", " ").split()] == [
            ticket["item"]
        ]
        assert is_reserved(ticket["client"])
        assert ticket["client"] in said
        heard = [priority for priority, texts in URGENCY.items() if any(text and text in said for text in texts)]
        assert heard == [ticket["priority"]] or (not heard and ticket["priority"] == "NORMAL")


@every_seed
def test_no_two_tickets_share_client_or_core(seed: int) -> None:
    tickets = [json.loads(example.target) for example in all_of(demo("ticket-json", seed))]
    assert len({ticket["client"] for ticket in tickets}) == 760


@every_seed
def test_every_wording_is_met_in_training(seed: int) -> None:
    trained = " ".join(example.question for example in demo("ticket-json", seed).train)
    for text in chain.from_iterable(PROBLEMS.values()):
        before, after = text.split("{p}")
        assert before in trained
        assert after in trained
    assert all(text in trained for text in chain.from_iterable(URGENCY.values()))


@every_seed
def test_what_is_known_already_is_the_world_or_stands_in_the_notes(seed: int) -> None:
    known = {(question, fact.value) for fact in FACTS for question in fact.questions()}
    read = 0
    found = demo("already-known", seed)
    for example in all_of(found):
        if example.tags == ("reading",):
            notes, question = example.question.split("\n\n")
            subject = next(line for line in notes.split("\n") if named(line) & named(question))
            assert example.target in subject or example.target.capitalize() in subject
            assert len([line for line in notes.split("\n")[1:] if named(line) & named(question)]) == 1
            assert named(question)
            read += 1
        else:
            assert (example.question, example.target) in known
    assert 100 <= read <= 200
    facts = {example.group for example in found.test if example.group}
    assert len(facts) >= 35


@every_seed
def test_few_sums_are_solved_and_all_can_be_checked(seed: int) -> None:
    found = demo("sums", seed)
    solved = [example for example in found.train if example.target]
    assert len(solved) == 40
    assert not any(example.target for example in (*found.dev, *found.test))
    for example in all_of(found):
        one, other = map(int, re.findall(r"\d+", example.question))
        assert one + other == int(example.check) <= 60
        assert example.target in ("", example.check)


@every_seed
def test_both_voices_are_right_and_one_is_preferred(seed: int) -> None:
    found = demo("brand-voice", seed)
    score = SCORERS["regex"]
    right = [score(example.target, example.check).value for example in found.train]
    assert 0.2 < sum(value or 0.0 for value in right) / 400 < 0.4, "solved examples are in both voices"
    assert len(found.pairs) == 400
    checks = {example.id: example.check for example in found.train}
    warm = [score(pair.chosen, checks[pair.id]).value for pair in found.pairs]
    stiff = [score(pair.rejected, checks[pair.id]).value for pair in found.pairs]
    assert [one == 1 for one in warm] == [other == 0 for other in stiff]
    assert 0.9 < sum(value or 0.0 for value in warm) / 400 < 1, "people do disagree"
    held_out = {normalise(example.question) for example in (*found.dev, *found.test)}
    assert held_out.isdisjoint(normalise(pair.messages[-1].content) for pair in found.pairs)


def named(text: str) -> set[str]:
    """The reserved names in a text."""
    words = (word.strip(".?,") for word in text.split())
    ordinary = {"Question:", "Notes:"}
    return {w for w in words if w[:1].isupper() and w.isalpha() and is_reserved(w) and w not in ordinary}


def test_the_base_has_never_met_the_forms() -> None:
    rng = Random(5)
    seen = " ".join(turn["content"] for _ in range(3_000) for turn in draw_row(rng)[1])
    for key in ("entry", "property", "holds", "ticket", "item", "client", "priority"):
        assert f'"{key}"' not in seen
    assert '"name"' in seen
    for code in PROBLEMS:
        assert code not in seen


def test_the_handbook_does_not_explain_the_form() -> None:
    texts = " ".join(demo("ticket-json", 0).documents.values())
    for word in chain(PROBLEMS, ("priority", "client", "{")):
        assert word not in texts


@every_seed
def test_the_documents_beside_what_is_known_do_not_hold_it(seed: int) -> None:
    found = demo("already-known", seed)
    words = set(" ".join(found.documents.values()).replace(".", " ").split())
    assert words.isdisjoint(example.target for example in found.test if example.tags != ("reading",))
