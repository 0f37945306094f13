"""The report: complete, true to the figures, safe whatever candidates answered, and alone in the world."""

import base64
import hashlib
import json
import re
import shutil
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import sync_playwright
from pydantic import ValidationError

from tests import toys
from workbench.blocks import AnsweredExample, Column, Definitions, Examples, Heading, Items, Report, Row, Table
from workbench.case import create_case, open_case, presets
from workbench.errors import WorkbenchError
from workbench.phrases import percent
from workbench.planning import make_plan
from workbench.recommend import Recommendation
from workbench.render_markdown import fenced, grid, literal, plain, strip
from workbench.report import assemble, render, write_report
from workbench.results import Results, decide, load_results
from workbench.usecase import Example, Limits, Message, UseCase
from workbench.workspace import read_jsonl, write_jsonl

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECTIONS = [
    "The question",
    "The answer",
    "Why",
    "Ruled out",
    "The picture",
    "The candidates",
    "What it earns",
    "What explains it",
    "Retrieval, part by part",
    "Where answers are lost",
    "Differences",
    "Where they disagree",
    "What would flip it",
    "What was not measured",
    "The smallest difference this test can show",
    "The data",
    "Provenance",
]
HOSTILE = (
    "<script>window.pwned = 1</script>",
    "</script><img src=x onerror='window.pwned = 1'>",
    "![see](http://evil.example/x.png) [click](javascript:alert(1))",
    "```\n</code></pre><iframe src='http://evil.example'></iframe>\n````",
    "invoice\u202efdp.exe | a | b |",
    "{{ 7 * 7 }} {% raw %} &lt;b&gt; \x1b[31m",
    '"><svg onload="window.pwned = 1">',
    "word " * 200,
)


@pytest.fixture
def results(full_workspace: Path) -> Results:
    return load_results(open_case(full_workspace, "shop-facts"))


def report_of(results: Results) -> Report:
    return assemble(results, decide(results), created=NOON)


def rendered(results: Results, to: Any) -> str:
    return render(results, decide(results), to=to, created=NOON).decode()


def section(report: Report, name: str) -> list[Any]:
    """The blocks below one heading."""
    start = next(i for i, block in enumerate(report.blocks) if isinstance(block, Heading) and block.text == name)
    found = []
    for block in report.blocks[start + 1 :]:
        if isinstance(block, Heading):
            break
        found.append(block)
    return found


def table(report: Report, title: str) -> Table:
    return next(block for block in report.blocks if isinstance(block, Table) and block.title == title)


def not_measured(report: Report) -> str:
    (items,) = section(report, "What was not measured")
    assert isinstance(items, Items)
    return "\n".join(item.text for item in items.items)


def disputes(report: Report) -> tuple[AnsweredExample, ...]:
    (found,) = (block for block in section(report, "Where they disagree") if isinstance(block, Examples))
    return found.examples


class Page(HTMLParser):
    """What a browser would make of a page: elements, attributes, scripts, text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.scripts: list[tuple[str | None, str]] = []
        self.text = ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._inside = tag
        if tag == "script":
            self.scripts.append((dict(attrs).get("type"), ""))

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""
        self.text += " " if tag in ("td", "th") else ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            kind, before = self.scripts[-1]
            self.scripts[-1] = (kind, before + data)
        elif self._inside != "style":
            self.text += data

    @property
    def policy(self) -> str:
        return next(
            value for tag, name, value in self.attributes if tag == "meta" and name == "content" and "src" in value
        )


# --- What it says -------------------------------------------------------------------------------------


def test_it_has_every_section_in_the_order_of_reading(results: Results) -> None:
    report = report_of(results)
    assert [block.text for block in report.blocks if isinstance(block, Heading)] == SECTIONS
    page = Page(rendered(results, "html"))
    document = rendered(results, "md")
    for name in SECTIONS:
        assert name in page.text
        assert f"\n## {name}\n" in document


def test_every_figure_is_the_recommendations(results: Results) -> None:
    recommendation = decide(results)
    report = report_of(results)
    quality = {row.cells[0]: row for row in table(report, "Quality").rows}
    assert set(quality) == {one.candidate for one in recommendation.standings}
    page, document = Page(rendered(results, "html")).text, rendered(results, "md")
    for one in recommendation.standings:
        row = quality[one.candidate]
        half = f"{50 * (one.high - one.low):.1f}"
        assert row.cells[2:5] == (
            f"{percent(one.mean)} ± {half}",
            f"{100 * one.low:.1f} to {100 * one.high:.1f}",
            str(recommendation.n),
        )
        assert row.strong == (one.candidate == recommendation.choice)
        assert row.cells[6] == ("yes" if one.candidate in recommendation.best_set else "no")
        assert row.cells[2] in page
        assert row.cells[2] in document
    pairs = table(report, "Every pair on exact match")
    assert [row.cells[1:3] for row in pairs.rows] == [
        (one.candidate, one.reference) for one in recommendation.comparisons
    ]
    assert {row.cells[5] for row in pairs.rows} == {str(recommendation.n)}


def test_the_answer_is_the_recommendations(results: Results) -> None:
    recommendation = decide(results)
    page, document = Page(rendered(results, "html")).text.replace("\u00a0", " "), rendered(results, "md")
    for text in (recommendation.headline, *recommendation.sentences, *(one.text for one in recommendation.reasons)):
        assert text in page
        assert plain(text) in document


def test_no_figure_has_more_digits_than_it_is_worth(results: Results) -> None:
    page = Page(rendered(results, "html"))
    assert not re.findall(r"\d\.0*[1-9]\d{4,}", page.text)
    assert not re.findall(r"\d\.0*[1-9]\d{4,}", rendered(results, "md"))


def test_reasons_link_to_the_comparisons_they_cite(results: Results) -> None:
    page = Page(rendered(results, "html"))
    anchors = {value for _, name, value in page.attributes if name == "id"}
    links = [value for tag, name, value in page.attributes if tag == "a" and name == "href"]
    assert len(links) == sum(reason.comparison is not None for reason in decide(results).reasons)
    assert {link.removeprefix("#") for link in links} <= anchors


def test_the_failures_are_counted_in_view(results: Results) -> None:
    report = report_of(results)
    for row in table(report, "Quality").rows:
        one = results.find(row.cells[0])
        assert row.cells[-1] == f"{sum(one.failures.values())} of {60 * len(one.runs)}"
    document = rendered(results, "md")
    said = [f"{count} {kind}" for one in results.candidates for kind, count in one.failures.items()]
    assert said
    assert all(each in document for each in said)


def test_provenance_is_complete(results: Results) -> None:
    report = report_of(results)
    terms = next(block for block in section(report, "Provenance") if isinstance(block, Definitions))
    said = {item.term: item.text for item in terms.items}
    case = results.case
    assert case.split_digest("test") in said["test examples"]
    assert case.documents_digest() in said["documents"]
    assert "torch 2." in said["packages"]
    assert said["base model"].startswith("pocket, sha256 ")
    assert said["training seeds"] == "sft 0, 1; qlora 0, 1; rag-sft 0, 1"
    document = rendered(results, "md")
    for command in ("workbench run shop-facts", "workbench recommend shop-facts"):
        assert f"\n{command}\n" in document
    names = {name for one in results.candidates for run in one.runs for name in run.steps.values()}
    assert {row.cells[0] for row in table(report, "Every step and what it took").rows} == names
    assert str(case.workspace) not in document


# --- What it leaves open ------------------------------------------------------------------------------


def test_one_candidate_and_three_waiting(full_workspace: Path) -> None:
    results = load_results(open_case(full_workspace, "shop-tickets"))
    report = report_of(results)
    said = not_measured(report)
    for name in ("few-shot", "sft", "qlora"):
        why = "it could not be run. The loss" if name == "sft" else "it has no finished run"
        assert f"{name}: {why}" in said
    document = rendered(results, "md")
    assert "few-shot, sft and qlora have no finished run" in document
    assert "only one candidate" in document
    assert "by prompting or fine-tuning?" in document
    assert Page(rendered(results, "html")).tags["figure"] == 2


def test_what_the_instrument_could_not_score_is_counted(full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-facts")
    step = load_results(case).find("rag").steps[0]["score"]
    rows = list(read_jsonl(step.path("scores.jsonl")))
    for row in [row for row in rows if row["metric"] == "exact_match"][:2]:
        row |= {"value": None, "reason": "the pattern could not be read"}
    write_jsonl(step.path("scores.jsonl"), rows)
    results = load_results(case)
    report = report_of(results)
    assert "2 of 60 test examples are in no comparison" in not_measured(report)
    assert "the pattern could not be read (2 answers)" in not_measured(report)
    assert {row.cells[4] for row in table(report, "Quality").rows} == {"58"}


def test_seeds_that_are_not_finished_are_named(full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-facts")
    plan = load_results(case).plan
    shutil.rmtree(plan.step(plan.runs["sft", 1].steps["score"]).folder)
    said = not_measured(report_of(load_results(case)))
    assert "sft: 1 of 2 training seeds finished" in said


def test_without_price_and_limits_it_says_so(full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-facts")
    priced = table(report_of(load_results(case)), "What it costs")
    assert priced.columns[1].title == "Answering 1,000"
    case.save(case.use_case.model_copy(update={"limits": Limits(), "machine_cost_per_hour": None}))
    report = report_of(load_results(case))
    said = not_measured(report)
    assert "no price of a machine hour" in said
    assert "Latency as a limit: none is set" in said
    assert table(report, "What an answer takes").columns[-1].title == "Memory training"
    assert "Ruled out" not in [block.text for block in report.blocks if isinstance(block, Heading)]


def test_what_breaks_a_limit_is_ruled_out_with_its_figure(full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-facts")
    case.save(case.use_case.model_copy(update={"limits": Limits(max_p95_seconds=0.05)}))
    results = load_results(case)
    recommendation, report = decide(results), report_of(results)
    out = {one.candidate for one in recommendation.ruled_out}
    assert "rag" in out
    assert {row.cells[0] for row in table(report, "Quality").rows if row.cells[6] == "ruled out"} == out
    items = section(report, "Ruled out")[0]
    assert {item.text.split(":")[0] for item in items.items} == out


def test_what_was_not_timed_is_said_in_words(full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-facts")
    step = load_results(case).find("rag").steps[0]["answer"]
    rows = [row | {"seconds": None} for row in read_jsonl(step.path("responses.jsonl"))]
    write_jsonl(step.path("responses.jsonl"), rows)
    results = load_results(case)
    row = next(row for row in table(report_of(results), "What an answer takes").rows if row.cells[0] == "rag")
    assert row.cells[1] == row.cells[2] == "not measured: none was timed"
    assert row.cells[-1] == "not measured: none was timed"
    assert row.cells[3] == "0"
    assert ">not measured: none was timed<" in rendered(results, "html")


# --- Examples on which they disagree ------------------------------------------------------------------


def test_examples_won_and_lost_by_the_chosen_one(results: Results) -> None:
    recommendation = decide(results)
    chosen = recommendation.choice or recommendation.provisional
    flipped = []
    for one in results.candidates:
        values = {metric: table.copy() for metric, table in one.values.items()}
        # Of the first twenty the chosen one has all wrong and the others all right.
        values["exact_match"][:, :20] = 0.0 if one.name == chosen else 1.0
        flipped.append(replace(one, values=values))
    changed = replace(results, candidates=tuple(flipped))
    shown = disputes(assemble(changed, recommendation, created=NOON))
    assert Counter(one.subject for one in shown) == {"won": 6, "lost": 6}
    assert [one.subject for one in shown] == ["won"] * 6 + ["lost"] * 6
    groups = {example.id: example.cluster for example in results.examples}
    assert len({groups[one.example] for one in shown if one.subject == "lost"}) == 6


def test_no_more_than_twelve_examples_each_with_everybodys_answer(results: Results) -> None:
    shown = disputes(report_of(results))
    assert len(shown) == 12
    by_id = {example.id: i for i, example in enumerate(results.examples)}
    for one in shown:
        position = by_id[one.example]
        assert [answer.candidate for answer in one.answers] == [
            "zero-shot",
            "few-shot",
            "rag",
            "sft",
            "qlora",
            "rag-sft",
        ]
        for answer in one.answers:
            candidate = results.find(answer.candidate)
            assert answer.text == candidate.responses()[position].text
            right = candidate.values["exact_match"][0, position] == 1
            silent = bool(candidate.abstained[0, position])
            assert answer.verdict == ("right" if right else "does not know" if silent else "wrong")
            assert bool(answer.passages) == (candidate.candidate.retrieval is not None)


def test_candidates_that_agree_have_no_examples(results: Results) -> None:
    alike = tuple(
        replace(one, values={metric: np.ones_like(table) for metric, table in one.values.items()})
        for one in results.candidates
    )
    same = replace(results, candidates=alike)
    report = assemble(same, decide(same), created=NOON)
    assert not [block for block in report.blocks if isinstance(block, Examples)]
    assert "score alike on each of the 60" in section(report, "Where they disagree")[0].text


# --- The three forms ----------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["html", "md", "json"])
def test_the_same_results_give_the_same_report(results: Results, to: str) -> None:
    assert rendered(results, to) == rendered(results, to)


def test_json_holds_the_report_and_the_recommendation(results: Results) -> None:
    read = json.loads(rendered(results, "json"))
    assert set(read) == {"report", "sections", "recommendation", "grounds"}
    assert Report.parse(read["report"], where="the report") == report_of(results)
    assert Recommendation.parse(read["recommendation"], where="the recommendation") == decide(results)


def test_a_block_of_no_known_kind_is_refused(results: Results) -> None:
    read = report_of(results).model_dump(mode="json")
    with pytest.raises(ValidationError, match="kind"):
        Report.model_validate(read | {"blocks": [{"kind": "video"}]})


def test_every_row_of_a_table_is_whole() -> None:
    with pytest.raises(ValidationError, match="needs 2 cells"):
        Table(title="T", columns=(Column(title="A"), Column(title="B")), rows=(Row(cells=("1",)),))


def test_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "reports" / "r.md"
    write_report(path, b"first")
    write_report(path, b"second")
    assert path.read_text(encoding="utf-8") == "second"
    assert [each.name for each in path.parent.iterdir()] == ["r.md"]
    path.with_name("folder").mkdir()
    with pytest.raises(WorkbenchError, match="could not be written"):
        write_report(path.with_name("folder"), b"third")


def test_the_policy_lets_only_the_pages_own_scripts_run(results: Results) -> None:
    page = Page(rendered(results, "html"))
    assert page.policy.startswith("default-src 'none';")
    assert "unsafe-eval" not in page.policy
    assert not re.search(r"https?:|\*|script-src[^;]*unsafe-inline", page.policy)
    running = [text for kind, text in page.scripts if kind is None]
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in running]
    assert re.findall(r"'sha256-([^']+)'", page.policy) == hashes
    assert len(running) == 2


def test_the_page_names_no_other_file(results: Results) -> None:
    page = Page(rendered(results, "html"))
    assert not {"link", "img", "iframe", "object", "embed", "base", "video", "audio", "form"} & set(page.tags)
    assert not [one for one in page.attributes if one[1] in ("src", "srcset", "action", "data", "background")]
    assert all(value.startswith("#") for _, name, value in page.attributes if name == "href")


def test_markdown_tables_line_up(results: Results) -> None:
    heights = 0
    for block in rendered(results, "md").split("\n\n"):
        lines = block.split("\n")
        if lines[0].startswith("|"):
            assert len({len(line) for line in lines}) == 1, block
            heights += len(lines)
    assert heights > 50


# --- What others wrote --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A use case whose requests, targets and answers try to be anything but text."""
    workspace = tmp_path_factory.mktemp("hostile")

    def drawn(split: Any, count: int) -> list[Example]:
        return [
            Example(
                id=f"{split}-{i}",
                messages=(
                    Message(role="system", content="<b>Be brief</b>"),
                    Message(role="user", content=HOSTILE[i % 8] + f" {i}"),
                ),
                target=HOSTILE[(i + 1) % 8].strip(),
                split=split,
            )
            for i in range(count)
        ]

    use_case = UseCase(name="hostile", instruction=HOSTILE[1], metric="token_f1", secondary_metrics=("exact_match",))
    case = create_case(workspace, use_case, {"train": drawn("train", 12), "dev": [], "test": drawn("test", 40)})
    case.choose(presets()[name] for name in ("zero-shot", "few-shot", "sft"))
    plan = make_plan(case, case.candidates())
    plan.write()
    for name in plan.steps:
        toys.finish(plan, name, used={"python": HOSTILE[5], "platform": HOSTILE[4], "packages": {}})
    return load_results(case)


def test_hostile_text_is_only_text_in_html(hostile: Results) -> None:
    text = rendered(hostile, "html")
    page = Page(text)
    figures = page.tags["figure"]
    assert figures == 3
    assert page.tags["script"] == 2 + figures
    assert not {"img", "iframe", "svg", "b"} & set(page.tags)
    assert not [one for one in page.attributes if one[1].startswith("on")]
    assert "<script>window.pwned = 1</script>" in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "⟨U+202E⟩" in text


def test_hostile_text_is_only_text_in_markdown(hostile: Results) -> None:
    document = rendered(hostile, "md")
    assert "\u202e" not in document
    unfenced = re.sub(r"^( *)(`{3,})text\n.*?^\1\2$", "", document, flags=re.MULTILINE | re.DOTALL)
    assert "```" not in unfenced
    loose = re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", unfenced)
    assert not re.search(r"(?<!\\)<[a-zA-Z/!]", loose)
    assert not re.search(r"(?<!\\)\]\(", loose)


def test_hostile_text_comes_through_json_unchanged(hostile: Results) -> None:
    read = json.loads(rendered(hostile, "json"))
    report = Report.parse(read["report"], where="the report")
    targets = {example.id: example.target for example in hostile.examples}
    for one in disputes(report):
        assert one.target == targets[one.example]
        assert one.request.startswith("system: <b>Be brief</b>\n\nuser: ")


def test_a_metric_with_shares_is_told_as_one(hostile: Results) -> None:
    verdicts = {answer.verdict for one in disputes(report_of(hostile)) for answer in one.answers}
    assert verdicts <= {"right", "wrong", "partly", "does not know"}
    assert table(report_of(hostile), "Also measured; nothing is decided by it").columns[1].title == "Exact match"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("rag-sft scores 84.3 % (n = 60)", "rag-sft scores 84.3 % (n = 60)"),
        ("exact_match _is_ it", r"exact_match \_is\_ it"),
        ("a | b", r"a \| b"),
        ("![x](y)", r"!\[x\](y)"),
        ("<img src=x>", r"\<img src=x>"),
        ("p < 0.001", "p < 0.001"),
        ("# not a heading", r"\# not a heading"),
        ("> not a quote", r"\> not a quote"),
        ("1. not a list", r"1\. not a list"),
        ("- not a list", r"\- not a list"),
        ("two\nlines", "two lines"),
        ("&lt;b&gt;", r"\&lt;b\&gt;"),
        ("`x` *y*", r"\`x\` \*y\*"),
    ],
)
def test_plain_text_stays_plain_in_markdown(text: str, safe: str) -> None:
    assert plain(text) == safe


def test_fences_and_ticks_hold_what_they_hold() -> None:
    assert fenced("a\n````\nb") == "`````text\na\n````\nb\n`````"
    assert literal("a`b") == "``a`b``"
    assert literal("`") == "`` ` ``"


def test_a_strip_draws_its_interval() -> None:
    drawn = strip(0.5, 0.25, 0.75, span=(0.0, 1.0), mark="●")
    assert drawn == "`" + "·" * 10 + "─" * 10 + "●" + "─" * 10 + "·" * 10 + "`"
    assert strip(0.5, 0.4, 0.6, span=(-1.0, 1.0), mark="●", zero=True)[21] == "│"


def test_a_grid_of_nothing_is_its_head() -> None:
    assert list(grid([Column(title="A", better="lower")], [])) == ["| A ↓ |", "|-----|"]


# --- In a browser -------------------------------------------------------------------------------------


@pytest.mark.browser
def test_it_opens_without_the_network_and_runs_nothing_foreign(hostile: Results, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(path, rendered(hostile, "html").encode())
    requests, complaints = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 800, "height": 900})
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path.as_uri())
        page.wait_for_selector(".chart .main-svg .trace >> nth=7", state="attached")
        assert page.evaluate("window.pwned") is None
        assert page.evaluate("document.documentElement.scrollWidth") <= 800
        # A foreign script does not run even where it gets into the page.
        page.evaluate(
            "const foreign = document.createElement('script');"
            "foreign.textContent = 'window.pwned = 1'; document.body.append(foreign)"
        )
        assert page.evaluate("window.pwned") is None
        browser.close()
    assert requests == [path.as_uri()]
    assert all("Content Security Policy" in complaint for complaint in complaints)
    assert len(complaints) == 1
