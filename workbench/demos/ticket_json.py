"""``ticket-json``: messages of customers into a form with codes of its own, so training is what it takes."""

import json
from collections.abc import Iterator, Mapping
from random import Random

from workbench.demos.demo import DEV, SMALLEST_DIFFERENCE, TEST, TRAIN, Demo, Request, examples_of
from workbench.demos.world.names import draw_names
from workbench.demos.world.things import PRODUCTS
from workbench.usecase import UseCase

PROBLEMS: Mapping[str, tuple[str, ...]] = {
    "DAMAGED": (
        "The {p} arrived with a crack.",
        "There is a dent in the {p}.",
        "The {p} came in three pieces.",
        "A corner of the {p} is bent.",
        "The {p} was scratched when I opened the box.",
    ),
    "LOST": (
        "The {p} has not arrived.",
        "I am still waiting for the {p}.",
        "Nobody has brought me the {p} yet.",
        "The box was empty, there was no {p} in it.",
        "I fear that the {p} got lost on the way.",
    ),
    "MIXUP": (
        "You sent me the wrong {p}.",
        "This is not the {p} that I chose.",
        "The {p} has another colour than I asked for.",
        "I wanted the small {p} and got the large one.",
        "I got the {p} of another customer.",
    ),
    "INVOICE": (
        "You charged me twice for the {p}.",
        "The bill for the {p} is too high.",
        "I can not find the bill for the {p}.",
        "In the shop the price of the {p} was lower.",
        "I paid for two and ordered one {p}.",
    ),
    "RETURN": (
        "I would like to send the {p} back.",
        "I have changed my mind about the {p}.",
        "The {p} does not suit me.",
        "Please take the {p} back.",
        "I do not need the {p} any more.",
    ),
    "ADVICE": (
        "How do I clean the {p}?",
        "How do I switch the {p} on?",
        "Can I use the {p} in the rain?",
        "Where can I buy parts for the {p}?",
        "Is the {p} safe for children?",
    ),
}
"""What the customer says, by the code it goes under."""
URGENCY: Mapping[str, tuple[str, ...]] = {
    "HIGH": ("It is urgent.", "Please hurry."),
    "NORMAL": ("", "A few days are fine."),
    "LOW": ("There is no hurry.", "It can wait."),
}
"""How the customer says when, by priority; who says nothing of it gets NORMAL."""
_OPENINGS = ("Hello,", "Good morning,", "Dear team,", "Hi there,", "To the service:", "")
_FIRST = ("this is {n}.", "my name is {n}.", "{n} here.")
_LAST = ("Thanks, {n}", "Greetings from {n}", "Signed, {n}", "Many thanks from {n}")
_ORDERS = ("Order {o}.", "It was order number {o}.", "My order: {o}.", "See order {o}.", "I have order {o}.")
_WISHES = ("Please call me.", "Please write back.", "What can you do?", "Tell me what to do.", "", "")
_ASIDES = ("It is for my sister.", "I have bought from you before.", "My neighbour has one, too.", "", "", "")

HANDBOOK: Mapping[str, str] = {
    "opening-hours.md": (
        "The shop is open from Monday to Friday from nine to six and on Saturday from ten to two. On Sunday it is "
        "closed. The telephone is answered at the same hours. Letters are read every morning."
    ),
    "returns.md": (
        "A product can be sent back within thirty days. It must be clean and in its box. Put the bill into the box. "
        "The money is paid back within a week to the card that was charged."
    ),
    "delivery.md": (
        "A small box takes three days to arrive, a large one takes five. Who is not at home finds a card at the "
        "door and can fetch the box from the next post office within a week."
    ),
    "warranty.md": (
        "Every product has a warranty. It begins on the day of the bill. It covers faults of the material and of "
        "the work. It does not cover scratches, water or use by children."
    ),
    "payment.md": (
        "You can pay by card, by bill or in cash at the shop. A bill is due within fourteen days. Who pays late "
        "gets a letter, and the second letter costs two crowns."
    ),
    "repairs.md": (
        "Our workshop repairs lamps, radios, clocks and bicycles. A repair takes about two weeks. Before work "
        "begins we tell the customer the price. Small repairs can be done while you wait."
    ),
    "parts.md": (
        "Parts are kept for ten years after a product was last sold. Ask for them at the desk or by letter. Have "
        "the name and the number of the product at hand."
    ),
    "cleaning.md": (
        "Wipe steel and glass with a soft cloth. Wood likes a little oil once a year. Wool and cotton are washed "
        "cold. Never put a product that has a battery into water."
    ),
    "gift-cards.md": (
        "Gift cards can be bought at the desk from ten crowns up. They are good for three years. Who has lost a "
        "card can get a new one if the bill is still there."
    ),
    "service-team.md": (
        "The service team has six people. Each message is read by one of them and put on the list of the day. In "
        "the evening the list is handed to the workshop, the office or the store."
    ),
}
"""What the shop's people look things up in: real, and of no use for filling in the form."""


def build(rng: Random) -> Demo:
    """Messages and the form that each becomes; its keys, codes and priorities show in training examples only."""
    requests = list(_requests(rng, TRAIN + DEV + TEST))
    return Demo(
        use_case=UseCase(
            name="ticket-json",
            instruction="Fill in the ticket form for this message.",
            metric="exact_match",
            secondary_metrics=("json_field_match", "valid_json"),
            smallest_difference=SMALLEST_DIFFERENCE,
        ),
        train=examples_of("train", requests[:TRAIN]),
        dev=examples_of("dev", requests[TRAIN : TRAIN + DEV]),
        test=examples_of("test", requests[TRAIN + DEV :]),
        documents={name: f"{text}\n" for name, text in HANDBOOK.items()},
        truth="fine-tuning",
        blurb=(
            "Customers write, and each message becomes a ticket in JSON, with codes and priorities that no "
            "handbook explains. The rules can be learned from examples, and from nothing else."
        ),
    )


def _requests(rng: Random, count: int) -> Iterator[Request]:
    """Messages of which no two share the problem, the product and the urgency, nor the client or the order."""
    cores = [
        (code, problem, product, priority, urgency)
        for code, problems in PROBLEMS.items()
        for problem in problems
        for product in PRODUCTS
        for priority, urgencies in URGENCY.items()
        for urgency in urgencies
    ]
    clients = draw_names(rng, count, reserved=True)
    orders = rng.sample(range(1_000, 100_000), count)
    chosen = rng.sample(cores, count)
    for (code, problem, product, priority, urgency), client, order in zip(chosen, clients, orders, strict=True):
        said = [problem.format(p=product), urgency, rng.choice(_ORDERS).format(o=order)]
        form = {"ticket": code, "priority": priority, "item": product, "client": client}
        yield Request(_message(said, client=client, rng=rng), json.dumps(form), tags=(code,))


def _message(said: list[str], *, client: str, rng: Random) -> str:
    """The problem first, then the rest in any order, between an opening and the client's name."""
    rest = [*said[1:], rng.choice(_WISHES), rng.choice(_ASIDES)]
    rng.shuffle(rest)
    opening = rng.choice(_OPENINGS)
    first, last = "", rng.choice(_LAST).format(n=client)
    if rng.random() < 0.5:
        first, last = rng.choice(_FIRST).format(n=client), ""
        first = first if opening else first[0].upper() + first[1:]
    return " ".join(part for part in (opening, first, said[0], *rest, last) if part)
