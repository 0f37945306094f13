"""``python -m recipes.pocket``: train the bundled base model from scratch, resumable."""

import argparse
import os
from pathlib import Path

# Muon multiplies in bfloat16. Some virtual machines announce AMX tiles but forbid their use, which ends the process
# with an illegal instruction; the instruction set below has bfloat16 without AMX. It must be set before torch loads.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch

from recipes.pocket.train import Recipe, train


def main() -> None:
    """Train into a folder; run it again after an interruption and it goes on from the last checkpoint."""
    parser = argparse.ArgumentParser(prog="python -m recipes.pocket", description=main.__doc__)
    parser.add_argument("--to", type=Path, default=Path("build/pocket"), help="folder to train into")
    parser.add_argument("--steps", type=int, default=Recipe.steps, help="steps of the optimiser")
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads to compute with")
    parser.add_argument("--measure-every", type=int, default=300, help="steps between measurements")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    recipe = Recipe(seed=options.seed, steps=options.steps)
    train(recipe, options.to, measure_every=options.measure_every)


if __name__ == "__main__":
    main()
