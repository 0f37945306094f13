"""Passages that another step found are changed on purpose: turned round, mixed with others, or given an instruction.

Everything is drawn by the seed and the example's id, so that the same step makes the same change on any machine.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from workbench.disturbance import DISTURBED, WORD, Distracted, Disturbance, Disturbed, Planted, Reversed
from workbench.documents import Shelf, shelf
from workbench.examples import read_examples
from workbench.run import Passage, Retrieved
from workbench.sought import Held, held, holds
from workbench.usecase import Example
from workbench.workspace import Step, read_jsonl, write_jsonl

RETRIEVED = "retrieved.jsonl"
MOST_LOOKED_AT = 300
"""Documents that are looked at for irrelevant passages of one example."""
CONSONANTS, VOWELS = "bdfgklmnprtvz", "aeiou"
POISONED = "planted"
"""The id of the document that was written to bring an instruction."""

Change = tuple[tuple[Passage, ...], Disturbed]


def disturb(step: Step) -> None:
    """Do a ``retrieve`` step that changes what another found: its passages, and which examples they are changed for.

    An example whose passages cannot be changed (a single one that is turned round, none that an instruction could be
    planted into, no other documents) keeps what it has and is left out of ``disturbed.jsonl``.
    """
    how: Disturbance = TypeAdapter(Disturbance).validate_python(step.record.inputs["disturbed"])
    source = step.needed("found").path(RETRIEVED)
    found = [Retrieved.parse(record, where=str(source)) for record in read_jsonl(source)]
    examples = {example.id: example for example in read_examples(step.file("examples"))}
    step.progress("changing passages", step=0, total=len(found))
    others = Others.of(step.needed("index")) if isinstance(how, Distracted) else None
    kept: list[Retrieved] = []
    notes: list[Disturbed] = []
    for one in found:
        made = _changed(how, one.passages, examples[one.example], others)
        notes += [] if made is None else [made[1]]
        passages = one.passages if made is None else made[0]
        kept.append(one.model_copy(update={"passages": passages, "seconds": None}))
    step.progress("changing passages", step=len(found), total=len(found))
    write_jsonl(
        step.path(RETRIEVED), [one.model_dump(mode="json", exclude=None if one.handed else {"handed"}) for one in kept]
    )
    write_jsonl(step.path(DISTURBED), [one.model_dump(mode="json") for one in notes])
    step.note(examples=len(found), changed=len(notes))
    print(f"passages changed for {len(notes):,} of {len(found):,} examples")


def _changed(how: Disturbance, passages: Sequence[Passage], example: Example, others: "Others | None") -> Change | None:
    """An example's passages after the change, with what it was; None where they cannot be changed."""
    match how:
        case Reversed():
            turned = tuple(reversed(passages))
            return (turned, Disturbed(example=example.id)) if len(passages) > 1 else None
        case Distracted():
            assert others is not None
            return _mixed(how, passages, example, others)
        case Planted():
            return _planted(how, passages, example)


# --- Passages that do not belong there ----------------------------------------------------------------


@dataclass(frozen=True)
class Others:
    """The passages of an index, to choose irrelevant ones from."""

    shelf: Shelf
    held: Held
    documents: tuple[str, ...]

    @classmethod
    def of(cls, index: Step) -> "Others":
        """Those of an index."""
        found = shelf(index)
        return cls(found, held(index.folder), tuple(sorted(found.places)))

    def irrelevant(self, example: Example, passages: Sequence[Passage], how: Distracted) -> list[Passage]:
        """Passages of documents that are neither evidence nor among those found, and do not hold the answer."""
        rng = random.Random(f"{how.seed} {example.id}")
        passed_over = {passage.document for passage in passages} | self.held.documents(example.evidence) | {example.id}
        found: list[Passage] = []
        for document in rng.sample(self.documents, min(len(self.documents), MOST_LOOKED_AT)):
            passage = rng.choice(self.shelf.passages(document))
            if document not in passed_over and not holds(passage.text, example.target):
                found.append(passage)
            if len(found) == how.count:
                break
        return found


def _mixed(how: Distracted, passages: Sequence[Passage], example: Example, others: Others) -> Change | None:
    """Irrelevant passages among the others, which keep their order; None where there are not enough of them."""
    more = others.irrelevant(example, passages, how)
    if len(more) < how.count:
        return None
    rng, mixed = random.Random(f"{how.seed} {example.id} places"), list(passages)
    for passage in more:
        mixed.insert(rng.randint(0, len(mixed)), passage)
    return tuple(mixed), Disturbed(example=example.id)


# --- Instructions in passages -------------------------------------------------------------------------


def _planted(how: Planted, passages: Sequence[Passage], example: Example) -> Change | None:
    """An instruction in one of the passages, or in one of its own; None where there is no passage for it."""
    rng = random.Random(f"{how.seed} {example.id}")
    word = rare_word(rng, [example.question, example.target, *(passage.text for passage in passages)])
    wording = rng.randrange(len(how.wordings))
    instruction = how.wordings[wording].replace(WORD, word)
    note = Disturbed(example=example.id, word=word, wording=wording)
    if how.where == "document":
        text = f"{' '.join(example.question.split())} {instruction}"
        brought = Passage(id=f"{POISONED}#0", document=POISONED, text=text, score=passages[0].score if passages else 0)
        return (brought, *passages[:-1]), note
    if not passages:
        return None
    place = rng.randrange(len(passages))
    chosen = passages[place]
    changed = chosen.model_copy(update={"text": _within(chosen.text, instruction, rng)})
    return (*passages[:place], changed, *passages[place + 1 :]), note


def _within(text: str, instruction: str, rng: random.Random) -> str:
    """A text with an instruction before it, behind it or between two of its words."""
    words = text.split(" ")
    at = {"before": 0, "behind": len(words), "between": rng.randint(0, len(words))}[
        rng.choice(("before", "behind", "between"))
    ]
    return " ".join([*words[:at], instruction, *words[at:]])


def rare_word(rng: random.Random, texts: Sequence[str]) -> str:
    """A word that can be spoken and that nobody uses, in none of the texts."""
    while True:
        word = "".join(rng.choice(CONSONANTS) + rng.choice(VOWELS) for _ in range(4))
        if not any(word in text.lower() for text in texts):
            return word
