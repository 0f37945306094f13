"""The question is frozen before scores are seen, and moving it afterwards is said."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.toys import finished_case
from workbench.case import Case
from workbench.cli import main
from workbench.question import Question, freeze, frozen, moved
from workbench.report import render
from workbench.results import decide, load_results
from workbench.usecase import Limits, Money


@pytest.fixture
def case(tmp_path: Path) -> Case:
    made = finished_case(tmp_path / "workspace")
    freeze(made, seen=False)
    return made


def test_as_asked_nothing_is_said(case: Case) -> None:
    asked = frozen(case)
    assert asked is not None
    assert len(asked.hash) == 64
    assert moved(asked, case.use_case) == ()
    assert decide(load_results(case)).exploratory == ()


def test_what_is_moved_is_named_everywhere(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    now = case.use_case.model_copy(
        update={"smallest_difference": 0.2, "limits": Limits(max_p95_seconds=9.0), "money": Money(value_of_success=2.0)}
    )
    before = case.use_case.smallest_difference
    case.save(now)
    results = load_results(case)
    found = decide(results)
    assert found.exploratory == (
        f"the smallest difference was {100 * before:.1f}, and is 20.0 now",
        "the limit max p95 seconds was 0.5, and is 9 now",
        "the worth of a right answer was not said, and is 2 now",
    )
    assert "Exploratory: the smallest difference was" in render(results, found, to="md").decode()
    assert main(["recommend", case.name, "--workspace", str(case.workspace)]) == 0
    assert "Exploratory: the smallest difference" in capsys.readouterr().out


def test_before_scores_are_seen_it_may_be_moved(case: Case) -> None:
    case.save(case.use_case.model_copy(update={"smallest_difference": 0.2}))
    assert freeze(case, seen=True).smallest_difference != 0.2
    assert freeze(case, seen=False).smallest_difference == 0.2
    asked = frozen(case)
    assert asked is not None
    assert moved(asked, case.use_case) == ()


def test_other_test_examples_are_another_question(case: Case) -> None:
    case.freeze("test", list(case.examples("test"))[:30])
    assert frozen(case) is None
    case.save(case.use_case.model_copy(update={"smallest_difference": 0.2}))
    assert freeze(case, seen=True).smallest_difference == 0.2


def test_a_price_may_be_moved() -> None:
    """What a machine costs is no choice of whoever looks at scores."""
    from workbench.question import Question

    assert not {"machine_cost_per_hour", "volume_per_month", "knowledge_changes"} & set(Question.model_fields)


def test_the_hash_of_a_question_stays_what_it_was_before_there_were_facts_to_ask_for() -> None:
    asked = Question(
        metric="exact_match", decided_by="metric", smallest_difference=0.02, limits=Limits(max_p95_seconds=2.0),
        value_of_success=None, value_at_most=None, price_of_wrong=0.0, test="abc",
        asked=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    assert asked.hash == "e1480c3a82163b58b01874903ada8393067c15330e25e866be847b4de3e7a297"
    stricter = asked.model_copy(update={"limits": Limits(max_p95_seconds=2.0, data_stays=True)})
    assert stricter.hash != asked.hash
    assert asked.model_copy(update={"judge_helps": True}).hash != asked.hash


def test_a_judge_that_is_called_in_later_is_told(case: Case) -> None:
    asked = frozen(case)
    assert asked is not None
    now = case.use_case.model_copy(update={"judge_helps": True})
    assert moved(asked, now) == ("a judge's help was not taken, and is taken now",)
