"""What of a candidate is searched over: a table of settings, each with the values that are tried."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.base_models import hosted_name, local_folder
from workbench.candidate import Candidate
from workbench.case import Case
from workbench.errors import ConfigError
from workbench.learning_rates import learning_rate
from workbench.memory import read_shape
from workbench.model import Noun
from workbench.stage import LowRank, Stage, Trained

Setting = str | int | float | None
Settings = Mapping[str, Setting]
"""A value for each dimension, by its name."""

WORDINGS = (
    "{instruction} Answer with the answer alone, in as few words as possible.",
    "{instruction} Read the request twice, then give the one answer that it asks for.",
    "You are an expert. {instruction} Be exact: every name, number and unit must be right.",
)
"""Instructions that are tried beside the use case's own, which stands for {instruction}."""
RATES = (0.1, 0.2, 0.5, 2.0, 5.0)
"""Learning rates that are tried, as multiples of the one that is chosen from the size of the base model."""
UNKNOWN_RATES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3)
"""Learning rates that are tried where the base model's size is not known before it is there."""
EPOCHS = (0.25, 0.5, 2.0)
"""Epochs that are tried, as multiples of the candidate's own."""


class Dimension(Noun):
    """One setting that is searched over."""

    name: str
    """Its path in the candidate, such as retrieval.passages; stages of training are counted from 1."""
    values: tuple[Setting, ...]
    """What is tried, the candidate's own value among it; a lone value is not searched."""
    ordered: bool
    """Whether neighbours are alike."""


@dataclass(frozen=True)
class Part:
    """A line of the table: where a setting stands in a candidate, and what is tried in its place."""

    name: str
    values: Callable[[Candidate, Case], Sequence[Setting]]
    """None at all where the candidate has no such part."""
    ordered: bool = True
    read: Callable[[dict[str, Any]], Setting] | None = None
    """From the dictionary that it stands in; None: the field itself."""
    write: Callable[[dict[str, Any], Setting], None] | None = None
    """Into that dictionary."""


def space(candidate: Candidate, case: Case, *, wordings: Sequence[str] = WORDINGS) -> tuple[Dimension, ...]:
    """What of a candidate is searched over in a use case; its own values are part of it.

    Raises ConfigError where there is nothing to search.
    """
    dumped = candidate.model_dump(mode="json")
    found = [_dimension("prompt.instruction", candidate.prompt.instruction, wordings, ordered=False)]
    for part in PARTS:
        values = part.values(candidate, case)
        if values:
            found.append(_dimension(part.name, _read(part.name, dumped), values, ordered=part.ordered))
    for number, stage in enumerate(candidate.training, 1):
        found += _of_stage(stage, number, str(candidate.base_model or case.use_case.base_model))
    searched = tuple(one for one in found if len(one.values) > 1)
    if not searched:
        raise ConfigError(f"{candidate.name} has nothing to search over.", "Name other instructions with --wordings.")
    return searched


def own_settings(candidate: Candidate, dimensions: Sequence[Dimension]) -> dict[str, Setting]:
    """The candidate's own value in each dimension."""
    dumped = candidate.model_dump(mode="json")
    return {one.name: _read(one.name, dumped) for one in dimensions}


def instruction_of(candidate: Candidate, case: Case) -> str:
    """What a candidate is told to do, which {instruction} stands for."""
    own = candidate.prompt.instruction
    return case.use_case.instruction if own is None else own


def with_settings(candidate: Candidate, settings: Settings, *, instruction: str) -> Candidate:
    """A candidate with these settings in place of its own; ``instruction``: what {instruction} stands for.

    Raises ConfigError where they do not fit together.
    """
    turned = candidate.model_dump(mode="json")
    for name, value in settings.items():
        part = _part(name)
        holder, field = _holder(turned, name)
        if part.write is None:
            holder[field] = value
        else:
            part.write(holder, value)
    worded = turned["prompt"]["instruction"]
    if worded is not None and worded != candidate.prompt.instruction:
        turned["prompt"]["instruction"] = worded.replace("{instruction}", instruction).strip()
    return Candidate.parse(turned, where=f"The candidate {candidate.name} with other settings")


def words_of(name: str, value: Setting) -> str:
    """A setting in a few words: "passages 2", "search hybrid"."""
    path = name.split(".")
    field = path[-1].replace("_", " ")
    stage = f"stage {path[1]} " if path[0] == "training" and path[1] != "1" else ""
    if name == "retrieval.chunk_overlap":
        shown = f"{100 * float(value or 0):.0f} %"
    elif value is None:
        shown = "as given" if field == "instruction" else "by size" if field == "learning rate" else "none"
    elif isinstance(value, str):
        shown = f"“{value.replace('{instruction}', '…').strip()}”" if field == "instruction" else value
    else:
        shown = f"{value:g}"
    return f"{stage}{field} {shown}"


def read_wordings(path: Path) -> tuple[str, ...]:
    """Instructions to try, one a line; {instruction} stands for the use case's own, lines with # are passed over.

    Raises ConfigError where the file cannot be read or holds none.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}.", "Name a text file in UTF-8, an instruction a line."
        ) from None
    found = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    if not found:
        raise ConfigError(
            f"{path} holds no instruction.", "Write one a line; {instruction} stands for the use case's own."
        )
    return found


# --- The table ----------------------------------------------------------------------------------------


def _retrieving(*values: Setting) -> Callable[[Candidate, Case], Sequence[Setting]]:
    """Values for whoever retrieves."""
    return lambda candidate, case: values if candidate.retrieval is not None else ()


def _wider(candidate: Candidate, case: Case) -> Sequence[Setting]:
    """With and without the stretch around a passage; none where whole documents are handed over."""
    retrieval = candidate.retrieval
    return (None, 320) if retrieval is not None and not retrieval.whole_documents else ()


def _reranked(candidate: Candidate, case: Case) -> Sequence[Setting]:
    """With and without the reranker, where one is named."""
    retrieval = candidate.retrieval
    return (None, retrieval.reranker) if retrieval is not None and retrieval.reranker is not None else ()


def _shots(candidate: Candidate, case: Case) -> Sequence[Setting]:
    """Solved examples in the prompt, for whoever is not trained, where there are any to show.

    Beside passages they show the form of an answer; with many the prompt grows long.
    """
    if candidate.trained or not any(one.target.strip() for one in case.examples("train")):
        return ()
    return (0, 2, 4, 8, 16) if candidate.retrieval is None else (0, 2, 4, 8)


def _overlap(retrieval: dict[str, Any]) -> Setting:
    return float(retrieval["chunk_overlap"] / retrieval["chunk_tokens"])


def _set_overlap(retrieval: dict[str, Any], share: Setting) -> None:
    retrieval["chunk_overlap"] = round(float(share or 0) * retrieval["chunk_tokens"])


def _set_rank(adapter: dict[str, Any], rank: Setting) -> None:
    """The scale alpha / rank stays, so that a learning rate means the same."""
    adapter["alpha"] = max(1, round(adapter["alpha"] * float(rank or 1) / adapter["rank"]))
    adapter["rank"] = rank


PARTS: Sequence[Part] = (
    Part("prompt.examples", _shots),
    Part("retrieval.search", _retrieving("dense", "lexical", "hybrid"), ordered=False),
    Part("retrieval.chunk_tokens", _retrieving(48, 96, 160, 240)),
    Part("retrieval.chunk_overlap", _retrieving(0.0, 0.2, 0.4), read=_overlap, write=_set_overlap),
    Part("retrieval.chunking", _retrieving("sections", "fixed"), ordered=False),
    Part("retrieval.parent_tokens", _wider),
    Part("retrieval.passages", _retrieving(1, 2, 3, 5, 8)),
    Part("retrieval.reranker", _reranked, ordered=False),
    Part("retrieval.diversity", _retrieving(0.0, 0.3)),
)
"""Beside the instruction and the settings of training. The overlap is searched as a share of the length, so that it
fits any; what is measured by another setting comes after it."""
STAGE_PARTS: Mapping[str, Part] = {"adapter.rank": Part("adapter.rank", lambda candidate, case: (), write=_set_rank)}
"""How settings of a stage are written that are no plain field."""


def _of_stage(stage: Stage, number: int, base: str) -> Iterator[Dimension]:
    at = f"training.{number}"
    own = stage.learning_rate
    yield _dimension(f"{at}.learning_rate", own, _rates(stage, base), ordered=True, rank=_automatic(stage, base))
    if isinstance(stage, Trained):
        epochs = [max(1, round(stage.epochs * factor)) for factor in EPOCHS]
        yield _dimension(f"{at}.epochs", stage.epochs, epochs, ordered=True)
    if isinstance(stage.adapter, LowRank):
        yield _dimension(f"{at}.adapter.rank", stage.adapter.rank, (8, 16, 32, 64), ordered=True)


def _automatic(stage: Stage, base: str) -> float | None:
    """The learning rate that the stage is trained with as it is; None where that is not known before."""
    if stage.learning_rate is not None:
        return stage.learning_rate
    folder = local_folder(base) if hosted_name(base) is None else None
    return learning_rate(stage, read_shape(folder).total) if folder is not None else None


def _rates(stage: Stage, base: str) -> list[float]:
    rate = _automatic(stage, base)
    return list(UNKNOWN_RATES) if rate is None else [float(f"{rate * factor:.2g}") for factor in RATES]


def _dimension(
    name: str, own: Setting, values: Sequence[Setting], *, ordered: bool, rank: float | None = None
) -> Dimension:
    """A dimension with the candidate's own value in its place; ``rank``: what that is worth where it is no number."""
    every = list(dict.fromkeys([own, *values]))
    if ordered:
        known = [one for one in every if one is not None]
        known.sort(key=lambda one: float(one))
        if None in every:
            place = len([one for one in known if rank is not None and float(one) < rank])
            known.insert(place, None)  # type: ignore[arg-type]
        every = list(known)
    return Dimension(name=name, values=tuple(every), ordered=ordered)


# --- Where a setting stands ---------------------------------------------------------------------------


def _part(name: str) -> Part:
    """The line of the table that a dimension comes from; of a plain field a line of its own."""
    field = name.split(".", 2)[2] if name.startswith("training.") else name
    known = {part.name: part for part in PARTS} | dict(STAGE_PARTS)
    return known.get(field) or Part(name, lambda candidate, case: ())


def _read(name: str, dumped: dict[str, Any]) -> Setting:
    part, (holder, field) = _part(name), _holder(dumped, name)
    found: Setting = holder[field] if part.read is None else part.read(holder)
    return found


def _holder(dumped: dict[str, Any], name: str) -> tuple[dict[str, Any], str]:
    """The dictionary of a dumped candidate that a setting stands in, and its field."""
    *path, field = name.split(".")
    found: Any = dumped
    for piece in path:
        found = found[int(piece) - 1] if piece.isdigit() else found[piece]
    return found, field
