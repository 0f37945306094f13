"""Whether right answers come up at all before reinforcement begins: pass@1 and pass@k, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.phrases import percent

HARDLY = 0.1
"""Share of requests with a right answer among k below which reinforcement finds next to nothing."""
NO_ROOM = 0.05
"""Distance of pass@k from pass@1 below which reinforcement can hardly gain."""


@dataclass(frozen=True)
class Chance:
    """How often one, and at least one of ``k`` answers to a request is right."""

    one: float
    many: float
    k: int
    requests: int
    differing: float = 0.0
    """Share of the requests to which some answers score higher than others."""

    def figures(self) -> str:
        """Both shares."""
        return f"pass@1 {percent(self.one)}, pass@{self.k} {percent(self.many)} on {self.requests:,} requests"

    def meaning(self) -> str:
        """What follows from them for reinforcement (Yue et al. 2025: it sharpens what sampling finds already)."""
        if not self.many and self.differing:
            return (
                f"No answer is wholly right, but to {percent(self.differing)} of the requests some answers score "
                "higher than others: that is what reinforcement would go by."
            )
        if not self.many:
            return (
                f"The model cannot do this: pass@{self.k} = 0. There is nothing to reinforce; put an sft stage before "
                "it, so that right answers come up at all (a cold start)."
            )
        if self.many < HARDLY:
            return "Right answers hardly ever come up: there is next to nothing to reinforce. Begin with an sft stage."
        if self.many - self.one < NO_ROOM:
            return "Drawing more answers finds hardly more right ones: reinforcement has little to gain."
        return "Right answers come up among others: reinforcement can make them the usual ones."


def chance_of(facts: Mapping[str, Any]) -> Chance | None:
    """What a step that drew answers says about itself; None for any other step."""
    tried = {int(name[8:]): float(share) for name, share in facts.items() if name.startswith("pass_at_")}
    if len(tried) < 2 or "requests" not in facts:
        return None
    most = max(tried)
    return Chance(tried[1], tried[most], most, int(facts["requests"]), float(facts.get("differing", 0.0)))
