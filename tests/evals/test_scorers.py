"""The metric functions: what counts as right, and who failed where nothing does."""

import itertools
import json
import random
import subprocess
import sys

import pytest
from rouge_score.rouge_scorer import RougeScorer  # type: ignore[import-untyped]

from evals import scorers
from evals.scorers import SCORERS, Scored, without_citations, words
from workbench.score import METRICS
from workbench.usecase import MetricName

REFERENCES: dict[MetricName, str] = {
    "exact_match": "49 crowns",
    "token_f1": "49 crowns",
    "rouge_l": "the lamp costs 49 crowns",
    "valid_json": "",
    "json_field_match": '{"price": "49 crowns"}',
    "contains": "49 crowns",
    "regex": r"ORDER-\d+",
    "numeric": "49",
    "substance": '{"price": "49 crowns"}',
}
"""What the examples of right and wrong answers in METRICS are measured against."""
ANSWERS = (
    "49 crowns",
    "It costs 49 crowns. [2]",
    "ORDER-4711",
    "the lamp",
    "[1]",
    '{"price": "49 crowns", "b": [1]}',
    "```json\n{}\n```",
    "null",
    ".",
    "?!",
    "[" * 100_000,
    '{"a":' * 900 + "1" + "}" * 900,
    "9" * 5_000,
    "\ud800",
)


def value(metric: MetricName, answer: str, target: str) -> float | None:
    return SCORERS[metric](answer, target).value


def test_every_metric_has_a_function_and_its_examples_hold() -> None:
    assert SCORERS.keys() == METRICS.keys()
    for name, metric in METRICS.items():
        assert value(name, metric.right, REFERENCES[name]) == 1, name
        assert value(name, metric.wrong, REFERENCES[name]) == 0, name


@pytest.mark.parametrize("metric", SCORERS)
def test_values_keep_to_what_the_metric_says_of_itself(metric: MetricName) -> None:
    for answer in ANSWERS:
        scored = SCORERS[metric](answer, REFERENCES[metric])
        assert scored.value is not None
        assert 0 <= scored.value <= 1
        assert scored.value in (0, 1) or not METRICS[metric].binary
        assert scored.value == 0 or not scored.failure
        assert scored == SCORERS[metric](answer, REFERENCES[metric])


@pytest.mark.parametrize("metric", SCORERS)
@pytest.mark.parametrize("blank", ["", " \n\t"])
def test_a_blank_answer_is_the_candidates_failure(metric: MetricName, blank: str) -> None:
    assert SCORERS[metric](blank, REFERENCES[metric]) == Scored(0.0, "empty")


@pytest.mark.parametrize(
    ("metric", "target"),
    [
        *itertools.product(["exact_match", "token_f1", "rouge_l", "contains", "regex", "numeric"], ["", " \n"]),
        ("exact_match", "."),
        ("token_f1", "?!"),
        ("rouge_l", "..."),
        ("json_field_match", ""),
        ("json_field_match", "price: 49"),
        ("json_field_match", '["price"]'),
        ("json_field_match", '{"price": NaN}'),
        ("regex", "(unclosed"),
        ("regex", "a{99999999999}"),
        ("numeric", "none at all"),
    ],
)
def test_an_unusable_reference_gives_no_value_whatever_the_answer(metric: MetricName, target: str) -> None:
    for answer in ("", "49 crowns", "{}"):
        scored = SCORERS[metric](answer, target)
        assert scored.value is None
        assert scored.reason.startswith("The reference ")
        assert scored.reason.endswith(".")
        assert scored.failure == ""


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("49 crowns [2]", "49 crowns"),
        ("49 crowns [1][3]", "49 crowns"),
        ("49 crowns[1] [12]\n", "49 crowns"),
        ("It costs 49 crowns [2].", "It costs 49 crowns."),
        ("It costs 49 crowns. [2]", "It costs 49 crowns."),
        ("It costs 49 crowns. [2].", "It costs 49 crowns."),
        ('{"a": [1]} [2]', '{"a": [1]}'),
        ("[1]", "[1]"),
        (" [1] [2]", " [1] [2]"),
        ("[[1], [2]]", "[[1], [2]]"),
        ("[1, 2]", "[1, 2]"),
        ("49 [2] crowns", "49 [2] crowns"),
        ("see [note]", "see [note]"),
        ("founded [1852]", "founded [1852]"),
        ("", ""),
    ],
)
def test_citation_marks_at_the_end_go(text: str, bare: str) -> None:
    assert without_citations(text) == bare
    assert without_citations(bare) == bare


def test_citation_marks_cost_no_metric_anything() -> None:
    for name, metric in METRICS.items():
        assert value(name, f"{metric.right} [2]", REFERENCES[name]) == 1, name


def test_a_reference_with_marks_asks_for_them() -> None:
    assert value("exact_match", "items[0]", "items[0]") == 1
    assert value("exact_match", "items[1]", "items[0]") == 0
    assert value("exact_match", "items", "items[0]") == 0
    assert value("json_field_match", '{"a": [1]}', '{"a": [1]}') == 1
    assert value("regex", "49 crowns [2]", r"\[\d\]$") == 1
    assert value("regex", "49 crowns [2]", r"crowns$") == 1


def test_looking_for_marks_is_fast_on_endless_output() -> None:
    for text in (" " * 50_000 + "x", "[1] " * 2_000 + "x", "\n" * 50_000):
        assert without_citations(text) == text


@pytest.mark.parametrize(
    ("answer", "target", "right"),
    [
        (" 49\n  Crowns. ", "49 crowns", True),
        ("49 crowns", "49 CROWNS .", True),
        ("４９\u00a0crowns", "49 crowns", True),
        ("STRASSE", "Straße", True),
        ("cafe\u0301", "café", True),
        ("49 crowns..", "49 crowns", False),
        ("49 crowns!", "49 crowns", False),
        ("the 49 crowns", "49 crowns", False),
        ("49crowns", "49 crowns", False),
        ("café", "cafe", False),
    ],
)
def test_exact_match_forgives_case_spacing_and_a_full_stop(answer: str, target: str, right: bool) -> None:
    assert value("exact_match", answer, target) == right
    assert value("exact_match", target, answer) == right


def test_words_keep_what_tells_numbers_apart() -> None:
    assert words('The "lamp" costs 4.5 crowns, it\'s 20% off (today)... - !') == [
        *("the", "lamp", "costs", "4.5", "crowns", "it's", "20", "off", "today"),
    ]


@pytest.mark.parametrize(
    ("answer", "target", "expected"),
    [
        ("crowns 49", "49 crowns", 1.0),
        ("it costs 49 crowns", "49 crowns", 2 / 3),
        ("49 49 49", "49 crowns", 2 / 5),
        ("the lamp", "lamp", 2 / 3),
        ("?", "lamp", 0.0),
    ],
)
def test_token_f1_counts_words_in_any_order(answer: str, target: str, expected: float) -> None:
    assert value("token_f1", answer, target) == pytest.approx(expected)


def test_rouge_l_agrees_with_rouge_score() -> None:
    oracle = RougeScorer(["rougeL"])
    rng = random.Random(3)
    for _ in range(400):
        one, other = (" ".join(rng.choices("abcdef", k=rng.randint(1, 90))) for _ in range(2))
        assert value("rouge_l", one, other) == pytest.approx(oracle.score(other, one)["rougeL"].fmeasure)


def test_rouge_l_needs_order_but_no_neighbourhood() -> None:
    assert value("rouge_l", "crowns 49", "49 crowns") == pytest.approx(0.5)
    assert value("rouge_l", "49 shiny crowns", "49 crowns") == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("answer", "valid"),
    [
        ('{"a": 1}', True),
        ('\n ```json\n{"a": 1}\n```\n', True),
        ("```\n[1, 2]\n```", True),
        ("[1]", True),
        ("49", True),
        ('Here it is: {"a": 1}', False),
        ("{'a': 1}", False),
        ('{"a": 1', False),
        ("NaN", False),
        ('{"a": Infinity}', False),
        ('```json\n{"a": 1}', False),
        ("[" * 100_000, False),
    ],
)
def test_valid_json_is_strict_apart_from_a_fence(answer: str, valid: bool) -> None:
    assert SCORERS["valid_json"](answer, "anything") == (Scored(1.0) if valid else Scored(0.0, "not in form"))


@pytest.mark.parametrize(
    ("answer", "target", "expected"),
    [
        ({"b": 2, "a": 1.0}, {"a": 1, "b": 2}, 1.0),
        ({"a": " x "}, {"a": "x"}, 1.0),
        ({"a": "X"}, {"a": "x"}, 0.0),
        ({"a": True}, {"a": 1}, 0.0),
        ({"a": "1"}, {"a": 1}, 0.0),
        ({"a": None}, {"a": None}, 1.0),
        ({"a": 1, "extra": 2, "more": 3}, {"a": 1}, 1 / 3),
        ({"a": 1}, {"a": 1, "b": 2}, 1 / 2),
        ({"a": {"x": 1, "y": 3}}, {"a": {"x": 1, "y": 2}}, 1 / 2),
        ({"a.x": 1}, {"a": {"x": 1}}, 0.0),
        ({"a": [1, 2]}, {"a": [1.0, 2]}, 1.0),
        ({"a": [2, 1]}, {"a": [1, 2]}, 0.0),
        ({"a": [{"y": 2, "x": " 1"}]}, {"a": [{"x": "1", "y": 2}]}, 1.0),
        ({"a": {}}, {"a": {}}, 1.0),
        ({}, {}, 1.0),
        ({"a": 1}, {}, 0.0),
    ],
)
def test_json_fields_are_counted_over_both_sides(answer: object, target: object, expected: float) -> None:
    scored = SCORERS["json_field_match"](json.dumps(answer), json.dumps(target))
    assert scored.value == pytest.approx(expected)
    swapped = SCORERS["json_field_match"](json.dumps(target), json.dumps(answer))
    assert swapped == scored


@pytest.mark.parametrize("answer", ["price: 49", "[1]", '"a"', '{"a": 1', "{}{}"])
def test_json_fields_of_no_object_are_not_in_form(answer: str) -> None:
    assert SCORERS["json_field_match"](answer, '{"a": 1}') == Scored(0.0, "not in form")


@pytest.mark.parametrize(
    ("answer", "target", "found"),
    [
        ("It costs 49  CROWNS in all", "49 crowns.", True),
        ("It costs 149 crowns", "49 crowns", False),
        ("It costs 49.50", "49", False),
        ("It costs 1.49", "49", False),
        ("1, 49, 3", "49", True),
        ("I do not know", "no", False),
        ("I know: no", "no", True),
        ("the category is cat", "cat", True),
        ("首都は東京です", "東京", True),
        ("(49)", "49", True),
        ("$490", "$49", False),
    ],
)
def test_contains_looks_for_whole_words(answer: str, target: str, found: bool) -> None:
    assert value("contains", answer, target) == found


def test_an_expression_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scorers, "EXPRESSION_SECONDS", 0.05)
    scored = SCORERS["regex"]("a" * 4000 + "b", "(a|aa)+$")
    assert scored.value is None
    assert "longer than 0.05 s" in scored.reason


def test_regex_minds_case_unless_told() -> None:
    assert value("regex", "Order 12", r"order \d+") == 0
    assert value("regex", "Order 12", r"(?i)order \d+") == 1


@pytest.mark.parametrize(
    ("answer", "target", "expected"),
    [
        ("49.0", "49", 1),
        ("first 12, then 49.", "49", 1),
        ("49, then 12", "49", 0),
        ("1,234,567.50 crowns", "1234567.5", 1),
        ("1,000, at most", "1000", 1),
        ("-5", "5", 0),
        ("\u22125", "-5", 1),
        ("ORDER-4711", "4711", 1),
        ("3-5", "5", 1),
        ("x=-5", "-5", 1),
        (".5", "0.5", 1),
        ("1e3", "1000", 1),
        ("5 m²", "5", 1),
        ("49 crowns [2]", "49", 1),
        ("49 crowns [2]", "2", 0),
        ("0.1", "0.10", 1),
        ("9" * 5_000, "9" * 5_000, 1),
    ],
)
def test_numeric_compares_the_last_numbers_by_value(answer: str, target: str, expected: int) -> None:
    assert value("numeric", answer, target) == expected


def test_no_number_is_not_in_form() -> None:
    assert SCORERS["numeric"]("none", "49") == Scored(0.0, "not in form")


def test_scorers_load_nothing_heavy() -> None:
    code = "import sys, evals.scorers; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("numpy", "torch", "nltk", "rouge_score", "absl", "pandas"):
        assert f"'{heavy}'" not in loaded


@pytest.mark.parametrize(
    ("answer", "target", "wanted"),
    [
        ("The code is DAMAGED, and it is urgent: HIGH.", '{"code": "DAMAGED", "priority": "HIGH"}', 1.0),
        ("The code is DAMAGED.", '{"code": "DAMAGED", "priority": "HIGH"}', 0.5),
        ('{"Code": "damaged", "urgent": {"is": "high"}}', '{"code": "DAMAGED", "priority": "HIGH"}', 1.0),
        ("It has 3 parts, and no lamp.", '{"parts": 3, "lamp": "no", "extra": null}', 1.0),
        ("It has 30 parts.", '{"parts": [3]}', 0.0),
        ("It costs 49 crowns, I think.", "49 crowns", 1.0),
        ("It costs 149 crowns.", "49 crowns", 0.0),
        ("I do not know.", "49 crowns", 0.0),
    ],
)
def test_substance_is_found_in_any_form(answer: str, target: str, wanted: float) -> None:
    assert value("substance", answer, target) == wanted
