"""Time to a verdict: five candidates by ``workbench run`` and ``workbench checks``, and the same work as scripts.

``python -m tests.benchmarks.verdict [--items N] [--epochs N] [--batch N]``. The scripts are what a careful person would
write: for each candidate one process that trains it with TRL (where it is trained) and one that asks it with
``lm_eval`` (all the suites of the panel, and the use case's own test set as a task). Both use the same weights, rows,
settings and items. Prints seconds of each part and the ratio; nothing is asserted.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from transformers import AutoTokenizer

from recipes.data import PromptPlan, choose_shots, conversation
from tests.benchmarks.__main__ import timed
from workbench.base_models import POCKET
from workbench.candidate import Candidate
from workbench.case import Case, presets
from workbench.demos.opening import open_demo
from workbench.stage import Lora, Qlora, Sft
from workbench.suite_list import keep_suites
from workbench.suites import pocket_suites, task_folder

DEMO = "ticket-json"
TRAIN_SCRIPT = """
import json, sys
from datasets import Dataset
from peft import LoraConfig, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from trl import SFTConfig, SFTTrainer

settings = json.load(open(sys.argv[1]))
four_bit = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True)
model = AutoModelForCausalLM.from_pretrained(
    settings["base"], quantization_config=four_bit if settings["four_bit"] else None
)
if settings["four_bit"]:
    model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False  # Some CPUs that claim it end with SIGILL.
trainer = SFTTrainer(
    model=model,
    processing_class=AutoTokenizer.from_pretrained(settings["base"]),
    train_dataset=Dataset.from_list(json.load(open(settings["rows"]))),
    args=SFTConfig(
        output_dir=settings["to"], per_device_train_batch_size=settings["batch"], num_train_epochs=settings["epochs"],
        learning_rate=settings["rate"], lr_scheduler_type="cosine", logging_steps=1, report_to="none", use_cpu=True,
        bf16=False, gradient_checkpointing=False, save_strategy="no", dataloader_pin_memory=False, disable_tqdm=True,
    ),
    peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
)
trainer.train()
trainer.save_model(settings["to"])
"""
"""One candidate's training, as TRL's documentation shows it."""


def candidates(epochs: float) -> list[Candidate]:
    """Two prompts and three trainings."""
    known = presets()

    def trained(name: str, **how: object) -> Candidate:
        return Candidate(name=name, training=(Sft.model_validate({"epochs": epochs, "looks": 0} | how),))

    return [
        known["zero-shot"],
        known["few-shot"],
        trained("sft", learning_rate=4e-3),
        trained("sft-gentle", learning_rate=2e-3),
        trained("qlora", learning_rate=4e-3, adapter=Qlora()),
    ]


def by_workbench(case: Case) -> dict[str, float]:
    """Seconds of the two commands."""
    where = ["--workspace", str(case.workspace)]
    program = [sys.executable, "-m", "workbench"]
    run, _ = timed([*program, "run", case.name, *where])
    checks, _ = timed([*program, "checks", case.name, *where])
    return {"run": run, "checks": checks}


def by_scripts(case: Case, chosen: list[Candidate], folder: Path, *, items: int, batch: str) -> dict[str, float]:
    """Seconds of one TRL process for each training, and of one lm_eval process for each candidate."""
    script = folder / "train.py"
    script.write_text(TRAIN_SCRIPT, encoding="utf-8")
    took = {"trl": 0.0, "lm_eval": 0.0}
    for candidate in chosen:
        adapter = ""
        trained = 0.0
        if candidate.training:
            adapter = str(folder / candidate.name)
            trained = _train(case, candidate, script, Path(adapter))
        asked = _ask(case, candidate, folder, adapter=adapter, items=items, batch=batch)
        took["trl"] += trained
        took["lm_eval"] += asked
        print(f"  {candidate.name}: trl {trained:.0f} s, lm_eval {asked:.0f} s", flush=True)
    return took


def _train(case: Case, candidate: Candidate, script: Path, to: Path) -> float:
    (stage,) = candidate.training
    assert isinstance(stage, Sft)
    plan = PromptPlan(case.use_case.instruction)
    rows = [
        {"prompt": conversation(one, plan), "completion": [{"role": "assistant", "content": one.target}]}
        for one in case.examples("train")
    ]
    to.mkdir()
    (to / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
    settings = {
        "base": str(POCKET), "rows": str(to / "rows.json"), "to": str(to), "batch": stage.batch_size,
        "epochs": stage.epochs, "rate": stage.learning_rate, "four_bit": not isinstance(stage.adapter, Lora),
    }  # fmt: skip
    (to / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    # Some virtual machines announce instructions that they forbid: the process would die of them.
    spare = {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"}
    seconds, _ = timed([sys.executable, str(script), str(to / "settings.json")], environment=spare)
    return seconds


def _ask(case: Case, candidate: Candidate, folder: Path, *, adapter: str, items: int, batch: str) -> float:
    """The panel and the use case's test set, by lm_eval's own command with its ``hf`` model."""
    own = folder / f"task-{candidate.name}"
    own.mkdir()
    shots = choose_shots(case.examples("train"), candidate.prompt.examples) if candidate.prompt.examples else ()
    plan = PromptPlan(case.use_case.instruction, shots)
    tokens = candidate.decoding.max_new_tokens
    rows = [{"turns": _spelled(conversation(one, plan)), "answer": one.target} for one in case.examples("test")]
    (own / "rows.json").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    task = {
        "task": f"own_{candidate.name.replace('-', '_')}", "dataset_path": "json", "test_split": "test",
        "dataset_kwargs": {"data_files": {"test": str(own / "rows.json")}}, "output_type": "generate_until",
        "doc_to_text": "{{turns}}", "doc_to_target": "{{answer}}", "num_fewshot": 0,
        "generation_kwargs": {"until": [], "max_gen_toks": tokens, "do_sample": False},
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }  # fmt: skip
    (own / "task.yaml").write_text(yaml.safe_dump(task), encoding="utf-8")
    ask = [sys.executable, "-m", "lm_eval", "run"] if _has_run() else [sys.executable, "-m", "lm_eval"]
    arguments = f"pretrained={POCKET},dtype=float32" + (f",peft={adapter}" if adapter else "")
    common = [*ask, "--model", "hf", "--model_args", arguments, "--device", "cpu", "--batch_size", batch]
    panel = ",".join(suite.task for suite in pocket_suites())
    spare = {"TQDM_DISABLE": "1", "HF_HUB_OFFLINE": "1"}
    both, _ = timed(
        [*common, "--include_path", str(task_folder() / "pocket"), "--tasks", panel, "--limit", str(items),
         "--apply_chat_template", "--log_samples", "--output_path", str(own / "panel")],
        environment=spare,
    )  # fmt: skip
    # The use case's own requests hold their whole conversation, so they are asked without the template.
    test, _ = timed(
        [*common, "--include_path", str(own), "--tasks", str(task["task"]), "--log_samples", "--output_path",
         str(own / "test")],
        environment=spare,
    )  # fmt: skip
    return both + test


def _spelled(turns: list[dict[str, str]]) -> str:
    """A conversation as the base model's template spells it."""
    tokenizer = AutoTokenizer.from_pretrained(POCKET)
    return str(tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))


def _has_run() -> bool:
    """Whether this lm_eval has subcommands."""
    told = subprocess.run([sys.executable, "-m", "lm_eval", "--help"], capture_output=True, text=True, check=False)
    return " run" in told.stdout


def main() -> None:
    """Print both, and the ratio; takes about half an hour on two cores with all 300 items."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=300, help="of each suite")
    parser.add_argument("--batch", default="1", help="lm_eval's batch size (its default is 1)")
    parser.add_argument("--epochs", type=float, default=8, help="of each training")
    options = parser.parse_args()
    chosen = candidates(options.epochs)
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        case = open_demo(workspace, DEMO)
        case.save(case.use_case.model_copy(update={"seeds": 1}))
        case.choose(chosen)
        keep_suites(case, [suite.model_copy(update={"items": options.items}) for suite in pocket_suites()])
        began = time.perf_counter()
        ours = by_workbench(case)
        print(
            f"workbench: {sum(ours.values()):.0f} s: " + ", ".join(f"{k} {v:.0f} s" for k, v in ours.items()),
            flush=True,
        )
        scripts = Path(folder) / "scripts"
        scripts.mkdir()
        theirs = by_scripts(case, chosen, scripts, items=options.items, batch=options.batch)
        print(f"scripts: {sum(theirs.values()):.0f} s: " + ", ".join(f"{k} {v:.0f} s" for k, v in theirs.items()))
        ratio = sum(ours.values()) / sum(theirs.values())
        load = os.getloadavg()[0]
        print(f"workbench / scripts: {ratio:.2f} ({time.perf_counter() - began:.0f} s in all, load {load:.1f})")


if __name__ == "__main__":
    main()
