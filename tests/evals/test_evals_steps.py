"""Score steps: from responses on disk to scores on disk, and what stops them."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from evals.__main__ import DO, PACKAGES
from evals.steps import score
from workbench.engine import main
from workbench.examples import write_examples
from workbench.run import Finish, Response
from workbench.score import Score
from workbench.usecase import Example, Message, MetricName
from workbench.workspace import Step, StepRecord, read_jsonl, write_jsonl

TARGETS = ("49 crowns", "blue", '{"a": 1}', "wood")


def run(folders: Sequence[str]) -> int:
    """What ``python -m evals`` does, in this process."""
    return main(DO, program="evals", packages=PACKAGES, arguments=folders)


def example(name: str, target: str) -> Example:
    return Example(id=name, messages=(Message(role="user", content="?"),), target=target)


def response(name: str, text: str, finish: Finish = "stop") -> Response:
    return Response(example=name, text=text, prompt_tokens=1, completion_tokens=1, finish=finish)


class Bench:
    """A workspace with four examples, one finished answer step and one score step waiting for it."""

    def __init__(self, root: Path, responses: Sequence[Response]) -> None:
        self.examples = [example(f"e{n}", target) for n, target in enumerate(TARGETS)]
        (root / "use_cases").mkdir()
        write_examples(root / "use_cases" / "test.jsonl", self.examples)
        self.answers = self._step(root, StepRecord(kind="answer", key="a", title="", inputs={}, status="done"))
        write_jsonl(self.answers.path("responses.jsonl"), [each.model_dump() for each in responses])
        self.step = self.scoring(root, key="s", metrics=["exact_match", "json_field_match"])

    def scoring(self, root: Path, *, key: str, metrics: Sequence[str]) -> Step:
        record = StepRecord(
            kind="score",
            key=key,
            title="",
            inputs={"metrics": list(metrics)},
            files={"examples": "use_cases/test.jsonl"},
            needs={"answers": self.answers.name},
        )
        return self._step(root, record)

    @staticmethod
    def _step(root: Path, record: StepRecord) -> Step:
        step = Step(root / "steps" / f"{record.kind}-{record.key}")
        step.folder.mkdir(parents=True)
        step.path("step.json").write_text(record.model_dump_json())
        return step

    def scores(self) -> list[Score]:
        return [Score.parse(line, where="scores") for line in read_jsonl(self.step.path("scores.jsonl"))]


ANSWERS = (
    response("e3", "wooden bo", finish="length"),
    response("e0", "49 Crowns [1]"),
    response("e2", '{"a": 1.0}'),
    response("e1", ""),
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, ANSWERS)


def test_scores_are_written_in_order_and_summed_up(bench: Bench) -> None:
    assert run([str(bench.step.folder)]) == 0
    no_object = "The reference is not a JSON object: Expecting value: line 1 column 1 (char 0)."
    found = [(s.item, s.metric, s.value, s.failure) for s in bench.scores()]
    assert found == [
        ("e0", "exact_match", 1, ""),
        ("e0", "json_field_match", None, ""),
        ("e1", "exact_match", 0, "empty"),
        ("e1", "json_field_match", None, ""),
        ("e2", "exact_match", 0, ""),
        ("e2", "json_field_match", 1, ""),
        ("e3", "exact_match", 0, "cut off"),
        ("e3", "json_field_match", None, ""),
    ]
    assert {s.reason for s in bench.scores() if s.item in ("e1", "e3") and s.value is None} == {no_object}
    record = bench.step.record
    assert record.status == "done"
    assert record.facts.pop("seconds") >= 0
    assert record.facts == {
        "n": 4,
        "means": {"exact_match": 0.25, "json_field_match": 1.0},
        "failures": {"cut off": 1, "empty": 1},
        "excluded": 3,
    }
    assert record.provenance["packages"].keys() == {"pydantic"}
    assert bench.step.read_progress()[-1]["step"] == 4


def test_no_value_at_all_has_no_mean(tmp_path: Path) -> None:
    bench = Bench(tmp_path, ANSWERS)
    step = bench.scoring(tmp_path, key="n", metrics=["numeric", "numeric"])
    write_examples(tmp_path / "use_cases" / "test.jsonl", [example(f"e{n}", "none") for n in range(4)])
    assert run([str(step.folder)]) == 0
    assert step.record.facts["means"] == {"numeric": None}
    assert step.record.facts["excluded"] == 4


def test_scoring_twice_gives_the_same_file_and_done_is_not_done_again(bench: Bench) -> None:
    assert run([str(bench.step.folder)]) == 0
    first = bench.step.path("scores.jsonl").read_bytes()
    bench.step.path("scores.jsonl").unlink()
    assert run([str(bench.step.folder)]) == 0
    assert not bench.step.path("scores.jsonl").exists()
    bench.step.update(status="waiting")
    assert run([str(bench.step.folder)]) == 0
    assert bench.step.path("scores.jsonl").read_bytes() == first


@pytest.mark.parametrize(
    ("responses", "problem"),
    [
        (ANSWERS[1:3], "2 of 4 examples have no response"),
        ((), "4 of 4 examples have no response"),
        ((*ANSWERS, ANSWERS[0]), "1 of 4 examples have several"),
        ((*ANSWERS, response("e9", "x")), "1 responses belong to no example"),
        ((*ANSWERS[1:], response("e9", "x")), "1 of 4 examples have no response; 1 responses belong"),
    ],
)
def test_every_example_needs_exactly_one_response(
    tmp_path: Path, responses: Sequence[Response], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Bench(tmp_path, responses)
    assert run([str(bench.step.folder)]) == 2
    assert problem in capsys.readouterr().err
    assert not bench.step.path("scores.jsonl").exists()
    assert bench.step.record.status == "failed"
    assert problem in bench.step.record.message
    assert bench.step.record.hint


@pytest.mark.parametrize(("metrics", "problem"), [(["accuracy"], "asks for accuracy"), ([], "names no metric")])
def test_a_metric_must_be_known(
    tmp_path: Path, bench: Bench, metrics: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    step = bench.scoring(tmp_path, key="m", metrics=metrics)
    assert run([str(step.folder)]) == 2
    assert problem in capsys.readouterr().err
    assert "exact_match" in step.record.hint


def test_a_failed_step_does_not_keep_the_others_from_running(
    tmp_path: Path, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = bench.scoring(tmp_path, key="m", metrics=["accuracy"])
    assert run([str(tmp_path / "nowhere"), str(broken.folder), str(bench.step.folder)]) == 2
    assert "nowhere holds no step.json" in capsys.readouterr().err
    assert bench.step.status == "done"


def test_unfinished_answers_are_waited_for(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.answers.update(status="stopped")
    assert run([str(bench.step.folder)]) == 2
    assert "left out, since answer-a is not done" in capsys.readouterr().err
    assert bench.step.status == "waiting"


def test_a_step_of_another_kind_is_refused(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.answers.update(status="waiting")
    assert run([str(bench.answers.folder)]) == 2
    assert "kind answer" in capsys.readouterr().err


def test_damaged_responses_are_named(bench: Bench) -> None:
    bench.answers.path("responses.jsonl").write_bytes(b'{"example": \xff}\n')
    assert run([str(bench.step.folder)]) == 2
    assert "is damaged" in bench.step.record.message


@pytest.mark.parametrize(
    ("metric", "text", "target", "value", "failure"),
    [
        ("contains", "It costs 49 crowns and", "49 crowns", 1, ""),
        ("token_f1", "49 crowns and", "49 crowns", 0.8, ""),
        ("exact_match", "49 crowns and", "49 crowns", 0, "cut off"),
        ("valid_json", '{"a": ', "", 0, "cut off"),
        ("exact_match", " ", "49 crowns", 0, "empty"),
        ("numeric", "49", "none", None, ""),
    ],
)
def test_a_cut_answer_keeps_what_it_earned(
    metric: MetricName, text: str, target: str, value: float | None, failure: str
) -> None:
    scored = score(response("e0", text, finish="length"), example("e0", target), metric=metric)
    assert (scored.value, scored.failure) == (value if value is None else pytest.approx(value), failure)


def test_the_command_starts_without_heavy_libraries(bench: Bench) -> None:
    root = Path(__file__).resolve().parents[2]
    code = (
        "import json, sys\n"
        "from evals.__main__ import DO, PACKAGES\n"
        "from workbench.engine import main\n"
        "code = main(DO, program='evals', packages=PACKAGES, arguments=sys.argv[1:])\n"
        "print(json.dumps([code, sorted(sys.modules)]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(bench.step.folder)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    exit_code, modules = json.loads(done.stdout)
    assert exit_code == 0
    assert bench.step.status == "done"
    assert not {"torch", "transformers", "numpy", "pandas", "scipy"} & set(modules)
