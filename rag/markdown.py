"""Headings and tables as the text that documents are cut by."""

from collections.abc import Sequence

DEEPEST = 6


def heading(level: int, text: str) -> str:
    """A heading; deeper ones than there are become the deepest."""
    return f"{'#' * max(1, min(level, DEEPEST))} {' '.join(text.split())}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells, the first of them the header; empty rows are left out."""
    flat = [[" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in rows]
    filled = [row for row in flat if any(row)]
    if not filled:
        return ""
    width = max(map(len, filled))
    lines = [f"| {' | '.join([*row, *[''] * (width - len(row))])} |" for row in filled]
    return "\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])
