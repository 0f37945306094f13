"""A dashboard of its own and a Chromium for each test that drives one."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from workbench.case import open_case
from workbench.launch import running_process, stop

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM = shutil.which("chromium")
SERVER_SECONDS = 90


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The dashboard on an empty workspace."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"WORKBENCH_WORKSPACE": str(tmp_path / "workspace"), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py")]
    options = [f"--server.port={port}", "--server.headless=true"]
    with (tmp_path / "server.txt").open("w") as log:
        server = subprocess.Popen(
            [*command, *options], cwd=ROOT, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        try:
            await_health(f"http://localhost:{port}/_stcore/health", server)
            yield f"http://localhost:{port}"
        finally:
            end_runs(tmp_path / "workspace")
            server.terminate()
            server.wait(30)


def await_health(url: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(SERVER_SECONDS * 4):
        assert server.poll() is None, "the server ended by itself"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.25)
    pytest.fail("the server did not start in time")


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
