"""The command that tunes, and what of it is in the report."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.toy_tuning import ToyEngines, case_to_tune, few, tuned_workspace
from workbench.case import Case, open_case
from workbench.cli import main
from workbench.figure_svg import figure_svg
from workbench.report import render
from workbench.results import decide, load_results
from workbench.tuning import read_tuning
from workbench.tuning_charts import trials_chart
from workbench.tuning_choice import look
from workbench.verify import verify

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> ToyEngines:
    made = ToyEngines()
    monkeypatch.setattr("workbench.launch._run_engines", made)
    monkeypatch.setattr(os, "fsync", lambda file: None)
    return made


def tune(case: Case, *words: str) -> int:
    return main(["tune", case.name, "--workspace", str(case.workspace), *words])


def test_it_says_what_it_does(tmp_path: Path, engines: ToyEngines, capsys: pytest.CaptureFixture[str]) -> None:
    case, engines.skill = case_to_tune(tmp_path / "workspace"), few
    assert tune(case, "--candidate", "rag", "--trials", "9") == 0
    said = capsys.readouterr().out
    assert "On 20 then 60 development examples, for 9 trials; no test example is looked at." in said
    assert "  trial 0: as it was: " in said
    assert "; stopped early" in said
    assert "The search took" in said
    assert "all trials that were asked for are done" in said
    assert "Kept as rag-tuned." in said
    assert tune(case, "--candidate", "rag", "--trials", "9", "--json") == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["candidate"] == "rag"
    assert len(told["tried"]) == 9


def test_every_candidate_has_the_same_budget(
    tmp_path: Path, engines: ToyEngines, capsys: pytest.CaptureFixture[str]
) -> None:
    case = case_to_tune(tmp_path / "workspace")
    case.choose(one for one in case.candidates() if one.name in ("zero-shot", "rag"))
    assert tune(case, "--trials", "3", "--budget", "1h") == 0
    found = [read_tuning(case, name) for name in ("zero-shot", "rag")]
    assert [(one.budget, len(one.trials)) for one in found if one] == [(3600, 3), (3600, 3)]
    said = capsys.readouterr().out
    assert said.count("for 60 minutes or 3 trials") == 2
    # What a search made is not searched over in its turn.
    names = [one.name for one in case.candidates()]
    assert tune(case, "--trials", "3") == 0
    assert [one.name for one in case.candidates()] == names


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--candidate", "ragg"], "ragg is not among the candidates"),
        (["--candidate", "rag", "--budget", "soon"], "'soon' is no budget of time"),
        (["--candidate", "rag", "--wordings", "none.txt"], "none.txt cannot be read"),
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, engines: ToyEngines, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    case = case_to_tune(tmp_path / "workspace")
    assert tune(case, *words) == 2
    assert message in capsys.readouterr().err
    case.freeze("dev", [])
    assert tune(case, "--candidate", "rag") == 2
    assert "no development examples" in capsys.readouterr().err
    assert engines.done == []


def test_the_report_says_how_each_was_tuned(tmp_path: Path, engines: ToyEngines) -> None:
    engines.skill = few
    case = open_case(tuned_workspace(tmp_path / "full", engines), "shop-facts")
    results = load_results(case)
    decided = decide(results)
    text = render(results, decided, to="md").decode()
    assert "## How each was tuned" in text
    fair = re.search(r"rag had [\d.]+ \w+ of tuning; ([^.]*) had none\.", text)
    assert fair is not None
    assert set(re.split(", | and ", fair[1])) == {one.name for one in results.candidates} - {"rag"}
    assert "Whoever was tuned longer was given the better chance." in text
    assert "rag: tuned from 35.0 % to 96.7 %" in text
    assert "Chosen by one half of these examples and scored on the other" in text
    assert "no test example was looked at" in text
    assert "was tuned after test scores had been seen" in text
    path = tmp_path / "report.json"
    path.write_bytes(render(results, decided, to="json"))
    found = verify(path)
    assert found.wrong == ()
    assert "How each was tuned" in found.sections
    forged = json.loads(path.read_text(encoding="utf-8"))
    forged["grounds"]["searched"][0]["rows"][0]["values"] = [1.0] * 60
    path.write_text(json.dumps(forged), encoding="utf-8")
    assert any("35.0" in text for text in verify(path).wrong)
    (search,) = results.searched
    choice = look(search)
    drawn = figure_svg(trials_chart(choice))
    assert drawn.count("<rect") == len(choice.tried) == 16
    assert "chosen: " in drawn


def test_other_commands_do_not_load_the_engine_of_the_search() -> None:
    code = "import sys, workbench.verbs, workbench.views.candidates; sys.exit('optuna' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_search_is_started_and_read_on_the_page(
    tmp_path: Path, engines: ToyEngines, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines.skill = few
    workspace = tuned_workspace(tmp_path / "full", engines)
    started: list[tuple[str, ...]] = []
    monkeypatch.setattr("workbench.views.state.launch_detached", lambda case, *words: started.append(words) or 0)
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(workspace))
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120).run()
    app.switch_page("workbench/views/candidates.py")
    app.query_params["case"], app.query_params["candidate"] = "shop-facts", "rag"
    app.run()
    assert not app.exception
    assert any("rag: tuned from 35.0 % to 96.7 %" in each.value.replace("\\", "") for each in app.subheader)
    assert any("no test example was looked at" in each.value for each in app.caption)
    app.button(key="rag search").click().run()
    assert started == [("tune", "--candidate", "rag", "--budget", "20m")]
