"""Base models that the steps of one process share, with the weights that earlier stages left."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from peft import PeftModel

from recipes.model import Base, load
from workbench.workspace import Step


class Bases:
    """Base models that were loaded in this process, so that several steps share them."""

    def __init__(self) -> None:
        """Nothing is loaded yet."""
        self._loaded: dict[tuple[str, bool], Base] = {}

    def get(self, name: str, *, four_bit: bool = False) -> Base:
        """The base as it came; callers leave it as they found it."""
        key = (name, four_bit)
        if key not in self._loaded:
            self._loaded.clear()  # One at a time: memory is scarcer than the seconds to load it again.
            self._loaded[key] = load(name, four_bit=four_bit)
        return self._loaded[key]

    @contextmanager
    def trained(
        self, name: str, stages: list[Path], *, four_bit: bool = False, merged: bool = False, exact: bool = False
    ) -> Iterator[Base]:
        """The base with the weights that the stages left, in their order; as it came once this ends.

        The adapter of the last stage is only put on, as it was when it was trained, unless all are to be ``merged``
        into the weights, as for further training. Weights in 4 bits stay in 4 bits; ``exact`` ones are in float32.
        """
        whole = [i for i, folder in enumerate(stages) if (folder / "weights").is_dir()]
        start = str(stages[whole[-1]] / "weights") if whole else name
        adapters = [folder / "adapter" for folder in stages[whole[-1] + 1 if whole else 0 :]]
        if len(adapters) > 1 or whole or exact or (adapters and merged):
            self._loaded.clear()
            base = load(start, four_bit=four_bit, exact=exact)
            model: Any = base.model
            for folder in adapters if merged else adapters[:-1]:
                model = PeftModel.from_pretrained(model, folder).merge_and_unload()
            if adapters and not merged:
                model = PeftModel.from_pretrained(model, adapters[-1])
            yield Base(model.eval(), base.tokenizer, base.device)
            return
        base = self.get(name, four_bit=four_bit)
        if not adapters:
            yield base
            return
        adapted = PeftModel.from_pretrained(base.model, adapters[0])
        try:
            yield Base(adapted.eval(), base.tokenizer, base.device)
        finally:
            adapted.unload()


def earlier_stages(step: Step) -> list[Path]:
    """Folders of the training stages a step builds on, in their order."""
    names = sorted((role for role in step.record.needs if role.startswith("train-")), key=lambda r: int(r[6:]))
    return [step.needed(role).folder for role in names]
