"""The command that finds passages for examples without evidence, hands them out to be confirmed, and takes that in."""

import json
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from workbench.case import Case, open_case
from workbench.confirmed import Click, Standing, Verdict, note, read_standings
from workbench.console import LiveProgress, say, show_outcome
from workbench.errors import ConfigError, DataError
from workbench.intake import read_table
from workbench.launch import launch
from workbench.phrases import agreeing, shortened
from workbench.proposals import Proposal, Proposing, plan_finding, unnamed
from workbench.table import Table
from workbench.usecase import Example, Split
from workbench.workspace import write_jsonl

VERDICTS: Mapping[str, Verdict] = {
    "yes": "yes", "y": "yes", "1": "yes", "true": "yes", "no": "no", "n": "no", "0": "no", "false": "no",
    "none": "none", "skip": "skip",
}  # fmt: skip
"""What may stand in the column of verdicts; an empty cell says nothing."""
SHOWN = 5
"""Examples that are printed."""


def evidence(options: Namespace) -> int:
    """Say how many examples have evidence; export proposals or take verdicts in. Exit code 2 where a step failed."""
    case, split = open_case(options.workspace, options.name), options.split
    asked = unnamed(case.examples(split))
    if options.confirm is not None:
        taken = take_in(case, asked, read_table(options.confirm), annotator=options.annotator)
        say(f"{taken:,} {agreeing(taken, 'verdict was', 'verdicts were')} taken in from {options.confirm}.")
    elif asked:
        finding = plan_finding(case, split)
        if finding.plan.unfinished():
            with LiveProgress(finding.plan) as tick:
                outcome = launch(finding.plan, on_tick=tick)
            if outcome.troubles:
                show_outcome(outcome)
                return 2
        proposing = Proposing(finding.passages(), finding.rankings())
        standings = read_standings(case.evidence_path)
        if options.export is not None:
            rows = list(exported(asked, proposing, standings))
            write_jsonl(options.export, rows)
            say(
                f"{len(rows):,} proposed passages are in {options.export}: fill the column verdict with yes or no, then"
            )
            say(f"  workbench evidence {case.name} --confirm {options.export}")
            return 0
        if not options.json:
            _show_open(asked, proposing, standings)
    _show_progress(case, split, asked, as_json=options.json)
    return 0


def exported(
    examples: Iterable[Example], proposing: Proposing, standings: Mapping[str, Standing]
) -> Iterator[dict[str, Any]]:
    """A row for each passage that is proposed for an example which nobody has settled, its verdict left empty."""
    for example in examples:
        if example.id in standings and standings[example.id].settled:
            continue
        for one in proposing.of(example):
            yield {
                "example": example.id,
                "question": example.question,
                "answer": example.target or example.check,
                "passage": one.passage.id,
                "document": one.passage.document,
                "text": one.passage.text,
                "answer_stands_in_it": one.holds,
                "rank": one.rank,
                "verdict": "",
            }


def take_in(case: Case, examples: Iterable[Example], table: Table, *, annotator: str) -> int:
    """Note the verdicts of a table; returns how many there were.

    Raises DataError, naming the row, for a verdict that is none, or an example that is not among these.
    """
    known = {one.id for one in examples}
    names = table.column("example")
    documents = table.column("document") if "document" in table.columns else ("",) * len(table)
    passages = table.column("passage") if "passage" in table.columns else ("",) * len(table)
    clicks = []
    for number, name, passage, document, said in zip(
        table.numbers, names, passages, documents, table.column("verdict"), strict=True
    ):
        if not said.strip():
            continue
        where = f"{table.source}, {table.unit} {number}"
        verdict = VERDICTS.get(said.strip().casefold())
        if verdict is None:
            raise DataError(f"{where}: {said!r} is no verdict.", "Write yes, no, none or skip.")
        if name not in known:
            raise DataError(
                f"{where}: {name!r} is no example that names no evidence.", "Name examples by their ids, of this split."
            )
        document = document.strip() or passage.rpartition("#")[0]
        if verdict == "yes" and not document:
            raise DataError(f"{where} names no document that supports {name}.", "Fill document or passage.")
        whole = verdict in ("none", "skip")
        clicks.append(
            Click(
                example=name, verdict=verdict, annotator=annotator, at=time.time(),
                passage="" if whole else passage.strip(), document="" if whole else document,
            )
        )  # fmt: skip
    if not clicks:
        raise ConfigError(f"{table.source} holds no verdict.", "Fill its column verdict with yes or no.")
    note(case.evidence_path, clicks)
    return len(clicks)


def _show_open(examples: Iterable[Example], proposing: Proposing, standings: Mapping[str, Standing]) -> None:
    """The first examples that are not settled, each with what is proposed."""
    open_ = [one for one in examples if one.id not in standings or not standings[one.id].settled]
    for example in open_[:SHOWN]:
        say(f"\n{example.id}: {shortened(example.question)}")
        say(f"  answer: {shortened(example.target or example.check)}")
        for one in proposing.of(example):
            say(f"  {_line(one)}")
    if len(open_) > SHOWN:
        say(
            f"\n... and {len(open_) - SHOWN:,} more: the page Evidence shows them one by one, --export writes them all."
        )


def _line(one: Proposal) -> str:
    rank = f"rank {one.rank}" if one.rank is not None else "unranked"
    holds = "" if one.holds else ", without the answer"
    return f"{one.passage.id} ({rank}{holds}): {shortened(one.passage.text, most=90)}"


def _show_progress(case: Case, split: Split, asked: tuple[Example, ...], *, as_json: bool) -> None:
    every, standings = len(case.examples(split)), read_standings(case.evidence_path)
    mine = [standings[one.id] for one in asked if one.id in standings]
    told = {
        "examples": every,
        "name_evidence": every - len(asked),
        "confirmed": sum(bool(one.documents) for one in mine),
        "none": sum(one.empty for one in mine),
        "open": len(asked) - sum(one.settled for one in mine),
    }
    if as_json:
        say(json.dumps(told, indent=1))
        return
    say(
        f"\nOf {told['examples']:,} {split} examples {told['name_evidence']:,} name their evidence, "
        f"{told['confirmed']:,} have confirmed evidence, for {told['none']:,} people found none, and "
        f"{told['open']:,} are open."
    )
    if told["confirmed"]:
        say(f"`workbench run {case.name}` measures again with it, which takes seconds.")
