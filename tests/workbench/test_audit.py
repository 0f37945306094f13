"""The audit: each thing that can be wrong is found, with its rows, and mended where it can be."""

import os
import re
import time
from pathlib import Path

import pytest

from workbench.audit import Audit, LengthLimit, audit, difference_sentence, mend
from workbench.examples import Examples
from workbench.finding import Finding
from workbench.intake import guess_columns, read_table, to_examples
from workbench.similarity import normalise
from workbench.usecase import Example, Message, MetricName, Split

ADJECTIVES = re.findall(
    r"\w+", "red cold brief loud heavy clever quiet broken modern narrow foreign gentle hollow public rural"
)
NOUNS = re.findall(r"\w+", "engine garden letter market window bridge doctor river ticket camera forest island hammer")


def rows(start: int, count: int) -> list[tuple[str, str]]:
    """Requests that have little in common, each with an answer of its own."""
    spoken = [f"{a} {n}" for n in NOUNS for a in ADJECTIVES]
    return [
        (f"{spoken[n]} near the {spoken[-n - 1]} and {spoken[(7 * n) % 191]}", f"answer {n}")
        for n in range(start, start + count)
    ]


def examples(split: Split, *pairs: tuple[str, str], group: str = "") -> Examples:
    items = [
        Example(
            id=f"{split}-{n}",
            messages=(Message(role="user", content=text),),
            target=target,
            group=group,
            split=split,
        )
        for n, (text, target) in enumerate(pairs)
    ]
    return Examples(tuple(items), tuple(range(2, 2 + len(items))), source=f"{split}.csv")


def check(
    train: list[tuple[str, str]],
    test: list[tuple[str, str]],
    *,
    metric: MetricName = "exact_match",
    dev: tuple[tuple[str, str], ...] = (),
) -> Audit:
    return audit(examples("train", *train), examples("dev", *dev), examples("test", *test), metric=metric)


def only(made: Audit, kind: str, split: Split) -> Finding:
    (found,) = (each for each in made.findings if each.kind == kind and each.split == split)
    return found


TRAIN, TEST = rows(0, 60), rows(60, 60)


def test_clean_examples_have_no_findings() -> None:
    made = check(TRAIN, TEST)
    assert made.findings == ()
    assert made.worst is None
    assert made.leaked_ids == ()
    assert made.sizes == {"train": 60, "dev": 0, "test": 60}
    assert made.smallest_difference == difference_sentence(60)


def test_exact_leakage_is_an_error_and_mended_in_training() -> None:
    made = check([*TRAIN, TEST[3], (TEST[5][0].upper(), f" {TEST[5][1]}")], TEST)
    found = made.findings[0]
    assert (found.kind, found.severity, found.split, made.worst) == ("leakage", "error", "test", "error")
    assert (found.rows, found.numbers) == (("test-3", "test-5"), (5, 7))
    assert (found.partners, found.partner_split) == (("train-60", "train-61"), "train")
    assert (found.drop, found.drop_split, found.mendable) == (("train-60", "train-61"), "train", True)
    assert "2 of 60 test examples also stand in the training set" in found.message
    assert "(lines 5, 7 of test.csv)" in found.message
    assert made.leaked_ids == ("test-3", "test-5")


def test_near_leakage_counts_only_with_the_same_answer() -> None:
    question, answer = TEST[3]
    made = check([*TRAIN, (f"{question}?", answer)], TEST)
    found = only(made, "near_leakage", "test")
    assert (found.severity, found.rows, found.drop) == ("warning", ("test-3",), ("train-60",))
    assert "1 of 60 test examples stands in" in found.message
    assert made.leaked_ids == ("test-3",)
    other = check([*TRAIN, (f"{question}?", "something else")], TEST)
    assert other.leaked_ids == ()
    assert only(other, "near_conflict", "test").partners == ("train-60",)


def test_templates_with_other_names_are_no_leakage() -> None:
    asked = "Hello, could you please tell me how much I would have to pay for the {}?"
    train = [*TRAIN, (asked.format("Velora"), "12 euros")]
    made = check(train, [*TEST, (asked.format("Velaro"), "40 euros")])
    assert made.leaked_ids == ()
    assert [(each.kind, each.severity) for each in made.findings] == [("templated", "note")]


def test_the_dev_set_is_checked_too() -> None:
    made = check([*TRAIN, ("a dev question", "b")], TEST, dev=(("A dev question", "b"), TEST[0]))
    assert only(made, "leakage", "dev").drop == ("train-60",)
    found = only(made, "leakage", "test")
    assert (found.severity, found.drop, found.drop_split) == ("warning", ("dev-1",), "dev")
    assert made.leaked_ids == ()


def test_repeats_within_a_split_keep_the_first() -> None:
    made = check([*TRAIN, TRAIN[2], TRAIN[2], (f"{TRAIN[4][0]}!", TRAIN[4][1])], [*TEST, TEST[1]])
    found = only(made, "exact_duplicate", "train")
    assert (found.severity, found.drop) == ("note", ("train-60", "train-61"))
    assert found.partners == ("train-2", "train-2")
    assert only(made, "exact_duplicate", "test").severity == "warning"
    near = only(made, "near_duplicate", "train")
    assert (near.rows, near.partners, near.mendable) == (("train-62",), ("train-4",), False)


def test_conflicting_answers_bound_the_score() -> None:
    test = [*TEST, (TEST[0][0], "another"), (TEST[0][0], TEST[0][1]), (TRAIN[0][0], "not that")]
    found = [each for each in check(TRAIN, test).findings if each.kind == "conflict"]
    within, across = sorted(found, key=lambda each: each.partner_split or "")
    assert "no candidate can get more than 98.4% right" in within.message
    assert set(within.rows) == {"test-60", "test-61"}
    assert (across.rows, across.partners, across.severity) == (("test-62",), ("train-0",), "warning")
    soft = check(TRAIN, test, metric="rouge_l")
    assert {each.severity for each in soft.findings if each.kind == "conflict"} == {"note"}


def test_one_request_with_thousands_of_answers_takes_no_time() -> None:
    train = [("Summarise the document.", f"summary {n}") for n in range(5_000)]
    began = time.process_time()
    found = only(check(train, TEST), "conflict", "train")
    assert time.process_time() - began < 10
    assert len(found.rows) >= 4_999


def test_empty_rows_are_errors_and_can_be_left_out() -> None:
    made = check([*TRAIN, ("", "x"), ("y", " ")], [*TEST, (" \n", "x")])
    assert only(made, "empty_request", "train").drop == ("train-60",)
    assert only(made, "empty_target", "train").drop == ("train-61",)
    found = only(made, "empty_request", "test")
    assert (found.severity, found.message) == (
        "error",
        "1 of 61 test examples has no request (line 62 of test.csv).",
    )
    assert made.leaked_ids == ()


@pytest.mark.parametrize(
    ("metric", "good", "bad"),
    [
        ("json_field_match", '{"a": 1}', "[1]"),
        ("numeric", "about 7", "seven"),
        ("regex", "a+", "(a"),
    ],
)
def test_answers_that_the_metric_cannot_use(metric: MetricName, good: str, bad: str) -> None:
    def answered(answer: str) -> list[tuple[str, str]]:
        return [(TEST[0][0], answer), *((text, f"{good}") for text, _ in TEST[1:])]

    train = answered(good)
    assert "unfit_target" not in {each.kind for each in check(train, answered(good), metric=metric).findings}
    found = only(check(train, answered(bad), metric=metric), "unfit_target", "test")
    assert (found.severity, found.rows, found.mendable) == ("error", ("test-0",), False)


def test_long_rows() -> None:
    long = ("word " * 300, "x")
    made = audit(
        examples("train", *TRAIN, long),
        examples("dev"),
        examples("test", *TEST, long),
        metric="exact_match",
        limit=LengthLimit(tokens=300),
    )
    found = only(made, "too_long", "train")
    assert found.rows == ("train-60",)
    assert "the longest has 376" in found.message
    assert only(made, "too_long", "test").rows == ("test-60",)


def test_answers_that_are_all_or_mostly_the_same() -> None:
    same = [(text, "Yes") for text, _ in TEST]
    found = only(check(TRAIN, same), "constant_target", "test")
    assert found.severity == "error"
    mostly = check(TRAIN, [*same[:54], *TEST[54:]])
    assert "90% of the answers of the test set are 'yes'" in only(mostly, "one_sided", "test").message


def test_labels_that_training_never_shows() -> None:
    train = [(text, "ab"[n % 2]) for n, (text, _) in enumerate(TRAIN)]
    test = [(text, "abc"[n % 3]) for n, (text, _) in enumerate(TEST)]
    found = only(check(train, test), "unseen_target", "test")
    assert len(found.rows) == 20
    assert "unseen_target" not in {each.kind for each in check(TRAIN, TEST).findings}


def test_sizes() -> None:
    assert {each.kind for each in check([], []).findings} == {"no_test", "no_train"}
    few = check(TRAIN, TEST[:12]).findings
    assert [(each.kind, each.severity) for each in few] == [("small_test", "warning")]


def test_findings_come_worst_first() -> None:
    train = [*TRAIN, TRAIN[0], TEST[0], ("", "x"), (TEST[1][0], "else")]
    severities = [each.severity for each in check(train, TEST[:30]).findings]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    assert len(set(severities)) == 3


def test_mending_leaves_nothing_to_mend_and_never_touches_leaked_test_examples() -> None:
    parts = {
        "train": examples(
            "train",
            *TRAIN,
            TRAIN[0],
            TEST[0],
            (f"{TEST[1][0]}?", TEST[1][1]),
            ("", "x"),
            (f"{TEST[0][0]}?", TEST[0][1]),
        ),
        "dev": examples("dev", TEST[2], *rows(120, 5)),
        "test": examples("test", *TEST, TEST[0], ("z", "")),
    }
    findings = audit(parts["train"], parts["dev"], parts["test"], metric="exact_match").findings
    mended = {split: mend(part, findings) for split, part in parts.items()}
    assert mended["train"].dropped == {
        "train-60": "exact_duplicate",
        "train-61": "leakage",
        "train-62": "near_leakage",
        "train-63": "empty_request",
        "train-64": "leakage",
    }
    assert mended["dev"].dropped == {"dev-0": "leakage"}
    assert mended["test"].dropped == {"test-60": "exact_duplicate", "test-61": "empty_target"}
    assert mended["train"].examples.numbers == tuple(range(2, 62))
    again = audit(*(mended[split].examples for split in parts), metric="exact_match")
    assert not [each for each in again.findings if each.mendable]
    assert again.leaked_ids == ()


@pytest.mark.parametrize(
    ("n", "sentence"),
    [
        (0, "Without test examples, nothing can be shown."),
        (1, "With 1 test example, differences under 100 points can't be shown. With 50: 23."),
        (120, "With 120 test examples, differences under 15 points can't be shown. With 500: 7."),
        (3_000, "With 3,000 test examples, differences under 3 points can't be shown. With 10,000: 1.7."),
    ],
)
def test_what_a_test_set_can_show(n: int, sentence: str) -> None:
    assert difference_sentence(n) == sentence


def test_groups_widen_what_can_be_shown() -> None:
    made = audit(examples("train", *TRAIN), examples("dev"), examples("test", *TEST, group="one"), metric="exact_match")
    assert "They form 1 group: where those differ, it may take up to 100." in made.smallest_difference


def test_findings_survive_json() -> None:
    made = check([*TRAIN, TEST[3]], TEST)
    assert Audit.model_validate_json(made.model_dump_json()) == made


def test_banking_questions_are_audited_within_a_minute() -> None:
    folder = Path(os.environ.get("WORKBENCH_EXAMPLE_DATA", "nowhere"), "banking77")
    if not (folder / "test.csv").is_file():
        pytest.skip("WORKBENCH_EXAMPLE_DATA names no folder with banking77/test.csv")
    tables = {split: read_table(folder / f"{split}.csv") for split in ("train", "test")}
    parts = {split: to_examples(table, guess_columns(table)) for split, table in tables.items()}
    began = time.process_time()
    made = audit(parts["train"], Examples(()), parts["test"], metric="exact_match")
    assert time.process_time() - began < 60
    known = {(normalise(each.question), each.target) for each in parts["train"]}
    exact = [each.id for each in parts["test"] if (normalise(each.question), each.target) in known]
    assert list(only(made, "leakage", "test").rows) == exact
    assert len(exact) == 7
    assert 100 < len(made.leaked_ids) < 300
