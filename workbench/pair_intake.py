"""The user's files into preference pairs; what is wrong with them, and which of them are only measured on."""

from collections.abc import Iterable, Iterator, Sequence

from workbench.errors import DataError
from workbench.intake import Columns, conversation, to_examples
from workbench.model import Noun
from workbench.pairs import Pair
from workbench.phrases import percent
from workbench.similarity import normalise
from workbench.table import Table
from workbench.usecase import Example
from workbench.workspace import digest

PROMPTS = ("prompt", "input", "question", "request", "instruction", "messages", "conversation")
LENGTH_BIAS = 0.65
"""Share of pairs with the longer answer preferred from which training mostly teaches to write more."""
FEWEST_PAIRS = 20
"""Pairs below which nothing much can be learned from them."""


class PairCheck(Noun):
    """What is wrong with preference pairs: what was left out, and what training on the rest would teach."""

    pairs: int
    """Those that are left."""
    same: int
    """Left out, since both answers are the same."""
    repeated: int
    """Left out, since an earlier pair says the same."""
    leaked: int
    """Left out, since their request stands in the test or dev set."""
    contradictions: int
    """Pairs that prefer what another pair of the same request rejects; both stay, as people do disagree."""
    chosen_longer: float | None
    """Share of the pairs whose preferred answer has more characters, among those that differ in length."""

    def remarks(self) -> tuple[str, ...]:
        """What a person should know, in sentences; empty where nothing is odd."""
        return tuple(self._remarks())

    def _remarks(self) -> Iterator[str]:
        for count, why in (
            (self.same, "prefer an answer to the very same answer"),
            (self.repeated, "say what an earlier pair says"),
            (self.leaked, "ask what a test or dev example asks"),
        ):
            if count:
                yield f"{count} pairs {why}, and were left out."
        if self.contradictions:
            yield f"{self.contradictions} pairs contradict another pair of the same request; they were kept."
        if self.chosen_longer is not None and self.chosen_longer >= LENGTH_BIAS:
            yield (
                f"The preferred answer is the longer one in {percent(self.chosen_longer)} of the pairs: training may "
                "learn to write more, whatever it says."
            )
        if self.pairs < FEWEST_PAIRS:
            yield f"{self.pairs} pairs are few: fewer than {FEWEST_PAIRS} teach next to nothing, some hundreds do."


def to_pairs(
    table: Table, *, prompt: str | None = None, chosen: str = "chosen", rejected: str = "rejected"
) -> tuple[list[Pair], int]:
    """One pair a row, and how many rows were left out because both answers are the same.

    ``prompt`` names the column of the request, plain text or a list of turns; None: the first with a usual name or,
    where there is none, both answers are whole conversations that only differ in their last turn.
    Raises DataError for a column that is missing and a conversation that cannot be read.
    """
    for column in (chosen, rejected, *([prompt] if prompt else [])):
        if column not in table.columns:
            raise table.missing(column)
    known = {name.casefold(): name for name in table.columns}
    prompt = prompt or next((known[name] for name in PROMPTS if name in known), None)
    identity, group = known.get("id"), known.get("group")
    answers = list(table.column(rejected))
    if prompt is None:
        columns = Columns(messages=chosen, id=identity, group=group)
        answers = [_last_turn(text, n, table) for n, text in zip(table.numbers, answers, strict=True)]
    elif table.column(prompt)[:1] and table.column(prompt)[0].lstrip().startswith("["):
        columns = Columns(messages=prompt, target=chosen, id=identity, group=group)
    else:
        columns = Columns(input=prompt, target=chosen, id=identity, group=group)
    examples = to_examples(table, columns, split="train")
    found, same = [], 0
    for example, answer in zip(examples, answers, strict=True):
        if example.target.strip() == answer.strip():
            same += 1
            continue
        found.append(
            Pair(id=example.id, messages=example.messages, chosen=example.target, rejected=answer, group=example.group)
        )
    return found, same


def _last_turn(text: str, number: int, table: Table) -> str:
    where = f"{table.unit.capitalize()} {number} of {table.source}"
    messages = conversation(text, where)
    if not messages or messages[-1].role != "assistant":
        raise DataError(
            f"{where}: the rejected conversation does not end with the assistant's turn.",
            "Give whole conversations, or the request in a column of its own (prompt).",
        )
    return messages[-1].content


def check_pairs(pairs: Sequence[Pair], *, held_out: Iterable[Example], same: int = 0) -> tuple[list[Pair], PairCheck]:
    """The pairs that may be trained on, and what is wrong with all of them.

    ``held_out``: the test and dev examples, whose requests must not be trained on; ``same``: pairs left out before.
    """
    forbidden = {normalise(example.question) for example in held_out}
    kept: dict[tuple[str, str, str], Pair] = {}
    leaked = repeated = 0
    for pair in pairs:
        request = normalise(pair.messages[-1].content)
        if request in forbidden:
            leaked += 1
            continue
        key = ("\n".join(message.content for message in pair.messages), pair.chosen.strip(), pair.rejected.strip())
        repeated += key in kept
        kept.setdefault(key, pair)
    left = list(kept.values())
    swapped = sum((request, rejected, chosen) in kept for request, chosen, rejected in kept)
    lengths = [len(pair.chosen) - len(pair.rejected) for pair in left if len(pair.chosen) != len(pair.rejected)]
    return left, PairCheck(
        pairs=len(left),
        same=same,
        repeated=repeated,
        leaked=leaked,
        contradictions=swapped,
        chosen_longer=sum(length > 0 for length in lengths) / len(lengths) if lengths else None,
    )


def hold_out(pairs: Sequence[Pair], *, share: float) -> tuple[list[Pair], list[Pair]]:
    """Pairs to learn from and pairs to measure on, whole groups of one request together, the same ones every time."""
    order = sorted({_together(pair) for pair in pairs}, key=digest)
    unseen = set(order[: round(share * len(order))])
    return [p for p in pairs if _together(p) not in unseen], [p for p in pairs if _together(p) in unseen]


def _together(pair: Pair) -> str:
    return pair.group or normalise(pair.messages[-1].content)
