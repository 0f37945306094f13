"""The page on which evidence is confirmed: every key is stored at once, and can be taken back."""

from tests.workbench.test_proposals import case as case
from tests.workbench.test_views import Launched, Open, button, press, title
from tests.workbench.test_views import launched as launched
from tests.workbench.test_views import page as page
from workbench.case import Case
from workbench.confirmed import Click, note, read_standings
from workbench.proposals import plan_finding
from workbench.workspace import Step

KEYS = {"Yes, it supports it", "Yes, and look at more", "No, the next one", "None of these", "Skip", "Undo"}


def clicks(case: Case) -> dict[str, list[str]]:
    found = read_standings(case.evidence_path)
    return {name: [click.verdict for click in one.clicks] for name, one in found.items()}


def test_each_key_is_stored_and_the_next_example_comes(page: Open, case: Case) -> None:
    app = page(case.workspace, "evidence.py", case=case.name, annotator="ann")
    assert title(app) == "Evidence"
    assert {each.label for each in app.button} >= KEYS
    first, second, third = case.examples("test").ids[:3]
    app = press(app, "Yes, it supports it")
    assert clicks(case) == {first: ["yes"]}
    (document,) = read_standings(case.evidence_path)[first].documents
    assert (case.folder / "documents" / document).exists()
    app = press(app, "None of these")
    assert clicks(case) == {first: ["yes"], second: ["none"]}
    app = press(app, "Skip")
    assert clicks(case)[third] == ["skip"]
    app = press(press(app, "Undo"), "Undo")
    assert clicks(case) == {first: ["yes"]}
    # It is back where the last choice that was taken back was made.
    app = press(app, "Yes, it supports it")
    assert clicks(case) == {first: ["yes"], second: ["yes"]}


def test_who_begins_anew_goes_on_where_he_was(page: Open, case: Case) -> None:
    press(page(case.workspace, "evidence.py", case=case.name, annotator="ann"), "Skip")
    app = page(case.workspace, "evidence.py", case=case.name, annotator="ben")
    press(app, "None of these")
    assert list(clicks(case)) == list(case.examples("test").ids[:2])
    assert [one.annotator for each in read_standings(case.evidence_path).values() for one in each.clicks] == [
        "ann",
        "ben",
    ]


def test_at_the_end_it_says_what_to_do(page: Open, case: Case) -> None:
    last, *others = reversed(case.examples("test").ids)
    note(case.evidence_path, [Click(example=name, verdict="none") for name in others])
    app = press(page(case.workspace, "evidence.py", case=case.name, annotator="ann"), "Yes, it supports it")
    assert clicks(case)[last] == ["yes"]
    assert "1 of 12 examples have confirmed evidence" in app.success[0].value
    assert any("workbench run shop" in each.value for each in app.code)
    press(app, "Undo my last choice")
    assert last not in clicks(case)


def test_before_passages_are_found_one_button_finds_them(page: Open, case: Case, launched: Launched) -> None:
    finding = plan_finding(case, "test")
    Step(case.workspace / "steps" / finding.retrieve).update(status="waiting")
    app = page(case.workspace, "evidence.py", case=case.name, annotator="ann")
    press(app, "Find passages")
    assert launched == [("shop", ["evidence", "--split", "test"])]


def test_examples_that_name_their_evidence_need_nobody(page: Open, case: Case) -> None:
    named = [one.model_copy(update={"evidence": ("a.md",)}) for one in case.examples("test")]
    case.freeze("test", named)
    app = page(case.workspace, "evidence.py", case=case.name)
    assert "names the documents that support it" in app.success[0].value


def test_without_a_name_it_asks_for_one(page: Open, case: Case) -> None:
    app = page(case.workspace, "evidence.py", case=case.name)
    assert [each.label for each in app.text_input] == ["Your name"]
    assert not any(each.label.startswith("Yes") for each in app.button)
    assert button(app, "Begin")
