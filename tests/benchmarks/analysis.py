"""Speed and memory of the judgement itself.

``python -m tests.benchmarks.analysis``: 20 candidates on 10,000 items (target: under 3 s); a recommendation decided
again under other settings, as a slider does (target: under 0.2 s); and 50 candidates on 100,000 items in a process of
its own (target: under 2 GB). Nothing is asserted.
"""

import resource
import subprocess
import sys
import time

import numpy as np

from workbench.compare import analyse
from workbench.cost import Measured
from workbench.panel import Panel, Scores
from workbench.recommend import recommend
from workbench.usecase import UseCase

LARGE = "from tests.benchmarks.analysis import large; large()"


def made(candidates: int, items: int, *, seeds: int = 1) -> Panel:
    """Binary scores around 70 %."""
    rng = np.random.default_rng(0)
    names = tuple(f"i{n:06d}" for n in range(items))
    ability = rng.normal(0, 1.5, items)
    found = []
    for n in range(candidates):
        trained = n % 2 == 1
        chance = 1 / (1 + np.exp(-(ability + 1.2 + 0.02 * n)))
        values = (rng.random((seeds if trained else 1, items)) < chance).astype(np.float64)
        found.append(Scores(f"c{n:02d}", "fine-tuning" if trained else "prompting", trained, values))
    return Panel(tuple(found), names, names, "exact_match")


def measured(panel: Panel) -> dict[str, Measured]:
    """Sixty timed requests for everybody."""
    return {
        one.name: Measured(seconds=tuple(np.linspace(0.1, 0.3, 60)), timed=panel.items[:60], train_seconds=60.0)
        for one in panel.candidates
    }


def large() -> None:
    """50 candidates on 100,000 items, with the memory that it took."""
    began = time.perf_counter()
    panel = made(50, 100_000)
    ready = time.perf_counter()
    analyse(panel, smallest_difference=0.02, rng=np.random.default_rng(0))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"50 candidates x 100,000 items: {time.perf_counter() - ready:.1f} s (made in {ready - began:.1f} s), "
        f"{memory:.2f} GB at most"
    )


def main() -> None:
    """Print everything."""
    panel = made(20, 10_000, seeds=3)
    began = time.perf_counter()
    analyse(panel, smallest_difference=0.02, rng=np.random.default_rng(0))
    print(f"20 candidates x 10,000 items: {time.perf_counter() - began:.2f} s")
    for name, few in (("6 candidates x 300 items", made(6, 300, seeds=2)), ("20 candidates x 10,000 items", panel)):
        told = measured(few)
        settings = {"name": "case", "machine_cost_per_hour": 3.6, "volume_per_month": 1000}
        turns = [
            ("margin", [settings | {"smallest_difference": 0.01 * n} for n in range(1, 8)]),
            ("worth", [settings | {"money": {"value_of_success": 0.01 * n}} for n in range(1, 8)]),
        ]
        recommend(UseCase.model_validate(settings), few, told, rng=np.random.default_rng(0))
        for what, changed in turns:
            took = []
            for each in changed:
                began = time.perf_counter()
                recommend(UseCase.model_validate(each), few, told, rng=np.random.default_rng(0))
                took.append(time.perf_counter() - began)
            print(f"  decided again, {name}, another {what}: {np.median(took):.2f} s (at most {max(took):.2f})")
    print(subprocess.run([sys.executable, "-c", LARGE], capture_output=True, text=True, check=True).stdout.strip())


if __name__ == "__main__":
    main()
