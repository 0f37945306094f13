"""What suites show, in the words and figures of page, terminal and report."""

from collections.abc import Mapping, Sequence

from workbench.forgetting import Loss
from workbench.phrases import listed, percent, points, signed


def loss_cells(one: Loss) -> tuple[str, ...]:
    """A suite's figures in words: before, after, change, interval, lost, won, and what that shows."""
    flips = tuple("" if share is None else percent(share) for share in (one.lost, one.won))
    return (level(one, one.before), level(one, one.after), change(one), interval(one), *flips, shows(one))


def level(one: Loss, value: float) -> str:
    """A mean in the suite's unit."""
    return percent(value) if one.suite.is_share else f"{value:.3f}"


def change(one: Loss) -> str:
    """The change with its sign."""
    return signed(one.change) if one.suite.is_share else _nats(one.change)


def interval(one: Loss) -> str:
    """The change's interval."""
    put = signed if one.suite.is_share else _nats
    return f"{put(one.low)} to {put(one.high)}"


def shows(one: Loss) -> str:
    """What the suite shows: degraded, kept, or neither with how many items would show it."""
    if one.state == "degraded":
        return "degraded"
    limit = points(one.suite.delta) if one.suite.is_share else f"{one.suite.delta:g}"
    if one.state == "kept":
        return f"shown to lose no more than {limit}"
    return "not shown" if one.enough is None else f"not shown; about {one.enough:,} items would"


def loss_sentences(measured: Mapping[str, Sequence[Loss]]) -> list[str]:
    """For each candidate, what it is shown to have lost, kept, and what is open."""
    return [f"{name} {verdict(found)}." for name, found in measured.items()]


def verdict(found: Sequence[Loss]) -> str:
    """What a panel shows of one candidate, as the end of a sentence."""
    degraded = [one for one in found if one.state == "degraded"]
    open_ones = [one.suite.facet for one in found if one.state == "not shown"]
    if degraded:
        parts = [f"{one.suite.facet} ({change(one)} {one.suite.unit})" for one in degraded]
        return f"is shown to have lost {listed(parts)}"
    if open_ones:
        return f"is not shown to have lost anything; whether it kept {listed(open_ones)} is open"
    return "is shown to have kept all that was measured"


def form_or_substance(one: Loss) -> str:
    """Whether what was lost is the form or the substance; empty where nothing says."""
    if one.state != "degraded" or one.lenient_change is None or one.change >= 0:
        return ""
    share = one.lenient_change / one.change
    if share < 0.25:
        return "the form, not the ability: answers are still right in substance"
    if share > 0.75:
        return "the ability, not only the form"
    return "partly the form, partly the ability"


def _nats(value: float) -> str:
    """A change in nats per token with its sign, a true minus."""
    return f"{value:+.3f}".replace("-", "\u2212")
