"""Every page, on an empty workspace and on a full one, driven as a user would."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.toy_checks import check_case
from tests.toys import toy_case
from workbench.candidate import Candidate, Prompt, Retrieval
from workbench.case import Case, create_case, open_case, presets
from workbench.create import Files, create_from_files
from workbench.launch import runner_path, stop_flag
from workbench.lookup import Desk, Lookup, Place
from workbench.phrases import percent
from workbench.results import decide, load_results
from workbench.run import Passage
from workbench.usecase import Example, Message, UseCase

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = {
    "home.py": "Prompting, RAG or fine-tuning?",
    "use_case.py": "Use case",
    "documents.py": "Documents",
    "candidates.py": "Candidates",
    "runs.py": "Runs",
    "results.py": "Results",
    "evidence.py": "Evidence",
    "checks.py": "Checks",
    "recommendation.py": "Recommendation",
}
IDS = ("a.md#1", "b.md#1")
Open = Callable[..., AppTest]
Launched = list[tuple[str, list[str]]]


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> Launched:
    """What the pages would have started: no process is."""
    started: Launched = []

    def note(case: Case, verb: str, *arguments: str) -> int:
        assert verb in ("run", "checks", "diagnose", "documents", "evidence")
        started.append((case.name, [verb, *arguments] if verb != "run" else list(arguments[1::2])))
        return 0

    monkeypatch.setattr("workbench.views.state.launch_detached", note)
    return started


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open a page of a workspace, as a link to it does."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(ROOT)

    def open_page(workspace: Path, file: str, **query: str) -> AppTest:
        monkeypatch.setenv("WORKBENCH_WORKSPACE", str(workspace))
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120)
        app.run()
        app.switch_page(f"workbench/views/{file}")
        for name, value in query.items():
            app.query_params[name] = value
        return settled(app.run())

    return open_page


def settled(app: AppTest) -> AppTest:
    assert not app.exception, [each.stack_trace for each in app.exception]
    return app


def title(app: AppTest) -> str:
    assert len(app.title) == 1, "every page has one title, and it is the page's own"
    return str(app.title[0].value)


def query(app: AppTest, name: str) -> str:
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]


def texts(app: AppTest) -> str:
    """All that can be read on a page, in its order."""
    kinds = (app.title, app.header, app.subheader, app.markdown, app.caption, app.info, app.warning, app.error)
    return "\n".join(str(each.value) for kind in kinds for each in kind).replace("\\", "")


def button(app: AppTest, label: str) -> object:
    found = [each for each in app.button if each.label.startswith(label)]
    assert found, f"no button {label!r} among {[each.label for each in app.button]}"
    return found[0]


def press(app: AppTest, label: str) -> AppTest:
    return settled(button(app, label).click().run())  # type: ignore[attr-defined]


# --- Every page ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "expected"), PAGES.items())
def test_an_empty_workspace_teaches_the_next_step(page: Open, empty_workspace: Path, file: str, expected: str) -> None:
    app = page(empty_workspace, file)
    assert title(app) == ("New use case" if file == "use_case.py" else expected)
    assert not app.error
    if file == "home.py":
        assert button(app, "Run the demo (about ")
        assert button(app, "Start with my data")
        assert any("workbench demo" in each.value for each in app.code)
    elif file != "use_case.py":
        assert [each.value for each in app.info]
        assert {link.label for link in app.main.get("page_link")} >= {"Run the demo", "Start with my data"}


@pytest.mark.parametrize("name", ["shop-facts", "shop-tickets"])
@pytest.mark.parametrize(("file", "expected"), PAGES.items())
def test_a_full_workspace_is_shown(page: Open, full_workspace: Path, file: str, expected: str, name: str) -> None:
    app = page(full_workspace, file, case=name)
    assert title(app) == expected
    assert query(app, "case") == name
    assert app.sidebar.selectbox[0].value == name


def test_pages_start_without_torch() -> None:
    code = (
        "import importlib, pathlib, sys\n"
        "for path in sorted(pathlib.Path('workbench/views').glob('*.py')):\n"
        "    importlib.import_module(f'workbench.views.{path.stem}')\n"
        "heavy = {'torch', 'transformers', 'trl', 'peft', 'faiss', 'sentence_transformers', 'lm_eval'}\n"
        "assert len([name for name in sys.modules if name.startswith('workbench.views.')]) > 8\n"
        "sys.exit(', '.join(sorted(heavy & sys.modules.keys())) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_link_to_an_unknown_use_case_opens_one_that_is_there(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "results.py", case="nobody")
    assert query(app, "case") == "shop-facts"


def test_picking_another_use_case_changes_the_link(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "runs.py", case="shop-facts")
    settled(app.sidebar.selectbox[0].select("shop-tickets").run())
    assert query(app, "case") == "shop-tickets"
    assert title(app) == "Runs"


def test_the_path_says_how_each_page_stands(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "home.py", case="shop-tickets")
    marks = {link.label.rpartition("\u2002")[2]: link.proto.help for link in app.sidebar.get("page_link")}
    assert "State: done." in marks["Candidates"]
    assert "State: under way." in marks["Runs"]
    assert "State: under way." in marks["Results"]
    runner_path(open_case(full_workspace, "shop-tickets")).unlink()
    settled(app.run())
    marks = {link.label.rpartition("\u2002")[2]: link.proto.help for link in app.sidebar.get("page_link")}
    assert "State: needs you." in marks["Runs"]


@pytest.mark.parametrize("file", ["use_case.py", "results.py", "recommendation.py"])
def test_what_is_damaged_is_said_in_place(page: Open, full_workspace: Path, file: str) -> None:
    case = open_case(full_workspace, "shop-facts")
    case.split_path("test").write_text('{"id": "a"\n', encoding="utf-8")
    app = page(full_workspace, file, case="shop-facts")
    assert "not valid JSON" in str(app.error[0].proto.title)
    assert "restore it" in app.error[0].value


@pytest.mark.parametrize("file", list(PAGES))
def test_a_damaged_step_leaves_every_page_standing(page: Open, full_workspace: Path, file: str) -> None:
    damaged = next((full_workspace / "steps").glob("train-*")) / "step.json"
    damaged.write_text('{"kind": ', encoding="utf-8")
    for name in ("shop-facts", "shop-tickets"):
        assert title(page(full_workspace, file, case=name)) == PAGES[file]


@pytest.mark.parametrize("file", [file for file in PAGES if file != "home.py"])
def test_settings_that_were_broken_by_hand_are_said_in_place(page: Open, full_workspace: Path, file: str) -> None:
    case = open_case(full_workspace, "shop-facts")
    (case.folder / "use_case.yaml").write_text("name: shop-facts\nmetrik: exact_match\n", encoding="utf-8")
    app = page(full_workspace, file, case="shop-facts")
    assert "metrik: unknown key" in str(app.error[0].proto.title)


# --- Home ---------------------------------------------------------------------------------------------


def test_the_demo_starts_with_one_click(page: Open, empty_workspace: Path, launched: Launched) -> None:
    app = press(page(empty_workspace, "home.py"), "Run the demo")
    assert title(app) == "Runs"
    assert query(app, "case") == "product-facts"
    case = open_case(empty_workspace, "product-facts")
    assert len(case.examples("test")) == 300
    assert launched == [("product-facts", [candidate.name for candidate in case.candidates()])]


def test_home_lists_use_cases_with_what_is_recommended(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "home.py")
    expected = decide(load_results(open_case(full_workspace, "shop-facts"))).headline
    assert expected in texts(app)
    assert "being run" in texts(app)


# --- Use case -----------------------------------------------------------------------------------------


def rows(count: int, *, question: str = "question", answer: str = "answer") -> bytes:
    lines = [f"{question},{answer}", *(f"What comes after {n} in row {n * 7}?,{n + 1}" for n in range(count))]
    return "\n".join(lines).encode()


def test_a_use_case_is_made_of_an_uploaded_file(page: Open, empty_workspace: Path) -> None:
    app = page(empty_workspace, "use_case.py", new="1")
    settled(app.file_uploader[0].upload("counting.csv", rows(80), "text/csv").run())
    assert "80 rows of counting.csv" in texts(app)
    chosen = {each.label: each.value for each in app.main.selectbox}
    assert chosen["Request"] == "question"
    assert chosen["Reference answer"] == "answer"
    assert any("workbench new counting --train counting.csv --input question" in each.value for each in app.code)
    press(app, "Make the use case")
    assert query(app, "case") == "counting"
    assert title(app) == "Use case"
    case = open_case(empty_workspace, "counting")
    assert sum(len(case.examples(split)) for split in ("train", "dev", "test")) == 80
    assert "differences under" in texts(app)


def test_a_file_without_an_answer_column_is_refused_in_place(page: Open, empty_workspace: Path) -> None:
    app = page(empty_workspace, "use_case.py", new="1")
    settled(app.file_uploader[0].upload("a.csv", rows(30, question="one", answer="two"), "text/csv").run())
    press(app, "Make the use case")
    assert "Which column of a.csv is the request?" in str(app.error[0].proto.title)
    assert not (empty_workspace / "use_cases").exists()


def test_an_empty_file_is_refused_in_place(page: Open, empty_workspace: Path) -> None:
    app = page(empty_workspace, "use_case.py", new="1")
    settled(app.file_uploader[0].upload("nothing.csv", b"", "text/csv").run())
    assert app.error
    assert app.error[0].value


def test_settings_are_saved(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "use_case.py", case="shop-facts")
    assert button(app, "Save the settings").disabled  # type: ignore[attr-defined]
    settled(app.number_input(key="shop-facts smallest").set_value(8.0).run())
    settled(app.selectbox(key="shop-facts metric").select("contains").run())
    assert "It costs 49 crowns." in texts(app), "an example of a right answer stands below the metric"
    press(app, "Save the settings")
    saved = open_case(full_workspace, "shop-facts").use_case
    assert saved.smallest_difference == pytest.approx(0.08)
    assert saved.metric == "contains"
    assert saved.limits.max_p95_seconds == 0.5, "what was not touched stays"


def test_pocket_is_said_to_be_for_trying_things_out(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "use_case.py", case="shop-facts")
    assert "not for deciding about real language" in texts(app)


@pytest.fixture
def messy_workspace(tmp_path: Path) -> Path:
    train, test = rows(60).decode().splitlines(), rows(40).decode().splitlines()
    (tmp_path / "train.csv").write_text("\n".join([*train, train[5], ",nothing"]), encoding="utf-8")
    (tmp_path / "test.csv").write_text("\n".join(["question,answer", train[9], *test[20:]]), encoding="utf-8")
    files = Files(train=tmp_path / "train.csv", test=tmp_path / "test.csv")
    create_from_files(tmp_path / "messy", UseCase(name="messy"), files)
    return tmp_path / "messy"


def test_what_is_wrong_stands_worst_first_and_can_be_mended(page: Open, messy_workspace: Path) -> None:
    app = page(messy_workspace, "use_case.py", case="messy")
    assert "must be mended before the figures mean anything" in texts(app)
    before = len(open_case(messy_workspace, "messy").examples("train"))
    pressed = [each for each in app.button if each.label.startswith("Leave out")]
    assert pressed
    settled(pressed[0].click().run())
    after = open_case(messy_workspace, "messy").examples("train")
    assert len(after) < before
    assert any("check messy" in each.value for each in app.code)


def test_the_rows_of_a_finding_are_shown_when_unfolded(page: Open, messy_workspace: Path) -> None:
    app = page(messy_workspace, "use_case.py", case="messy")
    tables = len(app.dataframe)
    unfolding = [each for each in app.expander if each.label.startswith("The ")]
    assert unfolding
    assert tables == 1, "only the preview: the rows are read when they are asked for"


def test_documents_are_added(page: Open, messy_workspace: Path) -> None:
    app = page(messy_workspace, "use_case.py", case="messy")
    settled(app.file_uploader(key="more documents").upload("note.md", b"Eight follows seven.", "text/markdown").run())
    press(app, "Add them")
    assert open_case(messy_workspace, "messy").documents is not None
    assert "1 document to retrieve from" in texts(app)


# --- Candidates ---------------------------------------------------------------------------------------


def test_ticked_candidates_are_chosen_and_run(page: Open, full_workspace: Path, launched: Launched) -> None:
    runner_path(open_case(full_workspace, "shop-tickets")).unlink()
    app = page(full_workspace, "candidates.py", case="shop-tickets")
    assert button(app, "Run 4 candidates: about ")
    box = next(each for each in app.checkbox if "qlora" in each.label)
    settled(box.uncheck().run())
    assert query(app, "chosen") == "zero-shot,few-shot,sft"
    wanted = "run shop-tickets --candidate zero-shot --candidate few-shot --candidate sft"
    assert any(wanted in each.value for each in app.code)
    press(app, "Run 3 candidates")
    assert title(app) == "Runs"
    assert launched == [("shop-tickets", ["zero-shot", "few-shot", "sft"])]
    chosen = [candidate.name for candidate in open_case(full_workspace, "shop-tickets").candidates()]
    assert chosen == ["zero-shot", "few-shot", "sft"]


def test_nothing_is_started_twice(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "candidates.py", case="shop-tickets")
    assert button(app, "Run 4 candidates").disabled  # type: ignore[attr-defined]
    assert "A run is under way: follow it" in {link.label for link in app.main.get("page_link")}


def test_candidates_with_retrieval_need_documents(page: Open, messy_workspace: Path) -> None:
    app = page(messy_workspace, "candidates.py", case="messy")
    ticks = {each.label.strip("*").replace("\\", ""): each for each in app.checkbox}
    assert ticks["rag"].disabled
    assert not ticks["rag"].value
    assert ticks["sft"].value
    assert "needs documents" in texts(app)


def test_no_bill_without_anything_comparable(page: Open, messy_workspace: Path) -> None:
    app = page(messy_workspace, "candidates.py", case="messy")
    assert button(app, "Run 4 candidates").label == "Run 4 candidates"  # type: ignore[attr-defined]
    assert "time not known yet" in texts(app)


def test_leaked_examples_stop_a_training(page: Open, messy_workspace: Path, launched: Launched) -> None:
    app = page(messy_workspace, "candidates.py", case="messy")
    press(app, "Run 4 candidates")
    assert "stand in the training set" in str(app.error[0].proto.title)
    assert launched == []
    app = page(messy_workspace, "candidates.py", case="messy", chosen="zero-shot")
    press(app, "Run 1 candidate")
    assert launched == [("messy", ["zero-shot"])]


# --- Documents ----------------------------------------------------------------------------------------


def test_documents_are_read_at_the_press_of_a_button(page: Open, tmp_path: Path, launched: Launched) -> None:
    case = toy_case(tmp_path, "product-facts", "new")
    app = page(tmp_path, "documents.py", case="new")
    files = len(list((case.folder / "documents").iterdir()))
    assert f"{files} files to read" in texts(app)
    assert any("workbench documents new" in each.value for each in app.code)
    press(app, "Read the documents")
    assert launched == [("new", ["documents"])]


def test_without_documents_the_page_says_where_to_add_them(page: Open, tmp_path: Path) -> None:
    toy_case(tmp_path, "sums", "adding")
    app = page(tmp_path, "documents.py", case="adding")
    assert str(app.info[0].proto.title) == "There are no documents yet"


def test_documents_are_searched(page: Open, full_workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(desk: Desk, case: Case, candidate: Candidate, question: str) -> Lookup:
        asked.append(question)
        passages = {name: Passage(id=name, document=name[:-2], text="The lamp is red.", score=1) for name in IDS}
        places = tuple(Place(id=name, score=0.5) for name in IDS)
        return Lookup(
            passages=passages, dense=places, lexical=(), both=places, handed=IDS[:1], words=("lamp",), seconds=0.012,
            turns=(Message(role="user", content="Question: lamp"),), tokens=7,
        )  # fmt: skip

    monkeypatch.setattr(Desk, "__init__", lambda desk, index: None)
    monkeypatch.setattr(Desk, "alive", True)
    monkeypatch.setattr(Desk, "close", lambda desk: None)
    monkeypatch.setattr(Desk, "ask", ask)
    app = page(full_workspace, "documents.py", case="shop-facts")
    assert asked == []
    assert "price-list.png" in html(app)
    settled(app.text_input(key="q").set_value(" What does the lamp cost? ").run())
    assert asked == ["What does the lamp cost?"]
    assert "Nothing shares a word with it." in texts(app)
    assert "<mark>lamp</mark>" in html(app)
    assert html(app).count("in the prompt") == 2
    assert "1 passage, 7 tokens, found in 12 ms" in app.expander[-1].label


def test_the_passages_of_a_document_are_shown(page: Open, full_workspace: Path) -> None:
    folder = full_workspace / "use_cases" / "shop-facts" / "documents"
    path = sorted(folder.iterdir())[5]
    app = page(full_workspace, "documents.py", case="shop-facts", document=path.name)
    assert path.read_text(encoding="utf-8").split()[1] in html(app)
    assert "1 passage" in texts(app)


# --- Candidates ---------------------------------------------------------------------------------------


def test_a_candidate_is_tuned_and_kept(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "candidates.py", case="shop-facts", candidate="rag")
    assert "retrieval:" in next(each.value for each in app.code if each.language == "yaml")
    settled(app.number_input(key="rag retrieval passages").set_value(5).run())
    settled(app.toggle(key="diff").set_value(True).run())
    assert "<td>retrieval.passages</td><td>5</td><td>3</td>" in html(app)
    assert button(app, "Keep this candidate")
    press(app, "Keep this candidate")
    kept = {candidate.name: candidate for candidate in open_case(full_workspace, "shop-facts").candidates()}
    assert kept["rag-tuned"].retrieval == Retrieval(search="hybrid", passages=5)
    assert kept["rag"] == presets()["rag"]
    assert "1 setting changed" in texts(app)


def test_any_combination_can_be_tuned(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "candidates.py", case="shop-facts", candidate="zero-shot")
    settled(app.toggle(key="zero-shot retrieve").set_value(True).run())
    settled(app.number_input(key="zero-shot stages").set_value(2).run())
    settled(app.number_input(key="zero-shot prompt examples").set_value(2).run())
    settled(app.text_input(key="zero-shot keep as True").set_value("all-at-once").run())
    press(app, "Keep this candidate")
    kept = next(each for each in open_case(full_workspace, "shop-facts").candidates() if each.name == "all-at-once")
    assert kept.approach == "RAG + fine-tuning"
    assert len(kept.training) == 2
    assert kept.prompt.examples == 2


def test_what_the_form_does_not_show_stays_as_it_is(page: Open, full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-facts")
    weaker = presets()["sft"].model_copy(update={"name": "weaker", "adapter_scale": 0.5})
    case.choose([*case.candidates(), weaker])
    app = page(full_workspace, "candidates.py", case="shop-facts", candidate="weaker")
    settled(app.number_input(key="weaker prompt examples").set_value(2).run())
    press(app, "Keep this candidate")
    kept = next(each for each in case.candidates() if each.name == "weaker-tuned")
    assert kept.adapter_scale == 0.5
    assert kept.prompt.examples == 2
    app = page(full_workspace, "candidates.py", case="shop-facts", candidate="weaker")
    settled(app.number_input(key="weaker stages").set_value(0).run())
    assert not app.error, "without training there is no adapter that could be weaker"


def test_a_hosted_model_is_set_up_in_the_form(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "candidates.py", case="shop-facts", candidate="zero-shot")
    settled(app.text_input(key="zero-shot base").set_value("openai:small").run())
    settled(app.text_input(key="zero-shot hosted endpoint").set_value("http://localhost:8000/v1").run())
    settled(app.number_input(key="zero-shot hosted at_once").set_value(4).run())
    settled(app.text_input(key="zero-shot keep as True").set_value("served").run())
    press(app, "Keep this candidate")
    kept = next(each for each in open_case(full_workspace, "shop-facts").candidates() if each.name == "served")
    assert (kept.base_model, kept.hosted.endpoint, kept.hosted.at_once) == (
        "openai:small", "http://localhost:8000/v1", 4,
    )  # fmt: skip


def test_a_bad_name_is_said_in_place(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "candidates.py", case="shop-facts", candidate="zero-shot")
    settled(app.number_input(key="zero-shot prompt examples").set_value(2).run())
    settled(app.text_input(key="zero-shot keep as True").set_value("Not A Name").run())
    press(app, "Keep this candidate")
    assert "is not a valid Candidate" in str(app.error[0].proto.title)


# --- Runs ---------------------------------------------------------------------------------------------


def test_runs_say_how_they_stand(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "runs.py", case="shop-tickets")
    shown = texts(app) + "".join(bar.text for bar in app.main.get("progress")).replace("\\", "")
    for words in ("1 of 6 runs done", "failed", "stopped", "under way", "waiting", "loss 0.", "left"):
        assert words in shown, words
    assert any("Lower training.learning_rate" in each.value for each in app.error)
    assert button(app, "Stop")
    assert any("workbench stop shop-tickets" in each.value for each in app.code)


def test_stop_asks_the_process_to_stop(page: Open, full_workspace: Path) -> None:
    app = press(page(full_workspace, "runs.py", case="shop-tickets"), "Stop")
    assert stop_flag(open_case(full_workspace, "shop-tickets")).exists()
    assert button(app, "Stopping")


def test_what_stopped_can_be_resumed(page: Open, full_workspace: Path, launched: Launched) -> None:
    runner_path(open_case(full_workspace, "shop-tickets")).unlink()
    app = press(page(full_workspace, "runs.py", case="shop-tickets"), "Resume")
    assert launched == [("shop-tickets", ["zero-shot", "few-shot", "sft", "qlora"])]
    assert title(app) == "Runs"


def test_a_dead_process_does_not_look_alive(page: Open, full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-tickets")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    runner_path(case).write_text(json.dumps({"process": gone.pid}), encoding="utf-8")
    assert button(page(full_workspace, "runs.py", case="shop-tickets"), "Resume")


def test_the_end_of_a_run_that_said_nothing_is_shown(page: Open, full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-facts")
    case.choose([*case.candidates(), Candidate(name="another", prompt=Prompt(examples=2))])
    log = full_workspace / "logs" / "shop-facts-run.txt"
    log.parent.mkdir(exist_ok=True)
    log.write_text("The disk is full.\nFree some space.\n", encoding="utf-8")
    app = page(full_workspace, "runs.py", case="shop-facts")
    assert any("The disk is full." in each.value for each in app.code)


def test_finished_runs_lead_to_the_results(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "runs.py", case="shop-facts")
    assert "9 of 9 runs done" in texts(app)
    assert any("2 steps reused" in bar.text for bar in app.main.get("progress"))
    assert "The lowest loss so far is" in texts(app)
    assert "All runs are done: see the results" in {link.label for link in app.main.get("page_link")}


# --- Results ------------------------------------------------------------------------------------------


def html(app: AppTest) -> str:
    return "\n".join(each.value for each in app.html)


def test_results_state_their_findings(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "results.py", case="shop-facts")
    headings = [each.value.replace("\\", "") for each in app.subheader]
    assert any("may be the best" in each or "is the best" in each for each in headings)
    assert any("shown to be better than" in each for each in headings)
    expected = decide(load_results(open_case(full_workspace, "shop-facts"))).standings
    assert all(f"{percent(one.mean)} ± " in html(app) for one in expected)
    assert "cut off" in texts(app), "answers that are not in the asked-for form are counted in view"


def test_differences_are_seen_from_whom_the_link_says(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "results.py", **{"case": "shop-facts", "from": "zero-shot"})
    assert any(each.value.startswith("zero\\-shot is shown to be") for each in app.subheader)


def test_a_cited_comparison_is_quoted(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "results.py", case="shop-facts", comparison="2")
    assert any(str(each.proto.title) == "Comparison 2" and "n = 60" in each.value for each in app.info)


def test_answers_are_paged_and_marked_against_the_reference(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "results.py", case="shop-facts")
    assert app.html[-1].value.count("class='wb-example'") == 10
    assert "wb-won" in html(app)
    first = html(app)
    settled(app.pagination(key="page").select(2).run())
    assert html(app) != first
    settled(app.toggle(key="disagree").set_value(False).run())
    assert "of 60 examples in the order of the file" in texts(app)
    assert "<details><summary>3 passages" in html(app)


def test_answers_can_be_searched(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "results.py", case="shop-facts", disagree="false")
    settled(app.text_input(key="find").set_value("no such words").run())
    assert "Nothing holds these words." in texts(app)


def test_what_is_not_measured_is_said_in_words(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "results.py", case="shop-tickets")
    assert "few-shot, sft and qlora have no finished run yet." in texts(app)
    untouched = create_case(
        full_workspace,
        UseCase(name="fresh"),
        {
            "train": [],
            "test": [
                Example(id=f"{n}", messages=(Message(role="user", content=f"{n}"),), target="1") for n in range(9)
            ],
        },
    )
    app = page(full_workspace, "results.py", case=untouched.name)
    assert "Not measured yet" in texts(app)


# --- Recommendation -----------------------------------------------------------------------------------


def test_the_recommendation_is_that_of_the_judgement(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "recommendation.py", case="shop-facts")
    expected = decide(load_results(open_case(full_workspace, "shop-facts")))
    shown = texts(app)
    assert expected.headline in shown
    assert all(reason.text in shown for reason in expected.reasons)
    assert expected.next_step in shown
    links = [link.label for link in app.main.get("page_link") if link.label.startswith("No. ")]
    assert len(links) == sum(reason.comparison is not None for reason in expected.reasons)
    assert [each.label for each in app.get("download_button")] == [
        "Report as HTML",
        "PDF",
        "Workbook",
        "Markdown",
        "JSON",
    ]


def test_another_margin_may_flip_it(page: Open, full_workspace: Path) -> None:
    app = page(full_workspace, "recommendation.py", case="shop-facts")
    assert any("It stays" in each.value for each in app.success)
    settled(app.slider(key="margin").set_value(20.0).run())
    assert any("It flips" in each.value for each in app.warning)
    assert open_case(full_workspace, "shop-facts").use_case.smallest_difference == 0.05, "nothing is saved"


def test_what_explains_the_scores_is_measured_by_a_click(page: Open, full_workspace: Path, launched: Launched) -> None:
    app = page(full_workspace, "recommendation.py", case="shop-facts")
    assert [tab.label.replace("\\", "") for tab in app.tabs] == ["Training x retrieval", "Form or substance (rag-sft)"]
    assert any("The training of sft alone brings" in each.value.replace("\\", "") for each in app.markdown)
    labels = [button.key for button in app.button if button.label == "Measure"]
    kinds = ("gold", "form", "reach", "known", "curve", "order", "distractors", "injection")
    assert labels == [f"measure {kind}" for kind in kinds]
    app.button(key="measure curve").click().run()
    assert launched == [("shop-facts", ["diagnose", "--only", "curve"])]


def test_the_checks_page_says_what_training_cost(page: Open, full_workspace: Path, launched: Launched) -> None:
    shown = page(full_workspace, "checks.py", case="shop-facts")
    assert not shown.exception
    button = next(one for one in shown.button if one.label.startswith("Measure what training cost"))
    button.click().run()
    assert launched == [("shop-facts", ["checks"])]


def test_what_was_checked_is_shown_suite_by_suite(page: Open, full_workspace: Path, launched: Launched) -> None:
    case = open_case(full_workspace, "shop-facts")
    check_case(case, wrong={"pocket_words": 45}, sweep=True)
    shown = page(full_workspace, "checks.py", case="shop-facts", candidate="qlora", suite="words")
    assert not shown.exception
    words = " ".join(one.value for one in shown.markdown).replace("\\", "")
    assert "sft is shown to have lost words" in words
    assert "zero-shot, few-shot and rag: unchanged by construction." in words
    assert "qlora, words: \u221215.0 points" in words
    assert any("Right to wrong (45)" in one.label for one in shown.expander)
    shown.selectbox(key="weaken").set_value("sft").run()
    slider = next(one for one in shown.select_slider if one.label.startswith("Share of the adapter"))
    slider.set_value(0.5).run()
    next(one for one in shown.button if one.label == "Add it as the candidate sft-alpha-50").click().run()
    assert not shown.exception
    added = next(one for one in case.candidates() if one.name == "sft-alpha-50")
    assert added.adapter_scale == 0.5
    assert added.training == next(one for one in case.candidates() if one.name == "sft").training
