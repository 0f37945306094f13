"""A model behind an OpenAI-compatible endpoint, asked many questions at once."""

import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import cast

from openai import APIConnectionError, APIStatusError, OpenAI, OpenAIError, omit
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

from recipes.data import Turn
from workbench.errors import ConfigError, WorkbenchError
from workbench.stage import Helper

AT_ONCE = 8
"""Questions that an endpoint is asked at the same time."""
ATTEMPTS = 6
"""How often a question is asked that gets no answer, with growing pauses between."""
TIMEOUT = 120.0
PASSING = (408, 409, 425, 429)
"""What an endpoint answers that may answer otherwise a little later, besides errors of its own (5xx)."""


LETTERS_PER_TOKEN = 4.0
"""Where an endpoint does not count its tokens, so many letters are one."""


@dataclass(frozen=True)
class Reply:
    """What an endpoint said, and what it counted."""

    text: str
    cut: bool
    """Whether it ended since it may be no longer."""
    prompt_tokens: int | None
    completion_tokens: int | None
    """None where the endpoint does not count."""
    cached_tokens: int = 0
    """Of those read, how many it had in its cache; 0 where it does not say."""

    def tokens(self, turns: Sequence[Turn]) -> tuple[int, int]:
        """Tokens read and written, counted by letters where the endpoint did not."""
        if self.prompt_tokens is not None and self.completion_tokens is not None:
            return self.prompt_tokens, self.completion_tokens
        read = sum(len(turn["content"]) for turn in turns)
        return round(read / LETTERS_PER_TOKEN), round(len(self.text) / LETTERS_PER_TOKEN)


class Endpoint:
    """Sends each question to the endpoint, in a conversation of its own, and returns what it says.

    The key is read from the environment variable that the helper names, and stands in no message.
    """

    def __init__(self, helper: Helper, *, tokens: int, temperature: float, seed: int) -> None:
        self.helper = helper
        self.tokens, self.temperature = tokens, temperature
        self.seed = seed if temperature else omit
        self.key = os.environ.get(helper.key_variable, "").strip()
        # Servers without keys take any; the library wants one.
        self.client = OpenAI(
            base_url=str(helper.endpoint), api_key=self.key or "none", timeout=TIMEOUT, max_retries=ATTEMPTS - 1
        )

    def __call__(self, questions: Sequence[str]) -> list[str]:
        """One reply for each question.

        Raises ConfigError where the endpoint refuses or is none, WorkbenchError where it can't be reached.
        """
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self._ask, questions))

    def _ask(self, question: str) -> str:
        return self.chat([{"role": "user", "content": question}]).text

    def chat(self, turns: Sequence[Turn]) -> Reply:
        """One reply to a conversation; raises as asking does."""
        where = str(self.helper.endpoint)
        try:
            reply = self.client.chat.completions.create(
                model=self.helper.model,
                messages=cast("list[ChatCompletionMessageParam]", list(turns)),
                temperature=self.temperature,
                max_tokens=self.tokens,
                seed=self.seed,
            )
        except APIStatusError as error:
            problem = self._hidden(f"it answered {error.status_code}: {error.response.text[:200]}")
            if error.status_code in PASSING or error.status_code >= 500:
                raise self._away(problem) from None
            raise ConfigError(
                f"The model at {where} refuses: {problem}",
                f"Check its model name and the key in ${self.helper.key_variable}; what was done is kept.",
            ) from None
        except APIConnectionError as error:
            raise self._away(self._hidden(f"{error} {error.__cause__ or ''}".strip())) from None
        except (OpenAIError, ValueError) as error:
            raise self._none(self._hidden(str(error)[:200])) from None
        return self._said(reply)

    def _said(self, reply: ChatCompletion) -> Reply:
        """What was said; anything may have answered, a web page for one, which the library hands on as it is."""
        try:
            one, used = reply.choices[0], reply.usage
            return Reply(
                text=str(one.message.content or ""), cut=one.finish_reason == "length",
                prompt_tokens=used.prompt_tokens if used else None,
                completion_tokens=used.completion_tokens if used else None,
                cached_tokens=(details.cached_tokens or 0) if used and (details := used.prompt_tokens_details) else 0,
            )  # fmt: skip
        except (AttributeError, IndexError, TypeError):
            raise self._none(self._hidden(str(reply)[:200])) from None

    def _away(self, problem: str) -> WorkbenchError:
        return WorkbenchError(
            f"The model at {self.helper.endpoint} can't be reached: {problem}",
            "Start it or mend the address, then run again: what was done is kept.",
        )

    def _none(self, answered: str) -> ConfigError:
        return ConfigError(
            f"What {self.helper.endpoint} answers is no chat completion: {answered!r}.",
            "Name the address of an OpenAI-compatible API, up to and with /v1.",
        )

    def _hidden(self, text: str) -> str:
        """A message without the key, which some servers and libraries repeat."""
        return text.replace(self.key, "***") if self.key else text


class Pace:
    """Lets requests through no faster than so many a minute."""

    def __init__(self, per_minute: float | None) -> None:
        self.gap = 60 / per_minute if per_minute else 0.0
        self.next, self.lock = 0.0, threading.Lock()

    def wait(self) -> None:
        """Come back when the next request may be sent."""
        with self.lock:
            now = time.monotonic()
            at = max(now, self.next)
            self.next = at + self.gap
        if at > now:
            time.sleep(at - now)
