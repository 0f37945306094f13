"""The pure parts of the pages: words, forms made of nouns, tables and answers as HTML, curves, marks."""

import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from workbench.blocks import Answer, Column, Quote, Row, Table
from workbench.candidate import Candidate, Decoding, Prompt, Retrieval
from workbench.case import open_case, presets
from workbench.chart_parts import COLOURS, MARKS
from workbench.create import Files, add_documents, audit_case, create_from_files, mend_case
from workbench.demos.opening import open_demo
from workbench.errors import DataError, NotFound
from workbench.follow import Curve
from workbench.stage import Full, Lora, Qlora, Sft
from workbench.usecase import UseCase
from workbench.views import words
from workbench.views.charts import smoothed, training_chart, training_title
from workbench.views.fields import changed, differences, knobs, notes
from workbench.views.settings import changes
from workbench.views.tables import Asked, example_html, table_html

# --- Words --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.42, "0.4 s"), (45, "45 s"), (89, "89 s"), (540, "9 minutes"), (3 * 3600, "3 hours"), (86400 * 2, "2 days")],
)
def test_times_as_a_person_says_them(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said


def test_the_past_and_memory_in_words() -> None:
    assert words.ago(1000.0, now=1010.0) == "just now"
    assert words.ago(0.0, now=2 * 86400.0) == "2 days ago"
    assert words.memory(812) == "812 MB"
    assert words.memory(2150) == "2.1 GB"
    assert words.count(1, "step") == "1 step"
    assert words.count(1234, "step") == "1,234 steps"


def test_markdown_finds_nothing_to_do_in_plain_text() -> None:
    assert words.plain("a*b_c [x](y) $1$ :red[z]") == r"a\*b\_c \[x\]\(y\) \$1\$ \:red\[z\]"


def test_names_made_of_file_names_are_names() -> None:
    assert UseCase(name=words.slug("My Data (v2)")).name == "my-data-v2"


def test_pages_and_charts_share_their_marks() -> None:
    assert words.COLOURS.keys() == COLOURS.keys() == MARKS.keys()
    assert MARKS["RAG"] in words.marked("RAG", "my-rag")
    assert "my\\-rag" in words.marked("RAG", "my-rag")


# --- Forms --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [Prompt, Retrieval, Lora, Qlora, Sft, Decoding])
def test_every_plain_field_of_a_noun_can_be_turned(model: type[BaseModel]) -> None:
    turned = {knob.name for knob in knobs(model)}
    assert turned == model.model_fields.keys() - {
        "kind",
        "method",
        "adapter",
        "disturbed",
        "embedder_tuning",
        "rewriter",
    }
    for knob in knobs(model):
        if knob.low is not None and knob.default is not None:
            assert knob.low <= knob.default


def test_knobs_know_bounds_kinds_and_notes() -> None:
    found = {knob.name: knob for knob in knobs(Sft)}
    assert found["batch_size"].kind == "whole"
    assert found["batch_size"].low == 1
    assert found["learning_rate"].optional
    assert found["warmup"].kind == "number"
    assert "leaves" not in found["max_length"].note
    assert found["max_length"].note.startswith("Longest row in tokens")
    assert {knob.name: knob.kind for knob in knobs(Qlora)}["rank"] == "whole"
    assert knobs(Full) == ()


def test_notes_are_the_nouns_own_documentation() -> None:
    assert notes(Prompt)["examples"] == "How many solved training examples are shown before the request (few-shot)."


def test_presets_say_what_they_change() -> None:
    found = {name: [each.path for each in changed(candidate)] for name, candidate in presets().items()}
    assert found["few-shot"] == ["prompt.examples"]
    assert found["zero-shot"] == []
    assert found["sft"] == []
    assert found["qlora"] == []


def test_differences_name_the_path_and_both_sides() -> None:
    one = Candidate(name="a", retrieval=Retrieval(passages=5), training=(Sft(), Sft(epochs=2)))
    other = Candidate(name="b", training=(Sft(),))
    found = {each.path: (each.one, each.other) for each in differences(one, other)}
    assert found["retrieval.passages"] == (5, None)
    assert found["training.2.epochs"] == (2.0, None)
    assert "name" not in found
    assert differences(one, one) == ()
    mirrored = {each.path: (each.other, each.one) for each in differences(other, one)}
    assert mirrored == found


def test_changed_settings_are_named() -> None:
    before = UseCase(name="a")
    assert changes(before, before) == ()
    assert changes(before, before.model_copy(update={"smallest_difference": 0.1, "seeds": 3})) == (
        "smallest difference",
        "seeds",
    )


# --- Tables and answers -------------------------------------------------------------------------------


def test_tables_escape_align_and_say_what_is_missing() -> None:
    table = Table(
        title="t",
        columns=(Column(title="<Candidate>"), Column(title="Seconds", align="right", better="lower")),
        rows=(Row(cells=("a<script>", "1.2"), strong=True), Row(cells=("b\u202egpj", "not measured: none was timed"))),
    )
    found = table_html(table)
    assert "<script>" not in found
    assert "&lt;Candidate&gt;" in found
    assert "title='lower is better'>↓" in found
    assert "<td class='r'>1.2</td>" in found
    assert "<td class='w'>not measured: none was timed</td>" in found
    assert "\u202e" not in found
    assert "<tr class=s>" in found


def answer(text: str, *, verdict: str = "right") -> Answer:
    return Answer(
        candidate="rag",
        approach="RAG",
        text=text,
        verdict=verdict,  # type: ignore[arg-type]
        passages=(Quote(id="p<1>", text="The lamp & the chair."),),
    )


def test_answers_are_escaped_marked_and_folded() -> None:
    asked = Asked(
        example="test-1",
        request="Why <b>?",
        target="49",
        answers=(answer("<img src=x onerror=alert(1)>"), answer("long " * 200, verdict="wrong"), answer(" ")),
        against=("won", "lost", ""),
    )
    found = example_html(asked)
    assert "<img" not in found
    assert "<b>?" not in found
    assert "p&lt;1&gt;" in found
    assert "wb-won" in found
    assert "wb-lost" in found
    assert "✗ wrong" in found
    assert "all 1,000 characters" in found
    assert "(nothing)" in found
    assert found.count("1 passage</summary>") == 3


# --- Curves -------------------------------------------------------------------------------------------


def test_smoothing_keeps_a_constant_and_starts_at_the_first_value() -> None:
    assert smoothed([2.0] * 50) == pytest.approx([2.0] * 50)
    assert smoothed([5.0, 1.0])[0] == 5.0
    assert smoothed([]) == []
    values = smoothed([1.0, 0.0] * 100)
    assert max(values[50:]) - min(values[50:]) < 0.2


def curves() -> list[Curve]:
    return [
        Curve("sft, seed 0", tuple(range(1, 6)), (3.0, 2.0, 1.5, 1.2, 1.0)),
        Curve("rag-sft, seed 0", (1, 2), (2.5, 0.5)),
        Curve("waiting", (), ()),
    ]


def test_each_curve_is_drawn_raw_and_smoothed_in_its_approachs_colour() -> None:
    approaches = {"sft, seed 0": "fine-tuning", "rag-sft, seed 0": "RAG + fine-tuning", "waiting": "fine-tuning"}
    chart = training_chart(curves(), approaches)  # type: ignore[arg-type]
    raw, smooth = chart.data[0], chart.data[1]
    assert len(chart.data) == 4, "two lines for each curve that has values"
    assert raw.line.width < smooth.line.width
    assert smooth.line.color == COLOURS["fine-tuning"]
    assert chart.data[3].line.color == COLOURS["RAG + fine-tuning"]
    assert smooth.line.dash != chart.data[3].line.dash, "told apart without colour, too"
    assert chart.layout.yaxis.type != "log"
    assert training_chart(curves(), approaches, log=True).layout.yaxis.type == "log"  # type: ignore[arg-type]
    json.loads(chart.to_json())


def test_the_title_states_what_the_curves_show() -> None:
    assert training_title([]) == "No training step has reported a loss yet"
    assert training_title(curves()[:1]).startswith("The loss of sft, seed 0 went from 3.00 to ")
    assert "(rag-sft, seed 0)" in training_title(curves())


# --- What the pages ask of the judgement side ---------------------------------------------------------


def test_a_demo_is_made_once(tmp_path: Path) -> None:
    case = open_demo(tmp_path, "already-known")
    case.save(case.use_case.model_copy(update={"seeds": 7}))
    assert open_demo(tmp_path, "already-known").use_case.seeds == 7
    assert open_demo(tmp_path, "already-known", seed=3).name == "already-known-3"
    with pytest.raises(NotFound):
        open_demo(tmp_path, "nothing")


def test_documents_are_added_whole_or_not_at_all(full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-facts")
    before = case.documents_digest()
    for name in ("../outside.md", "picture.png", "a/b.txt", ""):
        with pytest.raises(DataError):
            add_documents(case, {"fine.md": b"fine", name: b"x"})
    assert case.documents_digest() == before
    add_documents(case, {"fine.md": b"fine"})
    assert case.documents_digest() != before


def test_one_finding_can_be_mended_alone(tmp_path: Path) -> None:
    lines = [f"What follows {n} in row {n * 7}?,{n}" for n in range(60)]
    (tmp_path / "train.csv").write_text("\n".join(["question,answer", *lines, lines[3], ",empty"]), encoding="utf-8")
    (tmp_path / "test.csv").write_text(
        "\n".join(["question,answer", *[f"Where does the river {n * 13} end?,{n}" for n in range(40)]]),
        encoding="utf-8",
    )
    files = Files(train=tmp_path / "train.csv", test=tmp_path / "test.csv")
    case = create_from_files(tmp_path, UseCase(name="one"), files).case
    findings = [finding for finding in audit_case(case).findings if finding.mendable]
    kinds = [finding.kind for finding in findings]
    assert "empty_request" in kinds
    assert "exact_duplicate" in kinds
    mend_case(case, [finding for finding in findings if finding.kind == "empty_request"])
    left = [finding.kind for finding in audit_case(case).findings if finding.mendable]
    assert "empty_request" not in left
    assert "exact_duplicate" in left


def test_what_a_use_case_lacks_is_said(full_workspace: Path) -> None:
    case = open_case(full_workspace, "shop-facts")
    assert {case.lacks(candidate) for candidate in presets().values()} == {
        "",
        "preference pairs",
        "preference pairs or ratings",
    }
    case.freeze("train", [])
    assert case.lacks(presets()["few-shot"]) == "training examples"
    assert {candidate.name for candidate in case.suggested()} == {"zero-shot", "rag"}
