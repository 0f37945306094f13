"""Why one wins: what the probes of a use case show, measured and not guessed. It explains, and decides nothing."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from workbench.diagnose_disturbed import distractors, injection, order
from workbench.phrases import percent, points, signed
from workbench.probe_kinds import ProbeKind
from workbench.probe_rows import Effect, Finding, Probed, ProbeRows
from workbench.statistics.arrays import Floats
from workbench.statistics.paired import least_variance
from workbench.statistics.seeds import seed_spread
from workbench.statistics.weighted import Term, weighted

MOSTLY, HARDLY = 0.8, 0.2
"""Shares from which on, and up to which, something is said of all of it."""
MANY_UNKNOWN = 0.3
"""Share of unknown answers among those that are taught from which on it is warned of (Gekhman et al. 2024)."""
DRAWS = 20_000
"""Of a learning curve's means, to see how uncertain its next step is."""
CURVE = ("0.25", "0.5", "1")
"""The cells of a learning curve."""


def findings(probed: Sequence[Probed], *, margin: float) -> tuple[Finding, ...]:
    """What each finished probe shows; ``margin``: the smallest difference that matters, as a share.

    Each interval holds for itself, at 95 %: a finding explains a choice, and none is made by it.
    """
    return tuple(FINDERS[one.kind](ProbeRows(one), margin) for one in probed)


def _grid(rows: ProbeRows, margin: float) -> Finding:
    """Main effects of training and retrieval, and their interaction."""
    trained, found, with_both = rows.probed.about
    training = rows.effect("training alone", {"training": 1, "neither": -1}).of("fine-tuning")
    retrieval = rows.effect("retrieval alone", {"retrieval": 1, "neither": -1}).of("RAG")
    both = rows.effect("both", {"both": 1, "neither": -1}).of("RAG + fine-tuning")
    weights = {"both": 1, "training": -1, "retrieval": -1, "neither": 1}
    joint = rows.effect("beyond the sum of both", weights).of("RAG + fine-tuning")
    more = both.value - max(training.value, retrieval.value)
    if joint.low <= 0 <= joint.high:
        text = f"no more and no less than the sum is shown (interaction {joint.words})"
    elif joint.value < 0:
        text = f"together {points(-joint.value)} points less than the sum"
        if training.low > 0 and retrieval.low > 0 and more >= 0:
            text += ", so they partly bring the same"
        elif more < 0:
            text += f", and {points(-more)} less than the better of them alone"
        if rows.mean("training") + rows.mean("retrieval") - rows.mean("neither") > 1:
            text += " (the sum would be above 100 %)"
    else:
        text = f"together {points(joint.value)} points more than the sum"
        if more > 0 and (training.low <= 0 or retrieval.low <= 0):
            text += ", so one does more with the other than alone"
    return rows.finding(
        f"The training of {trained} alone brings {signed(training.value)} points, the retrieval of {found} alone "
        f"{signed(retrieval.value)}, both ({with_both}) {signed(both.value)}: {text}.",
        [training, retrieval, both, joint],
    )


def _gold(rows: ProbeRows, margin: float) -> Finding:
    """The gap split into knowledge, finding, being distracted, and reading."""
    name, cells = rows.probed.about[0], rows.cells
    there, handed = cells["right one found"], rows.weights["handed over"]
    effects = [
        rows.lost("right passage not found", 1 - there),
        rows.lost("found, and lost among other passages", there),
        rows.level("wrong even with nothing but the right passages", 1 - cells["handed over"], handed),
    ]
    told = (
        f"{name} is right in {percent(rows.mean('found'))} with the passages it finds and in "
        f"{percent(rows.mean('handed over'))} with nothing but the right ones"
    )
    if "closed book" in cells:
        knowledge = rows.effect("knowledge: what the right passages bring", {"handed over": 1, "closed book": -1})
        effects = [knowledge, *effects]
        told += f", without any in {percent(rows.mean('closed book'))}"
        if knowledge.low <= 0 <= knowledge.high and knowledge.high >= margin:
            return rows.finding(
                f"{told}: what the right passages bring is not shown ({knowledge.words}).", effects, telling=False
            )
        if knowledge.high < margin:
            most = f"at most {points(max(knowledge.high, 0))} points"
            return rows.finding(
                f"{told}: knowledge is not what is missing, since even the right passages bring {most}.", effects
            )
    missed, crowded, read = (one.value for one in effects[-3:])
    parts = (
        f"the right passage is not found ({points(missed)} points), others beside it distract ({points(crowded)}), or "
        f"it is misread ({points(read)})"
    )
    largest = max(missed, crowded, read)
    if largest < margin / 2:
        text = f"hardly anything is lost, whether {parts}"
    else:
        remedy = {
            missed: "better retrieval is worth most",
            crowded: "fewer passages, a reranker or training with passages is worth most",
            read: "a better reader is worth most: a larger model, or training with passages",
        }[largest]
        text = f"what is lost is lost where {parts}, so {remedy}"
    return rows.finding(f"{told}: {text}.", effects)


def _form(rows: ProbeRows, margin: float) -> Finding:
    """Whether a gain is there, too, where only the substance counts."""
    one, other = rows.probed.about
    strict = np.concatenate([rows.cells["trained"], rows.cells["beside"]])
    whole = bool(np.isin(strict, (0.0, 1.0)).all())
    for name in ("trained", "beside"):
        lenient = rows.cells[f"{name}, lenient"]
        lenient = np.floor(lenient + 1e-9) if whole else lenient
        rows.cells[f"{name}, lenient"] = np.maximum(lenient, rows.cells[name])
    scored, read = {"trained": 1.0, "beside": -1.0}, {"trained, lenient": 1.0, "beside, lenient": -1.0}
    gain = rows.effect("as scored", scored)
    substance = rows.effect("where only the substance counts", read)
    form = rows.effect("form alone", {**scored, **{name: -weight for name, weight in read.items()}})
    effects = [gain, substance, form]
    if gain.low <= 0:
        return rows.finding(
            f"{one} is not shown to be ahead of {other}, so no gain is to be told apart into form and substance.",
            effects,
            telling=False,
        )
    left = f"{points(substance.value)} ({signed(substance.low)} to {signed(substance.high)})"
    if form.value <= 0:
        return rows.finding(
            f"{one} is {points(gain.value)} points ahead of {other} as scored, and {left} where only the substance "
            "counts: it is no gain of form.",
            effects,
        )
    ahead = f"Of the {points(gain.value)} points that {one} is ahead of {other}, {left} are left where only the "
    if form.low <= 0:
        shown = "it is no gain of form" if form.high < margin else f"how much is form is not shown ({form.words})"
        return rows.finding(f"{ahead}substance counts: {shown}.", effects, telling=form.high < margin)
    if substance.low <= 0:
        shown = "is form alone" if substance.high < margin else "is form, as far as is shown"
        caution = (
            f"The gain of {one} {shown}: where only the substance counts it is {substance.words} points ahead of "
            f"{other}. Asking for the form, constrained decoding or a parser may bring the rest without training."
        )
        return rows.finding(f"{ahead}substance counts: the gain {shown}.", effects, caution=caution)
    return rows.finding(f"{ahead}substance counts: {points(form.value)} are form.", effects)


def _reach(rows: ProbeRows, margin: float) -> Finding:
    """Whether right answers came up before training: new support, reshaping, or consolidation."""
    name = rows.probed.about[0]
    drawn, given = rows.cells["drawn"] == 1, (rows.cells["trained"] == 1).astype(np.float64)
    after, right = given.mean(axis=0), drawn.any(axis=0).astype(np.float64)
    many, weights = len(drawn), rows.weights["trained"]
    once = rows.level("untrained, one answer (pass@1)", drawn.mean(axis=0)).of("prompting")
    ever = rows.level(f"untrained, any of {many} (pass@{many})", right).of("prompting")
    trained = rows.level(f"{name}, trained", given, weights)
    effects = [once, ever, trained]
    told = (
        f"The untrained model, drawn freely, is right in {percent(once.value)} of single answers and at least once in "
        f"{many} in {percent(ever.value)}; {name} in {percent(trained.value)}"
    )
    gained = weighted([Term(given, 1.0, weights), Term(drawn.astype(np.float64), -1.0)], rows.clusters)
    if trained.value == 0:
        return rows.finding(f"{told}: training brought no right answer.", effects)
    if gained.high < 0:
        return rows.finding(f"{told}: training lost what single answers gave before.", effects)
    if gained.low <= 0 or gained.delta < margin:
        return rows.finding(f"{told}: training is not shown to bring more than single answers gave before.", effects)
    new = float((after * (1 - right)).sum() / after.sum())
    if new >= MOSTLY:
        text = (
            f"{percent(new)} of what is right now never came up before, so training had to put it there; preferences "
            "or rewards alone would have found little to strengthen"
        )
    elif new <= HARDLY:
        text = (
            f"{percent(1 - new)} of what is right now came up before, so training made likelier what the model could "
            "say already; preferences, rewards or better prompts reach for the same"
        )
    else:
        text = f"of what is right now {percent(1 - new)} came up before and {percent(new)} did not"
    return rows.finding(f"{told}: {text}.", effects)


def _known(rows: ProbeRows, margin: float) -> Finding:
    """How much of what is taught the untrained model does not know."""
    drawn = rows.cells["drawn"]
    right = drawn == 1
    effects = [
        rows.level("never right: unknown", (~right.any(axis=0)).astype(np.float64)),
        rows.level("sometimes right", (right.any(axis=0) & ~right.all(axis=0)).astype(np.float64)),
        rows.level("always right: known", right.all(axis=0).astype(np.float64)),
    ]
    unknown = effects[0]
    text = (
        f"Of {len(rows.probed.items):,} training examples the untrained model, asked without passages, never gives "
        f"{percent(unknown.value)} of the answers in {len(drawn)} tries, and always {percent(effects[2].value)}"
    )
    if unknown.value > MANY_UNKNOWN:
        text += (
            ". What it does not know it learns last and by heart, and training on it teaches to make things up "
            "(Gekhman et al. 2024): where these answers are facts, retrieval is the safer way to them"
        )
    return rows.finding(f"{text}.", effects)


def _curve(rows: ProbeRows, margin: float) -> Finding:
    """What the last doublings of the training examples brought, and what the next would."""
    name = rows.probed.about[0]
    first = rows.effect("from 25 % to 50 %", {"0.5": 1, "0.25": -1})
    second = rows.effect("from 50 % to all", {"1": 1, "0.5": -1})
    told = (
        f"{name} scores {percent(rows.mean('0.25'))} with a quarter of the training examples, "
        f"{percent(rows.mean('0.5'))} with half and {percent(rows.mean('1'))} with all"
    )
    if second.high < 0:
        text = "the last of them made it worse, so more of the same would not help"
        return rows.finding(f"{told}: {text}.", [first, second])
    if first.high < 0:
        text = "it did not rise from the first, so nothing is foretold"
        return rows.finding(f"{told}: {text}.", [first, second], telling=False)
    more = _next(rows)
    told_more = f"{points(more.value)} points ({points(more.low)} to {points(more.high)})"
    if more.high < margin:
        text = f"twice as many would hardly bring anything, {told_more}"
    elif more.low > margin:
        text = f"twice as many would bring more, about {told_more}"
    else:
        text = f"twice as many would bring about {told_more}"
    return rows.finding(f"{told}: {text}.", [first, second, more])


def _next(rows: ProbeRows) -> Effect:
    """The gain of the next doubling with its 95 % interval, between 0 and what is missing to 1.

    Under a power law a - b m^-c each doubling brings the same share of what the one before brought, at most all of it.
    The three means are drawn together: what items leave open is shared, what trainings leave open is each one's own.
    """
    rng = np.random.default_rng(0)
    cells = [rows.cells[name] for name in CURVE]
    averages = np.stack([cell.mean(axis=0) for cell in cells], axis=1)
    means, spread = averages.mean(axis=0), seed_spread(cells, [True] * len(cells))
    least = least_variance(len(averages)) * np.eye(len(cells)) / 2
    factor = np.linalg.cholesky(rows.clusters.covariance(averages) + least)
    df = max(rows.clusters.df, 2.5)
    items = rng.standard_normal((DRAWS, len(cells))) @ factor.T * np.sqrt(df / rng.chisquare(df, (DRAWS, 1)))
    trainings = np.stack([rng.standard_t(max(min(own, 1e6), 2.5), DRAWS) for own in spread.df], axis=1)
    drawn = means + items + trainings * np.sqrt(spread.variance)
    missing = rows.level("missing", 1 - cells[-1], rows.weights[CURVE[-1]])
    found = _continued(drawn[:, 1] - drawn[:, 0], drawn[:, 2] - drawn[:, 1], room=missing.high)
    low, high = np.quantile(found, [0.025, 0.975])
    value = float(_continued(means[1:2] - means[:1], means[2:] - means[1:2], room=missing.value)[0])
    return Effect(
        name="twice as many, if it goes on like that", value=value, low=min(float(low), value),
        high=max(float(high), value),
    )  # fmt: skip


def _continued(first: Floats, second: Floats, *, room: float) -> Floats:
    kept = np.clip(second, 0.0, None)
    ratio = np.where(first > 0, np.minimum(kept / np.maximum(first, 1e-12), 1.0), 1.0)
    found: Floats = np.minimum(kept * ratio, room)
    return found


FINDERS: Mapping[ProbeKind, Callable[[ProbeRows, float], Finding]] = {
    "grid": _grid,
    "gold": _gold,
    "form": _form,
    "reach": _reach,
    "known": _known,
    "curve": _curve,
    "order": order,
    "distractors": distractors,
    "injection": injection,
}
"""What reads each kind of probe."""
