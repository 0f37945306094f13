"""A model as a judge: which of two answers is better, asked in both orders, and how good a single one is."""

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import requests

from recipes.answer import generate
from recipes.bases import Bases
from recipes.data import Turn, encode_prompt
from workbench.candidate import Decoding
from workbench.errors import ConfigError, WorkbenchError
from workbench.stage import Judge

Verdict = Literal["first", "second", "tie", "unreadable"]
Asker = Callable[[Sequence[str]], list[str]]
"""Sends each question to a model, in a conversation of its own, and returns what it says."""

REPLY_TOKENS = 512
AT_ONCE = 8
"""Questions that an endpoint is asked at the same time."""
PATIENCE = (1.0, 3.0, 9.0)
"""Seconds to wait before an endpoint that does not answer is asked again."""
TIMEOUT = 120.0
UNREADABLE = 0.5
"""Share of replies without a verdict from which the judge is given up."""
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


def asker(judge: Judge, *, bases: Bases | None = None) -> Asker:
    """What asks a judge: its endpoint, or the model itself, loaded here.

    Raises NotFound and ConfigError as ``recipes.model.load`` does, for a model that is loaded here.
    """
    if judge.endpoint is not None:
        return _Endpoint(judge)
    base = (bases or Bases()).get(judge.model)

    def ask(questions: Sequence[str]) -> list[str]:
        prompts = [encode_prompt([{"role": "user", "content": text}], base.tokenizer) for text in questions]
        found = [""] * len(prompts)

        def keep(places: list[int], answers: list[Any]) -> None:
            for place, given in zip(places, answers, strict=True):
                found[place] = given.text

        generate(base, prompts, Decoding(max_new_tokens=min(REPLY_TOKENS, 64)), on_batch=keep)
        return found

    return ask


class _Endpoint:
    """Asks an OpenAI-compatible API, several questions at a time."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        key = os.environ.get(judge.key_variable, "")
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.url = f"{str(judge.endpoint).rstrip('/')}/chat/completions"

    def __call__(self, questions: Sequence[str]) -> list[str]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self._ask, questions))

    def _ask(self, question: str) -> str:
        asked = {
            "model": self.judge.model,
            "messages": [{"role": "user", "content": question}],
            "temperature": 0,
            "max_tokens": REPLY_TOKENS,
        }
        problem = ""
        for pause in (*PATIENCE, None):
            try:
                reply = requests.post(self.url, json=asked, headers=self.headers, timeout=TIMEOUT)
            except requests.RequestException as error:
                problem = str(error) or type(error).__name__
            else:
                if reply.status_code < 400:
                    return _said(reply, self.url)
                problem = f"it answered {reply.status_code}: {reply.text[:200]}"
                if reply.status_code not in (408, 409, 425, 429) and reply.status_code < 500:
                    raise ConfigError(
                        f"The judge at {self.url} refuses: {problem}",
                        f"Check its model name and the key in ${self.judge.key_variable}; what was judged is kept.",
                    )
            if pause is not None:
                time.sleep(pause)
        raise WorkbenchError(
            f"The judge at {self.url} can't be reached: {problem}",
            "Start it or mend the address, then run again: what was judged is kept.",
        )


def _said(reply: requests.Response, url: str) -> str:
    try:
        return str(reply.json()["choices"][0]["message"]["content"] or "")
    except (ValueError, KeyError, IndexError, TypeError):
        raise ConfigError(
            f"What {url} answers is no chat completion: {reply.text[:200]!r}.",
            "Name the address of an OpenAI-compatible API, up to and with /v1.",
        ) from None


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
    if replies and unreadable > UNREADABLE * len(replies):
        raise WorkbenchError(
            f"{unreadable} of {len(replies)} replies of the judge {judge.model} hold no verdict; one is "
            f"{replies[0][:120]!r}.",
            "Choose a model that follows instructions; what was judged before is kept.",
        )
