"""Things one can read about: products, people, towns, ships and companies."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from workbench.demos.world.names import draw_name

COLOURS = "red blue green yellow black white grey brown orange purple silver golden pink".split()
MATERIALS = "steel wood glass plastic leather copper cotton stone bamboo rubber wool tin".split()
PRODUCTS = (
    "lamp kettle drill radio tent bicycle chair camera clock heater fan printer blender toaster scooter backpack "
    "desk mixer speaker torch saw pump stove kayak helmet watch scale vacuum ladder freezer guitar keyboard"
).split()
JOBS = "baker doctor teacher painter farmer pilot singer lawyer tailor nurse miner writer judge cook".split()
FOODS = "soup bread cheese fish rice apples honey nuts beans cake eggs grass berries seeds".split()
CARGO = "salt coal tea wine grain timber silk spice oil sugar wool iron".split()
PETS = "cat dog parrot rabbit horse goat turtle hamster".split()
HABITATS = "forest desert river swamp mountain cave lake meadow".split()
TOPICS = "history music cooking stars trade birds gardens war trains weather".split()


@dataclass(frozen=True)
class Attribute:
    """One property of a kind of thing: how its values are drawn, how it is told and how it is asked."""

    key: str
    draw: Callable[[Random, bool], str]
    statements: tuple[str, ...]
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """A kind of thing: how one is named and introduced, and what can be said of it."""

    introductions: tuple[str, ...]
    nouns: Sequence[str]
    attributes: tuple[Attribute, ...]
    article: bool
    """Whether the name takes an article ("the Velin 40")."""


@dataclass(frozen=True)
class Thing:
    """One made-up thing with the values of some of its attributes."""

    kind: str
    name: str
    noun: str
    values: Mapping[str, str]


def _of(words: Sequence[str]) -> Callable[[Random, bool], str]:
    return lambda rng, reserved: rng.choice(words)


def _number(low: int, high: int, unit: str = "") -> Callable[[Random, bool], str]:
    return lambda rng, reserved: f"{rng.randint(low, high)} {unit}".strip()


def _name(rng: Random, reserved: bool) -> str:
    return draw_name(rng, reserved=reserved)


def _attribute(key: str, draw: Callable[[Random, bool], str], statements: str, questions: str) -> Attribute:
    return Attribute(key, draw, tuple(statements.split(" | ")), tuple(questions.split(" | ")))


KINDS: Mapping[str, Kind] = {
    "product": Kind(
        ("{N} is a {noun}.", "{N} is a {noun} for every day.", "Meet {n}, a {noun}.", "{N} is our {noun}."),
        PRODUCTS,
        (
            _attribute(
                "price",
                _number(5, 990, "crowns"),
                "{N} costs {v}. | The price of {n} is {v}. | {N} is sold for {v}. | You can buy {n} for {v}.",
                "What does {n} cost? | How much is {n}? | What is the price of {n}? | How much do I pay for {n}?",
            ),
            _attribute(
                "weight",
                _number(1, 90, "kilograms"),
                "{N} weighs {v}. | The weight of {n} is {v}. | On the scale {n} shows {v}.",
                "How heavy is {n}? | What does {n} weigh? | What is the weight of {n}?",
            ),
            _attribute(
                "colour",
                _of(COLOURS),
                "{N} comes in {v}. | The colour of {n} is {v}. | {N} is painted {v}.",
                "Which colour is {n}? | What is the colour of {n}? | In what colour does {n} come?",
            ),
            _attribute(
                "material",
                _of(MATERIALS),
                "{N} is made of {v}. | The material of {n} is {v}. | {v} is what {n} is built from.",
                "What is {n} made of? | Which material is used for {n}? | What is the material of {n}?",
            ),
            _attribute(
                "maker",
                _name,
                "{N} is made by {v}. | The maker of {n} is {v}. | {v} builds {n}.",
                "Who makes {n}? | Who is the maker of {n}? | Which company builds {n}?",
            ),
            _attribute(
                "origin",
                _name,
                "{N} comes from {v}. | {N} is shipped from {v}. | The home of {n} is {v}.",
                "Where does {n} come from? | From where is {n} shipped? | What is the home of {n}?",
            ),
            _attribute(
                "warranty",
                _number(2, 12, "years"),
                "The warranty of {n} lasts {v}. | {N} has a warranty of {v}.",
                "How long is the warranty of {n}? | What warranty does {n} have?",
            ),
            _attribute(
                "power",
                _number(2, 950, "watts"),
                "{N} uses {v}. | The power of {n} is {v}. | {N} needs {v} of power.",
                "How much power does {n} use? | What is the power of {n}? | How many watts does {n} need?",
            ),
            _attribute(
                "battery",
                _number(2, 90, "hours"),
                "The battery of {n} lasts {v}. | {N} runs for {v} on one battery.",
                "How long does the battery of {n} last? | How long does {n} run on one battery?",
            ),
            _attribute(
                "length",
                _number(3, 300, "centimetres"),
                "{N} is {v} long. | The length of {n} is {v}.",
                "How long is {n}? | What is the length of {n}?",
            ),
        ),
        True,
    ),
    "person": Kind(
        ("{N} is a person.", "This is {n}.", "{N} lives here."),
        ("person",),
        (
            _attribute(
                "job",
                _of(JOBS),
                "{N} works as a {v}. | The job of {n} is {v}. | {N} is a {v}.",
                "What is the job of {n}? | What does {n} work as?",
            ),
            _attribute(
                "home",
                _name,
                "{N} lives in {v}. | The home of {n} is {v}.",
                "Where does {n} live? | What is the home of {n}?",
            ),
            _attribute(
                "age",
                _number(8, 98, "years"),
                "{N} is {v} old. | The age of {n} is {v}.",
                "How old is {n}? | What is the age of {n}?",
            ),
            _attribute(
                "food",
                _of(FOODS),
                "{N} likes to eat {v}. | The favourite food of {n} is {v}.",
                "What does {n} like to eat? | What is the favourite food of {n}?",
            ),
            _attribute(
                "pet",
                _of(PETS),
                "{N} has a {v}. | The pet of {n} is a {v}.",
                "Which pet does {n} have? | What is the pet of {n}?",
            ),
            _attribute(
                "friend",
                _name,
                "{N} is a friend of {v}. | The best friend of {n} is {v}.",
                "Who is the friend of {n}? | Who is the best friend of {n}?",
            ),
        ),
        False,
    ),
    "town": Kind(
        ("{N} is a town.", "{N} is a small town.", "{N} is an old town."),
        ("town",),
        (
            _attribute(
                "mayor",
                _name,
                "The mayor of {n} is {v}. | {v} is the mayor of {n}.",
                "Who is the mayor of {n}? | Name the mayor of {n}.",
            ),
            _attribute(
                "people",
                _number(200, 9900, "people"),
                "{N} has {v}. | In {n} live {v}.",
                "How many people live in {n}? | How large is {n}?",
            ),
            _attribute(
                "founded",
                _number(900, 1990),
                "{N} was founded in {v}. | The town of {n} dates from {v}.",
                "When was {n} founded? | In which year was {n} founded?",
            ),
            _attribute(
                "trade",
                _of(CARGO),
                "{N} is famous for {v}. | The people of {n} sell {v}.",
                "What is {n} famous for? | What do the people of {n} sell?",
            ),
            _attribute(
                "lake",
                _name,
                "{N} lies on the lake {v}. | The lake of {n} is called {v}.",
                "On which lake does {n} lie? | What is the lake of {n} called?",
            ),
        ),
        False,
    ),
    "ship": Kind(
        ("{N} is a ship.", "{N} is a fast ship.", "{N} is an old ship."),
        ("ship",),
        (
            _attribute(
                "captain",
                _name,
                "The captain of {n} is {v}. | {N} sails under captain {v}.",
                "Who is the captain of {n}? | Name the captain of {n}.",
            ),
            _attribute(
                "cargo",
                _of(CARGO),
                "{N} carries {v}. | The cargo of {n} is {v}.",
                "What does {n} carry? | What is the cargo of {n}?",
            ),
            _attribute(
                "port",
                _name,
                "The home port of {n} is {v}. | {N} sails from {v}.",
                "What is the home port of {n}? | From where does {n} sail?",
            ),
            _attribute(
                "built",
                _number(1700, 2025),
                "{N} was built in {v}. | The year {n} was built is {v}.",
                "When was {n} built? | In which year was {n} built?",
            ),
            _attribute(
                "crew",
                _number(3, 240, "sailors"),
                "{N} has a crew of {v}. | On {n} work {v}.",
                "How large is the crew of {n}? | How many sailors work on {n}?",
            ),
        ),
        True,
    ),
    "company": Kind(
        ("{N} is a company.", "{N} is a young company.", "{N} is a large company."),
        ("company",),
        (
            _attribute(
                "founder",
                _name,
                "{N} was founded by {v}. | The founder of {n} is {v}.",
                "Who founded {n}? | Who is the founder of {n}?",
            ),
            _attribute(
                "sells",
                _of([p + "s" for p in PRODUCTS if not p.endswith("s")]),
                "{N} sells {v}. | The main product of {n} is {v}.",
                "What does {n} sell? | What is the main product of {n}?",
            ),
            _attribute(
                "seat",
                _name,
                "{N} has its seat in {v}. | The office of {n} is in {v}.",
                "Where is the seat of {n}? | Where is the office of {n}?",
            ),
            _attribute(
                "staff",
                _number(4, 9000, "people"),
                "{N} employs {v}. | The staff of {n} counts {v}.",
                "How many people work for {n}? | How large is the staff of {n}?",
            ),
        ),
        False,
    ),
}


def draw_thing(rng: Random, kind: str, *, reserved: bool, attributes: int) -> Thing:
    """One made-up thing of a kind with ``attributes`` of its attributes drawn at random."""
    rules = KINDS[kind]
    name = draw_name(rng, reserved=reserved)
    if kind == "product" and rng.random() < 0.6:
        name = f"{name} {rng.randint(2, 900)}"
    chosen = rng.sample(rules.attributes, min(attributes, len(rules.attributes)))
    values = {attribute.key: attribute.draw(rng, reserved) for attribute in chosen}
    return Thing(kind, name, rng.choice(rules.nouns), values)


def attribute_of(thing: Thing, key: str) -> Attribute:
    """The rules of one attribute of a thing's kind."""
    return next(attribute for attribute in KINDS[thing.kind].attributes if attribute.key == key)


def called(thing: Thing) -> str:
    """The thing's name as used inside a sentence."""
    return f"the {thing.name}" if KINDS[thing.kind].article else thing.name


def tell(thing: Thing, key: str, *, rng: Random, pronoun: bool = False) -> str:
    """One sentence that states an attribute; with ``pronoun`` the subject may be "It"."""
    form = rng.choice(attribute_of(thing, key).statements)
    name = called(thing)
    subject = name[0].upper() + name[1:]
    if pronoun and "{N}" in form:
        subject = "It" if thing.kind != "person" else thing.name
    text = form.format(N=subject, n=name, v=thing.values[key])
    return text[0].upper() + text[1:]


def describe(thing: Thing, *, rng: Random) -> str:
    """A short text about a thing: what it is, then all its attributes in random order."""
    name = called(thing)
    opening = rng.choice(KINDS[thing.kind].introductions)
    sentences = [opening.format(N=name[0].upper() + name[1:], n=name, noun=thing.noun)]
    keys = list(thing.values)
    rng.shuffle(keys)
    sentences += [tell(thing, key, rng=rng, pronoun=rng.random() < 0.5) for key in keys]
    return " ".join(sentences)


def ask(thing: Thing, key: str, *, rng: Random) -> str:
    """One question for an attribute of a thing."""
    return rng.choice(attribute_of(thing, key).questions).format(n=called(thing))
