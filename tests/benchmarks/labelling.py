"""Labelling under load, on SQLite and on PostgreSQL.

``python -m tests.benchmarks.labelling [--annotators N] [--each N] [--stored N] [--kills N]``. Prints, for each of them:
seconds from a choice to the next pair with so many labels stored; labels stored by so many annotators at once, and
whether any was lost or doubled; and labels lost when the process that stores them is killed. Nothing is asserted.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
from sqlalchemy import func, insert, select

from tests import postgres
from workbench.candidate import Candidate
from workbench.database import URL_VARIABLE, Database, close_databases, open_database
from workbench.label_tables import ChangeRow, PromptRow, QueueRow, ShowingRow
from workbench.labelling import choose, next_showing
from workbench.next_pair import pair_chances
from workbench.queues import Asked, OpenQueue, Queue, annotator_id, make_queue, progress
from workbench.usecase import Message

NAMES = ("a", "b", "c", "d", "e")
KILLED = """
import sys, time
from pathlib import Path
from tests.benchmarks.labelling import label
from workbench.database import open_database
from workbench.queues import open_queue
database = open_database(Path(sys.argv[1]))
label(database, open_queue(database, "case", sys.argv[2]), sys.argv[3], 10**9, told=True)
"""


def queue(database: Database, name: str, prompts: int, *, overlap: int, budget: int) -> OpenQueue:
    """A queue of five candidates."""
    candidates = tuple(Candidate(name=one, base_model="pocket") for one in NAMES)
    asked = [
        Asked(f"e{n}", f"e{n}", (Message(role="user", content=f"question {n}"),), {o: f"{o} {n}" for o in NAMES}, {})
        for n in range(prompts)
    ]
    wanted = Queue(name=name, candidates=candidates, overlap=overlap, budget=budget, repeats=0.1)
    return make_queue(database, "case", wanted, asked)


def label(database: Database, open_: OpenQueue, name: str, each: int, *, told: bool = False) -> list[float]:
    """One annotator's labels; returns the seconds from each choice to the next pair."""
    me, rng, waits = annotator_id(database, name), np.random.default_rng(), []
    began = None
    for _ in range(each + 1):
        shown = next_showing(
            database, open_, me, now=time.time(), rng=rng, weigh=lambda counts: pair_chances(counts, "best")
        )
        if began is not None:
            waits.append(time.perf_counter() - began)
        if isinstance(shown, str) or len(waits) == each:
            break
        began = time.perf_counter()
        choose(database, open_, shown.id, annotator=me, choice="left", now=time.time(), seconds=2.0)
        if told:
            print(shown.id, flush=True)
    return waits


def at_once(database: Database, annotators: int, each: int) -> None:
    """Many annotators at once."""
    open_ = queue(database, "load", annotators * each // 15, overlap=2, budget=annotators * each)
    waits: list[float] = []
    began = time.perf_counter()
    threads = [
        threading.Thread(target=lambda n=n: waits.extend(label(database, open_, f"p{n}", 10**6)))
        for n in range(annotators)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    with database.reading() as session:
        of = (ShowingRow.queue_id == open_.id) & ShowingRow.choice.is_not(None)
        rows = session.execute(
            select(ShowingRow.prompt_id, ShowingRow.first, ShowingRow.second, ShowingRow.annotator_id).where(
                of, ShowingRow.repeats.is_(None)
            )
        ).all()
        changes = session.scalar(
            select(func.count()).select_from(ChangeRow).join(ShowingRow).where(ShowingRow.queue_id == open_.id)
        )
        every = session.scalar(select(func.count()).select_from(ShowingRow).where(of))
    most = max(Counter(tuple(row[:3]) for row in rows).values())
    twice = max(Counter(map(tuple, rows)).values())
    print(
        f"  {annotators} annotators at once: {len(rows):,} labels (asked for {annotators * each:,}) in {took:.0f} s, "
        f"{changes - every:+d} beside the history; a pair at most {most} times (overlap 2), one annotator's at most "
        f"{twice}; from a choice to the next pair {np.median(waits):.2f} s, 95 % within "
        f"{np.quantile(waits, 0.95):.2f} s",
        flush=True,
    )


def full(database: Database, stored: int) -> None:
    """A queue that holds many labels already."""
    pairs = [(a, b) for a in range(5) for b in range(a + 1, 5)]
    open_ = queue(database, "full", stored // 10 + 50, overlap=1, budget=10 * stored)
    me = annotator_id(database, "many")
    rng = np.random.default_rng(0)
    with database.writing() as session:
        prompts = list(session.scalars(select(PromptRow.id).where(PromptRow.queue_id == open_.id)))
        choices = rng.choice(["left", "right", "tie", "neither"], stored)
        rows = [
            {
                "id": f"{n:032x}", "queue_id": open_.id, "prompt_id": prompts[n // 10], "first": pairs[n % 10][0],
                "second": pairs[n % 10][1], "first_left": bool(n % 3), "annotator_id": me, "place": 0, "repeats": None,
                "reserved": 0.0, "until": 0.0, "choice": str(choices[n]), "reason": "", "seconds": 2.0, "labelled": 1.0,
            }
            for n in range(stored)
        ]  # fmt: skip
        for start in range(0, stored, 5_000):
            session.execute(insert(ShowingRow), rows[start : start + 5_000])
        session.get_one(QueueRow, open_.id).labels = stored
    waits = label(database, open_, "anna", 50)
    began = time.perf_counter()
    labels = progress(database, open_).labels
    print(
        f"  {labels:,} labels stored: from a choice to the next pair {np.median(waits):.3f} s, at most "
        f"{max(waits):.3f} s; progress in {time.perf_counter() - began:.3f} s",
        flush=True,
    )


def killed(database: Database, workspace: Path, kills: int) -> None:
    """The process that stores labels is killed again and again."""
    open_ = queue(database, "kills", 2_000, overlap=1, budget=10**6)
    told: set[str] = set()
    rng = np.random.default_rng(1)
    for n in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(workspace), "kills", f"k{n}"], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        told.add(process.stdout.readline().strip())
        time.sleep(float(rng.uniform(0.0, 1.0)))
        os.kill(process.pid, signal.SIGKILL)
        told |= {line.strip() for line in process.stdout if line.endswith("\n")}
        process.wait()
    with database.reading() as session:
        of = (ShowingRow.queue_id == open_.id) & ShowingRow.choice.is_not(None)
        stored = set(session.scalars(select(ShowingRow.id).where(of)))
    print(f"  killed {kills} times: {len(told):,} labels acknowledged, {len(told - stored)} of them lost", flush=True)


def main() -> None:
    """Print all figures for both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--annotators", type=int, default=50)
    parser.add_argument("--each", type=int, default=200, help="labels of each annotator")
    parser.add_argument("--stored", type=int, default=100_000, help="labels that are there already")
    parser.add_argument("--kills", type=int, default=20)
    options = parser.parse_args()
    with postgres.serving() as url:
        for kind, named in (("SQLite", ""), ("PostgreSQL", url)):
            if named is None:
                print(f"{kind}: skipped, {postgres.WHY_NOT}")
                continue
            os.environ[URL_VARIABLE] = named
            with tempfile.TemporaryDirectory() as folder:
                database = open_database(Path(folder))
                print(f"{kind}:", flush=True)
                full(database, options.stored)
                at_once(database, options.annotators, options.each)
                killed(database, Path(folder), options.kills)
                close_databases()


if __name__ == "__main__":
    main()
