"""A catalogue of made-up products: one document for each, questions about what they say, and demos made of both."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from workbench.candidate import Approach
from workbench.demos.demo import DEV, TEST, TRAIN, Demo, Request, examples_of
from workbench.demos.world.things import Thing, ask, describe, draw_thing
from workbench.usecase import Split, UseCase

ATTRIBUTES = (4, 6)
"""Least and most attributes of a product."""
QUESTIONS: Mapping[Split, int] = {"train": 4, "dev": 3, "test": 3}
"""Questions about each product, every one for another attribute."""
PRODUCTS: Mapping[Split, int] = {
    "train": TRAIN // QUESTIONS["train"],
    "dev": DEV // QUESTIONS["dev"],
    "test": TEST // QUESTIONS["test"],
}
"""Products that each split asks about; no two splits share one."""
NAMED = ("maker", "origin")
"""Attributes whose values are names."""


@dataclass(frozen=True)
class Asked:
    """A question about one attribute of a product."""

    thing: Thing
    key: str
    text: str

    @property
    def answer(self) -> str:
        """The attribute's value."""
        return self.thing.values[self.key]


def product_demo(
    rng: Random, use_case: UseCase, *, target: Callable[[Asked], str], truth: Approach, blurb: str
) -> Demo:
    """A demo of questions about new products; ``target`` writes the reference answer to one."""
    products = draw_products(rng, sum(PRODUCTS.values()))
    documents = documents_of(products, rng=rng)
    asked = ask_about(products, rng=rng)
    requests = {split: [_request(each, target(each)) for each in found] for split, found in asked.items()}
    return Demo(
        use_case=use_case,
        train=examples_of("train", requests["train"]),
        dev=examples_of("dev", requests["dev"]),
        test=examples_of("test", requests["test"]),
        documents=documents,
        truth=truth,
        blurb=blurb,
        # A product stands in one document alone; those of others only distract.
        passages=1,
    )


def stem(thing: Thing) -> str:
    """The product's name without its number."""
    return thing.name.split()[0]


def file_name(thing: Thing) -> str:
    """The name of the product's document."""
    return f"{thing.name.lower().replace(' ', '-')}.md"


def draw_products(rng: Random, count: int) -> list[Thing]:
    """Products that the base model has never seen; no name, of product, maker or place, is used twice."""
    taken: set[str] = set()
    products: list[Thing] = []
    while len(products) < count:
        thing = draw_thing(rng, "product", reserved=True, attributes=rng.randint(*ATTRIBUTES))
        names = [stem(thing), *(thing.values[key] for key in NAMED if key in thing.values)]
        if len(set(names)) == len(names) and taken.isdisjoint(names):
            taken.update(names)
            products.append(thing)
    return products


def documents_of(products: Sequence[Thing], *, rng: Random) -> dict[str, str]:
    """One short document for each product, by file name."""
    return {file_name(thing): f"{describe(thing, rng=rng)}\n" for thing in products}


def ask_about(products: Sequence[Thing], *, rng: Random) -> dict[Split, list[Asked]]:
    """The questions of each split, each about products of its own; there must be enough products."""
    rest = iter(products)
    asked: dict[Split, list[Asked]] = {}
    for split, count in PRODUCTS.items():
        own = [next(rest) for _ in range(count)]
        asked[split] = [question for thing in own for question in _questions(thing, QUESTIONS[split], rng)]
        rng.shuffle(asked[split])
    return asked


def _request(asked: Asked, target: str) -> Request:
    return Request(asked.text, target, group=asked.thing.name, evidence=(file_name(asked.thing),), tags=(asked.key,))


def _questions(thing: Thing, count: int, rng: Random) -> Iterator[Asked]:
    for key in rng.sample(list(thing.values), count):
        yield Asked(thing, key, ask(thing, key, rng=rng))
