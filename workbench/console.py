"""What the terminal shows: findings, live progress, tables. The same words as on the pages."""

import sys
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from workbench.audit import Audit
from workbench.blocks import Block, Heading, Items, Text
from workbench.blocks import Table as TableBlock
from workbench.chances import chance_of
from workbench.effort import Effort, Gpu, Load
from workbench.launch import Outcome
from workbench.memory import Forecast, advice
from workbench.plan import Plan
from workbench.recommend import Recommendation
from workbench.results import Results
from workbench.score import counted, deciding
from workbench.stage import Stage

WORDS = {"waiting": "waiting", "running": "under way", "done": "done", "failed": "failed", "stopped": "stopped"}


def console() -> Console:
    """Where a command's answer goes: plain text where nobody looks, never wrapped inside a path."""
    return Console(soft_wrap=True, highlight=False)


def say(text: str) -> None:
    """Print one line as it is."""
    print(text, flush=True)


def show_audit(audit: Audit) -> None:
    """What is wrong with the examples, worst first, and the smallest difference they can show."""
    sizes = ", ".join(f"{count} {split}" for split, count in audit.sizes.items())
    say(f"Examples: {sizes}.")
    say(audit.smallest_difference)
    if not audit.findings:
        say("Nothing is wrong with the data.")
    for finding in audit.findings:
        say(f"\n{finding.severity.upper()}: {finding.message}")
        if finding.numbers:
            shown = ", ".join(str(number) for number in finding.numbers[:12])
            more = f" and {len(finding.numbers) - 12} more" if len(finding.numbers) > 12 else ""
            say(f"  rows {shown}{more}")
        say(f"  {finding.hint}")


class LiveProgress:
    """Bars of all steps of a plan in a terminal, or one line for each change where there is none."""

    def __init__(self, plan: Plan) -> None:
        """Show the steps of ``plan`` that are still to be done."""
        self.waiting = plan.unfinished()
        self.live = sys.stdout.isatty()
        self.seen: dict[str, str] = {}
        self.tasks: dict[str, TaskID] = {}
        self.progress = Progress(
            TextColumn("{task.description:<44}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[state]}"),
            disable=not self.live,
        )

    def __enter__(self) -> Callable[[Plan], None]:
        """Start to draw; returns what is to be called on each tick."""
        self.progress.start()
        return self.tick

    def __exit__(self, *problem: object) -> None:
        """Stop drawing."""
        self.progress.stop()

    def tick(self, plan: Plan) -> None:
        """Read the progress of the steps that are under way and draw it."""
        for name in self.waiting:
            if self.seen.get(name) == "done":
                continue
            status = plan.step(name).status
            if status == "running" and self.live:
                self._draw(name, plan)
            if status != self.seen.get(name) and status != "waiting":
                self.seen[name] = status
                self._changed(name, status, plan)

    def _draw(self, name: str, plan: Plan) -> None:
        lines = plan.step(name).read_progress()
        if not lines:
            return
        last = lines[-1]
        loss = f", loss {last['loss']:.3f}" if last.get("loss") is not None else ""
        task = self._task(name, plan)
        self.progress.update(
            task, completed=last.get("step") or 0, total=last.get("total") or 1, state=f"{last['phase']}{loss}"
        )

    def _task(self, name: str, plan: Plan) -> TaskID:
        if name not in self.tasks:
            self.tasks[name] = self.progress.add_task(plan.steps[name].title, total=1, state="")
        return self.tasks[name]

    def _changed(self, name: str, status: str, plan: Plan) -> None:
        facts = plan.step(name).record.facts
        seconds, chance = facts.get("seconds"), chance_of(facts)
        took = f" in {seconds:.1f} s" if status == "done" and seconds is not None else ""
        if status == "done" and chance is not None:
            took += f"; {chance.figures()}"
        if not self.live:
            say(f"  {plan.steps[name].title}: {WORDS[status]}{took}")
            return
        task = self._task(name, plan)
        total = self.progress.tasks[task].total or 1
        done = total if status == "done" else self.progress.tasks[task].completed
        self.progress.update(task, completed=done, total=total, state=f"{WORDS[status]}{took}")


def show_outcome(outcome: Outcome) -> None:
    """How a launch ended: what was done, what was reused, what went wrong."""
    reused = f", {outcome.reused} reused" if outcome.reused else ""
    say(f"{outcome.done} steps done{reused}, in {outcome.seconds:.0f} s.")
    for trouble in outcome.troubles:
        if trouble.message:
            say(f"\n{trouble.title}: {WORDS[trouble.status]}. {trouble.message}\n  {trouble.hint}")


def show_recommendation(recommendation: Recommendation, results: Results) -> None:
    """The recommendation in three sentences, its reasons, and the table."""
    say(f"\n{recommendation.headline}\n")
    for text in recommendation.sentences:
        say(text)
    if recommendation.next_step not in recommendation.sentences:
        say(f"Next: {recommendation.next_step}")
    if recommendation.exploratory:
        say(f"Exploratory: {'; '.join(recommendation.exploratory)}. Scores were seen before that.")
    for finding in recommendation.findings:
        if finding.caution:
            say(f"Mind: {finding.caution}")
    if recommendation.reasons:
        say("\nReasons")
        for reason in recommendation.reasons:
            say(f"  - {reason.text}")
    for ruled in recommendation.ruled_out:
        say(f"  - Ruled out: {ruled.candidate}: {ruled.figure}")
    if results.waiting:
        say(f"\nNot measured yet: {', '.join(results.waiting)}.")
    console().print(standings_table(recommendation, results))


def standings_table(recommendation: Recommendation, results: Results) -> Table:
    """Candidates with their means, intervals and whether they may be the best."""
    metric = deciding(results.use_case)[1]
    table = Table(title=f"{metric} on {recommendation.n:,} {counted(results.use_case)} (higher is better)")
    for column, justify in (("candidate", "left"), ("approach", "left"), ("mean", "right"), ("95 % interval", "right")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    table.add_column("seeds", justify="right")
    table.add_column("may be the best")
    for one in recommendation.standings:
        table.add_row(
            one.candidate,
            one.approach,
            f"{100 * one.mean:.1f} %",
            f"{100 * one.low:.1f} to {100 * one.high:.1f}",
            str(one.seeds),
            recommendation.may_be_best(one.candidate),
        )
    return table


def show_forecasts(stage: Stage, found: Sequence[Forecast], *, limit_gb: float) -> None:
    """What each way of training a stage holds, part by part, and how to make it fit."""
    table = Table(title=f"{stage.method}, {found[0].way} as given; GB, good to 30 %")
    table.add_column("")
    for one in found:
        table.add_column(one.way, justify="right")
    names = list(dict.fromkeys(part.what for one in found for part in one.parts))
    for name in names:
        held = [next((part.gb for part in one.parts if part.what == name), None) for one in found]
        table.add_row(name, *("" if gb is None else f"{gb:.2f}" for gb in held))
    table.add_section()
    table.add_row("together", *(f"{one.gb:.2f}" for one in found))
    table.add_row("", *(one.badge(limit_gb) for one in found))
    console().print(table)
    for text in advice(found, stage, limit_gb=limit_gb):
        say(f"  - {text}")


def show_efforts(efforts: Sequence[tuple[str, Effort | None]], load: Load, gpu: Gpu, *, price: float | None) -> None:
    """How long each stage takes and what it costs, where the GPU is known."""
    if any(took is None for _, took in efforts):
        say("How long it takes is told for a GPU by name, such as --gpu H100; here the first run shows it.")
        return
    say(f"Time on one {gpu.name} for {load.rows:,} rows of {load.tokens:.0f} tokens, one seed, at best and usually:")
    for method, took in efforts:
        if took is not None:
            cost = ""
            if price is not None:
                low, high = price * took.quick / 3600, price * took.slow / 3600
                cost = f", costs {low:.2f} to {high:.2f}"
            say(f"  {method}: {_long(took.quick)} to {_long(took.slow)}{cost}")
    say("Count on two or three attempts until the settings are right, and on every seed.")


def _long(seconds: float) -> str:
    if seconds < 1:
        return "under 1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def show_blocks(blocks: Sequence[Block]) -> None:
    """The report's blocks in a terminal, without its pictures."""
    for block in blocks:
        if isinstance(block, Heading):
            say(f"\n{block.text}\n")
        elif isinstance(block, Text):
            say(block.text)
        elif isinstance(block, Items):
            for item in block.items:
                say(f"- {item.text}")
        elif isinstance(block, TableBlock):
            console().print(_grid(block))


def _grid(block: TableBlock) -> Table:
    table = Table(title=block.title, title_justify="left", title_style="bold")
    for column in block.columns:
        table.add_column(column.title, justify=column.align)
    for row in block.rows:
        table.add_row(*map(escape, row.cells))
    return table


def show_steps(plan: Plan, names: Sequence[str]) -> None:
    """One line for each step of a plan: what it is, how it stands, where it is."""
    for name in names:
        step = plan.step(name)
        status = step.status if (step.folder / "step.json").exists() else "waiting"
        say(f"  {plan.steps[name].title:<44} {WORDS[status]:<10} {name}")
