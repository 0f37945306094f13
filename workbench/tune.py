"""Search over a candidate's settings on the development set: propose, run a few examples, let the best go on.

Never a test example: every step of a trial reads development examples, and training ones where it learns. A trial is
made of ordinary steps, so nothing is done twice, and a search that was stopped goes on where it was.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from workbench.candidate import Candidate
from workbench.case import Case, Part
from workbench.errors import ConfigError, Stopped, WorkbenchError
from workbench.halving import Rung, go_on
from workbench.launch import holding, launch, troubles
from workbench.next_trials import Known, propose
from workbench.parts import plan_parts
from workbench.plan import Plan, is_done, with_needs
from workbench.searched import Scored, searched, steps_of
from workbench.tuning import ENDS, End, Trial, TrialStatus, Tuning, write_tuning
from workbench.tuning_choice import chosen_candidate, look
from workbench.tuning_space import Settings, own_settings
from workbench.tuning_start import Wanted, begin

AT_ONCE = 6
"""Trials in a batch: they share the start of each engine and a loaded base model."""


@dataclass(frozen=True)
class Watch:
    """Who is told how a search goes on."""

    note: Callable[[Tuning], None] = lambda tuning: None
    """Called whenever it is written down: as trials begin, and as they finish a rung."""
    tick: Callable[[Tuning, Plan, float], None] = lambda tuning, plan, seconds: None
    """Called a few times a second while trials run, with the seconds that these have taken so far."""


def tune(
    case: Case,
    candidate: Candidate,
    wanted: Wanted,
    *,
    watch: Watch | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Tuning:
    """Search until the budget is spent or all trials are done; goes on with the same search where there is one.

    The candidate as it was comes first and ends whatever the budget. Raises ConfigError where the candidate or the use
    case cannot be tuned, Stopped where somebody stopped it, and as ``launch`` does; what was done is kept.
    """
    with holding(case, doing=f"tune {candidate.name}"):
        search = _Search(case, begin(case, candidate, wanted), watch or Watch(), clock, Scored.of(case))
        search.write()
        search.go_on()
    return search.tuning


def keep(case: Case, tuning: Tuning, *, replace: bool = False) -> Candidate | None:
    """Add the chosen settings to the use case's candidates, by a name of their own; None where nothing is better.

    ``replace``: in the place of the candidate that was tuned. Writes down what was kept.
    """
    made = chosen_candidate(tuning, look(searched(case, tuning)))
    write_tuning(case, tuning.model_copy(update={"kept": made.name if made is not None else ""}))
    if made is not None:
        others = [one for one in case.candidates() if one.name != made.name]
        case.choose([*(one for one in others if not replace or one.name != tuning.candidate.name), made])
    return made


@dataclass
class _Search:
    """A search under way."""

    case: Case
    tuning: Tuning
    watch: Watch
    clock: Callable[[], float]
    scored: Scored

    def write(self, **changes: object) -> None:
        """Write the search down, with changes."""
        self.tuning = self.tuning.model_copy(update=changes)
        write_tuning(self.case, self.tuning)
        self.watch.note(self.tuning)

    def go_on(self) -> None:
        """Batch after batch, until it ends."""
        self.start()
        while not (end := self.end()):
            batch = [one for one in self.tuning.trials if one.status == "open"] or self.proposed()
            if not batch:
                end = "exhausted"
                break
            try:
                self.climb(batch)
            except _SpentUp as spent:
                end = spent.end
                break
        self.write(end=end)

    def start(self) -> None:
        """The candidate as it was, on all examples at once, whatever the budget.

        Raises WorkbenchError where it cannot be run: then there is nothing that settings could be better than.
        """
        if not self.tuning.trials:
            self.add(own_settings(self.tuning.candidate, self.tuning.dimensions))
        if self.tuning.trials[0].status == "open":
            self.climb_to(len(self.tuning.rungs) - 1, self.tuning.trials[:1], bounded=False)
        first = self.tuning.trials[0]
        if first.status == "failed":
            self.write(trials=())
            raise WorkbenchError(f"{self.tuning.candidate.name} itself cannot be run: {first.reason}", "Mend it first.")

    def add(self, settings: Settings) -> Trial:
        """A new trial."""
        trial = Trial(number=len(self.tuning.trials), settings=dict(settings))
        self.tuning = self.tuning.with_trial(trial)
        return trial

    def end(self) -> End:
        """Why it is at its end, if it is."""
        tuning = self.tuning
        if tuning.seconds_left == 0:
            return "budget"
        if self.spent_money() >= self.most_money():
            return "spending"
        made = len(tuning.trials)
        return "trials" if tuning.most_trials is not None and made >= tuning.most_trials and not self.open() else ""

    def open(self) -> bool:
        """Whether some trial is not at its end."""
        return any(one.status == "open" for one in self.tuning.trials)

    def proposed(self) -> list[Trial]:
        """The next batch: no more trials than the time and the number that are left allow."""
        tuning, count = self.tuning, AT_ONCE
        if tuning.most_trials is not None:
            count = min(count, tuning.most_trials - len(tuning.trials))
        if tuning.seconds_left is not None:
            count = min(count, 1 + int(tuning.seconds_left / (tuning.spent / len(tuning.trials) or 1.0)))
        known = [self.known(one) for one in tuning.trials]
        found = propose(tuning.dimensions, known, count=count, seed=tuning.seed, allowed=self.fits)
        return [self.add(settings) for settings in found]

    def known(self, trial: Trial) -> Known:
        """A trial as proposals are made from it."""
        lead = None if trial.status == "failed" else self.scored.lead(trial, self.tuning.trials[0])
        return Known(trial.settings, lead)

    def fits(self, settings: Settings) -> bool:
        """Whether settings fit together."""
        try:
            self.tuning.candidate_of(settings)
        except ConfigError:
            return False
        return True

    def climb(self, batch: Sequence[Trial]) -> None:
        """Take a batch up the rungs; on each the best third of all that reached it go on.

        Raises _SpentUp where time or money is spent on the way: what is not at its end then stays open.
        """
        for number in range(len(self.tuning.rungs)):
            waiting = [one for one in self.now(batch) if one.status == "open" and len(one.scored) == number]
            if waiting:
                self.climb_to(number, waiting)
            self.halve(number, [one for one in self.now(batch) if one.status == "open" and len(one.scored) > number])

    def now(self, batch: Sequence[Trial]) -> list[Trial]:
        """Trials as they stand now."""
        return [self.tuning.trials[one.number] for one in batch]

    def halve(self, number: int, batch: Sequence[Trial]) -> None:
        """Stop those of a batch that are not among the best on a rung."""
        reached = [one for one in self.tuning.trials if len(one.scored) > number]
        means = {one.number: mean for one in reached if (mean := self.scored.mean(one, number)) is not None}
        kept = go_on(means, [one.number for one in batch if one.number in means])
        for one in batch:
            if one.number not in kept:
                self.tuning = self.tuning.with_trial(one.model_copy(update={"status": "stopped early"}))
        self.write()

    def climb_to(self, number: int, trials: Sequence[Trial], *, bounded: bool = True) -> None:
        """Run trials up to a rung; ``bounded``: within what is left of the budget.

        Raises _SpentUp as ``climb`` does.
        """
        rung, plan, began = self.tuning.rungs[number], Plan(self.case, "dev"), self.clock()
        if bounded and self.spent_money() + self.price_of(rung, trials) > self.most_money():
            raise _SpentUp("spending")
        scored = {one.number: plan_parts(plan, self.candidate(one, rung), self.parts(rung)) for one in trials}
        self.write()
        left = self.tuning.seconds_left if bounded else None

        def on_tick(plan: Plan) -> None:
            taken = self.clock() - began
            self.watch.tick(self.tuning, plan, taken)
            if left is not None and taken > left:
                raise _SpentUp("budget")

        whole = False
        try:
            launch(plan, on_tick=on_tick)
            whole = True
        finally:
            self.tuning = self.tuning.model_copy(update={"spent": self.tuning.spent + self.clock() - began})
            for one in trials:
                if all(map(is_done, steps_of(self.case, scored[one.number]))):
                    self.reached(one, number, scored[one.number])
                elif whole:
                    self.failed(one, plan, scored[one.number])
            self.write()

    def reached(self, trial: Trial, number: int, scored: tuple[str, ...]) -> None:
        """Note that a trial finished a rung, and those below that it skipped, where these need nothing else."""
        rungs = self.tuning.rungs
        shared = [one for one in rungs[:number] if one.train_share == rungs[number].train_share]
        below = [scored[: len(self.parts(one))] if one in shared else () for one in rungs[:number]]
        every = (*trial.scored, *below[len(trial.scored) :], scored)
        status: TrialStatus = "whole" if number + 1 == len(rungs) else "open"
        self.tuning = self.tuning.with_trial(trial.model_copy(update={"scored": every, "status": status}))

    def failed(self, trial: Trial, plan: Plan, scored: tuple[str, ...]) -> None:
        """Note why a trial cannot be run."""
        needed = {step for name in scored for step in with_needs(name, plan)}
        why = next(one for one in troubles(plan) if one.step in needed)
        reason = f"{why.message} {why.hint}".strip()
        self.tuning = self.tuning.with_trial(trial.model_copy(update={"status": "failed", "reason": reason}))

    def candidate(self, trial: Trial, rung: Rung) -> Candidate:
        """The candidate with a trial's settings, trained on a rung's share."""
        turned = self.tuning.candidate_of(trial.settings)
        return turned.model_copy(update={"train_share": round(turned.train_share * rung.train_share, 4)})

    def parts(self, rung: Rung) -> list[Part]:
        """The parts of the development set that a rung's examples are: what the rungs below had, and what it adds."""
        edges = [0, *(one.examples for one in self.tuning.rungs if one.examples <= rung.examples)]
        return [("dev", first, after) for first, after in pairwise(edges)]

    # --- Money ----------------------------------------------------------------------------------------

    def most_money(self) -> float:
        """The most that all trials together may spend on a hosted model."""
        return self.tuning.candidate.hosted.spend_at_most or float("inf")

    def spent_money(self) -> float:
        """What the answers of all trials cost so far."""
        return sum(cost for cost, _ in self.bills())

    def price_of(self, rung: Rung, trials: Sequence[Trial]) -> float:
        """What a rung would cost, by what requests cost so far."""
        bills = self.bills()
        asked = sum(answered for _, answered in bills)
        each = sum(cost for cost, _ in bills) / asked if asked else 0.0
        below = [self.tuning.rungs[len(one.scored) - 1].examples if one.scored else 0 for one in trials]
        return each * sum(rung.examples - one for one in below)

    def bills(self) -> list[tuple[float, int]]:
        """Cost and number of the answers of each step that asked a hosted model."""
        if self.tuning.candidate.hosted.spend_at_most is None:
            return []
        names = {name for trial in self.tuning.trials for rung in trial.scored for name in rung}
        records = [step.needed("answers").record for step in steps_of(self.case, sorted(names)) if is_done(step)]
        return [(float(one.facts.get("cost", 0.0)), int(one.facts["answered"])) for one in records]


class _SpentUp(Stopped):
    """The budget of time or money is spent while trials are under way, or about to be."""

    def __init__(self, end: End) -> None:
        super().__init__(f"The search is at its end: {ENDS[end]}.", "Tune again with more to go on.")
        self.end = end
