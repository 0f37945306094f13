"""What was found and what came of it: means, differences, outcomes, and the section that tells them."""

import json
import shutil
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.toys import finished_case
from workbench import report
from workbench.blocks import Heading, RecallChart, Table, Text
from workbench.case import Case
from workbench.claim_labels import CheckedClaim
from workbench.figure_svg import figure_svg
from workbench.figures import figure_of
from workbench.found import ahead, curve, finders, left_out, measured, outcomes, values
from workbench.intake import read_table
from workbench.measures import RECALLS
from workbench.results import CandidateResults, Results, decide, load_results
from workbench.retrieval_charts import recall_title
from workbench.retrieval_verb import retrieval, taken_in, unmeasured
from workbench.sections.material import Material
from workbench.sections.retrieval import parts
from workbench.sections.retrieval import retrieval as section
from workbench.workspace import read_jsonl, write_jsonl


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return finished_case(tmp_path_factory.mktemp("workspace"))


@pytest.fixture(scope="module")
def results(case: Case) -> Results:
    return load_results(case)


def made(results: Results, name: str, **changes: list[float]) -> CandidateResults:
    """A candidate's rows with some measures of the first three examples; the others have no value."""
    one = results.find(name)
    tables = {}
    for measure, first in changes.items():
        table = np.full((len(one.runs), len(results.examples)), np.nan)
        table[:, : len(first)] = first
        tables[measure] = table
    return replace(one, measures=dict(one.measures) | tables)  # type: ignore[arg-type]


def test_every_retrieving_candidate_is_measured(results: Results) -> None:
    groups = finders(results)
    # Both find the same, since both search alike.
    assert [[one.name for one in group] for group in groups] == [["rag", "rag-sft"]]
    found = curve(results, groups[0])
    assert list(found.points) == list(RECALLS)
    means = [one.mean for one in found.points.values()]
    assert means == sorted(means)
    assert "recall@1" not in results.find("sft").measures


def test_means_leave_out_what_has_no_value(results: Results) -> None:
    one = made(results, "rag", **{"recall@1": [1.0, 0.0, np.nan, 0.5]})
    mean = measured(results, one, "recall@1")
    assert mean is not None
    assert (mean.mean, mean.n) == (0.5, 3)
    assert mean.low < 0.5 < mean.high
    assert measured(results, one, "coverage") is None
    leaked = replace(results, leaked=frozenset({results.examples[0].id}))
    less = measured(leaked, one, "recall@1")
    assert less is not None
    assert (less.mean, less.n) == (0.25, 2)


def test_differences_are_paired(results: Results) -> None:
    one = made(results, "rag", **{"recall@1": [1.0, 1.0, 1.0, np.nan]})
    other = made(results, "rag-sft", **{"recall@1": [0.0, 1.0, np.nan, 1.0]})
    gain = ahead(results, one, other, "recall@1")
    assert gain is not None
    assert gain.delta == 0.5  # Two examples have both.
    same = ahead(results, one, one, "recall@1")
    assert same is not None
    assert same.delta == 0
    assert ahead(results, one, other, "coverage") is None


def test_answers_are_told_apart_by_whether_the_evidence_was_there(results: Results) -> None:
    one = results.find("rag")
    score = one.values["exact_match"].mean(axis=0)
    there = [1.0, 0.0, 0.5, *([np.nan] * (len(results.examples) - 3))]
    found = outcomes(results, made(results, "rag", in_prompt=there))
    assert found.found is not None
    assert found.missed is not None
    assert (found.found.right.n, found.missed.right.n) == (1, 2)  # Half of it is not all.
    assert found.found.right.mean == score[0]
    assert found.missed.right.mean == score[1:3].mean()
    every = outcomes(results, made(results, "rag", in_prompt=[1.0] * len(results.examples)))
    assert every.missed is None
    assert every.found is not None
    assert every.found.right.mean + every.found.abstained + every.found.wrong == pytest.approx(1)


def test_the_section_says_it(results: Results) -> None:
    material = Material(results, decide(results), results.audit())
    heading, chart, *rest = section(material)
    assert isinstance(heading, Heading)
    assert isinstance(chart, RecallChart)
    tables = {block.title: block for block in rest if isinstance(block, Table)}
    assert list(tables) == [
        "How well the evidence is found",
        "Every measure of what is found, and what it is",
        "What came of it: answers by whether the evidence was found",
        "Whether answers rest on their passages",
    ]
    assert [row.cells[0] for row in tables["How well the evidence is found"].rows] == ["rag, rag-sft"]
    svg = figure_svg(figure_of(chart))
    assert "rag, rag-sft" in svg
    assert recall_title(chart.curves).startswith("rag and rag-sft find ")


def test_two_ways_of_finding_are_compared(results: Results) -> None:
    worse = [0.0, 1.0] * (len(results.examples) // 2)
    other = made(results, "rag-sft", **{"recall@5": worse, "ndcg@10": worse})
    changed = replace(results, candidates=(results.find("rag"), other))
    (table,) = [one for one in parts(changed) if isinstance(one, Table) and one.title.startswith("Differences")]
    (row,) = table.rows
    assert row.cells[:2] == ("rag-sft", "rag")
    assert row.cells[2].startswith("\u2212")


def test_agreement_with_people_is_shown_where_they_labelled(results: Results) -> None:
    claims = tuple(CheckedClaim(example=f"e{n}", person=n % 2 == 0, words=n % 3 != 0, model=True) for n in range(12))
    *_, table = parts(replace(results, labelled=claims))
    assert isinstance(table, Table)
    assert [row.cells[0] for row in table.rows] == ["words", "model"]
    assert table.rows[1].cells[3] == "6"


def test_without_evidence_it_says_how_to_name_some(results: Results) -> None:
    one = results.find("rag")
    nothing = {name: table for name, table in one.measures.items() if name == "grounded"}
    empty = made(results, "rag", **{"recall@1": [np.nan]})
    empty = replace(empty, measures=nothing | {"in_prompt": np.full((1, len(results.examples)), np.nan)})
    first, *_ = parts(replace(results, candidates=(empty,)))
    assert isinstance(first, Text)
    assert "workbench evidence shop-facts" in first.text


def test_nobody_retrieves(results: Results) -> None:
    assert parts(replace(results, candidates=(results.find("sft"),))) == []


def test_what_is_left_out_is_counted(results: Results) -> None:
    one = results.find("rag")
    assert sum(left_out(one, "grounded").values()) == int(np.isnan(values(results, one, "grounded")).sum())
    assert all(left_out(one, "grounded"))


def test_runs_from_before_anything_was_measured_are_reported_all_the_same(case: Case, tmp_path: Path) -> None:
    shutil.copytree(case.workspace, tmp_path / "old")
    for folder in (tmp_path / "old" / "steps").glob("measure-*"):
        shutil.rmtree(folder)
    old = load_results(Case(tmp_path / "old" / "use_cases" / case.name))
    assert [one.name for one in old.candidates] == [one.name for one in load_results(case).candidates]
    assert parts(old) == []
    assert report.render(old, decide(old), to="json")


# --- The command --------------------------------------------------------------------------------------


def options(case: Case, **more: object) -> Namespace:
    names = ("nli", "judge", "endpoint", "key_variable", "export", "labels")
    usual = dict.fromkeys(names) | {"words": False, "most": 20, "annotator": "ann", "json": False}
    return Namespace(workspace=case.workspace, name=case.name, **(usual | more))


def test_the_command_says_the_same(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert retrieval(options(case)) == 0
    assert "How well the evidence is found" in capsys.readouterr().out
    assert retrieval(options(case, json=True)) == 0
    out = capsys.readouterr().out
    assert {block["kind"] for block in json.loads(out[: out.rindex("]") + 1])} == {"recall by k", "table", "text"}


def test_claims_are_handed_out_and_labels_planned_to_be_checked(case: Case, tmp_path: Path) -> None:
    assert all(record.kind != "support" for record in unmeasured(case).steps.values())
    out = tmp_path / "claims.jsonl"
    assert retrieval(options(case, export=out)) == 0
    rows = list(read_jsonl(out))
    assert len(rows) == 20
    assert all(set(row) == {"example", "question", "claim", "passages", "supported"} for row in rows)
    write_jsonl(out, [row | {"supported": "yes" if n % 2 else ""} for n, row in enumerate(rows)])
    try:
        labels = list(taken_in(read_table(out), annotator="ann"))
        assert len(labels) == 10
        assert all(one.supported and one.passages for one in labels)
        write_jsonl(case.claim_labels_path, [one.model_dump(mode="json") for one in labels])
        (step,) = [record for record in unmeasured(case).steps.values() if record.kind == "support"]
        assert "claims" in step.inputs
    finally:
        case.claim_labels_path.unlink(missing_ok=True)
