"""How well passages are found: real questions among their own documents, and among 1,500 articles besides.

``python -m tests.benchmarks.retrieval [--way dense ...]``. The questions and documents of adversarialQA are searched by
meaning, by words, by both, and by both with queries that the bundled base makes of them; first alone, then among
articles of Wikipedia. What each way finds is measured as a use case's own retrieval is, with 95 % intervals in which
the questions of one document count as a cluster. Prints a table for each corpus and how far searching by both is ahead
of each other way, paired. Skips where the data is absent; what is measured depends on the embedder and the base, not
on the machine.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from evals.documents import Documents
from evals.measuring import of_found
from workbench.candidate import Candidate, Retrieval
from workbench.case import Case, create_case
from workbench.courses import plan_retrieval
from workbench.gain import gained
from workbench.launch import launch
from workbench.measures import MEASURES, MeasureName
from workbench.plan import Plan
from workbench.run import Retrieved
from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.intervals import mean_interval
from workbench.usecase import Example, Message, UseCase
from workbench.workspace import read_jsonl

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SHOWN: tuple[MeasureName, ...] = ("recall@1", "recall@5", "recall@10", "reciprocal_rank", "ndcg@10")
WAYS: Mapping[str, Mapping[str, object]] = {
    "lexical": {"search": "lexical"},
    "dense": {"search": "dense"},
    "hybrid": {"search": "hybrid"},
    "rewritten": {"search": "hybrid", "query": "rewritten"},
    "several": {"search": "hybrid", "query": "several"},
}
"""Settings of retrieval by what each way is called; what is not named is left at its default."""
SUBJECT = "hybrid"
"""The way that is held against every other."""


def make_case(workspace: Path, data: Path, *, beside: bool) -> Case:
    """The questions as a use case, with their documents and, ``beside`` them, the articles."""
    name = "among-articles" if beside else "alone"
    files = [data / "adversarial_qa" / "documents.jsonl", *([data / "wikipedia" / "articles.jsonl"] if beside else [])]
    questions = [json.loads(line) for line in (data / "adversarial_qa" / "questions.jsonl").open(encoding="utf-8")]
    examples = [
        Example(
            id=f"q{n}",
            messages=(Message(role="user", content=one["question"]),),
            target=one["answer"],
            evidence=(one["document"],),
            group=one["document"],
        )
        for n, one in enumerate(questions)
    ]
    texts = {f"{path.parent.name}.jsonl": path.read_text(encoding="utf-8") for path in files}
    return create_case(workspace, UseCase(name=name), {"test": examples}, documents=texts)


def find(case: Case, ways: Sequence[str]) -> dict[str, dict[MeasureName, Floats]]:
    """Each measure's values by question, for every way: (questions,), NaN where there is none."""
    plan = Plan(case, "test")
    steps = {}
    for way in ways:
        retrieval = Retrieval.parse(WAYS[way], where=way)
        steps[way] = plan_retrieval(plan, Candidate(name=way, base_model="pocket", retrieval=retrieval))
    outcome = launch(plan)
    if outcome.troubles:
        raise SystemExit("\n".join(f"{one.title}: {one.message} {one.hint}" for one in outcome.troubles))
    return {way: _measured(case, plan, roles) for way, roles in steps.items()}


def _measured(case: Case, plan: Plan, roles: Mapping[str, str]) -> dict[MeasureName, Floats]:
    documents = Documents.read(plan.step(roles["index"]).folder)
    path = plan.step(roles["retrieve-test"]).path("retrieved.jsonl")
    found = {row["example"]: Retrieved.parse(row, where=str(path)) for row in read_jsonl(path)}
    rows = [of_found(found[one.id], documents.evidence(one, {})) for one in case.examples("test")]
    values = {name: [row[name].value for row in rows] for name in SHOWN}
    return {name: np.array([np.nan if v is None else v for v in own]) for name, own in values.items()}


def show(case: Case, found: Mapping[str, Mapping[MeasureName, Floats]]) -> None:
    """A table of means with intervals, and how far the subject is ahead of each other way, paired."""
    clusters = Clusters.of([one.cluster for one in case.examples("test")])
    print(f"\n{case.name}: {len(clusters.codes):,} questions about {len(clusters.sizes):,} documents")
    print(f"{'':<10}" + "".join(f"{MEASURES[name].title:>24}" for name in SHOWN))
    for way, values in found.items():
        print(f"{way:<10}" + "".join(f"{_mean(values[name], clusters):>24}" for name in SHOWN))
    for way in found:
        if SUBJECT in found and way != SUBJECT:
            gains = (gained(found[SUBJECT][name] - found[way][name], clusters).words for name in SHOWN)
            told = "".join(f"{words:>24}" for words in gains)
            print(f"{SUBJECT} minus {way}, in points:\n{'':<10}{told}", flush=True)


def _mean(values: Floats, clusters: Clusters) -> str:
    variance = float(clusters.covariance(values[:, None])[0, 0])
    interval = mean_interval(float(values.mean()), variance, n=clusters.effective, df=clusters.df)
    return f"{100 * values.mean():.1f} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def main() -> int:
    """Print both tables; returns the exit code."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks.retrieval", description=__doc__)
    parser.add_argument("--way", action="append", default=[], choices=tuple(WAYS), help="only this one")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the data sets")
    parser.add_argument("--workspace", type=Path, help="keep what is made there, to go on with it")
    options = parser.parse_args()
    missing = [name for name in ("adversarial_qa", "wikipedia") if not (options.data / name).is_dir()]
    if missing:
        print(f"Skipped: {' and '.join(missing)} are not in {options.data}.")
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        for beside in (False, True):
            workspace = options.workspace or Path(scratch)
            folder = workspace / "use_cases" / ("among-articles" if beside else "alone")
            case = Case(folder) if folder.exists() else make_case(workspace, options.data, beside=beside)
            show(case, find(case, options.way or list(WAYS)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
