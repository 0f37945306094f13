"""The bundled use cases, each with its known right answer, drawn by seed from the pocket world."""

from collections.abc import Callable, Mapping
from random import Random

from workbench.demos import already_known, brand_voice, facts_as_json, product_facts, sums, ticket_json
from workbench.demos.demo import Demo
from workbench.errors import NotFound

__all__ = ["DEMOS", "Demo", "build"]

DEMOS: Mapping[str, Callable[[Random], Demo]] = {
    "product-facts": product_facts.build,
    "ticket-json": ticket_json.build,
    "facts-as-json": facts_as_json.build,
    "already-known": already_known.build,
    "brand-voice": brand_voice.build,
    "sums": sums.build,
}
"""What draws each demo, by its name."""


def build(name: str, seed: int) -> Demo:
    """The demo of this name; the same seed always draws the same, and another seed another.

    Raises NotFound where there is no demo of this name.
    """
    if name not in DEMOS:
        raise NotFound(f"There is no demo {name!r}.", f"The demos are {', '.join(DEMOS)}.")
    return DEMOS[name](Random(f"{name}-{seed}"))
