"""The README's tree and commands are true."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from workbench.candidate import Candidate
from workbench.stage import METHODS
from workbench.suite_list import read_suites

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCED = re.findall(r"^```(\w*)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
BLOCKS = [text for kind, text in FENCED if not kind]
CANDIDATES = [text for kind, text in FENCED if kind == "yaml" and text.startswith("name:")]
SUITES = [text for kind, text in FENCED if kind == "yaml" and text.startswith("suites:")]
TREE = [line.split()[0] for block in BLOCKS for line in block.splitlines() if block.startswith("streamlit_app.py")]
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if line.startswith("workbench ")]
TARGETS = [line.split("#")[0].split()[1] for block in BLOCKS for line in block.splitlines() if line.startswith("make ")]


def test_there_is_something_to_check() -> None:
    assert len(TREE) >= 10
    assert len(COMMANDS) >= 5
    assert {"demo", "test", "app"} <= set(TARGETS)


@pytest.mark.parametrize("name", TREE)
def test_the_tree_exists(name: str) -> None:
    path = ROOT / name
    assert path.is_dir() if name.endswith("/") else path.is_file()


def test_the_tree_names_every_package() -> None:
    packages = {
        f"{path.parent.relative_to(ROOT)}/" for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests"
    }
    assert packages <= set(TREE)


@pytest.mark.parametrize("text", CANDIDATES)
def test_the_candidates_are_candidates(text: str) -> None:
    assert Candidate.parse(yaml.safe_load(text), where="README.md").training


def test_the_suites_are_suites(tmp_path: Path) -> None:
    assert len(SUITES) + len(CANDIDATES) == sum(kind == "yaml" for kind, _ in FENCED)
    (tmp_path / "gsm8k").mkdir()
    (tmp_path / "my-tasks").mkdir()
    for name in ("train", "test"):
        (tmp_path / "gsm8k" / f"{name}.jsonl").touch()
    for number, text in enumerate(SUITES):
        path = tmp_path / f"suites-{number}.yaml"
        path.write_text(text, encoding="utf-8")
        assert read_suites(path)
    assert SUITES


def test_every_method_is_named() -> None:
    assert [name for name in METHODS if f"`{name}`" not in README] == []
    assert CANDIDATES


@pytest.mark.parametrize("target", TARGETS)
def test_the_targets_are_in_the_makefile(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_pictures_and_links_are_there() -> None:
    for link in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (ROOT / link).exists(), link
    assert (ROOT / "recipes/pocket/MODEL_CARD.md").exists()


def test_the_commands_for_own_data_do_what_they_say(tmp_path: Path) -> None:
    rows = [f"what is the colour of thing {i},{('red', 'blue')[i % 2]}" for i in range(60)]
    (tmp_path / "train.csv").write_text("text,category\n" + "\n".join(rows) + "\n")
    rows = [f"tell me which colour item {i} has,{('red', 'blue')[i % 2]}" for i in range(40)]
    (tmp_path / "test.csv").write_text("text,category\n" + "\n".join(rows) + "\n")
    scores = [f"i{i},{model},{int(i % 10 < right)}" for i in range(100) for model, right in (("a", 9), ("b", 4))]
    (tmp_path / "scores.csv").write_text("id,model,score\n" + "\n".join(scores) + "\n")
    told = {}
    for command in COMMANDS:
        verb = shlex.split(command)[1]
        arguments = shlex.split(command)[1:]
        if verb == "run":
            arguments += ["--candidate", "zero-shot", "--candidate", "few-shot"]
        done = subprocess.run(
            [sys.executable, "-m", "workbench", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        told[verb] = done.stdout
    assert "test examples" in told["check"]
    assert "95 % interval" in told["recommend"]
    assert "a is shown to be better" in told["compare"]
    report = tmp_path / "workspace" / "reports" / "my-case.html"
    assert report.is_file()
    assert str(report) in told["report"]
