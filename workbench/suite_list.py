"""Which suites a use case is checked by: its ``suites.yaml``, or its base model's own panel."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from workbench.case import Case
from workbench.errors import ConfigError, NotFound
from workbench.suites import PUBLIC, Suite, default_suites, pocket_suites
from workbench.workspace import write_atomically

FILE = "suites.yaml"
EXAMPLE = "suites:\n  - mmlu\n  - suite: gsm8k\n    shots: 0\n    data: {test: gsm8k/test.jsonl}\n"


def chosen_suites(case: Case, base_model: str) -> tuple[Suite, ...]:
    """The suites of a use case, or the base model's panel where it has chosen none.

    Raises ConfigError where the file is not understood, and NotFound where a file that it names is not there.
    """
    path = case.folder / FILE
    return read_suites(path) if path.is_file() else default_suites(base_model)


def keep_suites(case: Case, suites: Sequence[Suite], *, whole: bool = False) -> None:
    """Make these the suites of a use case; ``whole``: with all of their items, not only those drawn by default."""
    rows = [suite.model_dump(mode="json") for suite in suites]
    kept = [{"suite": row.pop("name"), **row} | ({"items": None} if whole else {}) for row in rows]
    write_atomically(case.folder / FILE, yaml.safe_dump({"suites": kept}, sort_keys=False, allow_unicode=True))


def read_suites(path: Path) -> tuple[Suite, ...]:
    """The suites that a YAML file lists: names, or mappings that change what a name stands for.

    Raises ConfigError where the file is not understood, and NotFound where a file that it names is not there.
    """
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.", "Name a YAML file that lists suites.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no YAML: {error}", f"It should read like this:\n{EXAMPLE}") from None
    entries = read.get("suites") if isinstance(read, Mapping) and set(read) == {"suites"} else None
    if not isinstance(entries, list) or not entries:
        raise ConfigError(f"{path} lists no suites.", f"It should read like this:\n{EXAMPLE}")
    found: list[Suite] = []
    for n, entry in enumerate(entries, 1):
        found += _entry(entry, where=f"{path}, entry {n}", beside=path.parent)
    names = [suite.name for suite in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"{path} lists the suite {twice} twice.", "Leave one out, or give it another name.")
    return tuple(found)


def _entry(entry: Any, *, where: str, beside: Path) -> list[Suite]:
    asked = {"suite": entry} if isinstance(entry, str) else entry
    if not isinstance(asked, Mapping):
        raise ConfigError(f"{where}: {entry!r} is no suite.", f"It should read like this:\n{EXAMPLE}")
    changes = dict(asked)
    name = changes.pop("suite", None)
    if isinstance(data := changes.get("data"), str):
        changes["data"] = {"test": data}
    if isinstance(changes.get("data"), Mapping):
        changes["data"] = {split: str((beside / path).resolve()) for split, path in changes["data"].items()}
    if isinstance(changes.get("include"), str):
        changes["include"] = str((beside / changes["include"]).resolve())
    known = pocket_suites() if name == "pocket" else PUBLIC.get(name, ()) if isinstance(name, str) else ()
    if known:
        rows = [{**suite.model_dump(), **changes} for suite in known]
    else:
        task = changes.get("task") or name
        rows = [{"name": name or task, "task": task, "facet": name or task, **changes}]
    suites = [Suite.parse(row, where=where) for row in rows]
    for suite in suites:
        _needs(suite, where)
    return suites


def _needs(suite: Suite, where: str) -> None:
    """Raise NotFound where a file or folder that a suite names is not there."""
    for path in map(Path, suite.data.values()):
        if not path.is_file():
            raise NotFound(f"{where}: the data of {suite.name} is missing: {path}.", "Name a file that is there.")
    if suite.include and not Path(suite.include).is_dir():
        raise NotFound(f"{where}: there is no folder {suite.include}.", "Name the folder of your lm-eval YAML files.")
