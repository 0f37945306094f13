"""The command that measures what explains the scores."""

from argparse import Namespace
from collections.abc import Iterator

from pydantic import TypeAdapter

from workbench.case import open_case
from workbench.console import LiveProgress, say, show_blocks, show_outcome
from workbench.errors import ConfigError
from workbench.failures import failures_of
from workbench.launch import launch
from workbench.probe import Probes
from workbench.probe_kinds import TELLS, ProbeKind
from workbench.probe_rows import Finding
from workbench.probed import takes
from workbench.probes import plan_probes
from workbench.recommend import Recommendation
from workbench.results import decide, load_results, mean_scores
from workbench.sections.failures import failure_blocks
from workbench.sections.why import NOTE, explained


def diagnose(options: Namespace) -> int:
    """Run the probes that were asked for and say what they show; exit code 2 where a step needs help."""
    case = open_case(options.workspace, options.name)
    results = load_results(case)
    if not results.candidates:
        raise ConfigError(
            f"No run of {case.name} is finished, so there is nothing to explain.",
            f"Start them with `workbench run {case.name}`.",
        )
    probes = plan_probes(case, mean_scores(results.candidates, results.use_case.metric))
    if options.list:
        for text in listing(probes):
            say(text)
        return 0
    chosen: list[ProbeKind] = options.only or list(TELLS)
    plan = probes.chosen(chosen)
    if not plan.steps:
        raise ConfigError(
            "Nothing can be measured that would explain these scores.",
            "; ".join(f"{kind}: {probes.missing[kind]}" for kind in chosen if kind in probes.missing) + ".",
        )
    with LiveProgress(plan) as tick:
        outcome = launch(plan, on_tick=tick)
    results = load_results(case)
    recommendation = decide(results)
    shown = [one for one in recommendation.findings if one.kind in chosen]
    if options.json:
        say(TypeAdapter(list[Finding]).dump_json(shown, indent=1).decode())
    else:
        _show(recommendation, shown)
        for one in results.candidates:
            found = failures_of(results, one)
            show_blocks([] if found is None else failure_blocks(found))
        for kind in chosen:
            if kind in probes.missing:
                say(f"Not measured: {TELLS[kind][0]}: {probes.missing[kind]}.")
        show_outcome(outcome)
    return 2 if outcome.troubles else 0


def listing(probes: Probes) -> Iterator[str]:
    """A line for each kind of probe: what it is, what it would tell, and what it takes."""
    for kind, (what, tells) in TELLS.items():
        if kind in probes.missing:
            yield f"{kind:<6} {what}: {tells}. Not here: {probes.missing[kind]}."
        else:
            yield f"{kind:<6} {what}: {tells}. {takes(probes, kind)}."


def _show(recommendation: Recommendation, shown: list[Finding]) -> None:
    say(f"\n{recommendation.headline}")
    for one in shown:
        say("")
        show_blocks(list(explained(one)))
        for effect in one.effects:
            say(f"  {effect.name}: {effect.words}, n = {effect.n or one.n:,}")
        if one.caution:
            say(f"Mind: {one.caution}")
    if shown:
        say(f"\n{NOTE}")
