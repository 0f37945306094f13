"""Asking a helping model, loaded here or behind an OpenAI-compatible endpoint, many questions at once."""

from collections.abc import Callable, Sequence
from typing import Any

from recipes.answer import generate
from recipes.bases import Bases
from recipes.data import encode_prompt
from recipes.endpoint import Endpoint
from recipes.model import seed_everything
from workbench.candidate import Decoding
from workbench.stage import Helper

Asker = Callable[[Sequence[str]], list[str]]
"""Sends each question to a model, in a conversation of its own, and returns what it says."""


def asker(helper: Helper, *, tokens: int, temperature: float = 0.0, seed: int = 0, bases: Bases | None = None) -> Asker:
    """What asks a helping model: its endpoint, or the model itself, loaded here; of at most ``tokens`` tokens a reply.

    Raises NotFound and ConfigError as ``recipes.model.load`` does, for a model that is loaded here.
    """
    if helper.endpoint is not None:
        return Endpoint(helper, tokens=tokens, temperature=temperature, seed=seed)
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
