"""The command that reads the documents and searches them."""

import json
from argparse import Namespace

from workbench.candidate import Candidate
from workbench.case import Case, open_case
from workbench.console import LiveProgress, say, show_outcome
from workbench.documents import plan_index, reading, retrieving
from workbench.errors import ConfigError
from workbench.launch import launch
from workbench.lookup import Desk, Lookup, Place
from workbench.phrases import listed, shortened
from workbench.workspace import Step

SHOWN_CHARACTERS = 110


def documents(options: Namespace) -> int:
    """Read the documents and say what was read; with a question, what is found for it. Exit code 2 where it failed."""
    case = open_case(options.workspace, options.name)
    candidates = _chosen(case, options.candidate)
    plan, steps = plan_index(case, candidates)
    if plan.unfinished():
        with LiveProgress(plan) as tick:
            outcome = launch(plan, on_tick=tick)
        if outcome.troubles:
            show_outcome(outcome)
            return 2
    if options.search is not None:
        found = _search(case, candidates[0], plan.step(steps[candidates[0].name]), options.search)
        if options.json:
            say(found.model_dump_json(indent=1))
        else:
            _show_found(found, candidates[0])
        return 0
    told = {one.name: read for one in candidates if (read := reading(plan.step(steps[one.name]))) is not None}
    if options.json:
        say(json.dumps({name: read.model_dump(mode="json") for name, read in told.items()}, indent=1))
        return 0
    for name, read in told.items():
        say(f"{name}: {read.sentence}")
        for one in read.unread_files:
            say(f"  {one.name} {one.reason}")
    return 0


def _chosen(case: Case, names: list[str]) -> tuple[Candidate, ...]:
    if not names:
        return retrieving(case)
    found = tuple(case.named(names))
    closed = next((one.name for one in found if one.retrieval is None), None)
    if closed is not None:
        raise ConfigError(f"{closed} looks nothing up.", f"These do: {listed([one.name for one in retrieving(case)])}.")
    return found


def _search(case: Case, candidate: Candidate, step: Step, question: str) -> Lookup:
    desk = Desk(step)
    try:
        return desk.ask(case, candidate, question)
    finally:
        desk.close()


def _show_found(found: Lookup, candidate: Candidate) -> None:
    """Each list with its ranks and scores, then the prompt."""
    lists = (("By meaning", found.dense, 3), ("By words", found.lexical, 1), ("By both", found.both, 3))
    for title, places, digits in lists:
        say(f"\n{title}:")
        for rank, place in enumerate(places, 1):
            say(f"  {rank:>2}  {place.score:.{digits}f}  {_line(found, place)}")
        if not places:
            say("  nothing shares a word with it")
    tokens = f", {found.tokens:,} tokens" if found.tokens is not None else ""
    say(f"\nWhat {candidate.name} would send{tokens}:")
    for turn in found.turns:
        say(f"[{turn.role}] {turn.content}")


def _line(found: Lookup, place: Place) -> str:
    handed = "* " if place.id in found.handed else "  "
    return f"{handed}{place.id}: {shortened(found.passages[place.id].text, most=SHOWN_CHARACTERS)}"
