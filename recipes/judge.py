"""A model as a judge: which of two answers is better, asked in both orders, and how good a single one is."""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from recipes.asking import Asker
from recipes.data import Turn
from workbench.errors import WorkbenchError
from workbench.stage import Judge

Verdict = Literal["first", "second", "tie", "unreadable"]

REPLY_TOKENS = 512
"""Room for a judge to think before its verdict."""
UNREADABLE = 0.5
"""Share of replies without a verdict from which the judge is given up."""
FEWEST_REPLIES = 20
"""Fewer replies than these say nothing about the judge."""
BEST_GRADE = 10

COMPARE = """Two assistants answered the same request. Which answer is better?
What makes an answer good: {wish}

[Request]
{request}

[Answer A]
{first}

[Answer B]
{second}

Do not let the order or the length of the answers sway you. End with your verdict: [[A]], [[B]], or [[C]] for a tie."""
GRADE = """An assistant answered a request. How good is the answer?
What makes an answer good: {wish}

[Request]
{request}

[Answer]
{answer}

End with a grade from 1, useless, to 10, perfect, in double brackets, such as [[7]]."""
_VERDICT = re.compile(r"\[\[\s*(A|B|C|tie)\s*\]\]", re.IGNORECASE)
_GRADE = re.compile(r"\[\[\s*(\d{1,2})\s*\]\]")
_BARE: dict[str, Verdict] = {"a": "first", "b": "second", "c": "tie", "tie": "tie"}


def request_text(turns: Sequence[Turn]) -> str:
    """A conversation as the judge reads it: the request alone, or all turns with who said them."""
    if len(turns) == 1:
        return turns[0]["content"]
    return "\n".join(f"{turn['role']}: {turn['content']}" for turn in turns)


def read_verdict(reply: str) -> Verdict:
    """Which answer a judge preferred; the last verdict in brackets counts, or the bare letter."""
    marked = _VERDICT.findall(reply)
    said = marked[-1] if marked else reply.strip().strip("[].*").strip()
    return _BARE.get(said.lower(), "unreadable")


def read_grade(reply: str) -> float | None:
    """The grade that a judge gave, from 0 to 1; None where there is none."""
    marked = _GRADE.findall(reply)
    said = marked[-1] if marked else reply.strip()
    if not said.isdecimal() or not 1 <= int(said) <= BEST_GRADE:
        return None
    return (int(said) - 1) / (BEST_GRADE - 1)


def compare(ask: Asker, judge: Judge, asked: Sequence[tuple[str, str, str]]) -> list[tuple[Verdict, Verdict]]:
    """Which of two answers is better, asked in both orders; each is a request and its two answers.

    Both verdicts speak of the answers in the order given: a judge who prefers whatever comes first says
    ("first", "second"). Raises WorkbenchError where hardly any reply holds a verdict.
    """
    questions = [
        COMPARE.format(wish=judge.wish, request=request, first=one, second=other)
        for request, left, right in asked
        for one, other in ((left, right), (right, left))
    ]
    replies = ask(questions)
    verdicts = [read_verdict(reply) for reply in replies]
    _give_up_on_nonsense(verdicts.count("unreadable"), replies, judge)
    back: dict[Verdict, Verdict] = {"first": "second", "second": "first"}
    return [(one, back.get(other, other)) for one, other in _by_two(verdicts)]


def _by_two(verdicts: Sequence[Verdict]) -> Iterator[tuple[Verdict, Verdict]]:
    return zip(verdicts[::2], verdicts[1::2], strict=True)


def grade(ask: Asker, judge: Judge, asked: Sequence[tuple[str, str]]) -> list[float | None]:
    """How good each answer to its request is, from 0 to 1; None where the judge gave no grade.

    Raises WorkbenchError where hardly any reply has a grade.
    """
    questions = [GRADE.format(wish=judge.wish, request=request, answer=answer) for request, answer in asked]
    replies = ask(questions)
    found = [read_grade(reply) for reply in replies]
    _give_up_on_nonsense(sum(one is None for one in found), replies, judge)
    return found


def _give_up_on_nonsense(unreadable: int, replies: Sequence[str], judge: Judge) -> None:
    """Raise WorkbenchError where too many replies hold no verdict."""
    if len(replies) >= FEWEST_REPLIES and unreadable > UNREADABLE * len(replies):
        raise WorkbenchError(
            f"{unreadable} of {len(replies)} replies of the judge {judge.model} hold no verdict; one is "
            f"{replies[0][:120]!r}.",
            "Choose a model that follows instructions; what was judged before is kept.",
        )
