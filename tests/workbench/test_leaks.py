"""Test examples that stand in the training set decide nothing."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.toys import finish, toy_case
from workbench.case import Case
from workbench.errors import WorkbenchError
from workbench.planning import make_plan
from workbench.report import render
from workbench.results import Results, decide, load_results
from workbench.usecase import Example


def leaky(workspace: Path, count: int) -> Case:
    """A use case whose training set holds some of its test examples, and all of its runs."""
    case = toy_case(workspace, "product-facts", "leaky")
    test = list(case.examples("test"))
    seen: Sequence[Example] = [one.model_copy(update={"id": f"seen-{one.id}"}) for one in test[:count]]
    case.freeze("train", [*case.examples("train"), *seen])
    case.choose(one for one in case.candidates() if one.name in ("zero-shot", "rag", "sft"))
    plan = make_plan(case, case.candidates())
    plan.write()
    for name in plan.unfinished():
        finish(plan, name, used={})
    return case


def test_they_are_left_out_and_it_is_said(tmp_path: Path) -> None:
    case = leaky(tmp_path / "workspace", 20)
    results = load_results(case)
    assert results.leaked == {one.id for one in list(case.examples("test"))[:20]}
    panel = results.panel()
    assert not set(panel.items) & results.leaked
    assert len(panel.items) == len(results.examples) - 20
    found = decide(results)
    assert found.n == len(panel.items)
    text = render(results, found, to="md").decode()
    assert "20 of the test examples stand in the training set, too, and are left out of every comparison" in text


def learned_by_heart(results: Results) -> Results:
    """As if training had taught the leaked answers and nothing else."""
    metric, clean = results.use_case.metric, results.clean
    base = results.find("zero-shot").values[metric]
    candidates = tuple(
        replace(one, values={**one.values, metric: np.where(clean, base[0], 1.0)[None].repeat(len(one.runs), axis=0)})
        if one.name == "sft"
        else one
        for one in results.candidates
        if one.name != "rag"
    )
    return replace(results, candidates=candidates)


def test_scenario_10_what_was_learned_by_heart_wins_nothing(tmp_path: Path) -> None:
    results = learned_by_heart(load_results(leaky(tmp_path / "workspace", 25)))
    assert decide(results).choice != "sft"
    fooled = decide(replace(results, leaked=frozenset()))
    ahead = next(one for one in fooled.comparisons if "sft" in (one.candidate, one.reference))
    assert abs(ahead.delta) > 0.3, "with the leaked examples it would have won"
    assert "points ahead of zero-shot, on the others 0.0" in render(results, decide(results), to="md").decode()


def test_where_all_are_leaked_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="nothing is left to compare on"):
        load_results(leaky(tmp_path / "workspace", 60)).panel()


def test_who_learned_nothing_is_compared_on_all(tmp_path: Path) -> None:
    case = leaky(tmp_path / "workspace", 20)
    only = [one for one in case.candidates() if one.name in ("zero-shot", "rag")]
    results = load_results(case, only)
    assert results.leaked == frozenset()
    assert len(results.panel().items) == len(results.examples)
