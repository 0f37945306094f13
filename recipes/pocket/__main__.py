"""``python -m recipes.pocket``: train the bundled base model from scratch, resumable; or measure or release it."""

import argparse
import os
import shutil
from pathlib import Path

# Muon multiplies in bfloat16. Some virtual machines announce AMX tiles but forbid their use, which ends the process
# with an illegal instruction; the instruction set below has bfloat16 without AMX. It must be set before torch loads.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch

from recipes.model import load
from recipes.pocket.measure import measure, table, write_card, write_figures
from recipes.pocket.train import Recipe, train, training_facts
from workbench.base_models import POCKET

RELEASED = (
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
)


def main() -> None:
    """Train into a folder; run it again after an interruption and it goes on from the last checkpoint."""
    parser = argparse.ArgumentParser(prog="python -m recipes.pocket", description=main.__doc__)
    parser.add_argument("do", nargs="?", choices=("train", "measure", "release"), default="train")
    parser.add_argument("--to", type=Path, default=Path("build/pocket"), help="folder to train into")
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads to compute with")
    parser.add_argument("--measure-every", type=int, default=300, help="steps between measurements while training")
    parser.add_argument("--rows", type=int, default=500, help="rows of each skill to measure")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.do == "train":
        train(Recipe(seed=options.seed), options.to, measure_every=options.measure_every)
        return
    if options.do == "release":
        POCKET.mkdir(exist_ok=True)
        for name in RELEASED:
            shutil.copy(options.to / name, POCKET / name)
    shares = measure(load("pocket" if options.do == "release" else str(options.to)), rows=options.rows, seed=7)
    print(table(shares, options.rows))
    if options.do == "release":
        write_figures(shares, rows=options.rows, seed=7, training=training_facts(options.to))
        write_card(shares, rows=options.rows)


if __name__ == "__main__":
    main()
