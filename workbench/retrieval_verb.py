"""The command that says how well passages are found, and how answers rest on them."""

import hashlib
import json
from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter

from workbench.blocks import Block
from workbench.case import Case, open_case
from workbench.claim_labels import ClaimLabel
from workbench.console import LiveProgress, say, show_blocks, show_outcome
from workbench.errors import ConfigError, DataError
from workbench.intake import read_table
from workbench.launch import launch
from workbench.plan import Plan, is_done
from workbench.planning import make_plan
from workbench.results import Results, load_results
from workbench.sections.retrieval import parts
from workbench.stage import Helper
from workbench.support import Support
from workbench.table import Table
from workbench.workspace import read_jsonl, write_atomically, write_jsonl

YES = {"yes": True, "y": True, "1": True, "true": True, "no": False, "n": False, "0": False, "false": False}
"""What may stand in the column ``supported``; an empty cell says nothing."""


def retrieval(options: Namespace) -> int:
    """Measure what can be measured of finished runs, and say what it shows; exit code 2 where a step needs help."""
    case = open_case(options.workspace, options.name)
    _settle(case, options)
    plan = unmeasured(case)
    with LiveProgress(plan) as tick:
        outcome = launch(plan, on_tick=tick)
    results = load_results(case)
    if options.export is not None:
        rows = list(handed_out(results, most=options.most))
        write_jsonl(options.export, rows)
        say(f"{len(rows):,} claims are in {options.export}. Fill the column supported: yes or no. Then")
        say(f"  workbench retrieval {case.name} --labels {options.export}")
        return 0
    blocks = parts(results)
    if options.json:
        say(TypeAdapter(list[Block]).dump_json(blocks, indent=1).decode())
    elif blocks:
        show_blocks(blocks)
    else:
        say(f"Nobody of {case.name} retrieves, or no run is finished: `workbench run {case.name}`.")
    show_outcome(outcome)
    return 2 if outcome.troubles else 0


def _settle(case: Case, options: Namespace) -> None:
    """Write down which model is to be asked, and what people said."""
    if options.judge is not None or options.nli is not None:
        judge = {"model": options.judge, "endpoint": options.endpoint} if options.judge is not None else None
        if judge is not None and options.key_variable:
            judge["key_variable"] = options.key_variable
        helper = Helper.parse(judge, where="--judge") if judge is not None else None
        support = Support.parse({"nli": options.nli, "judge": helper}, where="--nli and --judge")
        support.identity  # noqa: B018 - whoever names a model that is not there is told so now.
        write_atomically(case.support_path, support.to_yaml())
    elif options.words:
        case.support_path.unlink(missing_ok=True)
    if options.labels is not None:
        labels = list(taken_in(read_table(options.labels), annotator=options.annotator))
        write_jsonl(case.claim_labels_path, [one.model_dump(mode="json") for one in labels])


def unmeasured(case: Case) -> Plan:
    """The steps that measure finished runs: nothing is answered for it."""
    whole = make_plan(case, case.candidates())
    wanted = [
        name
        for name, record in whole.steps.items()
        if record.kind in ("measure", "support") and all(is_done(whole.step(need)) for need in record.needs.values())
    ]
    kept = dict.fromkeys(need for name in wanted for need in (*whole.steps[name].needs.values(), name))
    return Plan(case, "test", {name: whole.steps[name] for name in whole.steps if name in kept})


def handed_out(results: Results, *, most: int) -> Iterator[dict[str, Any]]:
    """Claims of the answers of every candidate that retrieves, some of each, in an order of their own.

    Who claimed it is not told: it is to be judged by the passages alone.
    """
    found: dict[str, dict[str, Any]] = {}
    questions = {one.id: one.question for one in results.examples}
    for one in results.candidates:
        step = one.steps[0].get("measure")
        if step is None or not is_done(step):
            continue
        texts = {name: [passage.text for passage in got.passages] for name, got in one.retrieved().items()}
        for record in read_jsonl(step.path("claims.jsonl")):
            for claim in record["claims"]:
                asked = {
                    "example": record["example"],
                    "question": questions[record["example"]],
                    "claim": claim["claim"],
                    "passages": texts[record["example"]],
                }
                found[hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()] = asked
    for key in sorted(found)[:most]:
        yield {**found[key], "supported": ""}


def taken_in(table: Table, *, annotator: str) -> Iterator[ClaimLabel]:
    """The labels of a table that ``handed_out`` made, as far as they are filled in.

    Raises DataError, naming the row, where one is neither yes nor no, and ConfigError where there is none.
    """
    columns = {name: table.column(name) for name in ("example", "question", "claim", "passages", "supported")}
    none = True
    for place, number in enumerate(table.numbers):
        cells = {name: column[place] for name, column in columns.items()}
        said = cells["supported"].strip().casefold()
        if not said:
            continue
        where = f"{table.source}, {table.unit} {number}"
        if said not in YES:
            raise DataError(f"{where}: {cells['supported']!r} is neither yes nor no.", "Write yes or no.")
        none = False
        yield ClaimLabel.parse(
            {**cells, "passages": _passages(cells, where), "supported": YES[said], "annotator": annotator}, where=where
        )
    if none:
        raise ConfigError(f"{table.source} holds no label.", "Fill its column supported with yes or no.")


def _passages(cells: Mapping[str, str], where: str) -> list[str]:
    try:
        found = json.loads(cells["passages"])
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise DataError(f"{where}: passages is no list of texts.", "Leave that column as it was exported.")
    return found
