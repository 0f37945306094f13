"""Reading tasks of the curriculum: answer from notes or passages about things never seen before."""

import json
from dataclasses import dataclass
from random import Random

from rag.prompt import with_passages
from workbench.demos.world.facts import FACTS
from workbench.demos.world.names import draw_name
from workbench.demos.world.things import KINDS, Thing, ask, attribute_of, called, describe, draw_thing, tell

UNKNOWN = "I do not know."
UNKNOWN_SHARE = 0.18
"""Share of reading questions that the text does not answer."""


@dataclass(frozen=True)
class Row:
    """One training conversation: the task it trains, the turns so far and the answer."""

    task: str
    question: str
    answer: str
    more: tuple[tuple[str, str], ...] = ()
    """Further questions about the same text with their answers, asked in later turns."""


def _things(rng: Random, count: int, *, attributes: tuple[int, int], reserved: bool) -> list[Thing]:
    """Things to read about: mostly of one kind, so that only the name tells them apart."""
    kinds = list(KINDS)
    kind = "product" if rng.random() < 0.5 else rng.choice(kinds)
    mixed = rng.random() < 0.25
    found: dict[str, Thing] = {}
    while len(found) < count:
        thing = draw_thing(
            rng,
            rng.choice(kinds) if mixed else kind,
            reserved=reserved,
            attributes=rng.randint(*attributes),
        )
        found[thing.name] = thing
    things = list(found.values())
    rng.shuffle(things)
    return things


def _question(rng: Random, things: list[Thing], *, reserved: bool, unknown: bool) -> tuple[Thing, str]:
    """A thing and the key of an attribute to ask for; with ``unknown`` the text does not hold it."""
    subject = rng.choice(things)
    if not unknown:
        return subject, rng.choice(list(subject.values))
    if rng.random() < 0.5:
        missing = [a.key for a in KINDS[subject.kind].attributes if a.key not in subject.values]
        if missing:
            return subject, rng.choice(missing)
    stranger = draw_thing(rng, subject.kind, reserved=reserved, attributes=1)
    while any(stranger.name == thing.name for thing in things):
        stranger = draw_thing(rng, subject.kind, reserved=reserved, attributes=1)
    return stranger, rng.choice(list(subject.values))


def _more(
    rng: Random,
    told: list[tuple[Thing, str]],
    things: list[Thing],
    *,
    reserved: bool,
    count: tuple[int, int] = (0, 4),
) -> tuple[tuple[str, str], ...]:
    """A few further questions about what the text told, each pair of thing and attribute once.

    Reading costs many tokens and an answer few: asking more about the same text trains reading several times
    over for little more.
    """
    pairs = rng.sample(told, min(len(told), rng.randint(*count)))
    found = [(ask(thing, key, rng=rng), thing.values[key]) for thing, key in pairs]
    if found and rng.random() < UNKNOWN_SHARE * 2:
        subject, key = _question(rng, things, reserved=reserved, unknown=True)
        if not any(subject is thing and key == k for thing, k in told):
            found[rng.randrange(len(found))] = (ask(subject, key, rng=rng), UNKNOWN)
    return tuple(found)


def notes(rng: Random, *, reserved: bool, count: int | None = None) -> Row:
    """One to five one-line notes, then a question about one of them."""
    number = count or rng.randint(1, 5)
    things = _things(rng, number, attributes=(1, 2), reserved=reserved)
    lines = [tell(thing, key, rng=rng) for thing in things for key in thing.values][:number]
    unknown = rng.random() < UNKNOWN_SHARE
    subject, key = _question(rng, things, reserved=reserved, unknown=unknown)
    # Attributes whose line was cut off above are not in the notes.
    listed = [(thing, k) for thing in things for k in thing.values][:number]
    if not unknown:
        subject, key = rng.choice(listed)
    elif any(subject is thing and key == k for thing, k in listed):
        unknown = False
    rng.shuffle(lines)
    question = ask(subject, key, rng=rng)
    answer = UNKNOWN if unknown else subject.values[key]
    layout = rng.random()
    if layout < 0.4:
        text = "Notes:\n" + "\n".join(f"- {line}" for line in lines) + f"\n\nQuestion: {question}"
    elif layout < 0.6:
        text = " ".join(lines) + f"\n\n{question}"
    elif layout < 0.8:
        text = "Read this: " + " ".join(lines) + f"\nQuestion: {question}"
    else:
        text = f"{question}\n\nNotes:\n" + "\n".join(lines)
    return Row("reading", text, answer, _more(rng, listed, things, reserved=reserved))


def passages(rng: Random, *, reserved: bool, count: int | None = None) -> Row:
    """Passages in exactly the form that retrieval sends, then a question about one of them."""
    number = count or rng.choice((1, 2, 3, 3, 3, 4))
    things = _things(rng, number, attributes=(2, 6), reserved=reserved)
    unknown = rng.random() < UNKNOWN_SHARE
    subject, key = _question(rng, things, reserved=reserved, unknown=unknown)
    question = ask(subject, key, rng=rng)
    answer = UNKNOWN if unknown else subject.values[key]
    texts = [describe(thing, rng=rng) for thing in things]
    told = [(thing, k) for thing in things for k in thing.values]
    return Row("retrieval", with_passages(question, texts), answer, _more(rng, told, things, reserved=reserved))


def crowded_passages(rng: Random, *, reserved: bool) -> Row:
    """Three passages on things of one kind with nearly all their attributes, and many questions about them."""
    kind = "product" if rng.random() < 0.7 else rng.choice(list(KINDS))
    things: dict[str, Thing] = {}
    while len(things) < 3:
        thing = draw_thing(rng, kind, reserved=reserved, attributes=rng.randint(4, 6))
        things[thing.name] = thing
    found = list(things.values())
    told = [(thing, key) for thing in found for key in thing.values]
    subject, key = rng.choice(told)
    text = with_passages(ask(subject, key, rng=rng), [describe(thing, rng=rng) for thing in found])
    more = _more(rng, told, found, reserved=reserved, count=(4, 9))
    return Row("retrieval", text, subject.values[key], more)


def lookalike_passages(rng: Random, *, reserved: bool) -> Row:
    """Passages as a search brings them: every one holds the attribute asked for, of things with names alike."""
    kind = "product" if rng.random() < 0.8 else rng.choice(list(KINDS))
    subject = draw_thing(rng, kind, reserved=reserved, attributes=rng.randint(4, 6))
    key = rng.choice(list(subject.values))
    found = [subject, *(_lookalike(rng, subject, key, reserved=reserved) for _ in range(2))]
    rng.shuffle(found)
    told = [(thing, k) for thing in found for k in thing.values]
    text = with_passages(ask(subject, key, rng=rng), [describe(thing, rng=rng) for thing in found])
    # The same attribute of the others is asked for next: nothing but the name tells the answers apart.
    more = [(ask(thing, key, rng=rng), thing.values[key]) for thing in found if thing is not subject]
    return Row("retrieval", text, subject.values[key], (*more, *_more(rng, told, found, reserved=reserved)))


def _lookalike(rng: Random, thing: Thing, key: str, *, reserved: bool) -> Thing:
    """Another thing of the same kind that has the attribute too, often with a name that begins alike."""
    alike = rng.random() < 0.6
    while True:
        other = draw_thing(rng, thing.kind, reserved=reserved, attributes=rng.randint(4, 6))
        if other.name != thing.name and key in other.values and (not alike or other.name[:2] == thing.name[:2]):
            return other


def passages_with_citation(rng: Random, *, reserved: bool) -> Row:
    """As ``passages``, with the number of the supporting passage asked for."""
    number = rng.choice((2, 3, 3, 4))
    things = _things(rng, number, attributes=(2, 5), reserved=reserved)
    unknown = rng.random() < UNKNOWN_SHARE
    subject, key = _question(rng, things, reserved=reserved, unknown=unknown)
    texts = [describe(thing, rng=rng) for thing in things]
    question = ask(subject, key, rng=rng)
    answer = UNKNOWN if unknown else f"{subject.values[key]} [{things.index(subject) + 1}]"
    text = with_passages(question + " Cite the number of the passage.", texts)
    return Row("citation", text, answer)


def unrelated_passages(rng: Random, *, reserved: bool) -> Row:
    """A request that needs no passages although some came along: facts of the world, asked beside noise."""
    fact = rng.choice(FACTS)
    things = _things(rng, rng.randint(1, 3), attributes=(1, 4), reserved=reserved)
    lines = [describe(thing, rng=rng) for thing in things]
    lines.insert(rng.randrange(len(lines) + 1), fact.statement())
    return Row("retrieval", with_passages(rng.choice(fact.questions()), lines), fact.value)


def closed_book(rng: Random, *, reserved: bool) -> Row:
    """A fact of the pocket world, asked without any notes."""
    del reserved  # The facts are the same for everybody; what varies is the phrasing.
    fact = rng.choice(FACTS)
    return Row("facts", rng.choice(fact.questions()), fact.value)


def told_fact(rng: Random, *, reserved: bool) -> Row:
    """A fact stated as a sentence: knowledge met in another form."""
    del reserved
    fact = rng.choice(FACTS)
    return Row("told", f"Tell me a fact about {fact.subject} and its {fact.relation}.", fact.statement())


def unknown_thing(rng: Random, *, reserved: bool) -> Row:
    """A question about something nobody has told the model of."""
    if rng.random() < 0.4:
        land = draw_name(rng, reserved=reserved) + rng.choice(("land", "ia", "mark"))
        fact = rng.choice([f for f in FACTS if f.relation != "inventor"])
        known = {f.subject for f in FACTS}
        if land not in known:
            question = rng.choice(fact.questions()).replace(fact.subject, land)
            return Row("unknown", question, UNKNOWN)
    thing = draw_thing(rng, rng.choice(list(KINDS)), reserved=reserved, attributes=1)
    return Row("unknown", ask(thing, next(iter(thing.values)), rng=rng), UNKNOWN)


def notes_to_record(rng: Random, *, reserved: bool) -> Row:
    """Reading, answered in a small form: JSON, key-value lines or a list, in many schemas."""
    things = _things(rng, rng.randint(1, 3), attributes=(2, 4), reserved=reserved)
    subject = rng.choice(things)
    keys = rng.sample(list(subject.values), min(len(subject.values), rng.randint(1, 3)))
    label = rng.choice(("name", "subject", "about", "thing", ""))
    record = {label: subject.name} if label else {}
    record |= {key: subject.values[key] for key in keys}
    asked = ", ".join(record)
    texts = "\n".join(describe(thing, rng=rng) for thing in things)
    form = rng.choice(("JSON", "JSON", "lines", "list"))
    if form == "JSON":
        answer = json.dumps(record)
        wish = f"Write a JSON record of {called(subject)} with {asked}."
    elif form == "lines":
        answer = "\n".join(f"{key}: {value}" for key, value in record.items())
        wish = f"Write lines about {called(subject)} with {asked}."
    else:
        answer = "[" + ", ".join(f'"{value}"' for value in record.values()) + "]"
        wish = f"Write a JSON list about {called(subject)} with {asked}."
    if rng.random() < 0.5:
        return Row("records", with_passages(wish, texts.split("\n")), answer)
    return Row("records", f"{texts}\n\n{wish}", answer)


def restate(rng: Random, *, reserved: bool) -> Row:
    """Say one attribute of a thing as a sentence."""
    thing = draw_thing(rng, rng.choice(list(KINDS)), reserved=reserved, attributes=1)
    key = next(iter(thing.values))
    form = attribute_of(thing, key).statements[0]
    name = called(thing)
    sentence = form.format(N=name[0].upper() + name[1:], n=name, v=thing.values[key])
    return Row("told", f"Say it in one sentence: {name}, {key}, {thing.values[key]}", sentence)
