"""Which model says whether a passage supports a claim, where one is asked: settings of a use case."""

from typing import Self

from pydantic import model_validator

from workbench.base_models import identity
from workbench.model import Noun
from workbench.stage import Helper


class Support(Noun):
    """A model that reads a passage and a claim, and says whether the one supports the other."""

    nli: str | None = None
    """A sentence-transformers CrossEncoder trained on natural language inference: a Hub id or a folder."""
    judge: Helper | None = None
    """Or a language model that is asked, loaded here or behind an OpenAI-compatible endpoint."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.nli is None) == (self.judge is None):
            raise ValueError("name one of nli and judge")
        return self

    @property
    def name(self) -> str:
        """What it is called."""
        return self.nli if self.nli is not None else self.judge.model if self.judge is not None else ""

    @property
    def identity(self) -> str:
        """What identifies it; behind an endpoint its name must do.

        Raises NotFound as ``workbench.base_models.identity`` does.
        """
        if self.judge is not None and self.judge.endpoint is not None:
            return self.judge.model
        return identity(self.name)
