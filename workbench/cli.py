"""The command line: the same verbs as the dashboard, without it."""

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from workbench import __version__
from workbench.document_kinds import KINDS
from workbench.errors import WorkbenchError
from workbench.probe_kinds import TELLS
from workbench.usecase import MetricName

DEFAULT_WORKSPACE = "workspace"
WAYS = ("prompting", "rag", "fine-tuning", "rag-fine-tuning")
"""The approaches as they are typed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, or 2 with a message and what to do."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        # Loaded only now: the parser alone answers `--help` at once, what does the work takes a second to load.
        verbs = importlib.import_module(options.module)
        return int(getattr(verbs, options.verb)(options) or 0)
    except WorkbenchError as error:
        print(f"\n{error.message}\n{error.hint}".rstrip(), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. What is finished is kept; run the same command again to go on.", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _interrupted(number: int, frame: object) -> None:
    """End as after Ctrl-C, so that the steps under way are asked to stop and keep what they have done."""
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="workbench",
        description="Should a use case be answered by prompting, RAG or fine-tuning? Measured on your own examples.",
    )
    parser.add_argument("--version", action="version", version=f"workbench {__version__}")
    workspace = argparse.ArgumentParser(add_help=False)
    workspace.add_argument(
        "--workspace",
        type=Path,
        default=argparse.SUPPRESS,
        help="folder that holds everything (default: $WORKBENCH_WORKSPACE or ./workspace)",
    )
    parser.add_argument("--workspace", type=Path, default=_default_workspace(), help=argparse.SUPPRESS)
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        sub = verbs.add_parser(name, help=text, description=text, parents=[workspace])
        sub.set_defaults(verb=name, module="workbench.verbs")
        return sub

    new = verb("new", "Make a use case of your files.")
    new.add_argument("name", help="short name: small letters, digits, - . _")
    new.add_argument("--train", type=Path, required=True, metavar="FILE", help="CSV, JSONL, Parquet or XLSX")
    new.add_argument("--test", type=Path, metavar="FILE", help="left out: the train file is split by group")
    new.add_argument("--dev", type=Path, metavar="FILE", help="left out: part of the training rows")
    new.add_argument("--documents", type=Path, metavar="PATH", help=f"file or folder to retrieve from: {KINDS}")
    new.add_argument("--solved-examples", action="store_true", help="retrieve from the solved training examples, too")
    for field in ("input", "target", "check", "messages", "id", "group", "evidence", "tags"):
        new.add_argument(f"--{field}", metavar="COLUMN", help=f"column of the {field} (guessed from its name)")
    new.add_argument("--encoding", help="of text files that are not UTF-8")
    new.add_argument("--instruction", default="", help="what the model is told to do")
    new.add_argument("--metric", choices=get_args(MetricName), default="exact_match", help="what decides")
    new.add_argument("--smallest-difference", type=float, metavar="SHARE", help="that matters, e.g. 0.02 for 2 points")
    new.add_argument("--base", metavar="MODEL", help="base model: pocket, a Hub id or a folder")
    new.add_argument("--seeds", type=int, help="how often each trained candidate is trained")
    new.add_argument("--most-train", type=int, metavar="N", help="draw at most N training rows")
    new.add_argument("--most-test", type=int, metavar="N", help="draw at most N test rows")
    new.add_argument("--replace", action="store_true", help="replace a use case of the same name")

    pairs = verb("pairs", "Give a use case preference pairs, or single answers that were called good or bad.")
    pairs.add_argument("name")
    pairs.add_argument("file", type=Path, metavar="FILE", help="CSV, JSONL, Parquet or XLSX")
    pairs.add_argument("--prompt", metavar="COLUMN", help="column of the request (guessed from its name)")
    pairs.add_argument("--chosen", metavar="COLUMN", default="chosen", help="column of the preferred answer")
    pairs.add_argument("--rejected", metavar="COLUMN", default="rejected", help="column of the other answer")
    pairs.add_argument("--json", action="store_true", help="print JSON for programs")

    taken = verb("import", "Take in answers that were given elsewhere, and compare them like the rest.")
    taken.set_defaults(verb="take_in")
    taken.add_argument("name")
    taken.add_argument(
        "file", type=Path, nargs="+", metavar="FILE", help="CSV, JSONL, Parquet or XLSX: a row an answer"
    )
    for field, what in (
        ("candidate", "who answered"), ("example", "the test example's id, or its request"), ("response", "the answer"),
        ("approach", "prompting, RAG, fine-tuning, RAG + fine-tuning"), ("seed", "the training seed"),
        ("score", "a score from 0 to 1"), ("label", "right, wrong or abstained"), ("seconds", "how long it took"),
        ("cost", "what it cost"), ("prompt-tokens", "tokens read"), ("completion-tokens", "tokens written"),
    ):  # fmt: skip
        taken.add_argument(f"--{field}", metavar="COLUMN", help=f"column of {what} (guessed from its name)")
    taken.add_argument("--as", dest="way", choices=WAYS, default="prompting", help="the approach, without a column")
    taken.add_argument(
        "--named", default="", metavar="NAME", help="the candidate, without a column (default: the file)"
    )
    taken.add_argument("--encoding", help="of text files that are not UTF-8")
    taken.add_argument("--json", action="store_true", help="print JSON for programs")

    check = verb("check", "Say what is wrong with the data, row by row, before anything is spent.")
    check.add_argument("name")
    check.add_argument("--mend", action="store_true", help="leave out repeats, empty rows and leaked training rows")
    check.add_argument("--json", action="store_true", help="print JSON for programs")

    documents = verb("documents", "Read the documents, say what was read and what not, and search them.")
    documents.add_argument("name")
    documents.add_argument(
        "--candidate", action="append", default=[], metavar="NAME", help="as this one of the chosen reads them"
    )
    documents.add_argument("--search", metavar="QUESTION", help="what each way of searching finds, and the prompt")
    documents.add_argument("--json", action="store_true", help="print JSON for programs")

    evidence = verb("evidence", "Propose passages for examples that name no evidence, and confirm which support them.")
    evidence.add_argument("name")
    evidence.add_argument("--split", choices=("test", "dev", "train"), default="test", help="whose examples")
    evidence.add_argument(
        "--export", type=Path, metavar="FILE", help="write what is proposed as JSONL, to be filled in"
    )
    evidence.add_argument("--confirm", type=Path, metavar="FILE", help="take in verdicts: example, passage, verdict")
    evidence.add_argument("--annotator", default="", metavar="NAME", help="whose verdicts these are")
    evidence.add_argument("--json", action="store_true", help="print JSON for programs")

    run = verb("run", "Run candidates x seeds; finished steps are reused, stopped ones resumed.")
    run.add_argument("name")
    run.add_argument(
        "--candidate", action="append", default=[], metavar="NAME|FILE", help="a preset, a chosen one or a YAML file"
    )
    run.add_argument("--base", metavar="MODEL", help="base model of all candidates of this run")
    run.add_argument("--seeds", type=int, help="how often each trained candidate is trained")
    run.add_argument("--leaks-known", action="store_true", help="run although test rows stand in the training set")

    estimate = verb(
        "estimate", "Say whether a candidate's training fits into memory and how long it takes, from a config.json."
    )
    estimate.add_argument("candidate", metavar="NAME|FILE", help="a preset or a YAML file")
    estimate.add_argument("--config", type=Path, metavar="FILE", help="config.json of the base model, or its folder")
    estimate.add_argument("--base", metavar="MODEL", help="base model whose config.json is on this machine")
    estimate.add_argument(
        "--gpu", metavar="GPU", help="such as 24GB, or H100 for the time, too; left out: this machine"
    )
    estimate.add_argument("--case", metavar="NAME", help="use case whose training rows are counted")
    estimate.add_argument(
        "--rows", type=_positive, default=1000, help="training rows, without a use case (default: 1000)"
    )
    estimate.add_argument(
        "--tokens", type=_positive, default=256, help="tokens of one, without a use case (default: 256)"
    )
    estimate.add_argument("--price", type=float, metavar="PER_HOUR", help="what the machine costs in an hour")
    estimate.add_argument("--json", action="store_true", help="print JSON for programs")

    stop = verb("stop", "Stop a run after a checkpoint.")
    stop.add_argument("name")

    recommend = verb("recommend", "Recommend prompting, RAG or fine-tuning from what was measured.")
    recommend.add_argument("name")
    recommend.add_argument("--json", action="store_true", help="print JSON for programs")

    report = verb("report", "Write the report to hand on.")
    report.add_argument("name")
    report.add_argument("--to", choices=("html", "md", "pdf", "xlsx", "json"), default="html")
    report.add_argument("--out", type=Path, metavar="FILE", help="default: the workspace's reports folder")

    verify = verb("verify", "Check that a report's figures follow from the raw rows that it carries.")
    verify.add_argument("file", type=Path, metavar="REPORT.json", help="a report written with --to json")
    verify.add_argument("--json", action="store_true", help="print JSON for programs")

    compare = verb("compare", "Compare candidates by the scores in any table: the statistics alone.")
    compare.add_argument("file", type=Path, metavar="FILE", help="CSV, JSONL, Parquet or XLSX: a row for each score")
    compare.add_argument("--items", required=True, metavar="COLUMN", help="what was scored, the same for everybody")
    compare.add_argument("--candidate", required=True, metavar="COLUMN", help="whose score it is")
    compare.add_argument("--score", required=True, metavar="COLUMN", help="the score; empty where there is none")
    compare.add_argument("--cluster", metavar="COLUMN", help="items that belong together (document, template, user)")
    compare.add_argument(
        "--seed", metavar="COLUMN", help="the training seed, where candidates were trained several times"
    )
    compare.add_argument(
        "--scale", type=float, nargs=2, default=(0.0, 1.0), metavar=("WORST", "BEST"), help="default: 0 1"
    )
    compare.add_argument(
        "--smallest-difference", type=float, default=0.02, metavar="SHARE", help="that matters (default: 0.02)"
    )
    compare.add_argument("--encoding", help="of a text file that is not UTF-8")
    compare.add_argument("--json", action="store_true", help="print JSON for programs")

    tune = verb("tune", "Search over candidates' settings on the development set, each with the same budget.")
    # Alone, since it loads Optuna, which no other command needs.
    tune.set_defaults(module="workbench.tune_verb")
    tune.add_argument("name")
    tune.add_argument(
        "--candidate", action="append", default=[], metavar="NAME", help="only this one of the chosen (default: all)"
    )
    tune.add_argument("--budget", metavar="TIME", help="for each, such as 90s, 20m or 1h (default: 20m)")
    tune.add_argument("--trials", type=_positive, metavar="N", help="at most N settings for each, its own among them")
    tune.add_argument("--seed", type=int, default=0, help="other proposals (default: 0)")
    tune.add_argument("--wordings", type=Path, metavar="FILE", help="instructions to try, one a line")
    tune.add_argument("--replace", action="store_true", help="take what is chosen instead of the candidate itself")
    tune.add_argument("--json", action="store_true", help="print JSON for programs")

    checks = verb("checks", "Measure what training cost the model: benchmark suites, paired with the untrained base.")
    checks.add_argument("name")
    checks.add_argument("--candidate", action="append", default=[], metavar="NAME", help="only this one of the chosen")
    checks.add_argument("--suites", type=Path, metavar="FILE", help="YAML that lists suites (default: the base's own)")
    checks.add_argument("--whole", action="store_true", help="ask every item of them, not only those drawn by default")
    checks.add_argument(
        "--sweep", action="store_true", help="also weaker adapters and the way there, to see what is gained and lost"
    )
    checks.add_argument("--json", action="store_true", help="print JSON for programs")

    diagnose = verb("diagnose", "Measure what explains the scores: runs that decide nothing and say why one wins.")
    diagnose.add_argument("name")
    diagnose.add_argument(
        "--only", action="append", default=[], choices=tuple(TELLS), help="only this kind (several times for several)"
    )
    diagnose.add_argument("--list", action="store_true", help="only say what each kind would tell and what it takes")
    diagnose.add_argument("--json", action="store_true", help="print JSON for programs")

    found = verb("retrieval", "Say how well passages are found, and how answers rest on them.")
    found.add_argument("name")
    found.add_argument("--nli", metavar="MODEL", help="let an NLI CrossEncoder say what supports a claim, too")
    found.add_argument("--judge", metavar="MODEL", help="let a language model say it")
    found.add_argument("--endpoint", metavar="URL", help="of the judge (default: it is loaded here)")
    found.add_argument("--key-variable", metavar="NAME", help="environment variable that holds the endpoint's key")
    found.add_argument("--words", action="store_true", help="ask no model any more")
    found.add_argument("--export", type=Path, metavar="FILE", help="write claims as JSONL, for people to label")
    found.add_argument("--most", type=_positive, default=100, metavar="N", help="claims at most (default: 100)")
    found.add_argument("--labels", type=Path, metavar="FILE", help="take people's labels of claims in")
    found.add_argument("--annotator", default="", metavar="NAME", help="whose labels these are")
    found.add_argument("--json", action="store_true", help="print JSON for programs")

    queue = verb("queue", "Ask people to choose blind between candidates' answers: make a queue, or close one.")
    queue.add_argument("name")
    queue.add_argument("queue", metavar="QUEUE", help="short name: small letters, digits, - . _")
    queue.add_argument("--candidate", action="append", default=[], metavar="NAME", help="only this one of the chosen")
    queue.add_argument("--question", choices=("best", "ranking"), default="best", help="what is to be settled")
    queue.add_argument(
        "--split", choices=("test", "train"), default="test", help="test measures; train becomes pairs to train on"
    )
    queue.add_argument(
        "--temperature", type=float, metavar="T", help="each candidate also answers at this temperature, as one more"
    )
    queue.add_argument("--prompts", type=_positive, default=100, metavar="N", help="requests (default: 100)")
    queue.add_argument("--overlap", type=_positive, default=1, metavar="N", help="annotators for each pair of answers")
    queue.add_argument("--budget", type=_positive, default=300, metavar="N", help="labels at most (default: 300)")
    queue.add_argument("--guide", default="", metavar="TEXT", help="what makes an answer better, shown to annotators")
    queue.add_argument("--reveal", action="store_true", help="tell annotators at their end who was who")
    queue.add_argument("--close", action="store_true", help="hand out no more pairs of it")
    queue.add_argument("--reopen", action="store_true", help="hand out pairs of it again")

    labels = verb("labels", "Say what people's choices show; export them, take some in, or train on them.")
    labels.add_argument("name")
    labels.add_argument("queue", nargs="?", metavar="QUEUE", help="left out: how far every queue is")
    labels.add_argument("--baseline", metavar="NAME", help="whom win rates are against (default: the simplest)")
    labels.add_argument("--export", type=Path, metavar="FILE", help="write the labels to a file")
    labels.add_argument(
        "--form", choices=("jsonl", "csv", "trl", "kto"), default="jsonl", help="every choice, or what TRL trains on"
    )
    labels.add_argument("--take", type=Path, metavar="FILE", help="take in labels that were given elsewhere")
    labels.add_argument("--train", action="store_true", help="add a candidate with a DPO stage on these labels")
    labels.add_argument("--after", metavar="NAME", help="the candidate whose training comes before that stage")
    labels.add_argument("--json", action="store_true", help="print JSON for programs")

    judge = verb("judge", "Let a model answer a queue as an annotator would, and compare it with people.")
    judge.add_argument("name")
    judge.add_argument("queue", metavar="QUEUE")
    judge.add_argument("--model", required=True, help="a Hub id or a folder; behind an endpoint, the model's name")
    judge.add_argument(
        "--endpoint",
        metavar="URL",
        help="of an OpenAI-compatible API (default: $OPENAI_BASE_URL, else it is loaded here)",
    )
    judge.add_argument("--key-variable", metavar="NAME", help="environment variable that holds the endpoint's key")
    judge.add_argument("--wish", metavar="TEXT", help="what makes an answer good (default: the queue's guide)")
    judge.add_argument("--most", type=_positive, default=1000, metavar="N", help="pairs at most (default: 1000)")

    export = verb("export", "Write a trained run's model to a folder that transformers loads, and check its answers.")
    export.add_argument("run", metavar="RUN", help="a run's id, or its candidate's name")
    export.add_argument("--seed", type=int, help="which training of the candidate")
    export.add_argument("--to", type=Path, required=True, metavar="DIR", help="where to write it")
    export.add_argument("--form", choices=("merged", "adapter"), default="merged", help="whole weights (default)")

    app = verb("app", "Open the dashboard.")
    app.add_argument("--port", type=int, default=8501)
    app.add_argument("--headless", action="store_true", help="do not open a browser")

    demo = verb("demo", "Run a bundled use case to its recommendation.")
    demo.add_argument("name", nargs="?", default="product-facts", help="product-facts (default), ticket-json, ...")
    demo.add_argument("--seed", type=int, default=0, help="another draw of the same use case")
    demo.add_argument("--list", action="store_true", help="only list the bundled use cases")

    status = verb("status", "Say how use cases and their runs stand.")
    status.add_argument("name", nargs="?")
    status.add_argument("--json", action="store_true", help="print JSON for programs")

    doctor = verb("doctor", "Say what this machine can do and what is missing.")
    doctor.add_argument("--json", action="store_true", help="print JSON for programs")
    return parser


def _positive(text: str) -> int:
    """A whole number above 0."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _default_workspace() -> Path:
    return Path(os.environ.get("WORKBENCH_WORKSPACE") or DEFAULT_WORKSPACE)
