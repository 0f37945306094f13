"""The pages on which people choose, and on which their choices are seen: driven as a user would."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from workbench import database as rooms
from workbench.case import Case, cases, create_case
from workbench.cli import main
from workbench.create import audit_case
from workbench.database import Database, close_databases, open_database
from workbench.errors import WorkbenchError
from workbench.labels import preferences, take_in
from workbench.phrases import points
from workbench.preference import Preference
from workbench.queues import Asked, OpenQueue, Queue, make_queue, open_queue, progress, set_closed
from workbench.report import FORMS, render
from workbench.results import decide, load_results
from workbench.sections.flips import flips
from workbench.sections.material import Material
from workbench.usecase import Message

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = (
    "<script>alert(1)</script> ![p](http://evil.example/p.png) [l](javascript:x) \u202egnp.exe \x1b[31m " + "y" * 30_000
)
Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def _own_databases(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(rooms.URL_VARIABLE, raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(ROOT)
    yield
    close_databases()


@pytest.fixture
def case(full_workspace: Path) -> Case:
    """The finished use case of the toy workspace."""
    return next(one for one in cases(full_workspace) if one.name == "shop-facts")


@pytest.fixture
def page(case: Case, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open a page of the use case, as a link to it does."""

    def open_page(file: str, **query: str) -> AppTest:
        monkeypatch.setenv("WORKBENCH_WORKSPACE", str(case.workspace))
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120)
        if "only" in query:
            app.query_params["only"] = query["only"]
        app.run()
        if "only" not in query:
            app.switch_page(f"workbench/views/{file}")
        for name, value in ({"case": case.name} | query).items():
            app.query_params[name] = value
        return settled(app.run())

    return open_page


def settled(app: AppTest) -> AppTest:
    assert not app.exception, [each.stack_trace for each in app.exception]
    return app


def stored(case: Case) -> Database:
    return open_database(case.workspace)


def make(case: Case, n: int = 12, *, names: tuple[str, ...] = ("zero-shot", "rag"), **settings: object) -> OpenQueue:
    candidates = tuple(one for one in case.candidates() if one.name in names)
    wanted = Queue.model_validate(
        {"name": "blind", "candidates": candidates, "repeats": 0.0, "guide": "Which is kinder?"} | settings
    )
    asked = [
        Asked(f"e{i}", f"e{i}", (Message(role="user", content=f"question {i}"),),
              {name: f"{name} says {i}" for name in names}, {})
        for i in range(n)
    ]  # fmt: skip
    return make_queue(stored(case), case.name, wanted, asked)


def read(app: AppTest) -> str:
    """All that can be read on a page."""
    kinds = (
        app.title,
        app.header,
        app.subheader,
        app.markdown,
        app.caption,
        app.info,
        app.warning,
        app.error,
        app.success,
    )
    plain = [str(each.value) for kind in kinds for each in kind]
    return "\n".join([*plain, *(str(each.proto.body) for each in app.get("html"))]).replace("\\", "")


def press(app: AppTest, key: str) -> AppTest:
    return settled(app.button(key=key).click().run())


def label(app: AppTest, choice: str) -> AppTest:
    return press(press(app, f"choose {choice}"), "go on")


# --- Label --------------------------------------------------------------------------------------------


def test_without_a_queue_the_page_says_how_to_make_one(page: Open) -> None:
    app = page("label.py")
    assert app.title[0].value == "Label"
    assert any("workbench queue shop-facts" in each.value for each in app.code)


def test_who_labels_says_who_they_are(case: Case, page: Open) -> None:
    make(case)
    app = page("label.py")
    (name,) = app.text_input
    name.set_value("anna")
    app = settled(app.button[0].click().run()) if app.button else app
    assert app.query_params["annotator"] in ("anna", ["anna"])


def test_labels_by_keys_are_stored_before_the_next_pair(case: Case, page: Open) -> None:
    queue = make(case, 5)
    app = page("label.py", annotator="anna")
    shown = read(app)
    assert "Which is kinder?" in shown
    assert "question" in shown
    for n, choice in enumerate(("left", "right", "tie", "neither")):
        app = label(app, choice)
        assert progress(stored(case), queue).labels == n + 1
    assert [one.choice for one in preferences(stored(case), queue)] == ["left", "right", "tie", "neither"]
    app = press(app, "undo")
    assert progress(stored(case), queue).labels == 3
    app = label(app, "skip")
    app = label(app, "left")
    now = progress(stored(case), queue)
    assert (now.labels, now.skipped) == (4, 1)
    assert "given **4 labels**" in read(app)
    assert all(one.seconds is not None for one in preferences(stored(case), queue))


def test_a_reason_is_stored_and_names_are_nowhere_on_the_page(case: Case, page: Open) -> None:
    queue = make(case, 4, names=("few-shot", "rag-sft"))
    app = page("label.py", annotator="anna", only="1")
    assert not [name for name in ("few-shot", "rag-sft") if name in read(app)]
    assert "▮▮▮ says" in read(app)
    app = press(app, "choose left")
    app.text_input[0].set_value("warmer")
    app = press(app, "go on")
    assert [one.reason for one in preferences(stored(case), queue)] == ["warmer"]


def test_a_mark_can_be_changed_and_taken_back_before_it_is_stored(case: Case, page: Open) -> None:
    queue = make(case, 3)
    app = press(press(page("label.py", annotator="anna"), "choose left"), "choose right")
    assert progress(stored(case), queue).labels == 0
    app = press(app, "undo")
    app = press(app, "go on")  # Nothing is marked.
    assert progress(stored(case), queue).labels == 0
    label(app, "tie")
    assert [one.choice for one in preferences(stored(case), queue)] == ["tie"]


def test_two_tabs_show_the_same_pair_and_store_one_label(case: Case, page: Open) -> None:
    queue = make(case, 3)
    one, other = page("label.py", annotator="anna"), page("label.py", annotator="anna")
    label(one, "left")
    assert read(other).count("question")
    label(other, "right")
    assert [each.choice for each in preferences(stored(case), queue)] == ["left"]


def test_hostile_answers_are_text(case: Case, page: Open) -> None:
    candidates = tuple(one for one in case.candidates() if one.name in ("zero-shot", "rag"))
    wanted = Queue(name="hostile", candidates=candidates)
    ask = (Message(role="user", content="<img src=x onerror=alert(1)> What?"),)
    make_queue(
        stored(case), case.name, wanted, [Asked("e", "e", ask, {"zero-shot": HOSTILE, "rag": "a # b\n\n# Big"}, {})]
    )
    app = page("label.py", annotator="anna")
    for _ in range(2):
        shown = read(app)
        for bad in ("<script", "<img", "<a ", "\u202e", "\x1b"):
            assert bad not in shown
        assert "&lt;script&gt;" in shown
        assert "U+202E" in shown
        app = settled(app.toggle(key="mark differences").set_value(True).run())
    assert "The first 20,000 of 30," in shown


def test_a_locked_database_keeps_the_choice_until_it_is_back(
    case: Case, page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "BUSY_SECONDS", 0.2)
    close_databases()
    queue = make(case, 3)
    app = press(page("label.py", annotator="anna"), "choose left")
    blocker = sqlite3.connect(case.workspace / rooms.FILE, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    app = press(app, "go on")
    assert "Your choice is kept here" in read(app)
    assert progress(stored(case), queue).labels == 0
    blocker.execute("ROLLBACK")
    blocker.close()
    settled(app.run())
    assert [one.choice for one in preferences(stored(case), queue)] == ["left"]


def test_the_end_reveals_names_only_where_the_owner_allows_it(case: Case, page: Open) -> None:
    make(case, 1)
    app = label(page("label.py", annotator="anna"), "left")
    assert "zero-shot" not in read(app)
    make(case, 1, name="open", reveal=True)
    app = label(page("label.py", annotator="anna", queue="open"), "left")
    (table,) = app.dataframe
    assert {table.value["left"][0], table.value["right"][0]} == {"zero-shot", "rag"}


def test_annotators_by_link_see_the_queue_and_nothing_else(case: Case, page: Open) -> None:
    make(case)
    app = page("label.py", annotator="anna", only="1")
    assert "question" in read(app)
    assert not app.sidebar.children or not app.sidebar.markdown


# --- Preferences --------------------------------------------------------------------------------------


def test_the_first_queue_is_made_on_the_page(case: Case, page: Open) -> None:
    app = page("labels.py")
    assert app.title[0].value == "Preferences"
    app.number_input[0].set_value(20)
    made = next(each for each in app.button if each.label == "Make the queue")
    settled(made.click().run())
    queue = open_queue(stored(case), case.name, "blind")
    assert queue.queue.split == "test"
    assert progress(stored(case), queue).room > 0


def test_what_labels_show_is_on_the_page_and_in_the_report(case: Case, page: Open) -> None:
    queue = make(case, 40)
    app = page("labels.py", queue="blind")
    assert "nobody yet" in "".join(str(each.proto.text) for each in app.get("progress"))
    labels = page("label.py", annotator="anna")
    for _ in range(12):
        labels = label(labels, "left")
    shown = read(page("labels.py", queue="blind"))
    assert "1 annotator gave 12 labels" in shown
    assert "with fewer than 30 nothing is claimed" in shown
    set_closed(stored(case), queue, closed=True, now=1.0)
    assert "closed" in read(page("labels.py", queue="blind"))


def test_one_label_is_no_recommendation_but_no_crash_either(case: Case) -> None:
    case.save(case.use_case.model_copy(update={"decided_by": "preference"}))
    queue = make(case, 40, names=("zero-shot", "rag", "sft"))
    choice = Preference(queue="blind", example="e1", left="rag", right="zero-shot", choice="left", annotator="anna")
    take_in(stored(case), queue, [choice], now=1.0)
    results = load_results(case)
    found = decide(results)
    assert found.choice is None
    assert found.strength == "undecided"
    assert {one.candidate for one in found.limits} > {one.candidate for one in found.standings}
    for form in FORMS:
        assert render(results, found, to=form)


def test_choices_between_answers_that_changed_decide_nothing(case: Case) -> None:
    case.save(case.use_case.model_copy(update={"decided_by": "preference"}))
    names = ("zero-shot", "rag")
    candidates = tuple(one for one in case.candidates() if one.name in names)
    wanted = Queue(name="blind", candidates=candidates)
    ask = (Message(role="user", content="What?"),)
    asked = [Asked("e", "e", ask, {"zero-shot": "a", "rag": "b"}, {name: f"{name}-of-old" for name in names})]
    queue = make_queue(stored(case), case.name, wanted, asked)
    choice = Preference(queue="blind", example="e", left="rag", right="zero-shot", choice="left", annotator="anna")
    take_in(stored(case), queue, [choice], now=1.0)
    with pytest.raises(WorkbenchError, match="have changed since"):
        decide(load_results(case))


def test_people_decide_where_the_use_case_says_so(case: Case) -> None:
    case.save(case.use_case.model_copy(update={"decided_by": "preference"}))
    with pytest.raises(Exception, match="nobody has labelled yet"):
        decide(load_results(case))
    queue = make(case, 60)
    labels = [
        Preference(
            queue="blind", example=f"e{i}", left=("rag", "zero-shot")[i % 2], right=("zero-shot", "rag")[i % 2],
            choice=("left", "right")[i % 2], annotator=who,
        )
        for who in ("anna", "bo", "cy", "di", "ed") for i in range(60) if (i + len(who)) % 10
    ]  # fmt: skip
    take_in(stored(case), queue, labels, now=1.0)
    found = decide(load_results(case))
    assert found.choice == "rag"
    assert found.strength == "clear"
    assert found.metric == "preference"
    # A queue with more labels, of answers that nobody gives any more, does not stand in the way.
    ask = (Message(role="user", content="What?"),)
    names = ("zero-shot", "rag")
    asked = [Asked("e", "e", ask, {"zero-shot": "a", "rag": "b"}, {name: f"{name}-of-old" for name in names})]
    wanted = Queue(name="old", candidates=tuple(one for one in case.candidates() if one.name in names))
    old = make_queue(stored(case), case.name, wanted, asked)
    take_in(stored(case), old, [labels[0].model_copy(update={"queue": "old", "example": "e"})], now=1.0)
    assert decide(load_results(case)).choice == "rag"
    assert {one.candidate for one in found.standings} == {"rag", "zero-shot"}
    assert "wins" in found.reasons[0].text
    # What it hangs on: other margins, and each annotator, who is a number there.
    use_case = case.use_case
    material = Material(load_results(case), found, audit_case(case))
    margin, people = material.sweeps
    assert margin.now == f"{points(use_case.smallest_difference)} points"
    assert [one.setting for one in people.outcomes] == [f"without annotator {n}" for n in range(1, 6)]
    assert all(one.claimed == "rag" for one in people.outcomes)


def test_one_annotator_on_whom_it_hangs_is_told(case: Case) -> None:
    case.save(case.use_case.model_copy(update={"decided_by": "preference"}))
    queue = make(case, 60)
    labels = [
        Preference(
            queue="blind", example=f"e{i}", left=("rag", "zero-shot")[i % 2], right=("zero-shot", "rag")[i % 2],
            choice=("left", "right")[i % 2 if who == "zoe" or i % 5 < 3 else 1 - i % 2], annotator=who,
        )
        for who in ("anna", "bo", "cy", "di", "zoe") for i in range(60)
    ]  # fmt: skip
    take_in(stored(case), queue, labels, now=1.0)
    found = decide(load_results(case))
    _, people = Material(load_results(case), found, audit_case(case)).sweeps
    changed = {one.setting for one in people.outcomes if (one.claimed, one.strength) != found.claim}
    assert {one.setting for one in people.flips} == changed
    shown = [block for block in flips(Material(load_results(case), found, audit_case(case))) if block.kind == "table"]
    assert any("Without an annotator" in row.cells for table in shown for row in table.rows)
    assert not any(name in str(shown) for name in ("anna", "zoe"))


def test_a_queue_can_be_made_of_one_request(case: Case, page: Open, tmp_path: Path) -> None:
    one = list(case.examples("test"))[:1]
    tiny = create_case(case.workspace, case.use_case.model_copy(update={"name": "tiny"}), {"test": one})
    for name in ("a", "b"):
        table = tmp_path / f"{name}.csv"
        table.write_text(f"id,answer\n{one[0].id},{name}\n", encoding="utf-8")
        assert main(["import", tiny.name, str(table), "--workspace", str(case.workspace)]) == 0
    app = page("labels.py", case=tiny.name)
    assert app.number_input[0].value == 1
    made = next(each for each in app.button if each.label == "Make the queue")
    settled(made.click().run())
    assert progress(stored(tiny), open_queue(stored(tiny), tiny.name, "blind")).room > 0
