"""``make bench``: what the spine takes in seconds and memory, as ratios where two things are compared.

Nothing is asserted here: figures of one machine say little about another's, ratios within one run say more.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path


def timed(command: Sequence[str], *, environment: dict[str, str] | None = None) -> tuple[float, str]:
    """Seconds of wall clock a command takes, and what it printed."""
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | (environment or {}))
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - began, done.stdout


def workbench(*arguments: str) -> tuple[float, str]:
    """Seconds and output of one ``workbench`` command."""
    return timed([sys.executable, "-m", "workbench", *arguments])


def by_kind(workspace: Path) -> dict[str, list[float]]:
    """Seconds of every finished step of a workspace, by kind."""
    found: dict[str, list[float]] = {}
    for path in (workspace / "steps").glob("*/step.json"):
        record = json.loads(path.read_text())
        found.setdefault(record["kind"], []).append(record["facts"]["seconds"])
    return found


def show_imports() -> None:
    """How long each engine takes before it does anything."""
    print("\nStart-up, seconds")
    bare, _ = timed([sys.executable, "-c", "pass"])
    for name, code in (
        ("workbench --help", "import workbench.cli as cli; cli._parser().format_help()"),
        ("judgement (verbs)", "import workbench.verbs"),
        ("evals", "import evals.steps"),
        ("rag", "import rag.steps"),
        ("recipes", "import recipes.steps"),
    ):
        seconds, _ = timed([sys.executable, "-c", code])
        print(f"  {name:<22} {seconds:6.2f}   ({seconds / bare:5.1f} x bare Python)")


def show_demo(workspace: Path, name: str) -> None:
    """The demo from nothing, again, and with what each kind of step took."""
    first, _ = workbench("demo", name, "--workspace", str(workspace))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    again, _ = workbench("demo", name, "--workspace", str(workspace))
    print(
        f"\ndemo {name}: {first:.0f} s, largest process {peak:.2f} GB; "
        f"again {again:.1f} s ({first / again:.0f} x quicker)"
    )
    for kind, seconds in by_kind(workspace).items():
        total = sum(seconds)
        print(
            f"  {kind:<10} {len(seconds):3d} steps {total:8.1f} s "
            f"{total / len(seconds):8.1f} s each {total / first:6.0%}"
        )
    for verb in ("recommend", "report"):
        seconds, _ = workbench(verb, name, "--workspace", str(workspace))
        print(f"  {verb:<10} {seconds:18.1f} s")


def show_sharing(workspace: Path, name: str) -> None:
    """All answers in one process against one process for each."""
    answers = sorted((workspace / "steps").glob("answer-*"))[:3]
    command = [sys.executable, "-m", "recipes"]

    def reset() -> None:
        for folder in answers:
            record = json.loads((folder / "step.json").read_text())
            (folder / "step.json").write_text(json.dumps(record | {"status": "waiting"}))

    reset()
    together, _ = timed([*command, *map(str, answers)])
    reset()
    apart = sum(timed([*command, str(folder)])[0] for folder in answers)
    print(
        f"\n{len(answers)} answer steps of {name}: one process {together:.1f} s, "
        f"one each {apart:.1f} s: {apart / together:.1f} x"
    )


def main() -> None:
    """Print everything; takes about half an hour on two cores."""
    show_imports()
    name = sys.argv[1] if len(sys.argv) > 1 else "product-facts"
    with tempfile.TemporaryDirectory() as folder:
        show_demo(Path(folder), name)
        show_sharing(Path(folder), name)
        print(timed([sys.executable, "-m", "tests.benchmarks.training"])[1])
        print(timed([sys.executable, "-m", "tests.benchmarks.indexing"])[1])


if __name__ == "__main__":
    main()
