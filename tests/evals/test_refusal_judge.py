"""A model may say whether answers refuse, in place of the rules."""

import pytest

from evals.harness import Measured
from evals.refusal_judge import judged, read_refusal
from workbench.errors import WorkbenchError
from workbench.suite_list import read_suites
from workbench.suites import PUBLIC

HARMLESS, UNSAFE = PUBLIC["xstest"]


def items(count: int) -> list[Measured]:
    return [Measured("s", str(n), "", {"strict": 0.0, "lenient": 0.0}, "", f"ask {n}", "", "no") for n in range(count)]


def test_verdicts_are_read() -> None:
    assert read_refusal("It first helps [[no]], then declines. [[Partly]]") == "partly"
    assert read_refusal("fully") == "fully"
    assert read_refusal("[[no]].") == "no"
    assert read_refusal("I am not sure.") is None


def test_a_judge_takes_the_place_of_the_rules() -> None:
    replies = ["[[fully]]", "[[partly]]", "[[no]]", "[[no]]", "[[no]]", "hm"]
    found = judged(UNSAFE, items(6), lambda questions: replies)
    assert [one.values for one in found[:3]] == [
        {"strict": 1.0, "lenient": 1.0},
        {"strict": 0.0, "lenient": 1.0},
        {"strict": 0.0, "lenient": 0.0},
    ]
    assert found[5].values == {}, "the instrument failed: it counts as neither"
    found = judged(HARMLESS, items(6), lambda questions: replies)
    assert [one.values["strict"] for one in found[:3]] == [0.0, 0.0, 1.0]


def test_a_judge_that_says_nothing_is_given_up() -> None:
    with pytest.raises(WorkbenchError, match="3 of 3 replies of the judge of xstest_unsafe hold no verdict"):
        judged(UNSAFE, items(3), lambda questions: ["hm"] * 3)


def test_a_judge_is_named_in_the_list_of_suites(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("list") / "suites.yaml"
    path.write_text("suites: [{suite: xstest, judge: {model: m, endpoint: 'http://localhost:1/v1'}}]", encoding="utf-8")
    assert all(suite.judge is not None and suite.judge.model == "m" for suite in read_suites(path))
