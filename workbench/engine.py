"""What every engine does around its steps: in order, skipping what is done, each with its own log."""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.errors import Stopped, WorkbenchError
from workbench.provenance import provenance
from workbench.workspace import Step

Do = Mapping[str, Callable[[Step], None]]
"""What does each kind of step."""


TOGETHER = "train"
"""The kind of step that several processes do together."""


class Helping(Step):
    """A step as those of several processes see it that only help with it: what it says is said by the first."""

    def update(self, **changes: Any) -> None:
        """Nothing: the first process writes it down."""

    def report(self, phase: str, *, step: int | None = None, total: int | None = None, **figures: Any) -> None:
        """Nothing: the first process tells."""


def is_helper() -> bool:
    """Whether this is one of several processes that were started together, and not the first."""
    return int(os.environ.get("RANK", "0")) > 0


def main(do: Do, *, program: str, packages: Sequence[str], arguments: Sequence[str] | None = None) -> int:
    """The command line of an engine: ``python -m <program> STEP_DIR [STEP_DIR ...]``.

    Returns the exit code: 0; 2 where a step needs the user's help; 1 for a bug; 130 after Ctrl-C.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m {program}",
        description=f"Do steps of the kinds {', '.join(do)}; those already done are skipped.",
    )
    parser.add_argument("steps", nargs="+", type=Path, metavar="STEP_DIR")
    code = 0
    folders = parser.parse_args(arguments).steps
    if len(folders) > 1 and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        parser.error("several processes do one step at a time: name one")
    for folder in folders:
        step = Step(folder.resolve())
        try:
            do_step(step, do, packages=packages)
        except Stopped as error:
            print(f"{step.name}: {error.message}", file=sys.stderr, flush=True)
            return 2
        except WorkbenchError as error:
            print(f"{step.name}: {error.message}\n  {error.hint}", file=sys.stderr, flush=True)
            code = 2
        except KeyboardInterrupt:
            print(f"{step.name}: interrupted; run it again to go on.", file=sys.stderr, flush=True)
            return 130
        except Exception:
            traceback.print_exc()
            code = max(code, 1)
    return code


def do_step(step: Step, do: Do, *, packages: Sequence[str]) -> None:
    """Do one step, unless it is done already.

    Raises WorkbenchError where a step that it needs is not done, and whatever the step raises.
    """
    status = step.status
    if status == "done":
        return
    record = step.record
    if is_helper():
        if record.kind == TOGETHER:
            with logged(step):
                do[record.kind](Helping(step.folder))
        return
    if status == "running":
        raise WorkbenchError(f"Process {record.process} is doing it already.", "Wait for it, then run again.")
    unfinished = [step.needed(role).name for role in record.needs if step.needed(role).status != "done"]
    if unfinished:
        raise WorkbenchError(
            f"It was left out, since {', '.join(unfinished)} is not done.", "Mend that step, then run again."
        )
    if record.kind not in do:
        raise WorkbenchError(f"A step of the kind {record.kind} is not done here.", f"Known kinds: {', '.join(do)}.")
    with step.running(provenance(packages)), logged(step):
        do[record.kind](step)


@contextmanager
def logged(step: Step) -> Iterator[None]:
    """Send all that this process prints meanwhile, libraries included, to the step's ``log.txt``."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    try:
        with step.path("log.txt").open("a", encoding="utf-8") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            try:
                yield
            except WorkbenchError:
                raise
            except Exception:
                traceback.print_exc()
                raise
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
    finally:
        for number, saved in zip((1, 2), kept, strict=True):
            os.dup2(saved, number)
            os.close(saved)
