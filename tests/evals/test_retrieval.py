"""Recall, precision, MRR, nDCG and coverage, against values worked out by hand."""

import math

import numpy as np
import pytest

from evals.retrieval import (
    Evidence,
    Found,
    coverage,
    found_measures,
    ndcg,
    precision,
    recall,
    reciprocal_rank,
)
from workbench.measures import FOUND, JUDGED, MEASURES, RECALLS, SAID

RANKED = ["b", "a", "a", "c", "d", "b"]


def test_by_hand() -> None:
    assert [recall(RANKED, {"a"}, k) for k in (1, 2, 6)] == [0, 1, 1]
    assert [recall(RANKED, {"a", "d"}, k) for k in (1, 2, 5)] == [0, 0.5, 1]
    assert recall(RANKED, {"a", "gone"}, 50) == 0.5
    assert [precision(RANKED, {"a"}, k) for k in (1, 2, 3, 6)] == [0, 1 / 2, 2 / 3, 2 / 6]
    assert precision(["a"], {"a"}, 4) == 1 / 4  # Empty places hold nothing.
    assert [reciprocal_rank(RANKED, {one}) for one in ("b", "a", "d", "gone")] == [1, 1 / 2, 1 / 5, 0]


def test_a_document_gains_once_where_it_comes_first() -> None:
    assert ndcg(["a", "a", "a"], {"a"}) == 1
    assert ndcg(RANKED, {"a"}) == pytest.approx(1 / math.log2(3))
    both = (1 / math.log2(3) + 1 / math.log2(6)) / (1 + 1 / math.log2(3))
    assert ndcg(RANKED, {"a", "d"}) == pytest.approx(both)
    # Repeats take up places: the second document stands third in what the prompt holds.
    assert ndcg(["a", "a", "b"], {"a", "b"}) < ndcg(["a", "b", "b"], {"a", "b"}) == 1


def test_more_evidence_than_places() -> None:
    many = [f"d{n}" for n in range(15)]
    assert ndcg(many, set(many)) == pytest.approx(1)
    assert recall(many, set(many), 10) == pytest.approx(10 / 15)


def test_coverage_asks_for_all_of_it() -> None:
    assert coverage(["a", "b", "b"], {"a", "b"}) == 1
    assert coverage(["a", "a"], {"a", "b"}) == 0


def test_deeper_never_recalls_less_and_values_are_shares() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        ranked = [f"d{n}" for n in rng.integers(0, 20, size=rng.integers(0, 50))]
        evidence = {f"d{n}" for n in rng.integers(0, 20, size=rng.integers(1, 5))}
        recalls = [recall(ranked, evidence, k) for k in sorted(RECALLS)]
        assert recalls == sorted(recalls)
        values = [*recalls, ndcg(ranked, evidence), reciprocal_rank(ranked, evidence), precision(ranked, evidence, 5)]
        assert all(0 <= value <= 1 for value in values)
        assert (ndcg(ranked, evidence) > 0) == (recall(ranked, evidence, 10) > 0)


@pytest.mark.parametrize("k", [0, -1])
def test_what_cannot_be_asked(k: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        recall(RANKED, {"a"}, k)
    for measure in (reciprocal_rank, coverage, ndcg):
        with pytest.raises(ValueError, match="evidence"):
            measure(RANKED, set())


def test_without_evidence_there_is_no_value_and_never_a_zero() -> None:
    found = found_measures(Found(RANKED, ["b"]), Evidence(reason="it names no evidence"))
    assert set(found) == set(FOUND)
    assert all(one.value is None and one.reason == "it names no evidence" for one in found.values())


def test_every_measure_of_one_example() -> None:
    found = found_measures(Found(RANKED, ["b", "a"]), Evidence(frozenset({"a"})))
    assert found["recall@1"].value == 0
    assert found["recall@50"].value == found["in_prompt"].value == 1
    assert found["coverage"].value is None
    assert "one document" in found["coverage"].reason
    two = found_measures(Found(RANKED, ["b", "a"]), Evidence(frozenset({"a", "d"})))
    assert (two["coverage"].value, two["in_prompt"].value) == (0, 0.5)


def test_nothing_found_is_the_candidates_failure() -> None:
    found = found_measures(Found([], []), Evidence(frozenset({"a"})))
    assert {one.value for name, one in found.items() if name != "coverage"} == {0.0}


def test_what_was_not_kept_is_not_guessed() -> None:
    """A ranking that ends after three passages says nothing about the fourth."""
    found = found_measures(Found(["b", "c", "d"], ["b"], depth=3), Evidence(frozenset({"a"})))
    assert found["recall@3"].value == 0
    assert found["recall@5"].value is None
    assert found["recall@5"].reason == "only the first 3 passages were kept"
    assert found["reciprocal_rank"].value is None
    ahead = found_measures(Found(["a", "c", "d"], ["a"], depth=3), Evidence(frozenset({"a"})))
    assert ahead["reciprocal_rank"].value == 1


def test_every_measure_is_explained() -> None:
    assert set(MEASURES) == set(FOUND) | set(SAID) | set(JUDGED.values())
