"""Base models that the steps of one process share, with the weights that earlier stages left."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from peft import PeftModel
from peft.tuners.lora import LoraLayer

from recipes.model import Base, load
from workbench.errors import WorkbenchError
from workbench.workspace import LOOKS, Step


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

    def of(self, step: Step, *, merged: bool = False) -> AbstractContextManager[Base]:
        """The model that a step asks: its base with the weights of the stages that the step builds on.

        ``merged``: with all adapters in the weights, as a model is deployed and quicker to ask, where the weights are
        not in 4 bits: those would be rounded anew.
        """
        inputs = step.record.inputs
        after = inputs.get("after_steps")
        return self.trained(
            str(inputs["base_model"]),
            earlier_stages(step),
            four_bit=bool(inputs["four_bit"]),
            merged=merged and not inputs["four_bit"],
            scale=float(inputs.get("scale", 1)),
            after_steps=None if after is None else int(after),
        )

    @contextmanager
    def trained(
        self,
        name: str,
        stages: list[Path],
        *,
        four_bit: bool = False,
        merged: bool = False,
        exact: bool = False,
        scale: float = 1.0,
        after_steps: int | None = None,
    ) -> Iterator[Base]:
        """The base with the weights that the stages left, in their order; as it came once this ends.

        The adapter of the last stage is only put on, as it was when it was trained, unless all are to be ``merged``
        into the weights, as for further training. Weights in 4 bits stay in 4 bits; ``exact`` ones are in float32.
        ``scale``: how strongly all adapters act, 1 as they were trained; ``after_steps``: the last stage's adapter as
        it was then. Raises WorkbenchError where that was not kept.
        """
        whole = [i for i, folder in enumerate(stages) if (folder / "weights").is_dir()]
        start = str(stages[whole[-1]] / "weights") if whole else name
        adapters = [folder / "adapter" for folder in stages[whole[-1] + 1 if whole else 0 :]]
        if after_steps is not None:
            adapters = [*adapters[:-1], kept_adapter(stages[-1], after_steps)]
        if len(adapters) > 1 or whole or exact or (adapters and merged):
            self._loaded.clear()
            base = load(start, four_bit=four_bit, exact=exact)
            model: Any = base.model
            for folder in adapters if merged else adapters[:-1]:
                model = scaled(PeftModel.from_pretrained(model, folder), scale).merge_and_unload()
            if adapters and not merged:
                model = scaled(PeftModel.from_pretrained(model, adapters[-1]), scale)
            yield Base(model.eval(), base.tokenizer, base.device)
            return
        base = self.get(name, four_bit=four_bit)
        if not adapters:
            yield base
            return
        adapted: Any = scaled(PeftModel.from_pretrained(base.model, adapters[0]), scale)
        try:
            yield Base(adapted.eval(), base.tokenizer, base.device)
        finally:
            adapted.unload()


def scaled(model: Any, scale: float) -> Any:
    """A model whose adapter acts by that much of what was trained: 0 is the base, 1 as it was trained.

    With low-rank adapters this is the interpolation of the weights (Lin et al. 2024, mitigating the alignment tax).
    """
    if scale != 1:
        for module in model.modules():
            if isinstance(module, LoraLayer):
                module.scale_layer(scale)
    return model


def kept_adapter(stage: Path, steps: int) -> Path:
    """The adapter of a stage as it was after so many steps, where the stage looked at the development set.

    Raises WorkbenchError where it did not.
    """
    folder = stage / LOOKS / f"step-{steps}"
    if not folder.is_dir():
        kept = sorted(int(path.name.removeprefix("step-")) for path in (stage / LOOKS).glob("step-*"))
        raise WorkbenchError(
            f"The weights after {steps} steps were not kept.",
            f"Kept are those after {', '.join(map(str, kept)) or 'no'} steps, and those at the end.",
        )
    return folder


def earlier_stages(step: Step) -> list[Path]:
    """Folders of the training stages a step builds on, in their order."""
    names = sorted((role for role in step.record.needs if role.startswith("train-")), key=lambda r: int(r[6:]))
    return [step.needed(role).folder for role in names]
