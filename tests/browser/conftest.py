"""A dashboard of its own and a Chromium for each test that drives one."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.dashboard import await_health, free_port, serve
from workbench.case import open_case
from workbench.launch import running_process, stop

CHROMIUM = shutil.which("chromium")


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The dashboard on an empty workspace."""
    port = free_port()
    server = serve(tmp_path / "workspace", port, log=tmp_path / "server.txt")
    try:
        await_health(port, server)
        yield f"http://localhost:{port}"
    finally:
        end_runs(tmp_path / "workspace")
        server.terminate()
        server.wait(30)


def end_runs(workspace: Path) -> None:
    """Whatever a failed test left running is asked to stop."""
    for folder in (workspace / "use_cases").glob("*"):
        case = open_case(workspace, folder.name)
        if running_process(case) is not None:
            stop(case)
            for _ in range(60):
                if running_process(case) is None:
                    break
                time.sleep(1)


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()
