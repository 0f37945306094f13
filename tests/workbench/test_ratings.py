"""Single answers called good or bad: read, checked, and what KTO learns from where a use case has them."""

import json
from pathlib import Path

import pytest

from tests.toys import toy_case
from workbench.candidate import Candidate
from workbench.case import presets
from workbench.create import add_ratings
from workbench.errors import DataError
from workbench.planning import make_plan
from workbench.rating_intake import check_ratings, looks_rated, to_ratings
from workbench.ratings import Rating, read_ratings, write_ratings
from workbench.stage import Dpo, Kto
from workbench.textfiles import read_csv, read_jsonl
from workbench.usecase import Example, Message


def rating(name: str, *, asks: str = "What?", answer: str = "This.", good: bool = True) -> Rating:
    return Rating(id=name, messages=(Message(role="user", content=asks),), answer=answer, good=good)


@pytest.mark.parametrize(("said", "good"), [("true", True), ("1", True), ("Up", True), ("BAD", False), ("-1", False)])
def test_labels_as_people_write_them(said: str, good: bool) -> None:
    (found,) = to_ratings(read_csv(f"prompt,completion,label\nWhat?,This.,{said}\n", "x.csv"))
    assert (found.messages[-1].content, found.answer, found.good) == ("What?", "This.", good)


def test_conversations_and_booleans_of_json() -> None:
    turns = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "What?"}]
    line = json.dumps({"prompt": turns, "completion": "This.", "label": False})
    (found,) = to_ratings(read_jsonl(line + "\n", "x.jsonl"))
    assert [message.role for message in found.messages] == ["system", "user"]
    assert not found.good


def test_what_cannot_be_read_is_told() -> None:
    with pytest.raises(DataError, match="has the label 'maybe'"):
        to_ratings(read_csv("prompt,completion,label\nWhat?,This.,maybe\n", "x.csv"))
    with pytest.raises(DataError, match="completion"):
        to_ratings(read_csv("prompt,label\nWhat?,1\n", "x.csv"))


def test_ratings_are_told_from_pairs() -> None:
    assert looks_rated(read_csv("prompt,completion,label\na,b,1\n", "x.csv"))
    assert not looks_rated(read_csv("prompt,chosen,rejected\na,b,c\n", "x.csv"))
    assert not looks_rated(read_csv("prompt,chosen,rejected,label\na,b,c,1\n", "x.csv"))


def test_what_would_mislead_is_left_out_or_said() -> None:
    ratings = [
        rating("a"),
        rating("b"),
        rating("c", good=False),
        rating("d", asks="Leaked?"),
        rating("e", answer="So."),
    ]
    kept, found = check_ratings(
        ratings, held_out=[Example(id="t", messages=(Message(role="user", content="leaked?"),), target="x")]
    )
    assert [one.id for one in kept] == ["a", "c", "e"]
    assert (found.ratings, found.good, found.repeated, found.leaked, found.contradictions) == (3, 2, 1, 1, 1)
    said = " ".join(found.remarks())
    assert "called good and bad" in said
    assert "3 ratings are few" in said


def test_ratings_of_one_kind_teach_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="All ratings are of one kind"):
        write_ratings(tmp_path / "ratings.jsonl", [rating("a"), rating("b")])
    write_ratings(tmp_path / "ratings.jsonl", [rating("a"), rating("b", good=False)])
    assert [one.good for one in read_ratings(tmp_path / "ratings.jsonl")] == [True, False]


def test_kto_learns_from_ratings_where_there_are_some(tmp_path: Path) -> None:
    case = toy_case(tmp_path, "product-facts", "shop-facts")
    alone = Candidate(name="kto", training=(Kto(),))
    assert case.lacks(alone) == "preference pairs or ratings"
    assert case.lacks(Candidate(name="dpo", training=(Dpo(),))) == "preference pairs"
    path = tmp_path / "votes.csv"
    path.write_text("prompt,completion,label\n" + "".join(f"Is it {n}?,Yes {n}.,{n % 2}\n" for n in range(30)))
    assert add_ratings(case, path).good == 15
    assert case.lacks(alone) == ""
    assert case.lacks(Candidate(name="dpo", training=(Dpo(),))) == "preference pairs"
    plan = make_plan(case, [alone])
    step = plan.steps[plan.runs["kto", 0].steps["train-1"]]
    assert step.files["ratings"].endswith("ratings.jsonl")
    assert "pairs" not in step.files
    searched = Candidate(name="rag-kto", training=(Kto(),), retrieval=presets()["rag"].retrieval)
    plan = make_plan(case, [searched])
    found = plan.steps[plan.runs["rag-kto", 0].steps["retrieve-ratings"]]
    assert found.files["examples"].endswith("rating-requests.jsonl")
