"""Where a figure comes from: versions, machine and commit, and None where they are not known."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from workbench import provenance as module
from workbench.provenance import commit, provenance


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_versions_and_machine_are_named() -> None:
    found = provenance(["numpy", "no-such-package"])
    assert found["packages"] == {"numpy": version("numpy"), "no-such-package": None}
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["processors"] >= 1
    assert json.loads(json.dumps(found)) == found


def test_the_commit_of_a_checkout_says_whether_files_differ_from_it(tmp_path: Path) -> None:
    assert commit(tmp_path) is None, "no repository"
    git(tmp_path, "init", "-q")
    assert commit(tmp_path) is None, "no commit yet"
    (tmp_path / "code.py").write_text("1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    head = git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "notes.txt").write_text("not tracked")
    assert commit(tmp_path) == head
    (tmp_path / "code.py").write_text("2")
    assert commit(tmp_path) == f"{head}+changes"
    (tmp_path / "installed").mkdir()
    assert commit(tmp_path / "installed") is None, "somebody else's repository around an installed copy"


def test_without_git_there_is_no_commit(tmp_path: Path) -> None:
    script = "from workbench.provenance import provenance; print(provenance([])['commit'])"
    project = module.PROJECT
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "None"
