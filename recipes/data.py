"""Examples become conversations, and conversations token ids: the same way in training and in answering."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import cast

from transformers import PreTrainedTokenizerBase

from rag.prompt import told, with_passages
from workbench.citations import marks, supporting
from workbench.errors import ConfigError
from workbench.pairs import Pair
from workbench.ratings import Rating
from workbench.run import Retrieved
from workbench.usecase import Example

Turn = dict[str, str]
IGNORED = -100
"""The label of a token that carries no loss."""
MOST_LOST = 0.3
"""Share of rows that may be left out as too long before it is refused."""


@dataclass(frozen=True)
class PromptPlan:
    """What is put around each request, the same for every example."""

    instruction: str = ""
    shots: tuple[Example, ...] = ()
    """Solved examples that are shown before the request."""
    cite: bool = False
    """Whether answers are to cite the passages that they are given."""


def answered(examples: Iterable[Example]) -> list[Example]:
    """The examples that have a reference answer to learn from or to show."""
    return [example for example in examples if example.target.strip()]


def choose_shots(examples: Iterable[Example], count: int) -> tuple[Example, ...]:
    """``count`` solved examples spread evenly over those of the training set that have an answer, in its order."""
    solved = answered(examples)
    if count > len(solved):
        raise ConfigError(
            f"The prompt shows {count} examples but there are only {len(solved)} solved training examples.",
            "Lower prompt.examples or add training rows.",
        )
    return tuple(solved[i * len(solved) // count] for i in range(count))


def conversation(example: Example, plan: PromptPlan, retrieved: Retrieved | None = None) -> list[Turn]:
    """The turns sent to the model for one example, without the answer.

    Instruction as system message (an example's own system message follows it), solved examples as
    earlier turns, then the request; with ``retrieved``, its passages go into the last turn.
    """
    own = [message.content for message in example.messages if message.role == "system"]
    system = "\n".join(part for part in (plan.instruction, *own) if part)
    turns: list[Turn] = [{"role": "system", "content": system}] if system else []
    for shot in plan.shots:
        turns += [{"role": m.role, "content": m.content} for m in shot.messages if m.role != "system"]
        turns.append({"role": "assistant", "content": shot.target})
    turns += [{"role": m.role, "content": m.content} for m in example.messages if m.role != "system"]
    if retrieved is not None:
        texts = [told(passage) if plan.cite else passage.text for passage in retrieved.passages]
        turns[-1] = {"role": "user", "content": with_passages(example.question, texts, cite=plan.cite)}
    return turns


def answer_of(example: Example, plan: PromptPlan, retrieved: Retrieved | None = None) -> str:
    """The answer that a row teaches: the reference, with the mark of the passage it rests on where marks are asked for.

    An answer that has a mark keeps its own; one whose evidence is not among the passages has nothing to cite.
    """
    if not plan.cite or retrieved is None or marks(example.target):
        return example.target
    number = supporting(retrieved.passages, example.evidence, example.target)
    return example.target if number is None else f"{example.target} [{number}]"


def encode_prompt(turns: list[Turn], tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Token ids of a conversation up to where the answer begins."""
    ids = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=True, return_dict=False)
    return cast("list[int]", ids)


@dataclass(frozen=True)
class Row:
    """One training row: token ids, and labels that are IGNORED up to the answer."""

    input_ids: list[int]
    labels: list[int]


def encode_row(turns: list[Turn], answer: str, tokenizer: PreTrainedTokenizerBase) -> Row:
    """A conversation with its answer; the loss falls on the answer and its end, on nothing else.

    Raises ConfigError where the chat template does not render a conversation as a continuation of its
    prompt, since then training and answering would not see the same text.
    """
    prompt = encode_prompt(turns, tokenizer)
    answered = [*turns, {"role": "assistant", "content": answer}]
    whole = cast("list[int]", tokenizer.apply_chat_template(answered, tokenize=True, return_dict=False))
    if whole[: len(prompt)] != prompt:
        # Some tokenizers join the first characters of the answer to the last token of the prompt.
        tail = tokenizer(answer, add_special_tokens=False)["input_ids"]
        whole = [*prompt, *tail, tokenizer.eos_token_id]
    end = _last(whole, tokenizer.eos_token_id)
    if end < len(prompt):
        whole, end = [*whole, tokenizer.eos_token_id], len(whole)
    labels = [IGNORED] * len(prompt) + whole[len(prompt) : end + 1] + [IGNORED] * (len(whole) - end - 1)
    return Row(whole, labels)


def _last(ids: list[int], wanted: int) -> int:
    """The last position of a token, or -1."""
    return max((i for i, token in enumerate(ids) if token == wanted), default=-1)


@dataclass(frozen=True)
class Encoded:
    """Training rows that fit, and how many were left out because they are too long."""

    rows: list[Row]
    too_long: int


def encode_rows(
    examples: Sequence[Example],
    plan: PromptPlan,
    tokenizer: PreTrainedTokenizerBase,
    *,
    max_length: int,
    retrieved: Mapping[str, Retrieved] | None = None,
) -> Encoded:
    """All training rows of at most ``max_length`` tokens.

    Raises ConfigError where too many are longer.
    """
    rows: list[Row] = []
    for example in examples:
        found = retrieved[example.id] if retrieved is not None else None
        rows.append(encode_row(conversation(example, plan, found), answer_of(example, plan, found), tokenizer))
    fitting = [row for row in rows if len(row.input_ids) <= max_length]
    _enough_fit([len(row.input_ids) for row in rows], max_length, what="training rows")
    return Encoded(fitting, len(rows) - len(fitting))


def _enough_fit(lengths: Sequence[int], max_length: int, *, what: str) -> None:
    """Raise ConfigError where so many rows are too long that training would miss what they teach."""
    long = sum(length > max_length for length in lengths)
    if lengths and long > MOST_LOST * len(lengths):
        usual = sorted(lengths)[math.ceil(0.95 * len(lengths)) - 1]
        raise ConfigError(
            f"{long} of {len(lengths)} {what} are longer than {max_length} tokens: nothing in them would be trained.",
            f"Raise max_length of the stage (95 % of them have at most {usual} tokens), or shorten them.",
        )


def spelled_out(row: Row, tokenizer: PreTrainedTokenizerBase) -> list[tuple[str, bool]]:
    """The text of a row in pieces of one kind: each with whether its tokens carry loss."""
    kinds = groupby(zip(row.input_ids, row.labels, strict=True), key=lambda token: token[1] != IGNORED)
    return [(str(tokenizer.decode([ids for ids, _ in tokens])), carries) for carries, tokens in kinds]


def windows(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase, *, length: int) -> Encoded:
    """Texts as rows whose every token carries loss: one after another, each closed by the end of text, cut evenly.

    A text begins a new row where it would not fit whole into what is left of one but fits into a row of its own;
    a longer one goes on in the next row, so that nothing is lost. Rows have at most ``length`` tokens.
    Raises ConfigError where there is nothing to learn from.
    """
    rows: list[list[int]] = [[]]
    for text in texts:
        ids = [*cast("list[int]", tokenizer(text, add_special_tokens=False)["input_ids"]), tokenizer.eos_token_id]
        if rows[-1] and len(rows[-1]) + len(ids) > length:
            rows.append([])
        while len(ids) > length:
            rows[-1:] = [ids[:length], []]
            ids = ids[length:]
        rows[-1] += ids
    found = [Row(row, list(row)) for row in rows if len(row) > 1]
    if not found:
        raise ConfigError("The documents hold no text to train on.", "Add documents, or leave the cpt stage out.")
    return Encoded(found, 0)


@dataclass(frozen=True)
class EncodedPair:
    """One preference pair: the request, and both answers through the token that ends them."""

    prompt: list[int]
    chosen: list[int]
    rejected: list[int]


def encode_pairs(
    pairs: Sequence[Pair],
    plan: PromptPlan,
    tokenizer: PreTrainedTokenizerBase,
    *,
    max_length: int,
    retrieved: Mapping[str, Retrieved] | None = None,
) -> tuple[list[EncodedPair], int]:
    """All pairs of which both conversations have at most ``max_length`` tokens, and how many have not.

    Raises ConfigError where too many have not.
    """
    found = []
    for pair in pairs:
        turns = conversation(pair.as_example(), plan, retrieved[pair.id] if retrieved is not None else None)
        chosen, rejected = (_answer_ids(turns, answer, tokenizer) for answer in (pair.chosen, pair.rejected))
        found.append(EncodedPair(encode_prompt(turns, tokenizer), chosen, rejected))
    lengths = [len(one.prompt) + max(len(one.chosen), len(one.rejected)) for one in found]
    _enough_fit(lengths, max_length, what="preference pairs")
    fitting = [one for one, length in zip(found, lengths, strict=True) if length <= max_length]
    return fitting, len(found) - len(fitting)


@dataclass(frozen=True)
class EncodedRating:
    """One rated answer: the request, and the answer through the token that ends it."""

    prompt: list[int]
    answer: list[int]
    good: bool


def encode_ratings(
    ratings: Sequence[Rating],
    plan: PromptPlan,
    tokenizer: PreTrainedTokenizerBase,
    *,
    max_length: int,
    retrieved: Mapping[str, Retrieved] | None = None,
) -> tuple[list[EncodedRating], int]:
    """All ratings whose conversation has at most ``max_length`` tokens, and how many have not.

    Raises ConfigError where too many have not.
    """
    found = []
    for one in ratings:
        turns = conversation(one.as_example(), plan, retrieved[one.id] if retrieved is not None else None)
        found.append(
            EncodedRating(encode_prompt(turns, tokenizer), _answer_ids(turns, one.answer, tokenizer), one.good)
        )
    lengths = [len(one.prompt) + len(one.answer) for one in found]
    _enough_fit(lengths, max_length, what="rated answers")
    fitting = [one for one, length in zip(found, lengths, strict=True) if length <= max_length]
    return fitting, len(found) - len(fitting)


def _answer_ids(turns: list[Turn], answer: str, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    return [token for token in encode_row(turns, answer, tokenizer).labels if token != IGNORED]
