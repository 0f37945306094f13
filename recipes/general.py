"""General rows that are mixed into a training, so that what it is not about is not unlearned."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from pydantic import ValidationError

from recipes.data import Row, Turn, encode_row
from recipes.model import Base
from recipes.pocket.curriculum import draw_row
from workbench.errors import DataError, NotFound
from workbench.model import describe
from workbench.stage import Imitating
from workbench.usecase import Message


def general_rows(stage: Imitating, base: Base, *, beside: int, seed: int) -> list[Row]:
    """As many general rows as make up their share beside ``beside`` others; none that is too long.

    Raises NotFound and DataError for a file that is not there, cannot be read or holds too few rows.
    """
    count = round(beside * stage.general_share / (1 - stage.general_share))
    if not count:
        return []
    conversations = _from_file(Path(stage.general_rows)) if stage.general_rows else _curriculum(seed)
    encoded = (encode_row(turns[:-1], turns[-1]["content"], base.tokenizer) for turns in conversations)
    found = list(islice((row for row in encoded if len(row.input_ids) <= stage.max_length), count))
    if len(found) < count:
        raise DataError(
            f"{stage.general_rows} has {len(found)} rows that fit, and {count} general rows are wanted.",
            "Lower general_share, or name a file with more rows.",
        )
    return found


def _curriculum(seed: int) -> Iterator[list[Turn]]:
    rng = Random(seed)
    while True:
        yield draw_row(rng)[1]


def _from_file(path: Path) -> Iterator[list[Turn]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, IsADirectoryError):
        raise NotFound(f"There is no file {path}.", "Name a JSONL file of conversations in general_rows.") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _conversation(line, where=f"Line {number} of {path}")


def _conversation(line: str, *, where: str) -> list[Turn]:
    hint = 'Write each row as {"messages": [{"role": "user", "content": "..."}, {"role": "assistant", ...}]}.'
    try:
        record: Any = json.loads(line)
        messages = [Message.model_validate(turn) for turn in record["messages"]]
    except (ValueError, TypeError, KeyError, ValidationError) as error:
        said = describe(error) if isinstance(error, ValidationError) else str(error)
        raise DataError(f"{where} is no conversation: {said}.", hint) from None
    if len(messages) < 2 or messages[-1].role != "assistant":
        raise DataError(f"{where} does not end with the assistant's turn.", hint)
    return [{"role": message.role, "content": message.content} for message in messages]
