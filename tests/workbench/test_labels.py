"""What becomes of labels: preferences, files, pairs to train on, a judge beside people."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from datasets import load_dataset

from tests.judge_server import by_rule, serving
from tests.toys import finish, toy_case
from workbench import database as rooms
from workbench.candidate import Candidate
from workbench.case import Case, presets
from workbench.cli import main
from workbench.database import Database, close_databases, open_database
from workbench.errors import ConfigError, DataError
from workbench.judging import agreed, asked_pairs, judge_name
from workbench.label_files import labels_from, labels_text, training_text
from workbench.labelling import choose, next_showing, undo
from workbench.labels import Shown, learnable, preferences, shown_prompts, take_in
from workbench.planning import make_plan
from workbench.preference import Choice, Preference
from workbench.preferred import findings
from workbench.provenance import provenance
from workbench.queue_answers import answers_to_test, answers_to_train, plan_answers_to_train
from workbench.queues import Asked, OpenQueue, Queue, annotator_id, make_queue, open_queue, progress
from workbench.results import load_results
from workbench.sections.preferred import preferred_blocks
from workbench.stage import Dpo, Judge, Labelled, queue_of
from workbench.taught import take_for_training
from workbench.usecase import Message
from workbench.workspace import file_digest

ASK = (Message(role="user", content="What?"),)


@pytest.fixture(autouse=True)
def _own_databases(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(rooms.URL_VARIABLE, raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    yield
    close_databases()


def label(example: str, choice: Choice, who: str = "anna", left: str = "a", right: str = "b") -> Preference:
    return Preference(queue="q", example=example, left=left, right=right, choice=choice, annotator=who)


def prompts(n: int = 6) -> dict[str, Shown]:
    texts = {"a": "A", "b": "B", "c": "C"}
    return {
        f"e{i}": Shown(f"e{i}", f"e{i}", ASK, {name: f"{said} {i}" for name, said in texts.items()}) for i in range(n)
    }


# --- Labels become pairs ------------------------------------------------------------------------------


def test_the_majority_decides_and_neither_side_of_a_tie_is_a_pair() -> None:
    found = learnable(
        [
            label("e0", "left"),
            label("e0", "right", "bo", "b", "a"),  # Both prefer a.
            label("e0", "right", "cy"),
            label("e1", "tie"),
            label("e2", "left"),
            label("e2", "right", "bo"),  # Cancelled out.
            label("e3", "neither"),
            label("e4", "skip"),
            label("e5", "left"),
            label("e5", "tie", "bo"),  # One of two: no majority.
        ],
        prompts(),
    )
    assert [(pair.chosen, pair.rejected, pair.source) for pair in found.pairs] == [("A 0", "B 0", "labelled")]
    assert (found.undecided, found.bad) == (3, 1)
    assert {(one.answer, one.good) for one in found.ratings} == {
        ("A 0", True),
        ("B 0", False),
        ("A 3", False),
        ("B 3", False),
    }


def test_repeats_teach_nothing() -> None:
    again = label("e0", "right").model_copy(update={"repeat": True})
    found = learnable([label("e0", "left"), again], prompts())
    assert [pair.chosen for pair in found.pairs] == ["A 0"]


# --- Files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_what_is_written_is_read_again(form: str, tmp_path: Path) -> None:
    odd = 'said "no", then\nleft; =1+1'
    labels = [
        label("e0", "left").model_copy(update={"reason": odd, "seconds": 2.5, "shown_at": 3.25}),
        label("e1", "neither", "bo", "b", "a").model_copy(update={"repeat": True, "by": "model"}),
    ]
    path = tmp_path / f"labels.{form}"
    path.write_text(labels_text(labels, "jsonl" if form == "jsonl" else "csv"), encoding="utf-8")
    assert labels_from(path) == labels


def test_a_bad_choice_is_named_by_its_row(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("example,left,right,choice,annotator\ne0,a,b,left,anna\ne1,a,b,maybe,anna\n")
    with pytest.raises(DataError, match="Line 3"):
        labels_from(path)
    path.write_text("example,left,right,choice\n")
    with pytest.raises(DataError):
        labels_from(path)


def test_trl_loads_what_is_exported(tmp_path: Path) -> None:
    found = learnable([label("e0", "left"), label("e1", "right"), label("e2", "neither")], prompts())
    for form, columns in (("trl", {"prompt", "chosen", "rejected"}), ("kto", {"prompt", "completion", "label"})):
        path = tmp_path / f"{form}.jsonl"
        path.write_text(training_text(found, "trl" if form == "trl" else "kto", instruction="Be kind."))
        rows = load_dataset("json", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
        assert set(rows.column_names) == columns
        assert rows[0]["prompt"][0] == {"role": "system", "content": "Be kind."}
    assert {type(row["label"]) for row in rows} == {bool}
    with pytest.raises(DataError, match="nothing to train on"):
        training_text(learnable([label("e0", "tie")], prompts()), "trl", instruction="")


# --- In a use case ------------------------------------------------------------------------------------


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A use case whose zero-shot, few-shot and sft have answered the test set."""
    made = toy_case(tmp_path, "ticket-json", "shop-tickets")
    made.choose(presets()[name] for name in ("zero-shot", "few-shot", "sft"))
    done(made)
    return made


def done(made: Case) -> None:
    plan = make_plan(made, made.candidates())
    plan.write()
    used = provenance(("torch",))
    for name in plan.unfinished():
        finish(plan, name, used=used)


def run(case: Case, *arguments: str) -> int:
    return main([arguments[0], case.name, *arguments[1:], "--workspace", str(case.workspace)])


def stored(case: Case) -> Database:
    return open_database(case.workspace)


def queue_to_train_on(case: Case) -> OpenQueue:
    """A queue on training requests, of made-up answers."""
    names = ("zero-shot", "sft")
    candidates = tuple(presets()[name].model_copy(update={"base_model": "pocket"}) for name in names)
    asked = [
        Asked(one.id, one.cluster, one.messages, {name: f"{name} of {one.id}" for name in names}, {})
        for one in list(case.examples("train"))[:30]
    ]
    return make_queue(stored(case), case.name, Queue(name="voice", split="train", candidates=candidates), asked)


def prefer(case: Case, queue: OpenQueue, winner: str, share: float = 0.8, who: str = "anna") -> None:
    """Labels by one annotator, whose sides change from request to request."""
    names = queue.queue.names
    loser = next(name for name in names if name != winner)
    examples = list(shown_prompts(stored(case), queue))
    labels = []
    for n, example in enumerate(examples):
        preferred = winner if n < share * len(examples) else loser
        left, right = names if n % 2 else names[::-1]
        labels.append(label(example, "left" if left == preferred else "right", who, left, right))
    take_in(stored(case), queue, labels, now=1.0)


def test_a_candidate_is_trained_on_labels_of_training_requests_alone(case: Case) -> None:
    queue = queue_to_train_on(case)
    labels_before = make_plan(case, [presets()["sft"]])
    with pytest.raises(DataError, match="no pair"):
        take_for_training(case, stored(case), queue)
    prefer(case, queue, "sft")
    candidate, learnt = take_for_training(case, stored(case), queue)
    assert candidate.name == "sft-voice"
    assert [stage.method for stage in candidate.training] == ["sft", "dpo"]
    assert queue_of(candidate.training[1]) == "voice"
    assert len(learnt.pairs) == 30
    plan = make_plan(case, [candidate])
    (dpo,) = [record for record in plan.steps.values() if record.inputs.get("stage", {}).get("method") == "dpo"][:1]
    assert dpo.inputs["pairs"] == file_digest(case.labelled_path("voice"))
    assert case.workspace / dpo.files["pairs"] == case.labelled_path("voice")
    # The first stage is the one that sft has: it is trained once.
    assert plan.runs["sft-voice", 0].steps["train-1"] == labels_before.runs["sft", 0].steps["train-1"]


def test_nobody_trains_on_the_test(case: Case, tmp_path: Path) -> None:
    assert run(case, "queue", "blind", "--prompts", "20") == 0
    assert run(case, "labels", "blind", "--train") == 2
    assert run(case, "labels", "blind", "--export", str(tmp_path / "x"), "--form", "trl") == 2
    queue = queue_to_train_on(case)
    prefer(case, queue, "sft")
    case.freeze("test", [*case.examples("test"), *(one for one in list(case.examples("train"))[:30])])
    with pytest.raises(DataError, match="the test set asks"):
        take_for_training(case, stored(case), queue)


def test_a_candidate_whose_labels_were_not_taken_says_so(case: Case) -> None:
    candidate = Candidate(name="x", training=(Dpo(pairs=Labelled(queue="voice")),))
    with pytest.raises(ConfigError, match="labels of the queue voice"):
        make_plan(case, [candidate])


def test_labels_are_taken_in_once_and_only_of_this_queue(case: Case, tmp_path: Path) -> None:
    queue = queue_to_train_on(case)
    prefer(case, queue, "sft")
    path = tmp_path / "out.jsonl"
    assert run(case, "labels", "voice", "--export", str(path)) == 0
    taken = take_in(stored(case), queue, labels_from(path), now=2.0)
    assert (taken.labels, taken.known) == (0, 30)
    assert progress(stored(case), queue).labels == 30
    with pytest.raises(ConfigError, match="does not ask about"):
        take_in(stored(case), queue, [label("nowhere", "left", left="sft", right="zero-shot")], now=3.0)


def test_repeats_are_taken_in_with_what_they_repeat(case: Case) -> None:
    queue = queue_to_train_on(case)
    example = next(iter(shown_prompts(stored(case), queue)))
    first = label(example, "left", "anna", "zero-shot", "sft")
    again = label(example, "right", "anna", "sft", "zero-shot").model_copy(update={"repeat": True})
    orphan = again.model_copy(update={"annotator": "bo"})
    taken = take_in(stored(case), queue, [again, first, orphan], now=1.0)
    assert (taken.labels, taken.known, taken.orphans) == (2, 0, 1)
    assert take_in(stored(case), queue, [again, first], now=2.0).known == 2
    assert sorted(one.repeat for one in preferences(stored(case), queue)) == [False, True]
    assert undo(stored(case), queue, annotator_id(stored(case), "anna"), now=3.0) is None  # Nothing was chosen here.


def test_every_training_of_a_candidate_has_its_share_of_the_requests(case: Case) -> None:
    asked = answers_to_test(load_results(case), ["zero-shot", "sft"], most=10)
    assert len(asked) == 10
    assert {one.steps["sft"] for one in asked} == {run.steps["answer"] for run in load_results(case).find("sft").runs}
    assert answers_to_test(load_results(case), ["zero-shot", "sft"], most=10) == asked
    with pytest.raises(ConfigError, match="no run is finished"):
        answers_to_test(load_results(case), ["rag"], most=10)


def test_training_requests_are_answered_for_a_queue_on_them(case: Case) -> None:
    plan = plan_answers_to_train(case, [presets()["zero-shot"], presets()["sft"]], most=12)
    plan.write()
    assert not any(record.kind == "score" for record in plan.steps.values())
    with pytest.raises(ConfigError, match="has not answered"):
        answers_to_train(plan, most=12)
    used = provenance(("torch",))
    for name in plan.unfinished():
        finish(plan, name, used=used)
    asked = answers_to_train(plan, most=12)
    assert len(asked) == 12
    assert {one.example for one in asked} <= set(case.examples("train").ids)


def test_the_same_words_everywhere(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    queue = queue_to_train_on(case)
    assert run(case, "labels", "voice") == 0
    assert "Nobody has labelled yet" in capsys.readouterr().out
    prefer(case, queue, "sft", 0.9)
    prefer(case, queue, "sft", 0.9, "bo")
    assert run(case, "labels", "voice") == 0
    said = capsys.readouterr().out
    assert "2 annotators gave 60 labels on" in said
    assert "their taste alone" in said
    assert run(case, "labels", "voice", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    sft = next(rate for rate in told["rates"]["rates"] if rate["candidate"] == "sft")
    assert (sft["won"], sft["lost"]) == (54, 6)
    assert sft["rate"] == pytest.approx(0.9, abs=0.03)
    assert told["rates"]["winner"] == "sft"
    assert run(case, "labels") == 0
    assert "voice: 60 of 60 labels, 2 annotators, open" in capsys.readouterr().out
    assert run(case, "labels", "voice", "--baseline", "nobody") == 2
    assert run(case, "labels", "nothing") == 2


# --- A judge ------------------------------------------------------------------------------------------


def test_a_verdict_that_turns_with_the_order_is_a_tie() -> None:
    assert agreed(("first", "first")) == ("left", False)
    assert agreed(("second", "second")) == ("right", False)
    assert agreed(("first", "second")) == ("tie", True)
    assert agreed(("tie", "second")) == ("tie", False)


def test_another_wish_is_another_judge() -> None:
    assert judge_name(Judge(model="m")) == "m"
    assert judge_name(Judge(model="m", wish="Be brief.")) != judge_name(Judge(model="m", wish="Be kind."))


def test_a_judge_is_asked_about_different_answers_the_same_ones_every_time(case: Case) -> None:
    queue = queue_to_train_on(case)
    rows = asked_pairs(queue, shown_prompts(stored(case), queue), most=7)
    assert len(rows) == 7
    assert rows == asked_pairs(queue, shown_prompts(stored(case), queue), most=7)


def test_a_judge_answers_a_queue_and_is_held_against_people(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    queue = queue_to_train_on(case)
    prefer(case, queue, "sft", 0.9)
    with serving(by_rule(lambda text: text.startswith("sft"))) as server:
        how = ("--model", "toy", "--endpoint", server.url)
        assert run(case, "judge", "voice", *how) == 0
        assert "30 labels" in capsys.readouterr().out
        assert len(server.asked) == 60  # Both orders.
        assert run(case, "judge", "voice", *how) == 0  # Again: nothing is asked, nothing doubled.
        assert len(server.asked) == 60
    assert "0 labels, 30 known before" in capsys.readouterr().out
    found = findings(stored(case), queue)
    assert found.rates.labels == 30  # People's alone.
    (judge,) = found.judges
    assert (judge.judged, judge.flips, judge.both) == (30, 0, 30)
    assert judge.alike == pytest.approx(0.9)
    assert any("The judge toy" in str(block) for block in preferred_blocks(found))
    assert sum(one.by == "model" for one in preferences(stored(case), queue)) == 30


def test_a_judge_takes_nothing_from_people(case: Case) -> None:
    queue = queue_to_train_on(case)
    with serving(by_rule(lambda text: text.startswith("sft"))) as server:
        assert run(case, "judge", "voice", "--model", "toy", "--endpoint", server.url) == 0
    now = progress(stored(case), queue)
    assert (now.labels, now.annotators) == (0, {})
    anna, rng, seen = annotator_id(stored(case), "anna"), np.random.default_rng(0), 0
    counts: list[float] = []
    while True:
        shown = next_showing(
            stored(case), queue, anna, now=1.0, rng=rng, weigh=lambda c: (counts.append(c.sum()), np.ones(1))[1]
        )
        if isinstance(shown, str):
            break
        choose(stored(case), queue, shown.id, annotator=anna, choice="tie", now=2.0)
        seen += 1
    assert progress(stored(case), queue).labels == 30
    assert counts[0] == 0
    assert shown == "done"
    # Its labels stand this way round and that, though it was asked in both orders.
    judged = [one for one in preferences(stored(case), queue) if one.by == "model"]
    assert 5 < sum(one.left == "sft" for one in judged) < 25


def test_a_judge_that_goes_by_the_place_is_found_out(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    queue_to_train_on(case)
    with serving(lambda question: "[[A]]") as server:
        assert run(case, "judge", "voice", "--model", "toy", "--endpoint", server.url) == 0
    assert "30 verdicts turned with the places" in capsys.readouterr().out
    found = findings(stored(case), load(case))
    assert found.by_judge
    assert (found.judges[0].flips, found.judges[0].first) == (30, 30)


def test_nonsense_is_no_vote(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    queue_to_train_on(case)
    with serving(lambda question: "As a language model") as server:
        assert run(case, "judge", "voice", "--model", "toy", "--endpoint", server.url) == 2
    assert "hold no verdict" in capsys.readouterr().out


def test_a_model_does_not_judge_itself(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    queue_to_train_on(case)
    assert run(case, "judge", "voice", "--model", "pocket") == 2
    assert "judge its own answers" in capsys.readouterr().err


def load(case: Case) -> OpenQueue:
    return open_queue(stored(case), case.name, "voice")
