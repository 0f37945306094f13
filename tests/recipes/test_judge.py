"""A judge behind an endpoint or loaded here: asked in both orders, trusted only where it holds on to its word."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from recipes import asking, endpoint
from recipes.asking import Asker
from recipes.draw import Drawn
from recipes.judge import REPLY_TOKENS, compare, grade, read_grade, read_verdict
from recipes.model import load
from recipes.pairing import best_and_worst, two_answers
from recipes.rewards import judged
from tests.judge_server import Server, by_rule, serving
from tests.recipes.steps import do, make, make_training
from workbench.errors import ConfigError, WorkbenchError
from workbench.examples import write_examples
from workbench.pairs import read_pairs
from workbench.stage import Dpo, Grpo, Judge, Lora, RewardPart
from workbench.stage import Drawn as DrawnPairs
from workbench.usecase import Example
from workbench.workspace import Step, read_jsonl, write_jsonl


@pytest.fixture
def server() -> Iterator[Server]:
    """A judge that likes answers with an e in them."""
    with serving(by_rule(lambda text: "e" in text)) as running:
        yield running


def asker(named: Judge) -> Asker:
    return asking.asker(named, tokens=REPLY_TOKENS)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "ATTEMPTS", 3)
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.01)
    monkeypatch.setattr("openai._base_client.MAX_RETRY_DELAY", 0.02)


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("[[A]]", "first"),
        ("First [[A]] seemed better, but [[B]]", "second"),
        ("[[ c ]]", "tie"),
        ("b.", "second"),
        ("A better answer would be longer.", "unreadable"),
        ("", "unreadable"),
    ],
)
def test_verdicts_are_read(reply: str, verdict: str) -> None:
    assert read_verdict(reply) == verdict


@pytest.mark.parametrize(
    ("reply", "value"), [("[[1]]", 0.0), ("so [[10]]", 1.0), ("7", 6 / 9), ("[[11]]", None), ("good", None)]
)
def test_grades_are_read(reply: str, value: float | None) -> None:
    assert read_grade(reply) == value


def test_an_endpoint_is_asked_in_both_orders(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "secret")
    named = Judge(model="some-model", endpoint=server.url, key_variable="A_KEY", wish="It has an e.")
    found = compare(asker(named), named, [("Say it.", "yes", "no"), ("Say it.", "no", "yes"), ("Say it.", "no", "on")])
    assert found == [("first", "first"), ("second", "second"), ("tie", "tie")]
    assert len(server.asked) == 6
    assert {asked["model"] for asked in server.asked} == {"some-model"}
    assert set(server.keys) == {"Bearer secret"}
    assert "It has an e." in server.asked[0]["messages"][0]["content"]
    assert grade(asker(named), named, [("Say it.", "yes"), ("Say it.", "no")]) == [1.0, 0.0]


def test_one_who_prefers_whatever_comes_first_contradicts_itself(server: Server) -> None:
    server.reply = lambda question: "[[A]]"
    named = Judge(model="some-model", endpoint=server.url)
    assert compare(asker(named), named, [("Say it.", "yes", "no")]) == [("first", "second")]


def test_a_busy_endpoint_is_asked_again_and_a_dead_one_given_up(server: Server, impatient: None) -> None:
    named = Judge(model="some-model", endpoint=server.url)
    server.reply = lambda question: "[[A]]"
    server.statuses = [503, 429]
    assert len(asker(named)(["?"])) == 1
    server.statuses = [500] * 9
    with pytest.raises(WorkbenchError, match="can't be reached: it answered 500"):
        asker(named)(["?"])
    dead = Judge(model="some-model", endpoint="http://127.0.0.1:9/v1")
    with pytest.raises(WorkbenchError, match="can't be reached"):
        asker(dead)(["?"])


def test_a_refusal_is_told_at_once(server: Server) -> None:
    named = Judge(model="some-model", endpoint=server.url)
    server.reply = lambda question: "[[A]]"
    server.statuses = [401]
    with pytest.raises(ConfigError, match="refuses: it answered 401"):
        asker(named)(["?"])
    assert len(server.asked) == 1


def _draw(example: str, text: str, value: float | None, finish: str = "stop") -> Drawn:
    return Drawn(example, text, 3, finish, value)


def test_by_the_metric_the_best_and_the_worst_make_a_pair() -> None:
    draws = [_draw("a", "x", 0.0), _draw("a", "y", 1.0), _draw("a", "z", 0.0), _draw("a", "z", 0.0)]
    assert best_and_worst(draws) == ("y", "z"), "the commonest of the worst"
    assert best_and_worst([_draw("a", "x", 1.0), _draw("a", "y", 1.0)]) is None
    assert best_and_worst([_draw("a", "x", 1.0, "length"), _draw("a", "y", 0.0)]) is None
    assert best_and_worst([_draw("a", "x", None)]) is None


def test_the_two_commonest_answers_are_judged() -> None:
    assert two_answers([_draw("a", text, None) for text in "xyzyx"]) == ("x", "y")
    assert two_answers([_draw("a", "x", None), _draw("a", "x", None)]) is None


@pytest.fixture
def drawn(tmp_path: Path, toy_base: Path, examples: list[Example]) -> Step:
    """Four answers to each of twenty requests, as if they had been drawn."""
    write_examples(tmp_path / "train.jsonl", [one.model_copy(update={"target": "e"}) for one in examples])
    step = make(tmp_path, toy_base, "draw", "draw-a")
    texts = [["yes", "no", "yes", "no"], ["red", "red", "on", "of"], ["no", "no", "no", "no"], ["to", "on", "on", "to"]]
    rows = [_draw(example.id, text, float("e" in text)) for i, example in enumerate(examples) for text in texts[i % 4]]
    write_jsonl(step.path("draws.jsonl"), [vars(row) for row in rows])
    step.update(status="done")
    return step


def _judging(drawn: Step, toy_base: Path, judge: Judge | None, name: str = "judge-a") -> Step:
    named = judge.model_dump(mode="json") if judge else None
    return make(drawn.workspace, toy_base, "judge", name, needs={"rows": drawn.name}, judge=named)


def test_judged_pairs_train_a_dpo_stage(drawn: Step, toy_base: Path, server: Server) -> None:
    step = do(_judging(drawn, toy_base, Judge(model="some-model", endpoint=server.url)))
    pairs = read_pairs(step.path("pairs.jsonl"))
    assert pairs
    assert all("e" in pair.chosen and "e" not in pair.rejected for pair in pairs)
    assert {pair.source for pair in pairs} == {"judge"}
    facts = step.record.facts
    assert facts["consistent"] == 1
    assert facts["pairs"] == len(pairs) == facts["judged"] - facts["ties"]
    assert facts["judged"] + facts["answers_alike"] == 20
    stage = Dpo(adapter=Lora(rank=4), epochs=4, learning_rate=5e-3, pairs=DrawnPairs(answers=4))
    trained = do(make_training(drawn.workspace, toy_base, stage, pairs=step.name))
    margins = [line["margin"] for line in trained.read_progress() if "margin" in line]
    assert margins[-1] > margins[0] + 0.1


def test_by_the_metric_no_judge_is_needed(drawn: Step, toy_base: Path) -> None:
    step = do(_judging(drawn, toy_base, None))
    values = {(one["example"], one["text"]): one["value"] for one in read_jsonl(drawn.path("draws.jsonl"))}
    for pair in read_pairs(step.path("pairs.jsonl")):
        assert values[pair.id, pair.chosen] > values[pair.id, pair.rejected]


def test_judging_goes_on_where_it_stopped(
    drawn: Step, toy_base: Path, server: Server, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recipes.judging.PAIRS_PER_PART", 4)
    named = Judge(model="some-model", endpoint=server.url)
    whole = do(_judging(drawn, toy_base, named))
    asked = len(server.asked)
    server.asked.clear()
    step = _judging(drawn, toy_base, named, "judge-b")
    report = Step.report

    def failing(self: Step, phase: str, **figures: object) -> None:
        report(self, phase, **figures)  # type: ignore[arg-type]
        if phase == "judging":
            server.statuses = [500] * 99

    with monkeypatch.context() as patch:
        patch.setattr(Step, "report", failing)
        with pytest.raises(WorkbenchError, match="what was done is kept"):
            do(step)
    server.statuses.clear()
    before = len(list(read_jsonl(step.path("judged.jsonl"))))
    assert before == 4
    server.asked.clear()
    do(step)
    assert len(server.asked) == asked - 2 * before
    assert step.path("pairs.jsonl").read_bytes() == whole.path("pairs.jsonl").read_bytes()


def test_nonsense_is_not_taken_for_a_verdict(drawn: Step, toy_base: Path, server: Server) -> None:
    server.reply = lambda question: "What a question!"
    named = Judge(model="some-model", endpoint=server.url)
    with pytest.raises(WorkbenchError, match="hold no verdict; one is 'What a question!'"):
        do(_judging(drawn, toy_base, named))
    with pytest.raises(WorkbenchError, match="hold no verdict"):
        grade(asker(named), named, [("Say it.", "yes")] * 20)
    assert grade(asker(named), named, [("Say it.", "yes")]) == [None], "one reply says nothing about the judge"


def test_the_key_is_never_told(server: Server, monkeypatch: pytest.MonkeyPatch, impatient: None) -> None:
    monkeypatch.setenv("A_KEY", "sk-secret\n")
    named = Judge(model="some-model", endpoint=server.url, key_variable="A_KEY")
    server.reply = lambda question: "[[A]]"
    assert asker(named)(["?"]) == ["[[A]]"]
    assert server.keys == ["Bearer sk-secret"]
    for status in (401, 500):
        server.statuses = [status] * 9
        with pytest.raises(WorkbenchError) as caught:
            asker(named)(["?"])
        assert "sk-secret" not in f"{caught.value.message} {caught.value.hint} {caught.value.__cause__}"
        assert "***" in caught.value.message, "the server repeats the key, as some do"


def test_a_web_page_is_no_completion(server: Server) -> None:
    server.page, server.reply = "<html>Welcome</html>", lambda question: ""
    with pytest.raises(ConfigError, match="no chat completion"):
        asker(Judge(model="some-model", endpoint=server.url))(["?"])


def test_a_model_that_is_loaded_here_may_judge(toy_base: Path) -> None:
    named = Judge(model=str(toy_base))
    assert len(asker(named)(["Which?", "What?"])) == 2


def test_the_judge_is_the_reward_itself(drawn: Step, toy_base: Path, server: Server) -> None:
    named = Judge(model="some-model", endpoint=server.url)
    base = load(str(toy_base))
    reward = judged(named, asker(named), base)
    ids = [base.tokenizer(text)["input_ids"] for text in ("green", "blau")]
    turns = [[{"role": "user", "content": "Colour?"}]] * 2
    assert reward(completion_ids=ids, prompts=turns) == [1.0, 0.0]
    stage = Grpo(
        adapter=Lora(rank=4), steps=12, prompts=4, answers=8, batch_size=16, max_new_tokens=6, learning_rate=2e-2,
        judge=named,
    )  # fmt: skip
    assert stage.parts == (RewardPart(metric="judge"),)
    passes = do(
        make(drawn.workspace, toy_base, "draw", "draw-b", answers=4, most=18, temperature=1.0, max_new_tokens=6)
    )
    step = do(make_training(drawn.workspace, toy_base, stage, passes=passes.name))
    rewards = [line["reward_judge"] for line in step.read_progress() if "reward_judge" in line]
    assert sum(rewards[-3:]) > sum(rewards[:3]) + 0.3


def test_a_grade_without_a_judge_is_refused() -> None:
    with pytest.raises(ConfigError, match="no judge is named"):
        Grpo.parse({"rewards": [{"metric": "judge"}]}, where="The stage")
