"""The dashboard is killed while somebody labels in a browser, again and again.

``python -m tests.benchmarks.killed_app [--kills N]``. Prints how many labels were acknowledged, by the counter that
stood on the page, and how many of those are not in the database. Nothing is asserted.
"""

import argparse
import re
import shutil
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests.dashboard import await_health, free_port, serve
from workbench.candidate import Candidate
from workbench.database import close_databases, open_database
from workbench.demos.opening import open_demo
from workbench.queues import Asked, OpenQueue, Queue, make_queue, progress
from workbench.usecase import Message

ANNOTATOR = "anna"
YOURS = re.compile(r"([0-9,]+) of them yours")
PATIENCE = 4_000
"""Milliseconds without an answer after which the dashboard is taken for dead."""


def make_labels_wanted(workspace: Path) -> OpenQueue:
    """A queue that is never done, on a use case whose answers are made up."""
    case = open_demo(workspace, "brand-voice")
    candidates = tuple(Candidate(name=one, base_model="pocket") for one in ("a", "b"))
    asked = [
        Asked(f"e{n}", f"e{n}", (Message(role="user", content=f"question {n}"),), {"a": "yes", "b": "no"}, {})
        for n in range(5_000)
    ]
    wanted = Queue(name="killed", candidates=candidates, overlap=1, budget=5_000, repeats=0.0)
    return make_queue(open_database(workspace), case.name, wanted, asked)


def label_until_killed(page: Page, address: str, killer: threading.Timer) -> int:
    """Label by keys until the dashboard answers no more; the last count that the page showed.

    The time until it is killed begins with the first pair.
    """
    page.goto(address)
    page.get_by_role("button", name="Left is better").wait_for(timeout=60_000)
    seen = _yours(page)
    killer.start()
    try:
        while True:
            page.keyboard.press("a")
            page.keyboard.press("Enter")
            more = f"() => /[^0-9]{seen + 1:,} of them yours/.test(document.body.innerText)"
            page.wait_for_function(more, timeout=PATIENCE)
            seen += 1
    except Error:
        return seen


def _yours(page: Page) -> int:
    found = YOURS.search(page.inner_text("body"))
    assert found is not None, "the page does not say how many labels are the annotator's"
    return int(found[1].replace(",", ""))


def kill_again_and_again(browser: Browser, workspace: Path, kills: int, *, log: Path) -> list[tuple[int, int]]:
    """For each kill, the labels acknowledged until then and those found in the database after it."""
    open_, port, rng = make_labels_wanted(workspace), free_port(), np.random.default_rng(0)
    address = f"http://localhost:{port}/label?case={open_.case}&queue=killed&only=1&annotator={ANNOTATOR}"
    found = []
    for _ in range(kills):
        server = serve(workspace, port, log=log)
        try:
            await_health(port, server)
            page = browser.new_page()
            killer = threading.Timer(float(rng.uniform(0.5, 5.0)), server.kill)
            acknowledged = label_until_killed(page, address, killer)
            killer.join()
            page.close()
        finally:
            server.kill()
            server.wait(30)
        stored = progress(open_database(workspace), open_).annotators.get(ANNOTATOR, 0)
        found.append((acknowledged, stored))
    return found


def main() -> None:
    """Print what was acknowledged and what was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    options = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        found = kill_again_and_again(chromium, Path(folder) / "workspace", options.kills, log=Path(folder) / "log.txt")
        chromium.close()
        close_databases()
    lost = sum(max(0, acknowledged - stored) for acknowledged, stored in found)
    more = sum(stored > acknowledged for acknowledged, stored in found)
    print(
        f"the dashboard killed {len(found)} times while a person labelled: {found[-1][0]:,} labels acknowledged, "
        f"{lost} of them lost; {more} times one was stored whose next pair was never shown "
        f"({time.perf_counter() - began:.0f} s)"
    )


if __name__ == "__main__":
    main()
