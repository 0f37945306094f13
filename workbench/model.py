"""The base of every noun that is written to disk: frozen, strict about keys, readable errors."""

from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from workbench.errors import ConfigError, NotFound

LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Knows plain values only; the one in C, where it is there, reads the same many times as fast."""


class Noun(BaseModel):
    """A frozen record that refuses unknown keys and round-trips through YAML and JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def parse(cls, data: Any, *, where: str) -> Self:
        """Validate ``data``; all problems at once, each with its path, found and expected.

        Raises ConfigError, naming ``where`` the data came from.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ConfigError(
                f"{where} is not a valid {cls.__name__}: {describe(error)}",
                "Mend the fields named above; unknown keys are refused, not ignored.",
            ) from None

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read one record from a YAML (or JSON) file.

        Raises NotFound where there is no file and ConfigError where it is malformed.
        """
        try:
            data = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
        except FileNotFoundError:
            raise NotFound(f"There is no file {path}.", "Check the name and the folder.") from None
        except UnicodeDecodeError:
            raise ConfigError(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from None
        except yaml.YAMLError as error:
            raise ConfigError(f"{path} is not valid YAML: {error}", "Mend it at the line named.") from None
        return cls.parse(data, where=str(path))

    def to_yaml(self) -> str:
        """The record as YAML, in field order, defaults included."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def describe(error: ValidationError) -> str:
    """All problems of a failed validation in one readable line: path, what is wrong, what was found."""
    parts = []
    for problem in error.errors():
        path = ".".join(str(piece) for piece in problem["loc"]) or "(top level)"
        if problem["type"] == "extra_forbidden":
            parts.append(f"{path}: unknown key")
            continue
        if problem["type"].startswith("union_tag"):
            parts.append(f"{path}.{_tag(problem['ctx'])}")
            continue
        found = problem.get("input")
        shown = "" if isinstance(found, dict) else f" (found {found!r})"
        parts.append(f"{path}: {problem['msg'][:1].lower()}{problem['msg'][1:]}{shown}")
    return "; ".join(parts)


def _tag(context: dict[str, Any]) -> str:
    """What is wrong with the field that says which of several nouns is meant."""
    name = str(context["discriminator"]).strip("'")
    return (
        f"{name}: must be one of {context['expected_tags']} (found {context['tag']!r})"
        if "tag" in context
        else (f"{name}: missing")
    )
