"""What each command does: one function a verb, named as it is typed."""

import json
import os
import shlex
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

from pydantic import TypeAdapter

from workbench.answer_intake import USUAL, names
from workbench.answer_intake import take_in as take_in_answers
from workbench.audit import Audit
from workbench.base_models import local_folder
from workbench.candidate import APPROACHES, Candidate
from workbench.case import Case, cases, open_case, presets
from workbench.checked import AllChecked, gather
from workbench.checks import plan_checks
from workbench.cli import WAYS
from workbench.compare_verb import compare as compare
from workbench.console import (
    LiveProgress,
    say,
    show_audit,
    show_blocks,
    show_efforts,
    show_forecasts,
    show_outcome,
    show_recommendation,
    show_steps,
)
from workbench.create import Files, add_pairs, add_ratings, audit_case, create_from_files, mend_case
from workbench.demos import DEMOS, build
from workbench.demos.opening import open_demo
from workbench.diagnose_verb import diagnose as diagnose
from workbench.doctor import examine
from workbench.documents_verb import documents as documents
from workbench.effort import Gpu, Load, effort, gpu_of, load_of_case
from workbench.errors import ConfigError, NotFound
from workbench.evidence_verb import evidence as evidence
from workbench.export import find_run, plan_export
from workbench.intake import Columns, read_table
from workbench.label_verbs import judge as judge
from workbench.label_verbs import labels as labels
from workbench.label_verbs import queue as queue
from workbench.launch import Outcome, launch, running_process
from workbench.launch import stop as stop_run
from workbench.memory import forecasts, missed, read_shape
from workbench.pair_intake import PairCheck
from workbench.phrases import agreeing, listed
from workbench.planning import make_plan
from workbench.rating_intake import RatingCheck, looks_rated
from workbench.recommend import Recommendation
from workbench.report import Form, render, write_report
from workbench.results import Results, decide, load_results
from workbench.retrieval_verb import retrieval as retrieval
from workbench.score import METRICS
from workbench.sections.bases import base_blocks
from workbench.sections.lost import cost_blocks
from workbench.suite_list import chosen_suites, keep_suites, read_suites
from workbench.usecase import UseCase
from workbench.verify import summary
from workbench.verify import verify as verify_report

MOST_WRONG = 20
APP = Path(__file__).resolve().parent.parent / "streamlit_app.py"


def new(options: Namespace) -> None:
    """Make a use case of the user's files."""
    settings = {
        "name": options.name,
        "instruction": options.instruction,
        "metric": options.metric,
        "smallest_difference": options.smallest_difference,
        "base_model": options.base,
        "seeds": options.seeds,
    }
    use_case = UseCase.parse({key: value for key, value in settings.items() if value is not None}, where="The use case")
    fields = ("input", "target", "messages", "id", "group", "evidence", "tags")
    files = Files(
        train=options.train,
        test=options.test,
        dev=options.dev,
        documents=options.documents,
        solved_examples=options.solved_examples,
        columns=Columns(**{field: getattr(options, field) for field in fields}),
        encoding=options.encoding,
        most_train=options.most_train,
        most_test=options.most_test,
    )
    created = create_from_files(options.workspace, use_case, files, replace=options.replace)
    read = ", ".join(f"{field} from {column!r}" for field, column in created.columns.named().items())
    say(f"Made {created.case.folder} ({read}).")
    if created.left_out:
        say(f"{created.left_out} exact repeats were left out before splitting.")
    show_audit(audit_case(created.case))
    say(f"\nNext: {_command('check', created.case)}, then {_command('run', created.case)}")


def pairs(options: Namespace) -> None:
    """Give a use case preference pairs, or single answers called good or bad, and say what is wrong with them."""
    case = open_case(options.workspace, options.name)
    usual = (options.chosen, options.rejected, options.prompt) == ("chosen", "rejected", None)
    if usual and looks_rated(read_table(options.file)):
        rated = add_ratings(case, options.file)
        _taken(case, options, rated, said=f"{rated.ratings} ratings, {rated.good} of them good", candidate="kto")
        return
    found = add_pairs(case, options.file, prompt=options.prompt, chosen=options.chosen, rejected=options.rejected)
    _taken(case, options, found, said=f"{found.pairs} preference pairs", candidate="dpo")


def take_in(options: Namespace) -> int:
    """Take in answers from elsewhere, score them, and say what came of it; exit code 2 where a step needs help."""
    case = open_case(options.workspace, options.name)
    columns = {meaning: getattr(options, meaning) for meaning in USUAL if getattr(options, meaning, None)}
    way = APPROACHES[WAYS.index(options.way)]
    taken = [
        take_in_answers(case, path, columns=columns, approach=way, name=options.named, encoding=options.encoding)
        for path in options.file
    ]
    made = [candidate for each in taken for candidate in each.candidates]
    outcome = launch(make_plan(case, made))
    if options.json:
        say(json.dumps([each.model_dump(mode="json") for each in taken], indent=1))
        return 2 if outcome.troubles else 0
    for each in taken:
        read = ", ".join(f"{meaning} from {column!r}" for meaning, column in each.columns.items())
        count = len(each.candidates)
        noun = agreeing(count, "candidate", "candidates")
        say(f"{count} {noun} taken in: {names(each.candidates)}; {each.answers:,} answers ({read}).")
        for remark in each.remarks():
            say(f"  - {remark}")
    show_outcome(outcome)
    say(f"\nNext: {_command('recommend', case)}")
    return 2 if outcome.troubles else 0


def _taken(case: Case, options: Namespace, found: PairCheck | RatingCheck, *, said: str, candidate: str) -> None:
    if options.json:
        say(found.model_dump_json(indent=1))
        return
    say(f"{case.name} has {said}.")
    for remark in found.remarks():
        say(f"  - {remark}")
    say(f"\nNext: {_command('run', case)} --candidate {candidate}")


def check(options: Namespace) -> int:
    """Say what is wrong with a use case's data; exit code 2 where something must be mended first."""
    case = open_case(options.workspace, options.name)
    if options.mend:
        dropped = mend_case(case)
        say("Left out: " + ", ".join(f"{count} {split} rows" for split, count in dropped.items()) + ".")
    found = audit_case(case)
    if options.json:
        say(found.model_dump_json(indent=1))
    else:
        show_audit(found)
        if any(finding.mendable for finding in found.findings):
            say(f"\nMend what can be mended with: {_command('check', case)} --mend")
    return 2 if found.worst == "error" else 0


def run(options: Namespace) -> int:
    """Run a use case's candidates; exit code 2 where one needs the user's help."""
    case = open_case(options.workspace, options.name)
    _settle(case, options)
    _refuse_leaks(case, audit_case(case), known=options.leaks_known)
    outcome = _launch(case)
    return 2 if outcome.troubles else 0


def _settle(case: Case, options: Namespace) -> None:
    """Write down which candidates, base model and seeds this use case is to be run with."""
    changes = {
        key: value for key, value in (("base_model", options.base), ("seeds", options.seeds)) if value is not None
    }
    if changes:
        use_case = case.use_case
        case.save(UseCase.parse(use_case.model_dump() | changes, where="The options"))
    if options.candidate:
        case.choose(_find(name, case) for name in options.candidate)


def _find(name: str, case: Case | None = None) -> Candidate:
    """A candidate by its name among the presets and those chosen for a use case, or from a YAML file."""
    if name.endswith((".yaml", ".yml")):
        return Candidate.load(Path(name))
    known = dict(presets()) | {candidate.name: candidate for candidate in (case.candidates() if case else ())}
    if name not in known:
        raise NotFound(f"There is no candidate {name!r}.", f"Known: {', '.join(known)}; or name a YAML file.")
    return known[name]


def _refuse_leaks(case: Case, audit: Audit, *, known: bool) -> None:
    if audit.leaked_ids and not known and any(map(case.sees_training_answers, case.candidates())):
        raise ConfigError(
            f"{len(audit.leaked_ids)} test examples stand in the training set: answers could be copied from there.",
            f"Leave those training rows out with `{_command('check', case)} --mend`, or run with --leaks-known.",
        )


def _launch(case: Case) -> Outcome:
    plan = make_plan(case, case.candidates())
    waiting = plan.unfinished()
    names = ", ".join(dict.fromkeys(name for name, _ in plan.runs))
    say(f"{case.name}: {names}. {len(waiting)} of {len(plan.steps)} steps to do.")
    with LiveProgress(plan) as tick:
        outcome = launch(plan, on_tick=tick)
    show_outcome(outcome)
    return outcome


def estimate(options: Namespace) -> int:
    """Forecast the memory and the time of each stage of a candidate; exit code 2 where one does not fit."""
    case = open_case(options.workspace, options.case) if options.case else None
    candidate = _find(options.candidate, case)
    if not candidate.training:
        say(f"{candidate.name} is not trained: it takes what its base model takes to answer.")
        return 0
    base = options.base or candidate.base_model or (case.use_case.base_model if case else "pocket")
    folder = options.config or local_folder(base)
    if folder is None:
        raise NotFound(
            f"{base} is not on this machine.", "Name its config.json with --config; its weights are not needed."
        )
    shape = read_shape(Path(folder))
    machine = examine(options.workspace)
    gpu = gpu_of(options.gpu) if options.gpu else Gpu(name="this machine", memory_gb=machine.memory_gb)
    on_gpu = bool(options.gpu) or machine.gpu is not None
    load = load_of_case(case) if case else Load(
        rows=options.rows, tokens=options.tokens, answer_tokens=options.tokens / 2,
        document_tokens=options.rows * options.tokens,
    )  # fmt: skip
    forecast = [
        (one, forecasts(shape, one, on_gpu=on_gpu), effort(shape, one, load, gpu)) for one in candidate.training
    ]
    if options.json:
        told = [
            {"method": stage.method, "ways": [one.model_dump() for one in found],
             "seconds": took.model_dump() if took else None}
            for stage, found, took in forecast
        ]  # fmt: skip
        say(json.dumps({"parameters": shape.total, "memory_gb": gpu.memory_gb, "stages": told}, indent=1))
    else:
        say(f"{shape.total / 1e9:.3g} billion weights; {gpu.memory_gb:.0f} GB of memory.")
        for stage, found, _ in forecast:
            show_forecasts(stage, found, limit_gb=gpu.memory_gb)
        show_efforts([(stage.method, took) for stage, _, took in forecast], load, gpu, price=options.price)
        past = missed(options.workspace)
        if past:
            say(f"So far {len(past)} trainings here held {min(past):.2f} to {max(past):.2f} of what was forecast.")
    return 2 if any(found[0].badge(gpu.memory_gb) == "exceeds" for _, found, _ in forecast) else 0


def stop(options: Namespace) -> None:
    """Ask a run to stop after a checkpoint."""
    case = open_case(options.workspace, options.name)
    if stop_run(case):
        say(f"{case.name} stops after its next checkpoint. `{_command('run', case)}` goes on.")
    else:
        say(f"{case.name} is not being run.")


def recommend(options: Namespace) -> None:
    """Recommend from what was measured so far."""
    case = open_case(options.workspace, options.name)
    results, recommendation = _decided(case)
    if options.json:
        say(recommendation.model_dump_json(indent=1))
    else:
        show_recommendation(recommendation, results)


def _decided(case: Case) -> tuple[Results, Recommendation]:
    results = load_results(case)
    return results, decide(results)


def report(options: Namespace) -> None:
    """Write the report to hand on."""
    case = open_case(options.workspace, options.name)
    results, recommendation = _decided(case)
    say(f"Wrote {_write_report(case, results, recommendation, to=options.to, out=options.out)}")


def _write_report(
    case: Case, results: Results, recommendation: Recommendation, *, to: Form = "html", out: Path | None = None
) -> Path:
    path = out or case.workspace / "reports" / f"{case.name}.{to}"
    write_report(path, render(results, recommendation, to=to))
    return path.resolve()


def verify(options: Namespace) -> int:
    """Check a report against its raw rows; exit code 2 where something does not follow."""
    found = verify_report(options.file)
    if options.json:
        say(found.model_dump_json(indent=1))
    else:
        say(summary(found))
        for text in found.wrong[:MOST_WRONG]:
            say(f"  - {text}")
        if len(found.wrong) > MOST_WRONG:
            say(f"  ... and {len(found.wrong) - MOST_WRONG:,} more (--json prints all)")
    return 2 if found.wrong else 0


def checks(options: Namespace) -> int:
    """Run the suites on every base and every trained candidate, and say what each training cost."""
    case = open_case(options.workspace, options.name)
    _keep_suites(case, options)
    candidates = case.named(options.candidate)
    found = plan_checks(case, candidates, sweep=options.sweep)
    if not found.courses:
        say(f"No trained candidate of {case.name} is finished: only the base model is measured.")
    with LiveProgress(found.plan) as tick:
        outcome = launch(found.plan, on_tick=tick)
    checked = gather(case, candidates)
    if options.json:
        say(TypeAdapter(AllChecked).dump_json(checked, indent=1).decode())
    else:
        approaches = {one.name: one.approach for one in candidates}
        metric = METRICS[case.use_case.metric].phrase
        first = [] if checked.losses else base_blocks(found)
        show_blocks([*first, *cost_blocks(checked, approaches=approaches, metric=metric, narrow=True)])
        show_outcome(outcome)
    return 2 if outcome.troubles else 0


def _keep_suites(case: Case, options: Namespace) -> None:
    """Make the suites that were asked for those of the use case."""
    if options.suites is not None:
        keep_suites(case, read_suites(options.suites), whole=options.whole)
    elif options.whole:
        bases = {str(one.base_model or case.use_case.base_model) for one in case.candidates()}
        if len(bases) > 1:
            raise ConfigError(
                f"The candidates have different base models: {listed(sorted(bases))}.",
                "Say which suites are meant with --suites FILE.",
            )
        keep_suites(case, chosen_suites(case, bases.pop()), whole=True)


def export(options: Namespace) -> int:
    """Write a run's model to a folder, and say whether it answers as the candidate did."""
    run = find_run(options.workspace, options.run, seed=options.seed)
    case = open_case(options.workspace, run.use_case)
    plan, name = plan_export(case, run, to=options.to, form=options.form)
    with LiveProgress(plan) as tick:
        outcome = launch(plan, on_tick=tick)
    if outcome.troubles:
        show_outcome(outcome)
        return 2
    facts = plan.step(name).record.facts
    say(f"Wrote {options.to.resolve()} ({facts['bytes'] / 1e6:.1f} MB).")
    say(f"{facts['alike']} of {facts['asked']} answers are the candidate's, word for word.")
    return 0


def app(options: Namespace) -> int:
    """Open the dashboard on the workspace."""
    environment = os.environ | {"WORKBENCH_WORKSPACE": str(options.workspace.resolve())}
    command = [sys.executable, "-m", "streamlit", "run", str(APP), f"--server.port={options.port}"]
    command += [f"--server.headless={'true' if options.headless else 'false'}", "--browser.gatherUsageStats=false"]
    # Neither questions nor advertisements, in the terminal or over the pages; the address is told here instead.
    command += ["--server.showEmailPrompt=false", "--logger.hideWelcomeMessage=true"]
    say(f"The dashboard: http://localhost:{options.port} (Ctrl-C ends it)")
    return subprocess.run(command, env=environment, check=False).returncode


def demo(options: Namespace) -> int:
    """Run a bundled use case from nothing to its recommendation and report."""
    if options.list:
        for name in DEMOS:
            built = build(name, 0)
            say(f"{name:<16} {built.blurb}")
        return 0
    case = open_demo(options.workspace, options.name, seed=options.seed)
    outcome = _launch(case)
    if outcome.troubles:
        return 2
    results, recommendation = _decided(case)
    show_recommendation(recommendation, results)
    path = _write_report(case, results, recommendation)
    say(f"\nThe report: {path}\nThe dashboard: {_command('app', None, case.workspace)}")
    return 0


def status(options: Namespace) -> None:
    """Say how use cases and their runs stand."""
    found = [open_case(options.workspace, options.name)] if options.name else list(cases(options.workspace))
    if options.json:
        say(json.dumps([_standing(case) for case in found], indent=1))
        return
    if not found:
        say(f"There is no use case in {options.workspace.resolve()} yet. Try `workbench demo`.")
    for case in found:
        told = _standing(case)
        running = f", being run by process {told['process']}" if told["process"] else ""
        say(f"{case.name}: {told['done']} of {told['steps']} steps done{running}")
        if options.name:
            plan = make_plan(case, case.candidates())
            show_steps(plan, list(plan.steps))


def _standing(case: Case) -> dict[str, object]:
    plan = make_plan(case, case.candidates())
    return {
        "use_case": case.name,
        "candidates": list(dict.fromkeys(name for name, _ in plan.runs)),
        "steps": len(plan.steps),
        "done": len(plan.steps) - len(plan.unfinished()),
        "process": running_process(case),
    }


def doctor(options: Namespace) -> int:
    """Say what this machine can do and what is missing; exit code 2 where the demo could not run."""
    machine = examine(options.workspace)
    problems = machine.problems()
    if options.json:
        say(machine.model_dump_json(indent=1))
        return 2 if problems else 0
    say(machine.sentence() + f", Python {machine.python}")
    for name, version in machine.packages.items():
        say(f"  {name:<22} {version or 'not installed'}")
    say("Base models that fit (to answer with):")
    for card in machine.fitting():
        say(f"  {card.name:<38} {card.parameters:g} B, {card.licence}, {card.answer_gb:g} GB; {card.note}")
    for problem in problems:
        say(f"PROBLEM: {problem}")
    return 2 if problems else 0


def _command(verb: str, case: Case | None, workspace: Path | None = None) -> str:
    """The command line that does ``verb``, ready to copy."""
    where = (case.workspace if case else workspace) or Path()
    parts = ["workbench", verb, *([case.name] if case else []), "--workspace", str(where)]
    return shlex.join(parts)
