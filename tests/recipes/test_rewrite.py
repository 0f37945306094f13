"""Requests become queries: what a model says, what of it is of use, what it takes, and how it is searched by."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from recipes import endpoint
from recipes.bases import Bases
from recipes.endpoint import Reply
from recipes.hosted import answer_hosted
from recipes.rewrite import LONGEST, queries_in, rewrite
from tests.judge_server import Server, serving
from tests.recipes.steps import do, make
from workbench.candidate import Decoding, Hosted
from workbench.errors import WorkbenchError
from workbench.examples import write_examples
from workbench.run import Response, Retrieved, Rewritten
from workbench.stage import Helper
from workbench.usecase import Example, Message
from workbench.workspace import Step, read_jsonl, write_jsonl

REQUEST = "What does the lamp cost?"


def _queries(text: str, *, cut: bool = False, count: int = 3) -> tuple[tuple[str, ...], str]:
    return queries_in(Reply(text, cut, None, None), request=REQUEST, count=count)


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        ("lamp price in crowns", ("lamp price in crowns",)),
        ('Query: "lamp price"', ("lamp price",)),
        ("1. lamp price\n2) cost of the lamp\n- lamps", ("lamp price", "cost of the lamp", "lamps")),
        ("lamp price\n\nLamp price!\nWHAT DOES THE LAMP COST", ("lamp price",)),
        ("a\nb\nc\nd", ("a", "b", "c")),
        ("3 crowns lamp", ("3 crowns lamp",)),
        ("東京のラーメン", ("東京のラーメン",)),
    ],
)
def test_what_of_a_reply_is_a_query(text: str, queries: tuple[str, ...]) -> None:
    assert _queries(text) == (queries, "")


@pytest.mark.parametrize(
    ("text", "cut", "reason"),
    [
        ("", False, "empty"),
        ("  \n ", False, "empty"),
        ("???\n--", False, "without a word"),
        ("I do not know.", False, "saying that it does not know"),
        ("what does the lamp cost", False, "repeating the request"),
        ("lamp " * (LONGEST + 1), False, "too long"),
        ("the lamp the lamp the lamp", False, "going round in circles"),
        ("lamp price and then", True, "cut off at the limit of tokens"),
    ],
)
def test_what_is_of_no_use_says_why(text: str, cut: bool, reason: str) -> None:
    assert _queries(text, cut=cut) == ((), reason)


def test_of_a_reply_that_was_cut_off_the_whole_lines_count() -> None:
    assert _queries("lamp price\ncost of the la", cut=True) == (("lamp price",), "")


def test_a_long_request_may_have_a_long_query() -> None:
    long = " ".join(f"word{n}" for n in range(LONGEST + 8))
    found, reason = queries_in(Reply(long[:-1], False, None, None), request=long, count=1)
    assert (len(found), reason) == (1, "")


def _step(workspace: Path, base: Path, helper: Helper, *, queries: int = 1, timed: int = 4, name: str = "a") -> Step:
    step = make(
        workspace, base, "rewrite", f"rewrite-{name}", rewriter=helper.model_dump(mode="json"), queries=queries,
        timed=timed,
    )  # fmt: skip
    step.update(how=Hosted(at_once=2).model_dump(mode="json") if helper.endpoint else {})
    return step


def _made(step: Step) -> list[Rewritten]:
    return [Rewritten.parse(record, where="test") for record in read_jsonl(step.path("queries.jsonl"))]


def test_the_base_says_the_same_alone_and_together(tmp_path: Path, toy_base: Path, examples: list[Example]) -> None:
    write_examples(tmp_path / "train.jsonl", examples)
    some = do(_step(tmp_path, toy_base, Helper(model=str(toy_base)), queries=2))
    none = do(_step(tmp_path, toy_base, Helper(model=str(toy_base)), queries=2, timed=0, name="b"))
    found, untimed = _made(some), _made(none)
    assert [one.example for one in found] == [example.id for example in examples]
    assert [one.seconds is not None for one in found] == [True] * 4 + [False] * 16
    assert all(one.seconds is None for one in untimed)
    assert [one.model_copy(update={"seconds": None}) for one in found] == untimed
    assert all(bool(one.queries) != bool(one.reason) for one in found)
    assert all(one.prompt_tokens > 40 for one in found)
    facts = some.record.facts
    assert facts["rewritten"] + sum(facts["fell_back"].values()) == 20


def test_a_request_without_room_is_searched_for_as_it_is(tmp_path: Path, toy_base: Path) -> None:
    long = Example(id="long", messages=(Message(role="user", content="thing " * 300),), target="x")
    short = long.model_copy(update={"id": "short", "messages": (Message(role="user", content="thing"),)})
    write_examples(tmp_path / "train.jsonl", [long, short])
    step = do(_step(tmp_path, toy_base, Helper(model=str(toy_base)), timed=1))
    assert (_made(step)[0].queries, _made(step)[0].reason) == ((), "empty")
    assert _made(step)[1].prompt_tokens < 256


@pytest.fixture
def server() -> Iterator[Server]:
    """Turns the last word of a request into a query; says nothing of thing 3."""
    with serving(lambda asked: "" if "thing 3" in asked else f"Query: colour {asked.split()[-1]}") as running:
        yield running


def test_a_helper_behind_an_endpoint_rewrites(
    tmp_path: Path,
    toy_base: Path,
    examples: list[Example],
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("recipes.rewrite.PART", 4)
    monkeypatch.setattr(endpoint, "ATTEMPTS", 1)
    write_examples(tmp_path / "train.jsonl", examples)
    step = _step(tmp_path, toy_base, Helper(model="some-model", endpoint=server.url))
    server.statuses = [200] * 9 + [500]
    with pytest.raises(WorkbenchError, match="can't be reached"):
        do(step)
    assert len(server.asked) < 20
    do(step)
    found = _made(step)
    assert len(found) == 20
    assert found[0].queries == ("colour 0?",)
    assert (found[3].queries, found[3].reason) == ((), "empty")
    assert step.record.facts["fell_back"] == {"empty": 1}
    assert "19 of 20 requests rewritten; the others are searched for as they are (1 empty)" in capfd.readouterr().out
    assert all(one["temperature"] == 0 for one in server.asked)
    assert not step.path("queries.part.jsonl").exists()


def test_the_turns_before_a_request_are_told(tmp_path: Path, toy_base: Path, server: Server) -> None:
    turns = (
        Message(role="system", content="Be brief."),
        Message(role="user", content="Is there a lamp?"),
        Message(role="assistant", content="Yes."),
        Message(role="user", content="What does it cost?"),
    )
    write_examples(tmp_path / "train.jsonl", [Example(id="a", messages=turns, target="x")])
    rewriting = _step(tmp_path, toy_base, Helper(model="m", endpoint=server.url), queries=3)
    rewrite(rewriting, bases=Bases())
    told = server.asked[0]["messages"][-1]["content"]
    assert "Write 3 different search queries" in told
    assert "user: Is there a lamp?\nassistant: Yes.\nuser: What does it cost?" in told
    assert "Be brief" not in told


@pytest.mark.parametrize(("rewriter", "cost"), [("some-model", 0.001 * (4 + 3) + 0.01 * (1 + 2)), ("another", 0.014)])
def test_what_the_hosted_base_rewrites_is_paid_for(
    tmp_path: Path, toy_base: Path, server: Server, rewriter: str, cost: float
) -> None:
    asked = Example(id="a", messages=(Message(role="user", content="What is it?"),), target="x")
    write_examples(tmp_path / "train.jsonl", [asked])
    server.reply = lambda question: "red"
    helper = Helper(model=rewriter, endpoint=server.url).model_dump(mode="json")
    make(tmp_path, toy_base, "rewrite", "rewrite-a", rewriter=helper, queries=1, timed=0)
    finding = make(tmp_path, toy_base, "retrieve", "retrieve-a", needs={"queries": "rewrite-a"}, passages=1)
    made = Rewritten(example="a", queries=("it",), prompt_tokens=3, completion_tokens=2)
    found = Retrieved(example="a", passages=(), rewritten=made, seconds=5.0)
    write_jsonl(finding.path("retrieved.jsonl"), [found.model_dump(mode="json")])
    step = make(
        tmp_path, toy_base, "answer", "answer-a", needs={"retrieve": finding.name}, endpoint=server.url, timed=1,
        decoding=Decoding().model_dump(mode="json"),
    )  # fmt: skip
    inputs = step.record.inputs | {"base_model": "openai:some-model"}
    step.update(inputs=inputs, how=Hosted(input_price=1000, output_price=10000).model_dump(mode="json"))
    answer_hosted(step)
    (response,) = (Response.parse(record, where="test") for record in read_jsonl(step.path("responses.jsonl")))
    words = len(server.asked[0]["messages"][-1]["content"].split())
    assert response.prompt_tokens == words
    assert response.cost == pytest.approx(cost + 0.001 * (words - 4))
    assert response.seconds is not None
    assert response.seconds > 5, "the time of rewriting and of searching counts"
