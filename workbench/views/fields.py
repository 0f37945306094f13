"""The settings of a candidate as a form needs them: every field with its bounds, its note and its default.

The form is made from the nouns themselves: a field that is added to one appears on the page with its documentation.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from workbench.candidate import Candidate, Retrieval
from workbench.stage import METHODS, Full, Lora, Qlora

Kind = Literal["whole", "number", "text", "switch", "choice"]
ADAPTERS: Mapping[str, type[Lora] | type[Qlora] | type[Full]] = {"lora": Lora, "qlora": Qlora, "full": Full}
NOT_SETTINGS = ("name", "description")


@dataclass(frozen=True)
class Knob:
    """One field that can be turned."""

    name: str
    kind: Kind
    note: str
    """What it is, from the noun's own documentation."""
    default: Any
    low: float | None
    high: float | None
    optional: bool
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """One setting that two candidates have differently; None where one of them lacks it."""

    path: str
    one: Any
    other: Any


@lru_cache(maxsize=32)
def knobs(model: type[BaseModel]) -> tuple[Knob, ...]:
    """The plain fields of a noun, in its order; parts that are nouns themselves are left out."""
    found = []
    documented = notes(model)
    for name, field in model.model_fields.items():
        kind, choices, optional = _kind(field.annotation)
        if kind is None or len(choices) == 1:
            continue
        low, high = _bounds(field.metadata)
        found.append(Knob(name, kind, documented.get(name, ""), field.get_default(), low, high, optional, choices))
    return tuple(found)


def _kind(annotation: Any) -> tuple[Kind | None, tuple[str, ...], bool]:
    optional = False
    if get_origin(annotation) in (Union, UnionType):
        members = [member for member in get_args(annotation) if member is not NoneType]
        optional = len(members) < len(get_args(annotation))
        annotation = members[0] if len(members) == 1 else None
    if get_origin(annotation) is Literal:
        return "choice", tuple(map(str, get_args(annotation))), optional
    kinds: dict[Any, Kind] = {bool: "switch", int: "whole", float: "number", str: "text"}
    return kinds.get(annotation), (), optional


def _bounds(metadata: list[Any]) -> tuple[float | None, float | None]:
    """Lowest and highest value; where one of them itself is out of bounds, the noun says so."""
    found = {name: getattr(rule, name) for rule in metadata for name in ("ge", "gt", "le", "lt") if hasattr(rule, name)}
    return found.get("ge", found.get("gt")), found.get("le", found.get("lt"))


@lru_cache(maxsize=32)
def notes(model: type[BaseModel]) -> Mapping[str, str]:
    """The line of documentation below each field of a noun, its own or one that it takes over."""
    found: dict[str, str] = {}
    for parent in reversed(model.__mro__):
        if issubclass(parent, BaseModel) and parent.model_fields:
            found |= _own_notes(parent)
    return found


def _own_notes(model: type[BaseModel]) -> dict[str, str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        is_text = (
            isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str)
        )
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and is_text:
            found[field.target.id] = " ".join(below.value.value.split())  # type: ignore[attr-defined]
    return found


def differences(one: Candidate, other: Candidate) -> tuple[Difference, ...]:
    """The settings in which two candidates differ, in the order of the fields; names and descriptions don't count."""
    left, right = dict(_flat(_settings(one))), dict(_flat(_settings(other)))
    return tuple(
        Difference(path, left.get(path), right.get(path))
        for path in dict.fromkeys([*left, *right])
        if left.get(path) != right.get(path)
    )


def changed(candidate: Candidate) -> tuple[Difference, ...]:
    """The settings of a candidate that differ from the defaults of its own parts."""
    plain = Candidate(
        name=candidate.name,
        retrieval=None if candidate.retrieval is None else Retrieval(),
        training=tuple(METHODS[stage.method](adapter=ADAPTERS[stage.adapter.kind]()) for stage in candidate.training),
    )
    return differences(candidate, plain)


def _settings(candidate: Candidate) -> dict[str, Any]:
    return {key: value for key, value in candidate.model_dump(mode="json").items() if key not in NOT_SETTINGS}


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    parts: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value, 1))
    for key, part in parts:
        yield from _flat(part, f"{path}.{key}" if path else str(key))
    if not isinstance(value, dict | list) and value is not None:
        yield path, value
