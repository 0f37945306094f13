"""How much more is asked for."""

import numpy as np

from tests.workbench.generators import World, draw
from tests.workbench.panels import coins, judge, panel_of, scores


def test_more_examples_are_asked_for_by_the_formula() -> None:
    panel = draw(World(50, (0.70, 0.72)), np.random.default_rng(0))
    analysis = judge(panel, delta=0.01)
    needed = analysis.needed
    assert needed is not None
    assert needed.examples is not None
    assert needed.planned == int(np.ceil(1.5 * needed.examples))
    assert needed.examples > 50
    # 7.85 x 0.25 / 0.01^2 is about 20,000 for the winner if the lead is 1 point, 5,000 for 2 points
    assert needed.for_winner is not None
    assert needed.for_winner > 300


def test_seeds_are_asked_for_where_they_are_what_is_lacking() -> None:
    wild = np.stack([coins(share, 2000, seed=i)[0] for i, share in enumerate((0.65, 0.75))])
    asked = coins(0.7, 2000, seed=9)
    analysis = judge(panel_of(scores("asked", asked), scores("tuned", wild, approach="fine-tuning")))
    assert analysis.winner is None
    assert analysis.needed is not None
    assert analysis.needed.seeds is not None
    assert analysis.needed.seeds > 2
