"""Asking a helping model, loaded here or behind an OpenAI-compatible endpoint, many questions at once."""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from recipes.answer import generate
from recipes.bases import Bases
from recipes.data import encode_prompt
from recipes.model import seed_everything
from workbench.candidate import Decoding
from workbench.errors import ConfigError, WorkbenchError
from workbench.stage import Helper

Asker = Callable[[Sequence[str]], list[str]]
"""Sends each question to a model, in a conversation of its own, and returns what it says."""

AT_ONCE = 8
"""Questions that an endpoint is asked at the same time."""
PATIENCE = (1.0, 3.0, 9.0)
"""Seconds to wait before an endpoint that does not answer is asked again."""
TIMEOUT = 120.0


def asker(helper: Helper, *, tokens: int, temperature: float = 0.0, seed: int = 0, bases: Bases | None = None) -> Asker:
    """What asks a helping model: its endpoint, or the model itself, loaded here; of at most ``tokens`` tokens a reply.

    Raises NotFound and ConfigError as ``recipes.model.load`` does, for a model that is loaded here.
    """
    if helper.endpoint is not None:
        return _Endpoint(helper, tokens=tokens, temperature=temperature, seed=seed)
    base = (bases or Bases()).get(helper.model)

    def ask(questions: Sequence[str]) -> list[str]:
        prompts = [encode_prompt([{"role": "user", "content": text}], base.tokenizer) for text in questions]
        found = [""] * len(prompts)

        def keep(places: list[int], answers: list[Any]) -> None:
            for place, given in zip(places, answers, strict=True):
                found[place] = given.text

        seed_everything(seed)
        generate(base, prompts, Decoding(max_new_tokens=tokens, temperature=temperature), on_batch=keep)
        return found

    return ask


class _Endpoint:
    """Asks an OpenAI-compatible API, several questions at a time."""

    def __init__(self, helper: Helper, *, tokens: int, temperature: float, seed: int) -> None:
        self.helper = helper
        self.settings = {"temperature": temperature, "max_tokens": tokens} | ({"seed": seed} if temperature else {})
        key = self.key = os.environ.get(helper.key_variable, "").strip()
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.url = f"{str(helper.endpoint).rstrip('/')}/chat/completions"

    def __call__(self, questions: Sequence[str]) -> list[str]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self._ask, questions))

    def _ask(self, question: str) -> str:
        asked = {
            "model": self.helper.model,
            "messages": [{"role": "user", "content": question}],
            **self.settings,
        }
        problem = ""
        for pause in (*PATIENCE, None):
            try:
                reply = requests.post(self.url, json=asked, headers=self.headers, timeout=TIMEOUT)
            except requests.RequestException as error:
                problem = self._hidden(str(error) or type(error).__name__)
            else:
                if reply.status_code < 400:
                    return _said(reply, self.url)
                problem = self._hidden(f"it answered {reply.status_code}: {reply.text[:200]}")
                if reply.status_code not in (408, 409, 425, 429) and reply.status_code < 500:
                    raise ConfigError(
                        f"The model at {self.url} refuses: {problem}",
                        f"Check its model name and the key in ${self.helper.key_variable}; what was done is kept.",
                    )
            if pause is not None:
                time.sleep(pause)
        raise WorkbenchError(
            f"The model at {self.url} can't be reached: {problem}",
            "Start it or mend the address, then run again: what was done is kept.",
        )

    def _hidden(self, text: str) -> str:
        """A message without the key, which some servers and libraries repeat."""
        return text.replace(self.key, "***") if self.key else text


def _said(reply: requests.Response, url: str) -> str:
    try:
        return str(reply.json()["choices"][0]["message"]["content"] or "")
    except (ValueError, KeyError, IndexError, TypeError):
        raise ConfigError(
            f"What {url} answers is no chat completion: {reply.text[:200]!r}.",
            "Name the address of an OpenAI-compatible API, up to and with /v1.",
        ) from None
