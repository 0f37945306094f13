"""The dashboard as a process of its own, for tests and measurements that drive it with a browser."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 90
"""To start in."""


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return int(free.getsockname()[1])


def serve(workspace: Path, port: int, *, log: Path) -> "subprocess.Popen[bytes]":
    """Start the dashboard on a workspace."""
    environment = os.environ | {"WORKBENCH_WORKSPACE": str(workspace), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py")]
    options = [f"--server.port={port}", "--server.headless=true"]
    with log.open("a") as told:
        return subprocess.Popen(
            [*command, *options], cwd=ROOT, env=environment, stdout=told, stderr=told, stdin=subprocess.DEVNULL
        )


def await_health(port: int, server: "subprocess.Popen[bytes]") -> None:
    """Come back once it answers; raises RuntimeError where it ends by itself or takes too long."""
    for _ in range(SECONDS * 4):
        if server.poll() is not None:
            raise RuntimeError("the dashboard ended by itself")
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.25)
    raise RuntimeError("the dashboard did not start in time")
