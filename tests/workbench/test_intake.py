"""From a file to examples: every shape that is understood, every mistake that is named."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.errors import DataError, NotFound
from workbench.examples import Examples
from workbench.intake import Columns, guess_columns, read_table, to_examples
from workbench.table import Table


def table(columns: str, *rows: tuple[str, ...]) -> Table:
    return Table("t.csv", tuple(columns.split()), rows, tuple(range(2, 2 + len(rows))))


def read(columns: str, *rows: tuple[str, ...], given: Columns | None = None) -> Examples:
    made = table(columns, *rows)
    return to_examples(made, guess_columns(made, given=given))


CHAT = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello"},
    {"role": "user", "content": "Bye"},
    {"role": "assistant", "content": "See you"},
]


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("t.csv", b"text,label\nhi,7\n", {}),
        ("T.CSV", b"text;label\nhi;7\n", {}),
        ("t.tsv", b"text\tlabel\nhi\t7\n", {}),
        ("t.csv", "text,label\nhi,7\n".encode("utf-16-le"), {"encoding": "utf-16-le"}),
        ("t.jsonl", b'{"text": "hi", "label": 7}\n', {}),
        ("t.ndjson", b'{"text": "hi", "label": 7}\n', {}),
        ("t.json", b'[{"text": "hi", "label": 7}]', {}),
    ],
)
def test_kinds_of_file(tmp_path: Path, name: str, content: bytes, options: dict[str, str]) -> None:
    (tmp_path / name).write_bytes(content)
    read = read_table(tmp_path / name, **options)
    assert (read.source, read.columns, read.rows) == (name, ("text", "label"), (("hi", "7"),))


def test_files_that_are_not_there_or_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("a,b\n1,2\n")
    with pytest.raises(NotFound, match=r"no file .*trian\.csv") as caught:
        read_table(tmp_path / "trian.csv")
    assert "train.csv" in caught.value.hint
    with pytest.raises(NotFound, match="no file"):
        read_table(tmp_path / "nowhere" / "train.csv")
    with pytest.raises(DataError, match="is a folder"):
        read_table(tmp_path)
    (tmp_path / "t.docx").write_bytes(b"")
    with pytest.raises(DataError, match=r"unknown kind, '\.docx'") as unknown:
        read_table(tmp_path / "t.docx")
    assert ".csv, .tsv, .jsonl" in unknown.value.hint
    (tmp_path / "plain").write_bytes(b"")
    with pytest.raises(DataError, match="no ending"):
        read_table(tmp_path / "plain")


@pytest.mark.parametrize(
    ("columns", "request_column", "answer_column"),
    [
        ("text category", "text", "category"),
        ("text label", "text", "label"),
        ("Question Answer", "Question", "Answer"),
        ("prompt completion", "prompt", "completion"),
        ("output instruction", "instruction", "output"),
        ("notes input target question answer", "input", "target"),
    ],
)
def test_usual_names_are_guessed(columns: str, request_column: str, answer_column: str) -> None:
    guess = guess_columns(table(columns, tuple("x" * len(columns.split()))))
    assert (guess.input, guess.target) == (request_column, answer_column)


def test_other_columns_are_guessed_and_what_is_given_stands() -> None:
    made = table("id question answer document tags", ("1", "q", "a", "d", "x;y"))
    guess = guess_columns(made)
    assert guess.named() == {
        "input": "question", "target": "answer", "id": "id",
        "evidence": "document", "group": "document", "tags": "tags",
    }  # fmt: skip
    given = guess_columns(made, given=Columns(input="answer", target="question"))
    assert (given.input, given.target) == ("answer", "question")
    assert guess_columns(table("a b", ("1", "2"))).named() == {}


def test_instruction_and_input_make_one_request() -> None:
    examples = read("instruction input output", ("Add.", "1 2", "3"), ("Say hi.", "", "hi"))
    assert [each.question for each in examples] == ["Add.\n\n1 2", "Say hi."]
    assert [each.target for each in examples] == ["3", "hi"]


def test_fields_of_an_example() -> None:
    examples = read(
        "id text label group evidence tags",
        ("7", " hi ", " yes", " g ", '["Doc; one", "two"]', "x; y|z"),
        ("8", "bye", "no", "", "", ""),
        given=Columns(target="label"),
    )
    first = examples[0]
    assert (first.id, first.question, first.target, first.group) == ("7", " hi ", " yes", "g")
    assert (first.evidence, first.tags, first.split) == (("Doc; one", "two"), ("x", "y", "z"), "test")
    assert (examples[1].evidence, examples[1].cluster) == ((), "8")
    assert (examples.numbers, examples.source) == ((2, 3), "t.csv")


def test_conversations() -> None:
    examples = read("messages note", (json.dumps(CHAT), "x"))
    assert [turn.role for turn in examples[0].messages] == ["system", "user", "assistant", "user"]
    assert (examples[0].question, examples[0].target) == ("Bye", "See you")
    examples = read("messages answer", (json.dumps(CHAT[:-1]), "Ciao"), (json.dumps(CHAT[:2]), "Hey"))
    assert [each.target for each in examples] == ["Ciao", "Hey"]
    assert read("messages answer", (json.dumps(CHAT), "ignored name"))[0].target == "See you"


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("[{", "Line 2 of t.csv: the conversation is not valid JSON"),
        ('{"role": "user"}', "not a list"),
        ('[{"role": "tool", "content": "x"}]', "role: input should be"),
        ('[{"role": "user", "content": "x", "name": "Jo"}]', "name: unknown key"),
        ("[]", "before the answer comes nothing"),
        (json.dumps([CHAT[4]]), "before the answer comes nothing"),
        (json.dumps([CHAT[0], CHAT[4]]), "a turn of the system"),
        (json.dumps(CHAT[:2]), "no column gives the answer"),
    ],
)
def test_conversations_that_cannot_be_used(cell: str, problem: str) -> None:
    with pytest.raises(DataError, match=problem) as caught:
        to_examples(table("messages", (cell,)), Columns(messages="messages"))
    assert caught.value.hint


def test_two_answers_that_differ_are_refused() -> None:
    columns = Columns(messages="messages", target="answer")
    with pytest.raises(DataError, match="differs from the target column"):
        to_examples(table("messages answer", (json.dumps(CHAT), "other")), columns)
    assert to_examples(table("messages answer", (json.dumps(CHAT), "See you")), columns)[0].target == "See you"


def test_empty_cells_become_examples_to_be_found() -> None:
    examples = read("text label", ("", "a"), ("b", " "))
    assert (examples[0].question, examples[1].target) == ("", " ")
    empty = read("messages", (json.dumps(CHAT),), ("",))[1]
    assert (empty.question, empty.target) == ("", "")


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        (Columns(), "Which column of t.csv is the request"),
        (Columns(input="text"), "Which column of t.csv is the reference answer"),
        (Columns(input="text", target="lable"), "no column 'lable'. It has 'text', 'label'"),
        (Columns(input="text", target="text"), "both as the request and as the answer"),
        (Columns(input="text", messages="label"), "Both a column of plain requests and"),
        (Columns(input="text", target="label", group="doc"), "no column 'doc'"),
    ],
)
def test_columns_that_do_not_add_up(columns: Columns, problem: str) -> None:
    with pytest.raises(DataError, match=problem) as caught:
        to_examples(table("text label", ("a", "b")), columns)
    assert caught.value.hint


def test_ids_are_made_from_content_and_do_not_depend_on_the_place() -> None:
    rows = [("a", "x"), ("b", "y"), ("a", "x"), ("a", "y"), ("a", "x")]
    ids = read("text label", *rows).ids
    assert len(set(ids)) == 5
    assert (ids[2], ids[4]) == (f"{ids[0]}-2", f"{ids[0]}-3")
    assert read("text label", *rows[1:]).ids[:2] == (ids[1], ids[0])


def test_repeated_ids_are_named() -> None:
    with pytest.raises(DataError, match=r"t\.csv has the id '1' more than once \(lines 2, 4\)"):
        read("id text label", ("1", "a", "b"), ("2", "a", "b"), ("1", "c", "d"))


def test_the_intake_is_light() -> None:
    code = "import sys, workbench.intake; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"scipy", "datasketch", "pandas", "torch"} & set(done.stdout.split())


def test_banking_questions() -> None:
    folder = os.environ.get("WORKBENCH_EXAMPLE_DATA")
    path = Path(folder or "", "banking77", "train.csv")
    if not folder or not path.is_file():
        pytest.skip("WORKBENCH_EXAMPLE_DATA names no folder with banking77/train.csv")
    made = read_table(path)
    examples = to_examples(made, guess_columns(made), split="train")
    assert len(examples) == 10_003
    assert len({each.target for each in examples}) == 77
    assert examples[0].question == "I am still waiting on my card?"


def test_a_check_may_stand_in_for_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "sums.csv"
    path.write_text("question,check\n1 + 1,2\n2 + 2,4\n")
    table = read_table(path)
    columns = guess_columns(table)
    assert (columns.target, columns.check) == (None, "check")
    first, second = to_examples(table, columns)
    assert (first.target, first.check, first.reference) == ("", "2", "2")
    assert first.id != second.id
    path.write_text("question,answer,check\n1 + 1,It is 2.,2\n")
    table = read_table(path)
    (solved,) = to_examples(table, guess_columns(table))
    assert (solved.target, solved.reference) == ("It is 2.", "It is 2."), "beside answers it has to be named"
    (solved,) = to_examples(table, guess_columns(table, given=Columns(check="check")))
    assert (solved.target, solved.reference) == ("It is 2.", "2")


def test_a_check_may_stand_in_for_the_last_turn(tmp_path: Path) -> None:
    path = tmp_path / "talks.jsonl"
    path.write_text('{"messages": [{"role": "user", "content": "1 + 1"}], "check": "2"}\n')
    table = read_table(path)
    (found,) = to_examples(table, guess_columns(table))
    assert (found.target, found.check) == ("", "2")
