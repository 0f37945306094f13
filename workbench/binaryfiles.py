"""Tables that are not text: Parquet files and XLSX workbooks."""

import io
import warnings
from typing import Any
from zipfile import BadZipFile, ZipFile

import openpyxl
import pyarrow  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]

from workbench.errors import DataError
from workbench.table import Table, cell_text, listed, make_table

COMPOUND_FILE = bytes.fromhex("D0CF11E0A1B11AE1")
"""How old .xls files begin, and the envelope of workbooks with a password."""


def read_parquet(data: bytes, source: str) -> Table:
    """The table in a Parquet file; nested values become JSON text.

    Raises DataError for a file that is damaged, cut off or not Parquet.
    """
    if not data:
        raise DataError(f"{source} is empty.", "Write it again.")
    try:
        stored = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(data)).read()
        columns = [column.to_pylist() for column in stored.columns]
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise DataError(
            f"{source} cannot be read as Parquet: {_first_line(error)}.",
            "It may be damaged, cut off or of another kind: write or download it again.",
        ) from None
    rows = [_texts(row, f"Row {n} of {source}") for n, row in enumerate(zip(*columns, strict=True), start=1)]
    numbers = list(range(1, len(rows) + 1))
    return make_table(source, stored.column_names, rows=rows, numbers=numbers, unit="row")


def read_xlsx(data: bytes, source: str, *, sheet: str | None = None) -> Table:
    """The table in a workbook: its first row names the columns; formulas count by their last value.

    ``sheet`` names the sheet where several have something in them. Rows without anything are skipped.

    Raises DataError for a workbook that has a password, is damaged, of the old .xls kind, or whose
    rows have more cells than the header.
    """
    if not data:
        raise DataError(f"{source} is empty.", "Save it again.")
    if data.startswith(COMPOUND_FILE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise DataError(
                f"{source} is protected by a password.",
                "Save a copy without the password, or as CSV (UTF-8).",
            )
        raise DataError(f"{source} is an old .xls workbook.", "Save it as .xlsx or as CSV (UTF-8).")
    try:
        ZipFile(io.BytesIO(data)).close()
        sheets = _sheets(data)
    # A damaged workbook shows in whichever part of openpyxl meets it first, as any kind of exception.
    except (MemoryError, DataError):
        raise
    except Exception as error:
        kind = "it is not a ZIP file inside" if isinstance(error, BadZipFile) else _first_line(error)
        raise DataError(
            f"{source} cannot be read as an XLSX workbook: {kind}.",
            "It may be damaged or of another kind: save it again as .xlsx or as CSV (UTF-8).",
        ) from None
    return _table_of_sheet(_chosen(sheets, source, sheet=sheet), source)


Rows = list[tuple[int, list[Any]]]


def _sheets(data: bytes) -> dict[str, Rows]:
    """The rows of each sheet that are not blank, with their numbers, up to the last cell that is filled."""
    sheets: dict[str, Rows] = {}
    with warnings.catch_warnings():
        # Styles and validations that openpyxl does not know do not matter to the values.
        warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
        workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        try:
            for worksheet in workbook.worksheets:
                # Some programs write a wrong size into the sheet, and openpyxl would stop there.
                worksheet.reset_dimensions()
                sheets[worksheet.title] = [
                    (number, row)
                    for number, cells in enumerate(worksheet.iter_rows(values_only=True), start=1)
                    if (row := _trimmed(cells))
                ]
        finally:
            workbook.close()
    return sheets


def _trimmed(cells: tuple[Any, ...]) -> list[Any]:
    row = list(cells)
    while row and (row[-1] is None or row[-1] == ""):
        row.pop()
    return row


def _chosen(sheets: dict[str, Rows], source: str, *, sheet: str | None) -> Rows:
    names = ", ".join(map(repr, sheets))
    if sheet is not None:
        if sheet not in sheets:
            raise DataError(f"{source} has no sheet {sheet!r}. It has {names}.", "Name one of those sheets.")
        return sheets[sheet]
    filled = [name for name, rows in sheets.items() if rows]
    if not filled:
        raise DataError(f"{source} is empty.", "Choose a file that has a header and at least one row.")
    if len(filled) > 1:
        raise DataError(
            f"{source} has several sheets with data: {', '.join(map(repr, filled))}.",
            "Name the sheet to read, or save that sheet as a file of its own.",
        )
    return sheets[filled[0]]


def _table_of_sheet(rows: Rows, source: str) -> Table:
    if not rows:
        raise DataError(f"{source} is empty.", "Choose a sheet that has a header and at least one row.")
    header = _texts(rows[0][1], f"Row {rows[0][0]} of {source}")
    wide = [number for number, row in rows if len(row) > len(header)]
    if wide:
        found = next(len(row) for number, row in rows if number == wide[0])
        raise DataError(
            f"Row {wide[0]} of {source} has {found} cells where the header has {len(header)} (rows {listed(wide)}).",
            "Give every column a name in the first row, or delete the cells beyond it.",
        )
    texts = [
        _texts([*row, *[None] * (len(header) - len(row))], f"Row {number} of {source}") for number, row in rows[1:]
    ]
    return make_table(source, header, rows=texts, numbers=[n for n, _ in rows[1:]], unit="row")


def _texts(values: Any, where: str) -> list[str]:
    try:
        return [cell_text(value) for value in values]
    except UnicodeDecodeError:
        raise DataError(f"{where} holds bytes that are not text.", "Leave that column out.") from None
    except DataError as error:
        raise DataError(f"{where} holds {error.message}.", error.hint) from None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
