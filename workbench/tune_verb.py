"""The command that searches over candidates' settings."""

import shlex
import sys
from argparse import Namespace
from collections.abc import Sequence

from pydantic import TypeAdapter
from rich.status import Status

from workbench.budget import seconds_of, told
from workbench.candidate import Candidate
from workbench.case import Case, open_case
from workbench.console import console, say, show_blocks
from workbench.errors import ConfigError
from workbench.phrases import listed, percent
from workbench.plan import Plan, is_done
from workbench.searched import searched
from workbench.sections.tuning import search_blocks
from workbench.tune import Watch, keep
from workbench.tune import tune as search
from workbench.tuning import ENDS, Tuning, read_tunings
from workbench.tuning_choice import Choice, look
from workbench.tuning_space import WORDINGS, read_wordings
from workbench.tuning_start import Wanted, refuse
from workbench.tuning_words import chosen_words, count_words, score_words, settings_words

BUDGET = "20m"
"""For each candidate, where neither a budget nor a number of trials is asked for."""


def tune(options: Namespace) -> None:
    """Search over each candidate's settings, keep what is chosen, and say how it went."""
    case = open_case(options.workspace, options.name)
    budget = options.budget or (None if options.trials else BUDGET)
    wanted = Wanted(
        budget=seconds_of(budget) if budget is not None else None,
        trials=options.trials,
        seed=options.seed,
        wordings=(*WORDINGS, *read_wordings(options.wordings)) if options.wordings else WORDINGS,
    )
    found = []
    for candidate in to_tune(case, options.candidate):
        with Telling(case, quiet=options.json) as watch:
            tuning = search(case, candidate, wanted, watch=watch)
        made = keep(case, tuning, replace=options.replace)
        choice = look(searched(case, tuning))
        found.append(choice)
        if not options.json:
            show(tuning, choice, made)
    if options.json:
        say(TypeAdapter(list[Choice]).dump_json(found, indent=1).decode())
    else:
        command = shlex.join(["workbench", "run", case.name, "--workspace", str(case.workspace)])
        say(f"\nNext, on the test examples: {command}")


def to_tune(case: Case, names: Sequence[str]) -> list[Candidate]:
    """The candidates that are named; where none is, all that were not made by tuning and can be tuned.

    Raises NotFound for a name that there is not, and ConfigError where one that is named, or every one, cannot be.
    """
    if names:
        chosen = case.named(names)
        for one in chosen:
            refuse(case, one)
        return chosen
    made = {one.kept for one in read_tunings(case)}
    own = [one for one in case.candidates() if one.imported is None and one.name not in made]
    if not own:
        raise ConfigError(f"{case.name} has no candidate that can be tuned.", "Choose some on the Candidates page.")
    return own


class Telling:
    """One line for each trial that is scored, and in a terminal one more that says what is under way."""

    def __init__(self, case: Case, *, quiet: bool) -> None:
        self.case, self.quiet = case, quiet
        self.begun = False
        self.told: set[int] = set()
        self.best = ""
        self.status = Status("", console=console()) if sys.stdout.isatty() and not quiet else None

    def __enter__(self) -> Watch:
        """Start to tell; returns what is to be called."""
        if self.status is not None:
            self.status.start()
        return Watch(self.note, self.tick)

    def __exit__(self, *problem: object) -> None:
        """Stop telling."""
        if self.status is not None:
            self.status.stop()

    def note(self, tuning: Tuning) -> None:
        """Say of each trial how it did, once it is at its end."""
        if self.quiet:
            return
        if not self.begun:
            self.begin(tuning)
        news = {one.number for one in tuning.trials if one.status != "open"} - self.told
        self.told |= news
        if not news:
            return
        choice = look(searched(self.case, tuning))
        best = choice.of(choice.best)
        self.best = f", best {percent(best.mean)}" if best is not None and best.mean is not None else ""
        for one in choice.tried:
            if one.number in news:
                early = "; stopped early" if one.status == "stopped early" else ""
                reason = f": {one.reason}" if one.reason else ""
                say(f"  trial {one.number}: {settings_words(one.changed)}: {score_words(one)}{early}{reason}")

    def begin(self, tuning: Tuning) -> None:
        """Say what is searched, on how many examples, for how long."""
        self.begun = True
        sizes = " then ".join(f"{rung.examples:,}" for rung in tuning.rungs)
        bounds = [told(tuning.budget)] if tuning.budget is not None else []
        bounds += [f"{tuning.most_trials:,} trials"] if tuning.most_trials is not None else []
        names = listed([one.name for one in tuning.dimensions])
        say(f"{tuning.candidate.name}: searching over {names}.")
        say(f"On {sizes} development examples, for {listed(bounds, word='or')}; no test example is looked at.")
        if tuning.spent:
            say(f"Going on after {count_words(tuning)}.")

    def tick(self, tuning: Tuning, plan: Plan, seconds: float) -> None:
        """Draw what is under way: trials, steps, the best so far, seconds left."""
        if self.status is None:
            return
        done = sum(is_done(plan.step(name)) for name in plan.steps)
        trials = [one.number for one in tuning.trials if one.status == "open"]
        which = f"trials {trials[0]} to {trials[-1]}" if len(trials) > 1 else f"trial {trials[0]}" if trials else ""
        left = tuning.seconds_left
        time = f", {max(0.0, left - seconds):.0f} s left" if left is not None else f", {tuning.spent + seconds:.0f} s"
        self.status.update(f"{which}: {done} of {len(plan.steps)} steps{self.best}{time}")


def show(tuning: Tuning, choice: Choice, made: Candidate | None) -> None:
    """How a search ended and what was chosen."""
    say(f"\nThe search took {count_words(tuning)}, and ended since {ENDS[tuning.end]}.")
    show_blocks([block for block in search_blocks(tuning, choice) if block.kind == "table"])
    say(chosen_words(tuning, choice))
    if made is not None:
        say(f"Kept as {made.name}.")
