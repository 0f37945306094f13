"""What was to be decided, and what follows from what was measured."""

from collections.abc import Iterable, Mapping

from workbench.blocks import Block, Callout, Column, Definition, Definitions, Heading, Item, Items, Row, Table, Text
from workbench.candidate import APPROACHES
from workbench.case import SPLITS
from workbench.decision import Strength
from workbench.phrases import agreeing, joined, listed, points, shortened
from workbench.reasons import Reason
from workbench.score import deciding
from workbench.sections.copied import copied
from workbench.sections.material import Material

MEANINGS: Mapping[Strength, str] = {
    "clear": "Shown by the evidence: in at most {rate} of 100 such tests the candidate named is worse than the best "
    "by more than {margin} points.",
    "lean": "The better bet as things stand; it is not shown.",
    "undecided": "The evidence does not carry a recommendation yet.",
}
OF_APPROACH: Mapping[Strength, str] = {
    "clear": "Shown by the evidence: in at most {rate} of 100 such tests the best candidate is of another approach. "
    "Which one of this approach is the best is not shown.",
    "lean": "The approach is shown, which of its candidates to use is not, and that may matter: it is a bet.",
}


def question(material: Material) -> list[Block]:
    """What was to be decided, by what, and on which examples."""
    results, use_case = material.results, material.results.use_case
    title, phrase, meaning = deciding(use_case)
    planned = {run.approach for run in results.planned}
    approaches = listed([approach for approach in APPROACHES if approach in planned], word="or")
    count = len(material.standings)
    example = shortened(results.examples[0].question)
    asked = f"How should requests such as “{example}” be answered: by {approaches}?"
    if len(planned) == 1:
        asked = f"How well does {approaches} answer requests such as “{example}”?"
    text = (
        f"{asked} {count} candidate{agreeing(count, '', 's')} answered the same {len(results.examples):,} test "
        f"examples; {phrase} decides."
    )
    sizes = ", ".join(f"{material.audit.sizes.get(split, 0):,} {split}" for split in SPLITS)
    limits = [
        f"p95 latency {use_case.limits.max_p95_seconds:g} s" if use_case.limits.max_p95_seconds is not None else "",
        f"{use_case.limits.max_cost_per_1000:g} per 1,000 answers" if use_case.limits.max_cost_per_1000 else "",
    ]
    items = [
        Definition(term="Use case", text=use_case.name),
        Definition(term="Told to the model", text=use_case.instruction or "nothing besides the request"),
        Definition(term="Decided by", text=f"{title} (higher is better): {meaning}"),
        Definition(
            term="Smallest difference that matters",
            text=f"{material.margin} points; less would not change what is deployed",
        ),
        Definition(term="Limits", text=joined(limits) or "none set"),
        Definition(term="Examples", text=f"{sizes}; hashes under Provenance"),
        Definition(
            term="Base model", text=", ".join(material.base_models) or "not known: all answers came from elsewhere"
        ),
    ]
    return [Heading(text="The question"), Text(text=text), Definitions(items=tuple(items))]


def answer(material: Material) -> list[Block]:
    """The recommendation with its reasons, and what was ruled out."""
    recommendation = material.recommendation
    blocks: list[Block] = [Heading(text="The answer"), verdict(material)]
    if recommendation.reasons:
        blocks += [Heading(text="Why"), Items(items=tuple(_reason(reason) for reason in recommendation.reasons))]
    return [*blocks, *_limits(material)]


def verdict(material: Material) -> Callout:
    """The recommendation in its three sentences, with what is to be minded."""
    recommendation, rate = material.recommendation, f"{100 * material.recommendation.error_rate:g}"
    meanings = OF_APPROACH if recommendation.ground == "approach" else MEANINGS
    return Callout(
        headline=recommendation.headline,
        strength=recommendation.strength,
        meaning=meanings[recommendation.strength].format(rate=rate, margin=material.margin),
        sentences=tuple(dict.fromkeys(recommendation.sentences)),
        next_step=recommendation.next_step if recommendation.next_step not in recommendation.sentences else "",
        cautions=tuple(_cautions(material)),
    )


def _reason(reason: Reason) -> Item:
    if reason.comparison is None:
        return Item(text=reason.text)
    number = reason.comparison + 1
    return Item(text=reason.text, link=f"comparison-{number}", link_text=str(number))


def _cautions(material: Material) -> Iterable[str]:
    if "pocket" in material.base_models:
        yield (
            "The base model pocket is a small bundled one, for trying things out and for tests without the network: "
            "this says how the approaches compare on pocket and nothing about a real language model."
        )
    moved = material.recommendation.exploratory
    if moved:
        yield (
            f"Exploratory: {listed(moved)}. Scores were seen before that, so the error rate no longer holds; test "
            "examples that nobody has looked at make it a finding again."
        )
    yield from (one.caution for one in material.recommendation.findings if one.caution)
    leaked = len(material.audit.leaked_ids)
    if leaked:
        verb = agreeing(leaked, "stands", "stand")
        yield f"{leaked:,} of the test examples {verb} in the training set, too{_leaks(material)}."
    yield from copied(material)
    worst = [finding for finding in material.audit.findings if finding.severity == "error"]
    if worst and not leaked:
        yield f"The data have an error: {worst[0].message}"
    unasked = material.unasked
    if unasked:
        verb, who, stands = (
            agreeing(len(unasked), *each) for each in (("is", "are"), ("it", "they"), ("stands", "stand"))
        )
        yield f"{listed(unasked)} {verb} not compared: no label tells how {who} {stands} as things are now."
    waiting = material.results.waiting
    if waiting:
        verb = agreeing(len(waiting), "has", "have")
        yield f"Not all candidates are measured: {listed(waiting)} {verb} no finished run."


def _leaks(material: Material) -> str:
    """That they are left out, and what they would have shown."""
    results = material.results
    if not results.leaked:
        return "; no candidate here learned from it"
    text = ", and are left out of every comparison"
    sees = {one.name: results.sees_training_answers(one.name) for one in results.candidates}
    blind = [one.candidate for one in material.ran if not sees[one.candidate]]
    learned = [one for one in material.ran if sees[one.candidate]]
    if not blind or not learned:
        return text
    best = max(learned, key=lambda one: one.mean).candidate
    valued, clean = results.valued(), results.clean
    metric = results.use_case.metric
    ahead = results.find(best).values[metric].mean(axis=0) - results.find(blind[0]).values[metric].mean(axis=0)
    there, else_ = (float(ahead[valued & side].mean()) if (valued & side).any() else 0.0 for side in (~clean, clean))
    return f"{text}: there {best} is {points(there)} points ahead of {blind[0]}, on the others {points(else_)}"


def _limits(material: Material) -> list[Block]:
    recommendation = material.recommendation
    if not recommendation.limits:
        return []
    out = [Item(text=f"{one.candidate}: {one.figure}.") for one in recommendation.ruled_out]
    unsure = [check for check in recommendation.limits if check.status == "unsure"]
    words = {"pass": "kept", "fail": "broken", "unsure": "not sure"}
    # Whom people were not asked about yet stands last.
    judged = [one.candidate for one in material.standings]
    order = [*judged, *(check.candidate for check in recommendation.limits if check.candidate not in judged)]
    rows = [
        Row(
            cells=(check.candidate, check.limit, words[check.status], f"{check.text}."),
            strong=check.candidate == recommendation.choice,
        )
        for check in sorted(recommendation.limits, key=lambda check: order.index(check.candidate))
    ]
    blocks: list[Block] = [Heading(text="Ruled out")]
    if out:
        blocks.append(Items(items=tuple(out)))
    elif unsure:
        names = list(dict.fromkeys(check.candidate for check in unsure))
        verb = agreeing(len(names), "is", "are")
        blocks.append(Text(text=f"Nothing was ruled out, but {listed(names)} {verb} not shown to keep the limits."))
    else:
        blocks.append(Text(text="Nothing was ruled out: every candidate is shown to keep the limits."))
    columns = (Column(title="Candidate"), Column(title="Limit"), Column(title="Kept?"), Column(title="Figures"))
    return [*blocks, Table(title="Every candidate against every limit", columns=columns, rows=tuple(rows), folded=True)]
