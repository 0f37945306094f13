"""The question as it stood before any score was seen: what decides, the margin and the limits, frozen and hashed.

Who moves the margin or a limit after looking at the scores can get any answer; a recommendation under other settings
than the frozen ones is marked exploratory. Other test examples are another question.
"""

import json
from datetime import UTC, datetime
from typing import Any

from workbench.case import Case
from workbench.model import Noun
from workbench.phrases import points
from workbench.usecase import Limits, MetricName, UseCase
from workbench.workspace import digest, write_atomically

FILE = "questions.json"
FACTS = ("data_stays", "licences", "must_cite", "must_be_deletable")
"""Limits that questions of older versions did not have."""


class Question(Noun):
    """What is decided by, as it was when the candidates were first run on these test examples."""

    metric: MetricName
    decided_by: str
    judge_helps: bool = False
    """A judge's verdicts, corrected by people's labels, count."""
    smallest_difference: float
    limits: Limits
    value_of_success: float | None
    value_at_most: float | None
    price_of_wrong: float
    test: str
    """Digest of the test examples."""
    asked: datetime

    @property
    def hash(self) -> str:
        """SHA-256 of all of it but the time; limits and settings that came later count where they are set."""
        asked = self.model_dump(mode="json", exclude={"asked"} if self.judge_helps else {"asked", "judge_helps"})
        plain = Limits().model_dump(mode="json")
        asked["limits"] = {
            name: value for name, value in asked["limits"].items() if name not in FACTS or value != plain[name]
        }
        return digest(asked)


def freeze(case: Case, *, seen: bool) -> Question:
    """Write down the question of a use case before its candidates are run; returns what holds.

    ``seen``: whether some are scored already. Then the question that was asked of these test examples before stays.
    """
    known = _read(case)
    test = _test(case)
    if seen and test in known:
        return known[test]
    known[test] = _question(case.use_case, test, datetime.now(UTC).replace(microsecond=0))
    listed = [one.model_dump(mode="json") for one in known.values()]
    write_atomically(case.folder / FILE, json.dumps(listed, indent=1) + "\n")
    return known[test]


def frozen(case: Case) -> Question | None:
    """The question as it was asked first of the test examples there are; None where nothing was run on them."""
    return _read(case).get(_test(case))


def moved(asked: Question, now: UseCase) -> tuple[str, ...]:
    """What is another than when it was asked, in words: "the smallest difference was 2.0 points, and is 5.0 now"."""
    before, after = asked, _question(now, asked.test, asked.asked)
    said = [
        _change("the metric", before.metric, after.metric),
        _change("what decides", before.decided_by, after.decided_by),
        _change("a judge's help", *("taken" if one.judge_helps else "not taken" for one in (before, after))),
        _change("the smallest difference", points(before.smallest_difference), points(after.smallest_difference)),
    ]
    said += [
        _change(f"the limit {name.replace('_', ' ')}", getattr(before.limits, name), getattr(after.limits, name))
        for name in Limits.model_fields
    ]
    said += [
        _change("the worth of a right answer", _worth(before), _worth(after)),
        _change("the price of a wrong answer", before.price_of_wrong, after.price_of_wrong),
    ]
    return tuple(text for text in said if text)


def _test(case: Case) -> str:
    return case.split_digest("test") if case.split_path("test").exists() else ""


def _read(case: Case) -> dict[str, Question]:
    path = case.folder / FILE
    if not path.exists():
        return {}
    found = [Question.parse(one, where=str(path)) for one in json.loads(path.read_text(encoding="utf-8"))]
    return {one.test: one for one in found}


def _question(use_case: UseCase, test: str, asked: datetime) -> Question:
    return Question(
        metric=use_case.metric,
        decided_by=use_case.decided_by,
        judge_helps=use_case.judge_helps,
        smallest_difference=use_case.smallest_difference,
        limits=use_case.limits,
        value_of_success=use_case.money.value_of_success,
        value_at_most=use_case.money.value_at_most,
        price_of_wrong=use_case.money.price_of_wrong,
        test=test,
        asked=asked,
    )


def _worth(one: Question) -> str:
    if one.value_of_success is None:
        return "not said"
    upto = f" to {one.value_at_most:g}" if one.value_at_most is not None else ""
    return f"{one.value_of_success:g}{upto}"


def _change(what: str, before: Any, after: Any) -> str:
    if before == after:
        return ""
    shown = ["none" if one is None else f"{one:g}" if isinstance(one, float) else str(one) for one in (before, after)]
    return f"{what} was {shown[0]}, and is {shown[1]} now"
