"""Text files: what is read as it stands, and what is refused with its place."""

import pytest

from workbench.errors import DataError
from workbench.table import Table
from workbench.textfiles import decode, find_delimiter, read_csv, read_json, read_jsonl


def csv(text: str, **options: str) -> Table:
    return read_csv(text, "t.csv", **options)


def test_values_stay_as_they_were_written() -> None:
    table = csv("text,code\n NA ,007\nNone,1.10\nnull,\n")
    assert table.rows == ((" NA ", "007"), ("None", "1.10"), ("null", ""))
    assert table.column("code") == ("007", "1.10", "")


def test_quoted_line_breaks_stay_and_lines_are_counted() -> None:
    table = csv('text,label\r\n"one\r\ntwo, ""three""",a\r\n\r\nfour\u2028five,b\r\n')
    assert table.rows == (('one\r\ntwo, "three"', "a"), ("four\u2028five", "b"))
    assert table.numbers == (2, 5)
    assert table.unit == "line"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    text = f"text{delimiter}label\n" + f'"a, b; c | d\te"{delimiter}x\nplain, with; others{delimiter}y\n'
    if delimiter in ",;":
        text = f'text{delimiter}label\n"a, b; c"{delimiter}x\nplain{delimiter}y\n'
    assert find_delimiter(text) == delimiter
    assert csv(text).columns == ("text", "label")


def test_one_column_and_a_given_delimiter() -> None:
    assert csv("text\nhello\n").rows == (("hello",),)
    assert csv("a b,c\n1 2,3\n", delimiter=" ").columns == ("a", "b,c")
    with pytest.raises(DataError, match="cannot be a delimiter"):
        csv("a,b\n1,2\n", delimiter=",,")


def test_a_ragged_row_is_named_with_what_was_found_and_expected() -> None:
    with pytest.raises(DataError, match=r"Line 4 of t\.csv has 3 fields where the header has 2") as caught:
        csv('text,label\n"one\ntwo",a\nno, quotes,b\nfine,c\nalone\n')
    assert "So have lines 6" in caught.value.message
    assert "quotes" in caught.value.hint


def test_an_unclosed_quote_is_named_where_it_opens() -> None:
    with pytest.raises(DataError, match=r"Line 3 of t\.csv .* never closed"):
        csv('text,label\nfine,a\n"open,b\nmore,c\n')
    with pytest.raises(DataError, match=r"Line 2 of t\.csv cannot be read"):
        csv('text,label\n"said" he,b\n')


def test_a_very_long_field_is_read() -> None:
    assert len(csv(f"text,label\n{'x' * 200_000},a\n").rows[0][0]) == 200_000


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("text,label\n", "a header but no rows"),
        ("text,label,text\na,b,c\n", "more than one column named 'text'"),
        ("text, text \na,b\n", "more than one column named 'text'"),
    ],
)
def test_tables_that_are_none(text: str, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        csv(text)


def test_columns_without_a_name() -> None:
    assert csv("text,,\na,b,\n").columns == ("text", "column 2")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_files_that_say_their_encoding(encoding: str) -> None:
    assert decode("text\nnaïve\n".encode(encoding), "t.csv") == "text\nnaïve\n"


def test_a_wrong_encoding_names_the_byte_and_the_probable_encoding() -> None:
    data = "text,label\nplain,a\nun café,b\n".encode("cp1252")
    with pytest.raises(DataError) as caught:
        decode(data, "t.csv")
    assert f"byte 0xE9 at position {data.index(0xE9)} (line 3)" in caught.value.message
    assert "probably cp1252" in caught.value.message
    assert "un café,b" in caught.value.message
    assert decode(data, "t.csv", encoding="cp1252").endswith("un café,b\n")


def test_other_scripts_are_not_taken_for_western() -> None:
    with pytest.raises(DataError) as caught:
        decode("текст,метка\nпривет,а\n".encode("cp1251"), "t.csv")
    assert "cp1252" not in str(caught.value)
    assert "cp1251" in caught.value.hint


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n", "is empty"),
        ("text\ncafé".encode()[:-1], "middle of a character, at byte 8"),
        (b"text,label\na\x00b,c\n", "zero byte at position 12"),
        ("text,label\nä,b\n".encode("utf-16-le"), "zero byte"),
        (b"PK\x03\x04\x14\x00", "ZIP or XLSX"),
        (b"PAR1\x00\x15", "Parquet"),
        ("text\na".encode("utf-16")[:-1], "middle of a character"),
    ],
)
def test_bytes_that_are_no_text(data: bytes, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        decode(data, "t.csv")


def test_an_unknown_encoding() -> None:
    with pytest.raises(DataError, match="no encoding called 'utf-9'"):
        decode(b"a", "t.csv", encoding="utf-9")


def test_jsonl_values_become_the_text_that_was_written() -> None:
    table = read_jsonl(
        '{"text": "a\\u2028b", "n": 7, "price": 1.10, "ok": true, "none": null}\n\n'
        '{"text": "é", "form": {"a": [1, 2.5, null], "b": "é"}}\n',
        "t.jsonl",
    )
    assert table.columns == ("text", "n", "price", "ok", "none", "form")
    assert table.rows[0] == ("a\u2028b", "7", "1.10", "true", "", "")
    assert table.rows[1] == ("é", "", "", "", "", '{"a": [1, 2.5, null], "b": "é"}')
    assert table.numbers == (1, 3)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"text": "b" "label": 1}', r"Line 3 of t\.jsonl is not valid JSON: .* at column 14"),
        ("[1, 2]", r"Line 3 of t\.jsonl holds a list, not an object"),
        ("null", r"Line 3 of t\.jsonl holds null"),
        ('{"n": NaN}', r"Line 3 of t\.jsonl .*NaN is not a JSON value"),
        ('{"a": 1, "a": 2}', r"Line 3 of t\.jsonl .*'a' stands twice"),
        ('{"a": "\\ud800"}', r"Line 3 of t\.jsonl holds half of a character"),
        ("[" * 100_000, r"Line 3 of t\.jsonl"),
        (f'{{"a": {"9" * 5000}}}', r"Line 3 of t\.jsonl"),
    ],
)
def test_a_broken_line_of_jsonl_is_named(line: str, problem: str) -> None:
    with pytest.raises(DataError, match=problem) as caught:
        read_jsonl(f'{{"text": "a"}}\n\n{line}\n', "t.jsonl")
    assert caught.value.hint


def test_empty_objects_are_no_table() -> None:
    with pytest.raises(DataError, match="only empty objects"):
        read_jsonl("{}\n{}\n", "t.jsonl")


def test_json_lists_and_misnamed_jsonl() -> None:
    table = read_json('[{"text": "a"},\n {"text": "b"}]', "t.json")
    assert (table.rows, table.numbers, table.unit) == ((("a",), ("b",)), (1, 2), "row")
    table = read_json('{"text": "a"}\n{"text": "b"}\n', "t.json")
    assert (table.rows, table.unit) == ((("a",), ("b",)), "line")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[{"a": 1},\n {"a": 2,}]', r"t\.json is not valid JSON: .*line 2, column"),
        ('{"a": 1}', "list of objects"),
        ('{\n"a": 1}', "list of objects"),
        ("[1]", "list of objects"),
        ("[]", "empty list"),
        ('{"a": 1}\n{"a": }\n', r"Line 2 of t\.json"),
    ],
)
def test_json_that_is_no_table(text: str, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        read_json(text, "t.json")


def test_a_missing_column_names_those_found_and_the_closest() -> None:
    table = csv("Text,category\na,b\n")
    with pytest.raises(DataError, match=r"no column 'text'\. It has 'Text', 'category'\.") as caught:
        table.column("text")
    assert caught.value.hint == "Did you mean 'Text'?"
