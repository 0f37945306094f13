"""What a step was done with: Python, machine, packages and the project's own version."""

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
GIT_SECONDS = 5
"""A repository on a slow disk must not hold up a step for longer."""


def provenance(packages: Sequence[str]) -> dict[str, Any]:
    """Versions and hardware of this process, for ``step.json``; ``packages`` are names as on the package index.

    A package that is not installed has the version None, and so has the commit where the project is
    not a git checkout. ``processors`` are those this process may use.
    """
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": usable_processors(),
        "packages": {name: package_version(name) for name in packages},
        "commit": commit(PROJECT),
    }


def usable_processors() -> int | None:
    """How many processors this process may run on; None where the system does not say."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def package_version(name: str) -> str | None:
    """The installed version of a package, without importing it; None where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def commit(folder: Path) -> str | None:
    """The git commit that ``folder`` has checked out, with ``+changes`` where tracked files differ from it.

    None where ``folder`` is not itself the top of a checkout (installed below somebody else's
    repository, for one) or where git is not there.
    """
    answer = _git(folder, "rev-parse", "--show-toplevel", "HEAD")
    if answer is None or len(answer.splitlines()) != 2:
        return None
    top, head = answer.splitlines()
    if Path(top).resolve() != folder.resolve():
        return None
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return f"{head}+changes" if changes else head


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=GIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip()
