"""The dashboard is killed while somebody labels."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.benchmarks.killed_app import kill_again_and_again
from workbench.database import close_databases

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("chromium") is None, reason="there is no Chromium on this machine (apt-get install chromium)"
    ),
]


def test_no_label_that_was_acknowledged_is_lost(browser: Browser, tmp_path: Path) -> None:
    found = kill_again_and_again(browser, tmp_path / "workspace", 2, log=tmp_path / "server.txt")
    close_databases()
    assert found[-1][0] > 0
    # At the moment of the kill one more may have been stored, whose next pair was not on the screen yet.
    assert all(acknowledged <= stored <= acknowledged + 1 for acknowledged, stored in found), found
