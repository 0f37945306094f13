"""Parquet and XLSX: values as text, and damaged files told from foreign ones."""

import contextlib
import io
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]
import pytest

from workbench.binaryfiles import COMPOUND_FILE, read_parquet, read_xlsx
from workbench.errors import DataError


def workbook(**sheets: Sequence[Sequence[Any]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def parquet(**columns: Any) -> bytes:
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), buffer)
    return buffer.getvalue()


SHEET: list[list[Any]] = [["text", "code"], ["NA", "007"], [], ["None", 7], [datetime(2024, 5, 1), None]]


def test_cells_become_text() -> None:
    table = read_xlsx(workbook(data=SHEET), "t.xlsx")
    assert table.columns == ("text", "code")
    assert table.rows == (("NA", "007"), ("None", "7"), ("2024-05-01", ""))
    assert (table.numbers, table.unit) == ((2, 4, 5), "row")


def test_the_sheet_with_data_or_the_one_named() -> None:
    assert len(read_xlsx(workbook(data=SHEET, Sheet2=[]), "t.xlsx")) == 3
    two = workbook(data=SHEET, more=[["text"], ["hello"]])
    with pytest.raises(DataError, match="several sheets with data: 'data', 'more'"):
        read_xlsx(two, "t.xlsx")
    assert read_xlsx(two, "t.xlsx", sheet="more").rows == (("hello",),)
    with pytest.raises(DataError, match="no sheet 'none'"):
        read_xlsx(two, "t.xlsx", sheet="none")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty"),
        (workbook(data=[]), "is empty"),
        (workbook(data=[["text", "label"]]), "no rows"),
        (workbook(data=[["text", "text"], ["a", "b"]]), "more than one column named 'text'"),
        (workbook(data=[["text"], ["a"], ["b", "c"]]), "Row 3 of t.xlsx has 2 cells where the header has 1"),
        (COMPOUND_FILE + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        (COMPOUND_FILE + bytes(100), r"old \.xls"),
        (b"text,label\na,b\n", "cannot be read as an XLSX workbook"),
        (workbook(data=SHEET)[:-300], "cannot be read as an XLSX workbook"),
        (workbook(data=SHEET).replace(b"xl/workbook.xml", b"xl/workbooq.xml"), "cannot be read as an XLSX"),
    ],
)
def test_workbooks_that_cannot_be_used(data: bytes, problem: str) -> None:
    with pytest.raises(DataError, match=problem) as caught:
        read_xlsx(data, "t.xlsx")
    assert caught.value.hint


def test_parquet_values_become_text() -> None:
    data = parquet(
        text=["007", None, "NA"],
        n=[1, None, 3],
        x=[1.5, float("nan"), 2.0],
        money=[Decimal("1.10"), None, Decimal("2.00")],
        messages=[[{"role": "user", "content": "é"}], [], None],
    )
    table = read_parquet(data, "t.parquet")
    assert table.columns == ("text", "n", "x", "money", "messages")
    assert table.rows[0] == ("007", "1", "1.5", "1.10", '[{"role": "user", "content": "é"}]')
    assert table.rows[1] == ("", "", "", "", "[]")
    assert table.numbers == (1, 2, 3)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty"),
        (b"text,label\na,b\n", "cannot be read as Parquet"),
        (parquet(text=["a"])[:-20], "cannot be read as Parquet"),
        (parquet(text=["a"])[:4] + bytes(40), "cannot be read as Parquet"),
        (parquet(text=pyarrow.array([], pyarrow.string())), "no rows"),
        (parquet(text=[b"\xff\xfe"]), "Row 1 of t.parquet holds bytes that are not text"),
    ],
)
def test_parquet_that_cannot_be_used(data: bytes, problem: str) -> None:
    with pytest.raises(DataError, match=problem) as caught:
        read_parquet(data, "t.parquet")
    assert caught.value.hint


def test_damage_anywhere_is_one_clear_error() -> None:
    for whole, read in ((workbook(data=SHEET), read_xlsx), (parquet(text=["a", "b"]), read_parquet)):
        for start in range(0, len(whole), 97):
            damaged = whole[:start] + bytes(8) + whole[start + 8 :]
            # Any other exception than a DataError would fail the test.
            with contextlib.suppress(DataError):
                read(damaged, "t")
