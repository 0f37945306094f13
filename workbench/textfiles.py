"""Text files of rows: CSV with any delimiter, JSONL and JSON, with errors that name the line."""

import codecs
import csv
import io
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from workbench.errors import DataError
from workbench.table import Table, Written, cell_text, listed, make_table

DELIMITERS = ",;\t|"
SAMPLE_RECORDS = 200
"""Records looked at to find the delimiter."""
LONGEST_FIELD = 1_000_000_000
"""Characters; the csv module stops at 131,072, which one long document exceeds."""

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""How a file says itself what it is encoded in; UTF-32 first, since its mark begins like UTF-16's."""

WESTERN_SHARE = 0.25
"""A file with a larger share of bytes beyond ASCII is hardly in a Western European language."""


def decode(data: bytes, source: str, *, encoding: str | None = None) -> str:
    """The text of a file: UTF-8, or what its byte order mark says, or ``encoding`` where given.

    Nothing is guessed: bytes that are not valid raise DataError with their position and the
    encoding that the file probably has.
    """
    if encoding is None:
        encoding = next((name for mark, name in BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except LookupError:
        raise DataError(
            f"There is no encoding called {encoding!r}.", "Common ones: utf-8, cp1252, utf-16, shift_jis."
        ) from None
    except UnicodeError as error:
        raise _not_decodable(data, source, encoding=encoding, error=error) from None
    if "\0" in text:
        raise _not_text(data, source)
    text = text.removeprefix("\ufeff")
    if not text or text.isspace():
        raise DataError(f"{source} is empty.", "Choose a file that has a header and at least one row.")
    return text


def _not_decodable(data: bytes, source: str, *, encoding: str, error: UnicodeError) -> DataError:
    start = error.start if isinstance(error, UnicodeDecodeError) else 0
    if isinstance(error, UnicodeDecodeError) and error.reason in ("unexpected end of data", "truncated data"):
        return DataError(
            f"{source} ends in the middle of a character, at byte {start:,}: it was probably cut off.",
            "Copy or download the file again.",
        )
    line = data.count(b"\n", 0, start) + 1
    place = f"byte 0x{data[start]:02X} at position {start:,} (line {line:,})"
    message = f"{source} is not {encoding} text: {place}"
    if encoding == "utf-8" and b"\0" in data:
        return _not_text(data, source)
    if encoding != "utf-8" or sum(byte > 127 for byte in data) > WESTERN_SHARE * len(data):
        hint = (
            "Save it as UTF-8, or say how it is encoded (for example encoding 'cp1251' for Cyrillic, "
            "'shift_jis' for Japanese, 'gb18030' for Chinese)."
        )
        return DataError(f"{message}.", hint)
    try:
        probable = "cp1252"
        data.decode(probable)
    except UnicodeDecodeError:
        probable = "latin-1"
    before = data.rfind(b"\n", 0, start) + 1
    around = data[max(before, start - 20) : start + 20].split(b"\n")[0].decode(probable).strip()
    return DataError(
        f"{message}. It is probably {probable} (Western European), where this place reads {around!r}.",
        f"If that reads right, give the encoding {probable!r}; otherwise save the file as UTF-8.",
    )


def _not_text(data: bytes, source: str) -> DataError:
    if data.startswith(b"PK\x03\x04"):
        return DataError(
            f"{source} is not text but a ZIP or XLSX file.", "If it is a workbook, let its name end in .xlsx."
        )
    if data.startswith(b"PAR1"):
        return DataError(f"{source} is not text but Parquet.", "Let its name end in .parquet.")
    position = data.index(b"\0")
    return DataError(
        f"{source} is not UTF-8 text: it has a zero byte at position {position:,}.",
        "If it came from a spreadsheet, it may be UTF-16: give the encoding 'utf-16', or save it as UTF-8.",
    )


def read_csv(text: str, source: str, *, delimiter: str | None = None) -> Table:
    """The table in a CSV text; the delimiter is found unless given. Lines without anything are skipped.

    Raises DataError for rows with more or fewer fields than the header and for unbalanced quotes,
    naming the line on which the row begins.
    """
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise DataError(f"{delimiter!r} cannot be a delimiter.", "Give one character, such as ',' or ';'.")
    records = _records(text, source, delimiter=delimiter or find_delimiter(text))
    _, header = next(records)
    numbers, rows, ragged = [], [], []
    for number, row in records:
        if len(row) != len(header):
            ragged.append((number, len(row)))
        numbers.append(number)
        rows.append(row)
    if ragged:
        number, found = ragged[0]
        also = f" So have lines {listed(n for n, _ in ragged[1:])}." if len(ragged) > 1 else ""
        raise DataError(
            f"Line {number} of {source} has {_fields(found)} where the header has {len(header)}.{also}",
            "Put double quotes around every value that contains the delimiter or a line break.",
        )
    return make_table(source, header, rows=rows, numbers=numbers, unit="line")


def _fields(count: int) -> str:
    return f"{count} field{'s' if count != 1 else ''}"


def _records(text: str, source: str, *, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, with the line on which it begins."""
    csv.field_size_limit(LONGEST_FIELD)
    # newline="" keeps line breaks inside quotes as they are; str.splitlines would also cut at U+2028.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for record in reader:
            if any(field.strip() for field in record) or len(record) > 1:
                yield begins, record
            begins = reader.line_num + 1
    except csv.Error as error:
        wrong = "a quote is opened and never closed" if "unexpected end" in str(error) else str(error)
        raise DataError(
            f"Line {begins} of {source} cannot be read: {wrong}.",
            'Close every quote, and write a quote inside a quoted value twice: "He said ""yes""".',
        ) from None


def find_delimiter(text: str) -> str:
    """The delimiter that splits the header and most of the first records into equally many fields.

    A comma where there is but one column.
    """
    best, chosen = (0.0, 1), ","
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        csv.field_size_limit(LONGEST_FIELD)
        widths = [len(record) for record in islice(reader, SAMPLE_RECORDS) if record]
        agreeing = sum(width == widths[0] for width in widths) / len(widths)
        if widths[0] > 1 and (agreeing, widths[0]) > best:
            best, chosen = (agreeing, widths[0]), delimiter
    return chosen


def read_jsonl(text: str, source: str) -> Table:
    """The table in a text with one JSON object a line.

    Raises DataError naming the line, and the column where the JSON breaks off.
    """
    numbers, records = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        record = _parse(line, f"Line {number} of {source}")
        if not isinstance(record, dict):
            raise DataError(
                f"Line {number} of {source} holds {_kind(record)}, not an object.",
                'Write one object a line: {"input": "...", "target": "..."}.',
            )
        numbers.append(number)
        records.append(record)
    return _table_of_records(records, source, numbers=numbers, unit="line")


def read_json(text: str, source: str) -> Table:
    """The table in a JSON text: a list of objects, or (as many files are misnamed) one object a line."""
    if text.lstrip().startswith("{"):
        first, *rest = text.strip().split("\n", 1)
        try:
            json.loads(first)
        except ValueError:
            rest = []
        if rest:
            return read_jsonl(text, source)
    records = _parse(text, source)
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise DataError(
            f"{source} does not hold a list of objects.",
            'Write it as [{"input": "...", "target": "..."}, ...], or as JSONL, one object a line.',
        )
    if not records:
        raise DataError(f"{source} is an empty list.", "Add at least one row.")
    return _table_of_records(records, source, numbers=list(range(1, len(records) + 1)), unit="row")


def _parse(text: str, where: str) -> Any:
    try:
        return json.loads(text, parse_float=Written, parse_constant=_no_number, object_pairs_hook=_keys_once)
    except json.JSONDecodeError as error:
        place = f"column {error.colno}" if error.lineno == 1 else f"line {error.lineno}, column {error.colno}"
        raise DataError(
            f"{where} is not valid JSON: {error.msg[:1].lower()}{error.msg[1:]} at {place}.",
            "Mend it there: text stands in double quotes, and each line is one whole JSON value."
            if where.startswith("Line")
            else "Mend it there: text stands in double quotes, and no comma follows the last value.",
        ) from None
    except (RecursionError, ValueError):
        raise DataError(
            f"{where} is nested too deeply or holds a number too long to read.", "Write flat objects of text."
        ) from None
    except DataError as error:
        raise DataError(f"{where} is not valid JSON: {error.message}.", error.hint) from None


def _no_number(name: str) -> None:
    raise DataError(f"{name} is not a JSON value", "Write null where a value is missing.")


def _keys_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise DataError(f"the key {repeated!r} stands twice in one object", "Keep one of them.")
    return record


def _kind(value: Any) -> str:
    kinds = {list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")


def _table_of_records(records: list[dict[str, Any]], source: str, *, numbers: list[int], unit: Any) -> Table:
    columns = list(dict.fromkeys(name for record in records for name in record))
    rows = []
    for number, record in zip(numbers, records, strict=True):
        try:
            rows.append([cell_text(record.get(name)) for name in columns])
        except DataError as error:
            where = f"{unit.capitalize()} {number} of {source}"
            raise DataError(f"{where} holds {error.message}.", error.hint) from None
    if not columns:
        raise DataError(f"{source} holds only empty objects.", 'Give each row its fields: {"input": "..."}.')
    return make_table(source, columns, rows=rows, numbers=numbers, unit=unit)
