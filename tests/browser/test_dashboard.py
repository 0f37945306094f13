"""A real browser, a real server, a real run: from an empty workspace to a recommendation and its report."""

import html
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from workbench.base_models import POCKET

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM = shutil.which("chromium")
SERVER_SECONDS = 90
RUN_SECONDS = 240
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine (apt-get install chromium)"),
    pytest.mark.skipif(not (POCKET / "model.safetensors").is_file(), reason="the bundled base model has no weights"),
]


def opened(browser: Browser, url: str, *, strangers: list[str]) -> Page:
    """A page that notes every request to another machine."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    page.on("request", lambda request: None if "//localhost" in request.url else strangers.append(request.url))
    page.goto(url)
    return page


def sums(path: Path, first: int, count: int) -> Path:
    """A file of small sums in words that the base model more or less knows; no two rows alike."""
    rows = [(n // 9 % 9, n % 9) for n in range(first, first + count)]
    lines = [f"What is {NUMBERS[a]} plus {NUMBERS[b]}?,{a + b + 2}" for a, b in rows]
    path.write_text("\n".join(["question,answer", *lines]), encoding="utf-8")
    return path


def upload(page: Page, label: str, path: Path) -> None:
    page.get_by_test_id("stFileUploader").filter(has_text=label).locator("input[type=file]").set_input_files(path)


def test_from_an_empty_workspace_to_a_recommendation(address: str, browser: Browser, tmp_path: Path) -> None:
    strangers: list[str] = []
    page = opened(browser, address, strangers=strangers)

    expect(page.get_by_role("heading", name="Prompting, RAG or fine-tuning?")).to_be_visible()
    expect(page.get_by_role("button", name="Run the demo (about")).to_be_visible()
    page.get_by_role("button", name="Start with my data").click()

    expect(page.get_by_role("heading", name="New use case")).to_be_visible()
    upload(page, "Examples: CSV", sums(tmp_path / "sums.csv", 0, 30))
    expect(page.get_by_role("heading", name="30 rows of sums.csv")).to_be_visible()
    upload(page, "Test examples", sums(tmp_path / "test.csv", 41, 40))
    expect(page.get_by_text("--test test.csv")).to_be_visible()
    page.get_by_role("button", name="Make the use case").click()

    expect(page.get_by_role("heading", name="Use case", exact=True)).to_be_visible()
    expect(page.get_by_text("With 40 test examples, differences under")).to_be_visible()
    page.get_by_role("link", name="Choose the candidates").click()

    expect(page.get_by_role("heading", name="Candidates", exact=True)).to_be_visible()
    for name, left in (("sft", 3), ("qlora", 2)):
        page.get_by_test_id("stCheckbox").filter(has_text=re.compile(f"^{name}$")).locator("label").click()
        expect(page.get_by_role("button", name=f"Run {left} candidates")).to_be_visible()
    page.get_by_role("button", name="Run 2 candidates").click()

    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    link = page.url
    page.close()  # A run goes on without anybody looking.
    page = opened(browser, link, strangers=strangers)
    finished = page.get_by_text("2 of 2 runs done")
    expect(finished).to_be_visible(timeout=RUN_SECONDS * 1000)
    page.get_by_role("link", name="All runs are done: see the results").click()

    expect(page.get_by_role("heading", name="Results", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="The answers")).to_be_visible()
    page.get_by_role("link", name="Recommendation").click()

    expect(page.get_by_role("heading", name="Recommendation", exact=True)).to_be_visible()
    headline = page.get_by_role("heading", level=2).first
    expect(headline).to_contain_text(re.compile("^(Use|Lean towards|Not decided)"))
    written = re.sub(r"<[^>]+>", "", report(page)).replace("\u00a0", " ")  # Names are set apart by tags.
    assert html.escape(headline.inner_text()) in written
    assert_no_trouble(page)
    assert strangers == [], "the pages ask nobody else for anything"


def report(page: Page) -> str:
    with page.expect_download() as download:
        page.get_by_role("button", name="Report as HTML").click()
    found: Any = download.value.path()
    return Path(found).read_text(encoding="utf-8")


def assert_no_trouble(page: Page) -> None:
    assert page.get_by_test_id("stException").count() == 0
    assert page.get_by_test_id("stAlertContentError").count() == 0
