"""Labels as files: JSON lines and CSV of every choice, and what TRL trains on as it is."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from workbench.errors import DataError
from workbench.intake import read_table
from workbench.labels import Learnable
from workbench.preference import Preference
from workbench.usecase import Message

LabelForm = Literal["jsonl", "csv", "trl", "kto"]
"""jsonl, csv: every choice; trl: prompt, chosen, rejected; kto: prompt, completion, label."""
LABEL_FORMS: tuple[LabelForm, ...] = get_args(LabelForm)
COLUMNS = tuple(Preference.model_fields)


def labels_text(labels: Iterable[Preference], form: Literal["jsonl", "csv"]) -> str:
    """Every choice, one a line; ``labels_from`` reads it back."""
    if form == "jsonl":
        return "".join(json.dumps(label.model_dump(mode="json"), ensure_ascii=False) + "\n" for label in labels)
    out = io.StringIO(newline="")
    table = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(label.model_dump(mode="json") for label in labels)
    return out.getvalue()


def training_text(found: Learnable, form: Literal["trl", "kto"], *, instruction: str) -> str:
    """Preference pairs or ratings as JSON lines that ``datasets`` loads and TRL trains on, conversations as such.

    ``instruction`` goes before each request as the system's message, as it does when candidates answer.
    Raises DataError where the labels hold nothing to train on.
    """
    rows: Sequence[dict[str, Any]]
    if form == "trl":
        rows = [
            {
                "prompt": _turns(pair.messages, instruction),
                "chosen": [_said(pair.chosen)],
                "rejected": [_said(pair.rejected)],
            }
            for pair in found.pairs
        ]
    else:
        rows = [
            {"prompt": _turns(one.messages, instruction), "completion": [_said(one.answer)], "label": one.good}
            for one in found.ratings
        ]
    if not rows:
        raise DataError(
            "There is no pair of which one answer was preferred, so there is nothing to train on.",
            f"{found.undecided} pairs are ties or undecided and {found.bad} are bad on both sides; label more.",
        )
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _turns(messages: Sequence[Message], instruction: str) -> list[dict[str, str]]:
    """A request as the model is given it."""
    told = [] if messages[0].role == "system" or not instruction else [{"role": "system", "content": instruction}]
    return [*told, *({"role": turn.role, "content": turn.content} for turn in messages)]


def _said(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def labels_from(path: Path) -> list[Preference]:
    """The choices of a JSON lines or CSV file such as ``labels_text`` writes.

    Raises NotFound and DataError as ``read_table`` does, and DataError, naming the row, for what is no choice.
    """
    table = read_table(path)
    for column in ("example", "left", "right", "choice", "annotator"):
        if column not in table.columns:
            raise table.missing(column)
    found = []
    for number, row in zip(table.numbers, table.rows, strict=True):
        cells = {name: text for name, text in zip(table.columns, row, strict=True) if name in COLUMNS and text}
        cells.setdefault("queue", path.stem)
        try:
            found.append(Preference.model_validate(cells))
        except ValueError as error:
            raise DataError(
                f"{table.unit.capitalize()} {number} of {path.name} is no choice: {_first_line(error)}",
                "Give the columns example, left, right, choice (left, right, tie, neither or skip) and annotator.",
            ) from None
    return found


def _first_line(error: ValueError) -> str:
    return "; ".join(str(error).splitlines()[1:3])
