"""A trained candidate becomes a folder that others can load, and is asked whether it still answers alike."""

import json
import shutil
from pathlib import Path
from typing import Any

from peft import PeftModel

from recipes.bases import Bases, earlier_stages, kept_adapter, scaled
from recipes.data import encode_prompt
from recipes.look import Question, answer_all
from recipes.model import Base, load
from recipes.prompting import conversations
from workbench.candidate import Decoding
from workbench.errors import ConfigError, WorkbenchError
from workbench.examples import read_examples
from workbench.export import MARKER, is_ours
from workbench.workspace import Step, write_atomically

ASKED = 200
"""Requests that the exported model is asked."""
LEAST_ALIKE = 0.99
"""Share of its answers that must be the same, word for word."""


def export(step: Step) -> None:
    """Do an ``export`` step: write the folder, load it again, and compare its answers with the candidate's.

    ``form``: "merged", the weights whole, in a plain Hugging Face folder; or "adapter", the last stage's alone.
    Raises WorkbenchError where fewer than 99 % of the answers are the same; the folder stays, to be looked at.
    """
    inputs = step.record.inputs
    to, stages = Path(inputs["to"]), earlier_stages(step)
    decoding = Decoding.parse(inputs["decoding"], where=str(step.folder))
    name, four_bit = str(inputs["base_model"]), bool(inputs["four_bit"])
    after, scale = inputs.get("after_steps"), float(inputs.get("scale", 1))
    last = stages[-1] / "adapter" if after is None else kept_adapter(stages[-1], int(after))
    step.progress("loading the candidate")
    with Bases().of(step) as base:
        questions = _questions(step, base)
        step.progress("answering before")
        before = answer_all(base, questions, decoding.max_new_tokens)
        step.progress("writing")
        partial = to.with_name(f".{to.name}.part")
        shutil.rmtree(partial, ignore_errors=True)
        if inputs["form"] == "adapter":
            shutil.copytree(last, partial)
            _complete(partial / "adapter_config.json", name, scale=scale)
        else:
            model = _merged(base.model, last, scale=scale)
            model.save_pretrained(partial, safe_serialization=True)
            model.generation_config.save_pretrained(partial)
        base.tokenizer.save_pretrained(partial)
    del base  # Two models at once might not fit.
    write_atomically(partial / "README.md", inputs["card"])
    write_atomically(partial / MARKER, json.dumps({"step": step.name}))
    if not is_ours(to):
        raise ConfigError(f"{to} holds something else by now.", "Name a folder that is not there yet.")
    shutil.rmtree(to, ignore_errors=True)
    partial.rename(to)
    step.progress("answering with what was written")
    after = answer_all(_load(to, inputs), questions, decoding.max_new_tokens)
    alike = [one.text == other.text for one, other in zip(before, after, strict=True)]
    step.note(asked=len(alike), alike=sum(alike), bytes=sum(f.stat().st_size for f in to.iterdir() if f.is_file()))
    if sum(alike) < LEAST_ALIKE * len(alike):
        worst = next(i for i, same in enumerate(alike) if not same)
        raise WorkbenchError(
            f"Only {sum(alike)} of {len(alike)} answers of the exported model are those of the candidate; to "
            f"{questions[worst].request!r} it says {after[worst].text!r} instead of {before[worst].text!r}.",
            "Don't use the folder. "
            + ("Train without 4-bit weights." if four_bit else "Export the adapter, which is left as it was trained."),
        )


def _questions(step: Step, base: Base) -> list[Question]:
    """The first requests of the development set, or of the test set where there is none, as the candidate sees them."""
    examples = read_examples(step.file("examples"))[:ASKED]
    turns = conversations(step, examples)
    return [Question(one.id, one.question, "", encode_prompt(turns[one.id], base.tokenizer)) for one in examples]


def _merged(model: Any, last: Path, *, scale: float) -> Any:
    """The weights with the last stage's adapter in them, of full precision wherever they were held in 4 bits."""
    if not isinstance(model, PeftModel):
        return model.dequantize() if getattr(model, "is_loaded_in_4bit", False) else model
    if not getattr(model, "is_loaded_in_4bit", False):
        return model.merge_and_unload()
    # Merging into 4-bit weights would round what was learned: they are written out in full first.
    whole: Any = model.unload()
    return scaled(PeftModel.from_pretrained(whole.dequantize(), last), scale).merge_and_unload()


def _complete(config: Path, name: str, *, scale: float) -> None:
    """Say in an adapter's settings how strongly it acts, and its base model by the name that others know it by."""
    settings = json.loads(config.read_text(encoding="utf-8"))
    own = {"base_model_name_or_path": name, "lora_alpha": settings["lora_alpha"] * scale}
    write_atomically(config, json.dumps(settings | own, indent=2))


def _load(folder: Path, inputs: dict[str, Any]) -> Base:
    if inputs["form"] == "merged":
        return load(str(folder))
    base = load(str(inputs["base_model"]), four_bit=bool(inputs["four_bit"]))
    return Base(PeftModel.from_pretrained(base.model, folder).eval(), base.tokenizer, base.device)
