"""Answers from elsewhere are taken in, scored and compared like the rest."""

import csv
from pathlib import Path

import numpy as np
import pytest

from tests.toys import finished_case, toy_case
from workbench.answer_intake import take_in
from workbench.case import Case
from workbench.cli import main
from workbench.errors import DataError
from workbench.report import FORMS, render
from workbench.results import decide, load_results
from workbench.usecase import Example


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return finished_case(tmp_path / "workspace")


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def answered(examples: list[Example], right: float, **more: object) -> list[dict[str, object]]:
    """The right answer to a share of the examples, "I do not know." to the next, nonsense to the rest."""
    cut = round(right * len(examples))
    texts = [one.target if n < cut else "I do not know." if n < cut + 5 else "purple" for n, one in enumerate(examples)]
    return [{"id": one.id, "answer": text, **more} for one, text in zip(examples, texts, strict=True)]


def run_import(case: Case, *arguments: str) -> int:
    return main(["import", case.name, *arguments, "--workspace", str(case.workspace)])


def test_they_are_compared_like_the_rest(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    examples = list(case.examples("test"))
    path = write(tmp_path / "hosted.csv", answered(examples, 0.95, seconds=0.2, cost=0.001))
    before = [one.name for one in case.candidates()]
    assert run_import(case, str(path), "--as", "rag") == 0
    assert "1 candidate taken in: hosted; 60 answers" in capsys.readouterr().out
    results = load_results(case)
    assert {one.name for one in results.candidates} == {*before, "hosted"}
    one = results.find("hosted")
    assert one.values["exact_match"].mean() == pytest.approx(0.95)
    assert one.abstained.sum() == 3
    assert one.candidate.approach == "RAG"
    found = decide(results)
    assert found.provisional == "hosted"
    assert {"hosted", "rag"} in [{c.candidate, c.reference} for c in found.comparisons]
    earned = next(each for each in found.earnings.candidates if each.candidate == "hosted")
    assert earned.cost is not None
    assert earned.cost.answering == pytest.approx(0.001)
    for form in FORMS:
        assert render(results, found, to=form)
    assert "hosted" in render(results, found, to="md").decode()


def test_alone_they_are_a_use_case_of_their_own(tmp_path: Path) -> None:
    case = toy_case(tmp_path / "workspace", "product-facts", "elsewhere")
    examples = list(case.examples("test"))
    rows = [
        {"question": one.question, "response": text, "system": name}
        for name, right in (("A", 0.9), ("B", 0.4))
        for one, text in zip(examples, [r["answer"] for r in answered(examples, right)], strict=True)
    ]
    assert run_import(case, str(write(tmp_path / "two.csv", rows))) == 0
    results = load_results(case)
    assert [one.name for one in results.candidates] == ["a", "b"]
    found = decide(results)
    assert found.choice == "a"
    # Nobody knows which base models they have.
    for form in FORMS:
        assert render(results, found, to=form)
    told = render(results, found, to="md").decode()
    assert "not known: all answers came from elsewhere" in told
    assert "Other requests than the test examples stand for." in told


def test_seeds_make_it_trained(case: Case, tmp_path: Path) -> None:
    examples = list(case.examples("test"))
    rows = [row for seed in (1, 2) for row in answered(examples, 0.5 + 0.1 * seed, seed=seed, approach="fine-tuning")]
    take_in(case, write(tmp_path / "tuned.csv", rows))
    assert run_import(case, str(tmp_path / "tuned.csv")) == 0
    one = load_results(case).find("tuned")
    np.testing.assert_allclose(one.values["exact_match"].mean(axis=1), [0.6, 0.7])
    assert one.candidate.trained
    assert main(["checks", case.name, "--candidate", "tuned", "--workspace", str(case.workspace)]) in (0, 2)


def test_labels_and_scores_count_in_place_of_the_metric(case: Case, tmp_path: Path) -> None:
    examples = list(case.examples("test"))
    labels = ["correct", "wrong", "abstained"] * 20
    rows: list[dict[str, object]] = [{"id": e.id, "verdict": w} for e, w in zip(examples, labels, strict=True)]
    assert run_import(case, str(write(tmp_path / "judged.csv", rows))) == 0
    one = load_results(case).find("judged")
    assert one.values["exact_match"].mean() == pytest.approx(1 / 3)
    assert one.abstained.mean() == pytest.approx(1 / 3)
    assert one.candidate.imported is not None
    assert one.candidate.imported.scored


def test_what_is_missing_or_strange_is_counted(case: Case, tmp_path: Path) -> None:
    examples = list(case.examples("test"))
    rows = [*answered(examples[:50], 1.0), {"id": "nobody", "answer": "x"}]
    taken = take_in(case, write(tmp_path / "part.csv", rows))
    assert (taken.unknown, taken.missing) == (1, {"part": 10})
    assert len(taken.remarks()) == 2
    assert run_import(case, str(tmp_path / "part.csv")) == 0
    results = load_results(case)
    assert results.excluded == 10
    assert len(results.panel().items) == 50


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"id": "test-001", "answer": "a"}, {"id": "test-001", "answer": "b"}], "1 row of f.csv"),
        ([{"id": "x", "answer": "a"}], "No row of f.csv belongs to a test example"),
        ([{"answer": "a"}], "No column of f.csv says which test example"),
        ([{"id": "test-001"}], "neither answers nor scores"),
        ([{"id": "test-001", "score": "7"}], "outside 0 to 1"),
        ([{"id": "test-001", "verdict": "perhaps"}], "is no score"),
        ([{"id": "test-001", "answer": "a", "seconds": "-1"}], "below 0"),
        ([{"id": "test-001", "answer": "a", "approach": "magic"}], "is no approach"),
        ([{"id": "test-001", "answer": "a", "model": "rag"}], "has a candidate of its own named rag"),
    ],
)
def test_what_is_refused(case: Case, tmp_path: Path, rows: list[dict[str, object]], said: str) -> None:
    before = sorted(path.name for path in (case.folder / "candidates").glob("*"))
    with pytest.raises(DataError) as raised:
        take_in(case, write(tmp_path / "f.csv", rows))
    assert said in raised.value.message
    assert raised.value.hint
    assert sorted(path.name for path in (case.folder / "candidates").glob("*")) == before


def test_what_is_not_chosen_any_more_is_kept(case: Case, tmp_path: Path) -> None:
    chosen = case.candidates()
    take_in(case, write(tmp_path / "kept.csv", answered(list(case.examples("test")), 0.5)))
    case.choose(chosen)
    assert [one.name for one in case.imported()] == ["kept"]
    assert not case.lacks(case.imported()[0])


def test_taken_in_again_it_replaces_what_was_there(case: Case, tmp_path: Path) -> None:
    examples = list(case.examples("test"))
    for right in (0.2, 0.8):
        assert run_import(case, str(write(tmp_path / "again.csv", answered(examples, right)))) == 0
    assert load_results(case).find("again").values["exact_match"].mean() == pytest.approx(0.8)


def test_what_is_not_judged_yet_is_missing_and_not_wrong(case: Case, tmp_path: Path) -> None:
    examples = list(case.examples("test"))
    rows: list[dict[str, object]] = [{"id": e.id, "score": "1" if n < 40 else ""} for n, e in enumerate(examples)]
    taken = take_in(case, write(tmp_path / "half.csv", rows))
    assert taken.missing == {"half": 20}
