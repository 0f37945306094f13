"""Workspaces that tests of pages, report and commands share: one empty, one full."""

import os
import shutil
import sys
from pathlib import Path

import pytest

# As the engines do for themselves, and before anything loads torch: see recipes/__main__.py.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16")
# Toys are too small for several threads, which would only wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    # `python -m tests.toys` finds the package from the project's folder; so must tests, however they are started.
    sys.path.insert(0, str(ROOT))

from tests import toys  # noqa: E402


@pytest.fixture
def empty_workspace(tmp_path: Path) -> Path:
    """A workspace in which nothing was made yet."""
    return tmp_path / "empty"


@pytest.fixture(scope="session")
def _full_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toys.full_workspace(tmp_path_factory.mktemp("toys") / "full")


@pytest.fixture
def full_workspace(_full_workspace: Path, tmp_path: Path) -> Path:
    """A copy of the toy workspace, for one test to do with as it likes."""
    return Path(shutil.copytree(_full_workspace, tmp_path / "full"))
