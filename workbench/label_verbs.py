"""The verbs about people's preferences: make a queue, see what its labels show, let a model judge, train on labels."""

import json
import os
import shlex
import time
from argparse import Namespace

from workbench.candidate import Candidate
from workbench.case import Case, open_case
from workbench.console import LiveProgress, say, show_blocks, show_outcome
from workbench.database import Database, open_database
from workbench.errors import ConfigError
from workbench.judging import plan_judging, take_verdicts
from workbench.kinship import kin
from workbench.label_files import labels_from
from workbench.labels import take_in
from workbench.launch import launch
from workbench.phrases import listed
from workbench.preferred import findings
from workbench.queue_answers import answers_to_test, answers_to_train, plan_answers_to_train
from workbench.queues import QUESTIONS, Queue, make_queue, open_queue, progress, queues, set_closed
from workbench.results import load_results
from workbench.sections.preferred import preferred_blocks
from workbench.stage import Judge
from workbench.taught import exported, take_for_training
from workbench.workspace import write_atomically


def queue(options: Namespace) -> int:
    """Make a queue of answers to choose between; or close one, or open it again."""
    case = open_case(options.workspace, options.name)
    database = open_database(case.workspace)
    if options.close or options.reopen:
        found = open_queue(database, case.name, options.queue)
        set_closed(database, found, closed=options.close, now=time.time())
        say(f"{options.queue} is {'closed' if options.close else 'open'}.")
        return 0
    chosen = [case.whole(one) for one in case.named(options.candidate)]
    if options.temperature is not None:
        if options.split != "train":
            raise ConfigError(
                "Only training requests are answered anew, at another temperature.",
                "Add --split train, or leave it out.",
            )
        chosen += [_hot(one, options.temperature) for one in chosen]
    wanted = Queue.parse(
        {
            "name": options.queue,
            "question": options.question,
            "split": options.split,
            "candidates": [one.model_dump(mode="json") for one in chosen],
            "overlap": options.overlap,
            "budget": options.budget,
            "reveal": options.reveal,
            "guide": options.guide,
        },
        where="The queue",
    )
    if options.split == "test":
        asked = answers_to_test(load_results(case, chosen), wanted.names, most=options.prompts)
    else:
        plan = plan_answers_to_train(case, chosen, most=options.prompts)
        with LiveProgress(plan) as tick:
            outcome = launch(plan, on_tick=tick)
        if outcome.troubles:
            show_outcome(outcome)
            return 2
        asked = answers_to_train(plan, most=options.prompts)
    made = make_queue(database, case.name, wanted, asked)
    now = progress(database, made)
    say(
        f"Made the queue {options.queue}: {QUESTIONS[wanted.question]} {listed(list(wanted.names))}, on {len(asked)} "
        f"{wanted.split} requests; at most {now.asked_for(wanted.budget):,} labels."
    )
    if now.same:
        say(f"{100 * now.same:.0f} % of the pairs of answers are the same word for word and are not shown.")
    say(f"\nLabel in the dashboard: {_command('app', case)}")
    return 0


def _hot(candidate: Candidate, temperature: float) -> Candidate:
    """The same candidate with answers that are drawn: what it might have said, too."""
    decoding = candidate.decoding.model_dump() | {"temperature": temperature}
    changes = {"name": f"{candidate.name}-t{temperature:g}", "decoding": decoding}
    return Candidate.parse(candidate.model_dump() | changes, where=candidate.name)


def labels(options: Namespace) -> int:
    """Say what a queue's labels show; or export them, take some in, or make a candidate that is trained on them."""
    case = open_case(options.workspace, options.name)
    database = open_database(case.workspace)
    if options.queue is None:
        return _list(case, database)
    found = open_queue(database, case.name, options.queue)
    if options.take is not None:
        taken = take_in(database, found, labels_from(options.take), now=time.time())
        orphans = f", {taken.orphans:,} repeat what is not here" if taken.orphans else ""
        say(f"Took {taken.labels:,} labels; {taken.known:,} were there already{orphans}.")
    if options.export is not None:
        text = exported(case, database, found, options.form)
        write_atomically(options.export, text)
        say(f"Wrote {text.count(chr(10)):,} lines to {options.export.resolve()}.")
    elif options.train:
        candidate, learnt = take_for_training(case, database, found, after=options.after)
        say(f"Added the candidate {candidate.name}: {len(learnt.pairs):,} preference pairs of {options.queue}.")
        say(f"\nNext: {_command('run', case)}")
    elif options.take is None:
        margin, helps = case.use_case.smallest_difference, case.use_case.judge_helps
        shown = findings(database, found, baseline=options.baseline, smallest_difference=margin, judge_helps=helps)
        if options.json:
            say(json.dumps(shown.as_json(), indent=1, ensure_ascii=False))
        else:
            show_blocks(preferred_blocks(shown))
    return 0


def _list(case: Case, database: Database) -> int:
    found = queues(database, case.name)
    if not found:
        say(f"{case.name} has no queue yet. Make one with `{_command('queue', case)} first`.")
    for one in found:
        now = progress(database, one)
        state = "closed" if one.closed else "open"
        most = now.asked_for(one.queue.budget)
        say(f"{one.queue.name}: {now.labels:,} of {most:,} labels, {len(now.annotators)} annotators, {state}")
    return 0


def judge(options: Namespace) -> int:
    """Let a model answer a queue as an annotator would, and compare it with people."""
    case = open_case(options.workspace, options.name)
    database = open_database(case.workspace)
    found = open_queue(database, case.name, options.queue)
    endpoint = options.endpoint or os.environ.get("OPENAI_BASE_URL") or None
    settings = {"model": options.model, "endpoint": endpoint, "wish": options.wish or found.queue.guide or None}
    if options.key_variable is not None:
        settings["key_variable"] = options.key_variable
    asked = Judge.parse({key: value for key, value in settings.items() if value is not None}, where="The judge")
    plan, name = plan_judging(case, database, found, asked, most=options.most)
    if case.use_case.judge_helps and (why := kin(asked.model, found.queue.candidates)):
        say(f"It will not be let help to decide. {why}")
    with LiveProgress(plan) as tick:
        outcome = launch(plan, on_tick=tick)
    if outcome.troubles:
        show_outcome(outcome)
        return 2
    told = take_verdicts(database, found, plan.step(name), now=time.time())
    say(
        f"{told.annotator} judged {told.judged:,} pairs: {told.labels:,} labels, {told.known:,} known before, "
        f"{told.unreadable:,} replies without a verdict."
    )
    say(
        f"{told.flips:,} verdicts turned with the places of the answers and count as ties, "
        f"{told.first:,} of them for whatever came first."
    )
    say(f"\nNext: {_command('labels', case)} {options.queue}")
    return 0


def _command(verb: str, case: Case) -> str:
    return shlex.join(["workbench", verb, *([] if verb == "app" else [case.name]), "--workspace", str(case.workspace)])
