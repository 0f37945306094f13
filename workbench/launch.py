"""Start, follow and stop the engines that do a plan's steps."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbench.case import Case
from workbench.cores import lanes, threads
from workbench.errors import ConfigError, Stopped
from workbench.plan import Plan, is_done
from workbench.question import freeze
from workbench.run import Run
from workbench.waves import Engine, next_wave, side_by_side
from workbench.workspace import Step, is_alive, write_atomically

POLL_SECONDS = 0.2
PATIENCE_SECONDS = 60.0
"""How long an engine may take to end by itself after it was asked to."""


@dataclass(frozen=True)
class Trouble:
    """A step that did not get done, and why."""

    step: str
    title: str
    status: str
    message: str
    hint: str


@dataclass(frozen=True)
class Outcome:
    """How a launch ended."""

    done: int
    reused: int
    seconds: float
    troubles: tuple[Trouble, ...]


def runner_path(case: Case) -> Path:
    """The file that names the process which is running a use case."""
    return case.workspace / "runners" / f"{case.name}.json"


def running_process(case: Case) -> int | None:
    """The process that is running a use case now, if any."""
    try:
        process = int(json.loads(runner_path(case).read_text())["process"])
    except (FileNotFoundError, ValueError, KeyError):
        return None
    return process if is_alive(process) else None


def launch(plan: Plan, *, on_tick: Callable[[Plan], None] = lambda plan: None) -> Outcome:
    """Do all unfinished steps of a plan, engine by engine, calling ``on_tick`` a few times a second.

    Steps of models that are too small to keep several cores busy are done side by side.

    Raises ConfigError where the use case is being run already, and Stopped where somebody stopped it;
    on Ctrl-C the steps under way are asked to stop, which keeps what they have done.
    """
    case = plan.case
    began = time.monotonic()
    with holding(case):
        _freeze(plan)
        plan.write()
        waiting = untried = plan.unfinished()
        while not stop_flag(case).exists() and (wave := next_wave(plan, untried)):
            engine, names = wave
            together = side_by_side(plan, names, most=lanes(plan, names))
            _run_engines(engine, together, plan, on_tick)
            tried = {name for lane in together for name in lane}
            untried = [name for name in untried if name not in tried]
        if stop_flag(case).exists():
            raise Stopped("The run was stopped.", "Run it again to go on; finished steps are kept.")
    on_tick(plan)
    return Outcome(
        done=sum(is_done(plan.step(name)) for name in waiting),
        reused=len(plan.steps) - len(waiting),
        seconds=time.monotonic() - began,
        troubles=troubles(plan),
    )


def doing(case: Case) -> str:
    """What a use case is being run for, such as "tune rag"; empty for the candidates themselves, or for nothing."""
    if running_process(case) is None:
        return ""
    return str(json.loads(runner_path(case).read_text()).get("doing", ""))


@contextmanager
def holding(case: Case, *, doing: str = "") -> Iterator[None]:
    """Be the process that runs a use case, over several launches where these belong together.

    Raises ConfigError where another process runs it.
    """
    other = running_process(case)
    if other == os.getpid():
        yield
        return
    if other is not None:
        raise ConfigError(
            f"The use case {case.name} is being run already, by process {other}.",
            "Follow it with `workbench status`, or stop it with `workbench stop`.",
        )
    stop_flag(case).unlink(missing_ok=True)
    told = {"process": os.getpid(), "started": time.time(), "doing": doing}
    write_atomically(runner_path(case), json.dumps(told))
    try:
        yield
    finally:
        runner_path(case).unlink(missing_ok=True)
        stop_flag(case).unlink(missing_ok=True)


def _freeze(plan: Plan) -> None:
    """Write down the question of a plan that scores test examples; one that looks at none of them asks nothing."""
    test = plan.case.split_digest("test") if plan.split == "test" else ""
    scores = [name for name, one in plan.steps.items() if one.kind == "score" and one.inputs["examples"] == test]
    if scores:
        freeze(plan.case, seen=any(is_done(plan.step(name)) for name in scores) or scores_seen(plan.case))


def scores_seen(case: Case) -> bool:
    """Whether any candidate of a use case has a score on the test examples there are now."""
    runs = (Run.load(path) for path in sorted((case.workspace / "runs").glob("*/run.json")))
    mine = (one for one in runs if one.use_case == case.name and one.examples == case.split_digest("test"))
    return any(is_done(Step(case.workspace / "steps" / one.steps["score"])) for one in mine if "score" in one.steps)


def _run_engines(
    engine: Engine, together: Sequence[Sequence[str]], plan: Plan, on_tick: Callable[[Plan], None]
) -> None:
    """Do lists of steps, each in a process of its own, and wait for all of them."""
    logs = [_log(plan, engine, n) for n in range(len(together))]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for names, log in zip(together, logs, strict=True):
            processes.append(_start(engine, names, plan, log))
        while any(process.poll() is None for process in processes):
            on_tick(plan)
            if stop_flag(plan.case).exists():
                break
            time.sleep(POLL_SECONDS)
    except BaseException:
        _end(processes, together, plan)
        raise
    if any(process.poll() is None for process in processes):
        _end(processes, together, plan)
        return
    for names, log in zip(together, logs, strict=True):
        for name in names:
            _note_death(plan.step(name), log)


def _log(plan: Plan, engine: Engine, lane: int) -> Path:
    """Where an engine's process says what belongs to no step."""
    which = f"-{lane + 1}" if lane else ""
    return plan.case.workspace / "logs" / f"{plan.case.name}-{engine}{which}.txt"


def _start(engine: Engine, names: Sequence[str], plan: Plan, log: Path) -> "subprocess.Popen[bytes]":
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as out:
        return subprocess.Popen(
            [sys.executable, "-m", engine, *(str(plan.step(name).folder) for name in names)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=os.environ | threads(plan, names),
            start_new_session=True,  # Ctrl-C reaches this process alone, which then asks the engine to stop.
        )


def _end(processes: Sequence["subprocess.Popen[bytes]"], together: Sequence[Sequence[str]], plan: Plan) -> None:
    """Ask the steps to stop and wait for the engines; end those that do not listen."""
    names = [name for lane in together for name in lane]
    for name in names:
        plan.step(name).ask_to_stop()
    until = time.monotonic() + PATIENCE_SECONDS
    for process in processes:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()
    for name in names:
        (plan.step(name).folder / "stop").unlink(missing_ok=True)


def _note_death(step: Step, log: Path) -> None:
    """A step whose engine died without a word is marked as stopped, so that it is resumed next time."""
    if step.record.status == "running":
        step.update(
            status="stopped",
            process=None,
            message="The process that did it died (killed, or out of memory).",
            hint=f"Run it again to go on from its last checkpoint. What was printed is in {log}.",
        )


def troubles(plan: Plan) -> tuple[Trouble, ...]:
    """The steps that are not done, with their reasons; those that only wait for another come last."""
    found = []
    for name in plan.steps:
        step = plan.step(name)
        if is_done(step) or not (step.folder / "step.json").exists():
            continue
        record = step.record
        found.append(Trouble(name, record.title, step.status, record.message, record.hint))
    return tuple(sorted(found, key=lambda trouble: not trouble.message))


def stop_flag(case: Case) -> Path:
    """The file whose presence asks the process that runs a use case to stop."""
    return runner_path(case).with_suffix(".stop")


def stop(case: Case) -> bool:
    """Ask the process that runs a use case to stop after a checkpoint; False where none is running."""
    if running_process(case) is None:
        return False
    stop_flag(case).touch()
    return True


def launch_detached(case: Case, verb: str, *arguments: str) -> int:
    """Do a command on a use case in a process of its own that outlives this one (and the browser); returns its number.

    ``verb`` is such as ``run``, ``checks`` or ``documents``; what it prints goes into a log of the workspace.
    """
    line = [sys.executable, "-m", "workbench", "--workspace", str(case.workspace), verb, case.name, *arguments]
    log = case.workspace / "logs" / f"{case.name}-{verb}.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as out:
        process = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    return process.pid
