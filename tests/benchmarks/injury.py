"""A planted injury on real weights: is the damaged suite named, and does the recommendation stop?

``python -m tests.benchmarks.injury [--seeds N]``. In each round the weights of one layer of the bundled base are
perturbed, by as much as makes its worst suite lose about 12 points on development items; then base, injured copy and an
undamaged copy are asked the suites' own items, and a use case is judged in which the copy would win. Prints a line a
round and the counts; takes a minute or two a round on two cores.
"""

from workbench.environment import prepare

prepare()

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from evals.harness import Loaded, load_suites, run_suite
from recipes.model import Base, load
from workbench.cost import Measured as Spent
from workbench.forgetting import Loss, Measured, losses
from workbench.panel import Panel, Scores
from workbench.recommend import Recommendation, recommend
from workbench.suite_items import Asked, Item
from workbench.suite_items import Panel as Answered
from workbench.suites import Suite, pocket_suites
from workbench.usecase import Limits, UseCase

NAMES = ("pocket_facts", "pocket_reading", "pocket_sums", "pocket_words", "pocket_instructions", "pocket_unsafe")
"""Six suites."""
WANTED, NEAR = 0.12, 0.02
"""The loss that is planted, and how near to it is near enough."""
TRIES = 8
ALLOWED = 0.05


def asked(base: Base, loaded: Sequence[Loaded]) -> Answered:
    """What a model answers to all suites."""
    items: dict[str, tuple[Item, ...]] = {}
    told: dict[str, Asked] = {}
    for one in loaded:
        found, about = run_suite(base, one, report=lambda done, of: None)
        assert about is not None
        items[one.suite.name] = tuple(Item(**asdict(item)) for item in found)
        told[one.suite.name] = Asked.model_validate(asdict(about))
    return Answered(items, told)


@contextmanager
def perturbed(base: Base, *, layer: int, noise: dict[str, torch.Tensor], size: float) -> Iterator[Base]:
    """The base with noise on the weights of one layer, ``size`` times their own spread; as it was afterwards."""
    model: Any = base.model
    own = dict(model.model.layers[layer].named_parameters())
    kept = {name: weight.detach().clone() for name, weight in own.items()}
    with torch.no_grad():
        for name, weight in own.items():
            weight.add_(size * kept[name].std() * noise[name])
    try:
        yield base
    finally:
        with torch.no_grad():
            for name, weight in own.items():
                weight.copy_(kept[name])


def draw(base: Base, rng: torch.Generator) -> tuple[int, dict[str, torch.Tensor]]:
    """A layer and a direction for its weights."""
    model: Any = base.model
    layer = int(torch.randint(len(model.model.layers), (1,), generator=rng))
    noise = {}
    for name, weight in model.model.layers[layer].named_parameters():
        matrix = weight.dim() == 2
        noise[name] = torch.randn(weight.shape, generator=rng) if matrix else torch.zeros_like(weight)
    return layer, noise


def worst(before: Answered, after: Answered, suites: Sequence[Suite]) -> Loss:
    """The suite that lost most."""
    return min(losses(suites, Measured([before], [after])), key=lambda one: one.change)


def judged(found: tuple[Loss, ...]) -> Recommendation:
    """A use case in which the trained candidate is far ahead, with a limit on what training may cost."""
    rng = np.random.default_rng(0)
    scores = {"zero-shot": rng.random((1, 300)) < 0.3, "sft": rng.random((2, 300)) < 0.9}
    panel = Panel(
        candidates=tuple(
            Scores(name, "fine-tuning" if name == "sft" else "prompting", name == "sft", values.astype(float))
            for name, values in scores.items()
        ),
        items=tuple(map(str, range(300))),
        clusters=tuple(map(str, range(300))),
        metric="exact_match",
    )
    spent = {"zero-shot": Spent(seconds=(0.1,) * 60), "sft": Spent(seconds=(0.1,) * 60, trained=True, losses=found)}
    use_case = UseCase(name="injury", limits=Limits(max_forgetting=ALLOWED))
    return recommend(use_case, panel, spent, rng=np.random.default_rng(0))


def main() -> None:
    """Print every round and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    seeds = parser.parse_args().seeds
    suites = [suite for suite in pocket_suites() if suite.name in NAMES]
    dev, test = load_suites(suites, "dev"), load_suites(suites)
    base = load("pocket")
    before, chosen_on = asked(base, test), asked(base, dev)
    copy = losses(suites, Measured([before], [asked(base, test)]))
    print(f"an undamaged copy: {', '.join(sorted({one.state for one in copy}))}; {judged(copy).headline}")
    named = blocked = 0
    for seed in range(seeds):
        layer, noise = draw(base, torch.Generator().manual_seed(seed))
        low, high, size = 0.0, None, 0.2
        for _ in range(TRIES):
            with perturbed(base, layer=layer, noise=noise, size=size) as injured:
                lost = -worst(chosen_on, asked(injured, dev), suites).change
            if abs(lost - WANTED) <= NEAR:
                break
            low, high = (size, high) if lost < WANTED else (low, size)
            size = 2 * size if high is None else (low + high) / 2
        with perturbed(base, layer=layer, noise=noise, size=size) as injured:
            after = asked(injured, test)
        found = losses(suites, Measured([before], [after]))
        most = min(found, key=lambda one: one.change)
        said = judged(found)
        named += most.state == "degraded"
        stopped = not (said.choice == "sft" and said.strength == "clear")
        blocked += stopped
        print(
            f"seed {seed}: layer {layer}, noise {size:.3f}: {most.suite.facet} {100 * most.change:+.1f} points, "
            f"{most.state}; recommendation {'stopped' if stopped else 'NOT stopped'}: {said.headline}",
            flush=True,
        )
    print(f"named in its suite {named} of {seeds}, recommendation stopped {blocked} of {seeds}")


if __name__ == "__main__":
    main()
