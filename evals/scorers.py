"""Pure metric functions: a response's text and its reference give a value in [0, 1], or a reason for none.

Two kinds of failure are kept apart. Where the *candidate* failed (empty, not in the asked-for form) the
value is 0 and the failure is named. Where the *instrument* failed there is no value. A reference that can not
be read is found before the answer is looked at, so that its item is excluded for every candidate alike; apart
from it only a regular expression that backtracks for too long fails, on the answers that make it do so.

Nothing heavier than the nouns is imported: the graders are rewards in training, too.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import wraps
from typing import Any, TypeVar

import regex as expressions

from workbench.score import Failure
from workbench.usecase import MetricName

_MARK = re.compile(r"\[\d{1,3}\]\Z")
_MARK_LENGTH = 5
_FENCE = re.compile(r"\s*```(?:json)?[ \t]*\n(?P<inside>.*)\n?[ \t]*```\s*", re.DOTALL | re.IGNORECASE)
_NUMBER = re.compile(
    r"(?:(?<![\w.,])[-+\u2212])?"
    r"(?:\d{1,3}(?:,\d{3})+(?!,?\d)(?:\.\d+)?|\d+(?:\.\d+)?|(?<![\d.])\.\d+)"
    r"(?:e[-+]?\d{1,3}(?!\w))?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Scored:
    """The value of one metric for one answer."""

    value: float | None
    """1 is right, 0 is wrong; None where the reference cannot be used."""
    failure: Failure = ""
    """How the candidate failed to give an answer in the asked-for form; the value is then 0."""
    reason: str = ""
    """Why there is no value."""


class UnusableError(ValueError):
    """The reference cannot be read as the metric needs it; says why."""


Scorer = Callable[[str, str], Scored]
"""The response's text and the reference."""
Reference = TypeVar("Reference")

NOT_IN_FORM = Scored(0.0, "not in form")
EXPRESSION_SECONDS = 2.0
"""How long a regular expression may search one answer."""


def without_citations(text: str) -> str:
    """The text without the citation marks at its end, such as " [2]" or "[1][3]"; a final full stop stays.

    An answer that is nothing but marks stays as it is: it may be a JSON list.
    """
    marked = text.rstrip().removesuffix(".").rstrip()
    kept = marked
    while mark := _MARK.search(kept, max(0, len(kept) - _MARK_LENGTH)):
        kept = kept[: mark.start()].rstrip()
    if kept in (marked, ""):
        return text
    stopped = text.rstrip().endswith(".") and not kept.endswith(".")
    return f"{kept}." if stopped else kept


def against(
    read: Callable[[str], Reference], *, marks_too: bool = False
) -> Callable[[Callable[[str, Reference], Scored]], Scorer]:
    """Make a scorer of a function that compares an answer with a reference as ``read`` returns it.

    No value where ``read`` raises UnusableError, then 0 where the answer is blank. Citation marks at the end of
    the answer are taken off, unless the reference ends with marks itself; with ``marks_too`` the better of
    the answers with and without marks counts.
    """

    def scorer_of(compare: Callable[[str, Reference], Scored]) -> Scorer:
        @wraps(compare)
        def scorer(text: str, target: str) -> Scored:
            try:
                reference = read(target)
            except UnusableError as problem:
                return Scored(None, reason=str(problem))
            if not text.strip():
                return Scored(0.0, "empty")
            bare = text if without_citations(target) != target else without_citations(text)
            found = compare(bare, reference)
            return compare(text, reference) if marks_too and found.value == 0 else found

        return scorer

    return scorer_of


def _plain(text: str) -> str:
    """NFKC, without case, single spaces, without one final full stop."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split()).removesuffix(".").rstrip()


def _plain_reference(target: str) -> str:
    plain = _plain(target)
    if not plain:
        raise UnusableError("The reference is empty.")
    return plain


def words(text: str) -> list[str]:
    """The words between spaces: NFKC, without case, without punctuation at either end.

    As in SQuAD (Rajpurkar et al. 2016), except that no language's articles are removed, and that punctuation
    within a word stays, so that 4.5 is not 45.
    """
    bare = (_without_edges(word) for word in _plain(text).split())
    return [word for word in bare if word]


def _without_edges(word: str) -> str:
    kept = [n for n, letter in enumerate(word) if not unicodedata.category(letter).startswith("P")]
    return word[kept[0] : kept[-1] + 1] if kept else ""


def _words_of_reference(target: str) -> list[str]:
    found = words(target)
    if not found:
        raise UnusableError("The reference holds no words.")
    return found


def _f_measure(shared: int, answer: Sequence[str], reference: Sequence[str]) -> Scored:
    """2PR / (P + R) with P = shared / answer and R = shared / reference."""
    return Scored(2 * shared / (len(answer) + len(reference)))


def _longest_common_subsequence(one: Sequence[str], other: Sequence[str]) -> int:
    """Its length, with one bit per word of ``one`` (Hyyrö 2004): a pass over ``other`` instead of a table."""
    places: dict[str, int] = {}
    for n, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << n
    all_ones = (1 << len(one)) - 1
    row = all_ones
    for word in other:
        matched = row & places.get(word, 0)
        row = ((row + matched) | (row - matched)) & all_ones
    return len(one) - row.bit_count()


def read_json(text: str) -> Any:
    """The JSON value that the whole text is, or that a Markdown code fence around the whole text holds.

    Raises ValueError. NaN and Infinity, which Python would take, are not JSON.
    """
    fenced = _FENCE.fullmatch(text)
    try:
        return json.loads(fenced["inside"] if fenced else text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_fields(text: str) -> dict[tuple[str, ...], Any]:
    """The fields of a JSON object: each value with the keys that lead to it through nested objects.

    Raises ValueError where the text is not a JSON object.
    """
    value = read_json(text)
    if not isinstance(value, dict):
        raise ValueError("it is not an object")
    try:
        return dict(_fields(value))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _fields(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value that is no object, with the keys that lead to it; an empty object is a value."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _fields(inner, (*path, key))
    else:
        yield path, _comparable(value)


def _comparable(value: Any) -> Any:
    """A value that is equal where the JSON means the same: 1 and 1.0, not 1 and true; strings stripped."""
    if isinstance(value, bool):
        return ("true",) if value else ("false",)
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return [_comparable(each) for each in value]
    if isinstance(value, dict):
        return {key: _comparable(each) for key, each in value.items()}
    return value


def _reference_fields(target: str) -> dict[tuple[str, ...], Any]:
    try:
        return read_fields(target)
    except ValueError as problem:
        raise UnusableError(f"The reference is not a JSON object: {problem}.") from None


def _expression(target: str) -> expressions.Pattern[str]:
    if not target.strip():
        raise UnusableError("The reference is empty.")
    try:
        return expressions.compile(target)
    except (expressions.error, RecursionError) as problem:
        raise UnusableError(f"The reference is not a regular expression: {problem}.") from None


def _last_number(text: str) -> Decimal | None:
    found = _NUMBER.findall(text)
    return Decimal(found[-1].replace(",", "").replace("\u2212", "-")) if found else None


def _reference_number(target: str) -> Decimal:
    number = _last_number(target)
    if number is None:
        raise UnusableError("The reference holds no number.")
    return number


def _cuts(text: str, at: int) -> bool:
    """Whether a word or a number goes on across position ``at`` of case-folded text.

    Letters without case are no sign of that: some scripts put no spaces between words.
    """
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if before.isdigit() and after in ".,":
        return text[at + 1 : at + 2].isdigit()
    if before in ".," and after.isdigit():
        return text[max(at - 2, 0) : at - 1].isdigit()
    return all(letter.isdigit() or letter.islower() for letter in (before, after))


@against(_plain_reference)
def exact_match(answer: str, reference: str) -> Scored:
    """1 where the answer is the reference, apart from case, runs of spaces, and one final full stop.

    Both are compared in Unicode form NFKC: characters that only look different are equal. Nothing else is
    forgiven, and of JSON the text counts, not the meaning.
    """
    return Scored(float(_plain(answer) == reference))


@against(_words_of_reference)
def token_f1(answer: str, reference: list[str]) -> Scored:
    """Harmonic mean of precision and recall of the answer's ``words``, counted with repetition."""
    given = words(answer)
    return _f_measure(sum((Counter(given) & Counter(reference)).values()), given, reference)


@against(_words_of_reference)
def rouge_l(answer: str, reference: list[str]) -> Scored:
    """Longest common subsequence of ``words``, gaps allowed, as F measure with equal weights (Lin 2004)."""
    given = words(answer)
    return _f_measure(_longest_common_subsequence(given, reference), given, reference)


@against(str)
def valid_json(answer: str, reference: str) -> Scored:
    """1 where the answer, or a code fence that is the whole answer, can be read as JSON (``read_json``)."""
    try:
        read_json(answer)
    except ValueError:
        return NOT_IN_FORM
    return Scored(1.0)


@against(_reference_fields)
def json_field_match(answer: str, reference: dict[tuple[str, ...], Any]) -> Scored:
    """Fields that are right, out of all fields of reference and answer together; see ``read_fields``.

    Lists are values and compared in order; numbers by value, strings exactly but for spaces at their ends;
    the order of keys does not matter.
    """
    try:
        given = read_fields(answer)
    except ValueError:
        return NOT_IN_FORM
    right = sum(path in given and given[path] == wanted for path, wanted in reference.items())
    return Scored(right / len(given.keys() | reference.keys()))


def _stands_in(text: str, value: str) -> bool:
    """Whether a plain value occurs in plain text as whole words and numbers."""
    found = (match.start() for match in re.finditer(f"(?={re.escape(value)})", text))
    return any(not _cuts(text, at) and not _cuts(text, at + len(value)) for at in found)


def _values_of_reference(target: str) -> list[str]:
    """The values of the reference's fields, where it is a JSON object, else itself; all plain."""
    try:
        values = _said(read_json(target)) if isinstance(read_json(target), dict) else [target]
    except ValueError:
        values = [target]
    found = [plain for value in values if (plain := _plain(value))]
    if not found:
        raise UnusableError("The reference is empty.")
    return found


def _said(value: Any) -> Iterator[str]:
    """Every value within a JSON value, as text; a null says nothing."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _said(inner)
    elif value is not None:
        yield value if isinstance(value, str) else json.dumps(value)


@against(_plain_reference)
def contains(answer: str, reference: str) -> Scored:
    """1 where the reference occurs in the answer as whole words and numbers: "no" is not in "know".

    Case, runs of spaces and a final full stop do not matter, as in ``exact_match``.
    """
    return Scored(float(_stands_in(_plain(answer), reference)))


@against(_values_of_reference)
def substance(answer: str, reference: list[str]) -> Scored:
    """The share of the reference's values that stand in the answer as whole words and numbers, in whatever form.

    A reference that is a JSON object has the values of its fields, any other the one that it is as a whole; each is
    looked for as ``contains`` does. Generous on purpose: an answer that lists everything holds it, too.
    """
    text = _plain(answer)
    return Scored(sum(_stands_in(text, value) for value in reference) / len(reference))


@against(_expression, marks_too=True)
def regex(answer: str, reference: expressions.Pattern[str]) -> Scored:
    """1 where the expression is found anywhere in the answer, with or without its citation marks.

    Case matters, unless the expression says (?i). An expression that backtracks for more than
    ``EXPRESSION_SECONDS`` gives no value.
    """
    try:
        return Scored(float(reference.search(answer, timeout=EXPRESSION_SECONDS) is not None))
    except TimeoutError:
        return Scored(None, reason=f"The regular expression takes longer than {EXPRESSION_SECONDS:g} s on this answer.")


@against(_reference_number)
def numeric(answer: str, reference: Decimal) -> Scored:
    """1 where the last number of the answer has the value of the reference's last number.

    The point marks decimals; commas before groups of three digits are passed over. A hyphen that joins a
    number to a word or another number, as in ORDER-4711, is no sign.
    """
    number = _last_number(answer)
    return NOT_IN_FORM if number is None else Scored(float(number == reference))


SCORERS: Mapping[MetricName, Scorer] = {
    "exact_match": exact_match,
    "token_f1": token_f1,
    "rouge_l": rouge_l,
    "valid_json": valid_json,
    "json_field_match": json_field_match,
    "contains": contains,
    "regex": regex,
    "numeric": numeric,
    "substance": substance,
}
"""The function of every metric in ``workbench.score.METRICS``."""
