"""Two people label at once, in real browsers, by keys alone."""

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.toys import finished_case
from workbench.database import close_databases, open_database
from workbench.labels import preferences
from workbench.queue_answers import answers_to_test
from workbench.queues import OpenQueue, Queue, make_queue, progress
from workbench.results import load_results

EACH = 8
NAMES = ("zero-shot", "rag", "sft")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("chromium") is None, reason="there is no Chromium on this machine (apt-get install chromium)"
    ),
]


def queue(workspace: Path) -> OpenQueue:
    case = finished_case(workspace)
    candidates = tuple(one for one in case.candidates() if one.name in NAMES)
    asked = answers_to_test(load_results(case), NAMES, most=40)
    wanted = Queue(name="blind", candidates=candidates, overlap=2, guide="Which one would you rather send?")
    return make_queue(open_database(workspace), case.name, wanted, asked)


def label(page: Page, key: str, n: int) -> None:
    """One label: a key, then Enter; the next pair has no mark."""
    page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(rf" labels, {n} of them yours"))).to_be_visible()


def test_two_annotators_by_keys_alone(address: str, browser: Browser, tmp_path: Path) -> None:
    made = queue(tmp_path / "workspace")
    expect.set_options(timeout=30_000)
    pages = {}
    for who in ("anna", "bo"):
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(f"{address}/label?case={made.case}&queue=blind&only=1&annotator={who}")
        expect(page.get_by_role("button", name="Left is better")).to_be_visible()
        expect(page.get_by_text("Which one would you rather send?")).to_be_visible()
        pages[who] = page
    # Nothing else is to be seen, and nothing tells who is who.
    said = pages["anna"].inner_text("body")
    assert not [name for name in NAMES if re.search(rf"\b{re.escape(name)}\b", said)], said
    expect(pages["anna"].get_by_role("link", name="Results")).to_have_count(0)
    for n in range(1, EACH + 1):
        label(pages["anna"], "AABTX"[n % 5].lower(), n)
        label(pages["bo"], "BATXA"[n % 5].lower(), n)
    pages["bo"].keyboard.press("u")
    expect(pages["bo"].get_by_text(re.compile(rf" labels, {EACH - 1} of them yours"))).to_be_visible()
    database = open_database(tmp_path / "workspace")
    now = progress(database, made)
    assert now.annotators == {"anna": EACH, "bo": EACH - 1}
    assert {one.seconds is not None for one in preferences(database, made)} == {True}
    close_databases()

    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.goto(f"{address}/labels?case={made.case}&queue=blind")
    expect(page.get_by_text("2 annotators gave")).to_be_visible()
    expect(page.get_by_text(re.compile("with fewer than 30 nothing is claimed"))).to_be_visible()
    with page.expect_download() as download:
        page.get_by_text("Export the labels").click()
        page.get_by_role("button", name="Every choice, CSV").click()
    assert Path(download.value.path()).read_text().startswith("queue,example,left,right,choice,annotator")
