"""What is wrong with a use case's examples, worst first, and what its test set can show at all."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import regex

from workbench.examples import Examples
from workbench.finding import KINDS, SEVERITIES, SPLIT_NAMES, Finding, Kind, Said, Severity, finding
from workbench.model import Noun
from workbench.overlap import find_overlap, leaked_ids, overlap_findings
from workbench.similarity import normalise
from workbench.statistics.power import detectable_difference
from workbench.table import listed
from workbench.usecase import Example, MetricName, Split
from workbench.verbatim import Verbatim, verbatim_pairs

SMALL_TEST = 50
"""Test examples below which hardly any difference can be shown (23 points at 50)."""
USUAL_SIZES = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
"""Sizes named as the next larger test set."""
ONE_SIDED = 0.8
"""Share of the commonest answer from which always giving it looks good."""
LABEL_REPEATS = 5
"""Training examples per different answer from which the answers are labels."""


@dataclass(frozen=True)
class LengthLimit:
    """The longest example, request and answer together, that is used whole."""

    tokens: int = 1024
    bytes_per_token: float = 4.0
    """Bytes of UTF-8 in a token, by and large: about 4 for large vocabularies, less for small ones."""

    def size(self, example: Example) -> int:
        """The approximate number of tokens of an example."""
        texts = [*(message.content for message in example.messages), example.target or example.check]
        return math.ceil(sum(len(text.encode()) for text in texts) / self.bytes_per_token)


USUAL_LIMIT = LengthLimit()


class Audit(Noun):
    """What is wrong with the examples, and the smallest difference that they can show."""

    findings: tuple[Finding, ...]
    """Worst first."""
    sizes: dict[Split, int]
    """Examples of each split."""
    smallest_difference: str
    """The sentence about what this many test examples can show."""
    leaked_ids: tuple[str, ...]
    """Test examples that the training set has, word for word or nearly, with their answer: what training
    gains on these alone is no gain."""
    verbatim_ids: tuple[str, ...] = ()
    """Test examples whose question and answer stand together in a document: retrieval need only find and copy them."""

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding; None where there is none."""
        return self.findings[0].severity if self.findings else None


@dataclass(frozen=True)
class Mended:
    """Examples without the rows that findings say to leave out."""

    examples: Examples
    dropped: dict[str, Kind]
    """The id of each example that was left out, and the kind of the worst finding that says so."""


def audit(
    train: Examples,
    dev: Examples,
    test: Examples,
    *,
    metric: MetricName,
    limit: LengthLimit = USUAL_LIMIT,
    documents: Mapping[str, str] = MappingProxyType({}),
) -> Audit:
    """Check the examples of a use case; nothing is changed. ``documents``: their texts, by id.

    What counts as a near repeat is defined in ``workbench.repeats``. Takes a few seconds for 13,000
    short requests.
    """
    splits: dict[Split, Examples] = {
        "train": train.as_split("train"),
        "dev": dev.as_split("dev"),
        "test": test.as_split("test"),
    }
    overlap = find_overlap(splits)
    pairs = verbatim_pairs(splits["test"], documents)
    findings = [
        *_verbatim(splits["test"], pairs),
        *_sizes(splits),
        *_answers(splits),
        *overlap_findings(overlap, metric=metric),
    ]
    for split, examples in splits.items():
        findings += [*_unusable(examples, split, metric=metric), *_too_long(examples, split, limit=limit)]
    findings.sort(key=lambda each: (SEVERITIES.index(each.severity), KINDS.index(each.kind), -len(each.rows)))
    return Audit(
        findings=tuple(findings),
        sizes={split: len(examples) for split, examples in splits.items()},
        smallest_difference=difference_sentence(len(test), clusters=len({each.cluster for each in test})),
        leaked_ids=leaked_ids(overlap),
        verbatim_ids=tuple(one.example for one in pairs),
    )


def mend(examples: Examples, findings: Iterable[Finding]) -> Mended:
    """Leave out the rows that the mendable ones of ``findings`` name for the splits of ``examples``.

    Exact repeats (the first is kept), empty rows, and training or dev examples that stand in the test
    set; leaked test examples stay.
    """
    reasons: dict[tuple[Split | None, str], Kind] = {}
    for each in findings:
        for identity in each.drop:
            reasons.setdefault((each.drop_split, identity), each.kind)
    dropped = {
        example.id: reasons[example.split, example.id] for example in examples if (example.split, example.id) in reasons
    }
    kept = examples.at(n for n, example in enumerate(examples) if example.id not in dropped)
    return Mended(kept, dropped)


def difference_sentence(n: int, *, clusters: int | None = None) -> str:
    """What ``n`` test examples can show, and what the next larger size could.

    ``clusters``: groups that the examples form. Examples of one group may tell no more than a single
    one, so the figure for as many examples as there are groups is the upper bound.
    """
    if n == 0:
        return "Without test examples, nothing can be shown."
    noun = "example" if n == 1 else "examples"
    sentence = f"With {n:,} test {noun}, differences under {_points(n)} points can't be shown."
    larger = next((size for size in USUAL_SIZES if size >= 2 * n), None)
    if larger is not None:
        sentence += f" With {larger:,}: {_points(larger)}."
    if clusters is not None and clusters < n:
        groups = "1 group" if clusters == 1 else f"{clusters:,} groups"
        sentence += f" They form {groups}: where those differ, it may take up to {_points(clusters)}."
    return sentence


def _points(n: int) -> str:
    points = 100 * min(1.0, detectable_difference(n))
    return f"{points:.0f}" if points >= 2.5 else f"{points:.1f}"


def _sizes(splits: Mapping[Split, Examples]) -> Iterator[Finding]:
    train, test = splits["train"], splits["test"]
    if not test:
        said = Said("no_test", "error", "There are no test examples", "Give a test file, or split one file.")
        yield finding(said, test, split="test", rows=())
    elif len(test) < SMALL_TEST:
        said = Said(
            "small_test",
            "warning",
            f"A test set of {len(test)} is small: most differences between candidates stay hidden",
            f"Add test examples; {2 * SMALL_TEST} to {10 * SMALL_TEST} make a good start.",
        )
        yield finding(said, test, split="test", rows=())
    if not train:
        said = Said(
            "no_train",
            "warning",
            "There are no training examples: only zero-shot prompting and RAG can be tried",
            "Give a training file for few-shot prompting and fine-tuning.",
        )
        yield finding(said, train, split="train", rows=())


def _verbatim(test: Examples, pairs: Sequence[Verbatim]) -> Iterator[Finding]:
    """Test examples that the documents hold as question and answer."""
    known = {one.example for one in pairs}
    rows = [n for n, example in enumerate(test) if example.id in known]
    where = listed(dict.fromkeys(one.document for one in pairs), most=3) if pairs else ""
    said = Said(
        "verbatim",
        "warning",
        f"{{rows}} {{stand}} in the documents, question and answer together, word for word or nearly, in {where}",
        "Leave those entries out of the documents: finding and copying them is no skill. Documents that only tell the "
        "answer are what retrieval is for.",
    )
    if rows:
        yield finding(said, test, split="test", rows=rows)


def _unusable(examples: Examples, split: Split, *, metric: MetricName) -> Iterator[Finding]:
    """Rows that cannot be asked, answered or scored."""
    empty = [n for n, example in enumerate(examples) if not example.question.strip()]
    blank = [n for n, example in enumerate(examples) if not example.reference.strip()]
    fill = "Fill them in, or leave those rows out."
    for said, rows in (
        (Said("empty_request", "error", "{rows} {have} no request", fill), empty),
        (Said("empty_target", "error", "{rows} {have} no reference answer", fill), blank),
    ):
        if rows:
            made = finding(said, examples, split=split, rows=rows)
            yield made.model_copy(update={"drop": made.rows, "drop_split": split})
    if metric in WANTED:
        wanted, fits = WANTED[metric]
        unfit = [n for n, each in enumerate(examples) if each.reference.strip() and not fits(each.reference)]
        said = Said(
            "unfit_target",
            "error",
            f"{{rows}} {{have}} a reference answer that is not {wanted}, so {metric} cannot score it",
            "Mend those answers, or choose another metric.",
        )
        if unfit:
            yield finding(said, examples, split=split, rows=unfit)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _is_expression(text: str) -> bool:
    try:
        regex.compile(text)
    except (regex.error, RecursionError):
        return False
    return True


WANTED: dict[MetricName, tuple[str, Callable[[str], bool]]] = {
    "json_field_match": ("a JSON object", _is_object),
    "numeric": ("a number", lambda text: any(letter.isdigit() for letter in text)),
    "regex": ("a regular expression", _is_expression),
}
"""What a metric needs the reference answer to be."""


def _too_long(examples: Examples, split: Split, *, limit: LengthLimit) -> Iterator[Finding]:
    sizes = [limit.size(example) for example in examples]
    rows = [n for n, size in enumerate(sizes) if size > limit.tokens]
    consequence = "training leaves those out" if split == "train" else "a model may not take them whole"
    said = Said(
        "too_long",
        "warning",
        f"{{rows}} {{exceed}} {limit.tokens:,} tokens or so, the longest has {max(sizes, default=0):,}: " + consequence,
        "Shorten them, or allow longer rows and make sure that the base model takes them.",
    )
    if rows:
        yield finding(said, examples, split=split, rows=rows)


def _answers(splits: Mapping[Split, Examples]) -> Iterator[Finding]:
    """Answers that are too much alike, or that training never shows."""
    answers = {
        split: Counter(normalise(example.reference) for example in examples if example.reference.strip())
        for split, examples in splits.items()
    }
    for split in ("test", "train"):
        if answers[split]:
            yield from _one_sided(splits[split], split, answers=answers[split])
    known = answers["train"]
    if len(known) * LABEL_REPEATS > known.total():
        return
    targets = [normalise(example.reference) for example in splits["test"]]
    rows = [n for n, target in enumerate(targets) if target and target not in known]
    said = Said(
        "unseen_target",
        "warning",
        f"{{rows}} {{have}} an answer that is none of the {len(known):,} in the training set",
        "Add training examples for those answers: fine-tuning can hardly learn what it never sees.",
    )
    if rows:
        yield finding(said, splits["test"], split="test", rows=rows)


def _one_sided(examples: Examples, split: Split, *, answers: Counter[str]) -> Iterator[Finding]:
    (commonest, count), total = answers.most_common(1)[0], answers.total()
    shown = commonest if len(commonest) <= 40 else f"{commonest[:39]}…"
    if len(answers) == 1 and total > 1:
        severity: Severity = "error" if split == "test" else "warning"
        said = Said(
            "constant_target",
            severity,
            f"All {total:,} answers of the {SPLIT_NAMES[split]} set are {shown!r}: nothing can be told apart",
            "Check which column holds the answers, or add examples with other answers.",
        )
        yield finding(said, examples, split=split, rows=())
    elif count >= ONE_SIDED * total and total > 1:
        said = Said(
            "one_sided",
            "warning" if split == "test" else "note",
            f"{count / total:.0%} of the answers of the {SPLIT_NAMES[split]} set are {shown!r}: "
            "always answering that looks good",
            "Compare against that share, add rarer examples, or measure on a balanced set.",
        )
        yield finding(said, examples, split=split, rows=())
