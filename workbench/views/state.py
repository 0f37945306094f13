"""Where a page stands: workspace and use case, what was read already, how pages reach each other and show errors.

What is read from disk is kept as long as its files don't change: every key below holds the names, times and
sizes of the files behind it. Nouns are frozen, so all sessions share one copy.
"""

import json
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import streamlit as st

from workbench.audit import Audit
from workbench.base_models import identity
from workbench.bill import History, history
from workbench.blocks import Block
from workbench.case import Case, cases
from workbench.checks import Checks, plan_checks
from workbench.create import audit_case
from workbench.doctor import Machine, examine
from workbench.documents import PASSAGES, Shelf, plan_index, retrieving, shelf
from workbench.errors import WorkbenchError
from workbench.follow import Curve, curve
from workbench.launch import launch_detached, running_process
from workbench.people import asked_people
from workbench.plan import Plan
from workbench.planning import make_plan
from workbench.probes import Probes, plan_probes
from workbench.proposals import Finding, Proposing, progress_of_evidence
from workbench.recommend import Recommendation
from workbench.results import Results, decide, load_results, mean_scores
from workbench.run import Response, Retrieved
from workbench.sections.flips import flips
from workbench.sections.material import Material
from workbench.usecase import UseCase
from workbench.workspace import Status, Step, is_alive

FOLDER = Path(__file__).parent
DEFAULT_WORKSPACE = "workspace"
Stamp = tuple[tuple[str, int, int], ...]
"""Files with their times in nanoseconds and sizes in bytes."""


@dataclass(frozen=True)
class View:
    """One page: its file, its name and what it is for."""

    file: str
    title: str
    purpose: str

    @property
    def path(self) -> str:
        """The file, as Streamlit wants it named."""
        return str(FOLDER / self.file)


HOME = View("home.py", "Home", "What this does, what this machine can do, and every use case.")
USE_CASE = View("use_case.py", "Use case", "The question, the measure, the limits, and what is wrong with the data.")
DOCUMENTS = View("documents.py", "Documents", "What was read and what not, what a search finds, the prompt it makes.")
CANDIDATES = View("candidates.py", "Candidates", "What could answer: choose, tune, and see what it will take.")
RUNS = View("runs.py", "Runs", "What is happening: progress, losses, logs; stop and resume.")
RESULTS = View("results.py", "Results", "What it shows: every candidate, every difference, every answer.")
EVIDENCE = View("evidence.py", "Evidence", "Confirm which passages hold the answers, where examples do not say.")
CHECKS = View("checks.py", "Checks", "What training cost: every suite, what is refused, what a weaker adapter keeps.")
LABEL = View("label.py", "Label", "Choose blind between two answers: A, B, tie, both bad; keys do it all.")
PREFERENCES = View("labels.py", "Preferences", "Ask people to choose; what their choices show, and train on them.")
RECOMMENDATION = View("recommendation.py", "Recommendation", "What to do, how firmly and why; the report to hand on.")
GROUPS: Mapping[str, tuple[View, ...]] = {
    "Set up": (USE_CASE, DOCUMENTS, CANDIDATES),
    "Run": (RUNS,),
    "Learn": (RESULTS, EVIDENCE, CHECKS, LABEL, PREFERENCES),
    "Decide": (RECOMMENDATION,),
}
"""The path, in its order."""


# --- Where we are -------------------------------------------------------------------------------------


def workspace() -> Path:
    """The folder that holds everything."""
    return Path(os.environ.get("WORKBENCH_WORKSPACE") or DEFAULT_WORKSPACE).resolve()


def current_case() -> Case | None:
    """The use case of the link, else the one last looked at, else the first; None where there is none."""
    found = {case.name: case for case in cases(workspace())}
    if not found:
        return None
    wanted = (st.query_params.get("case"), st.session_state.get("case"))
    name = next((name for name in wanted if name in found), next(iter(found)))
    st.session_state["case"] = name
    if st.query_params.get("case") != name:
        st.query_params["case"] = str(name)
    return found[str(name)]


def need_case() -> Case:
    """The use case that a page is about; where there is none the page says how to make one, and ends."""
    case = current_case()
    if case is None:
        st.info(
            "Run the demo to see this page filled, or begin with your own examples.",
            title="There is no use case yet",
            icon=":material/lightbulb:",
        )
        with st.container(horizontal=True):
            st.page_link(HOME.path, label="Run the demo", icon=":material/play_arrow:")
            st.page_link(
                USE_CASE.path, label="Start with my data", icon=":material/upload_file:", query_params={"new": "1"}
            )
        st.stop()
    return case


def go(view: View, **query: str) -> None:
    """Turn to another page; what is chosen there travels in the link."""
    st.switch_page(view.path, query_params=query)


def link(view: View, label: str, *, icon: str | None = None, **query: str) -> None:
    """A link to another page of the same use case."""
    case = st.session_state.get("case")
    params = ({"case": str(case)} if case else {}) | query
    st.page_link(view.path, label=label, icon=icon, query_params=params)


# --- Errors and commands ------------------------------------------------------------------------------


def show_problem(error: WorkbenchError) -> None:
    """What happened and what to do, where it happened."""
    st.error(error.hint or "Nothing was changed.", title=error.message, icon=":material/error:")


@contextmanager
def problems_shown() -> Iterator[None]:
    """Show what a user can mend in place; the rest of the block is left out."""
    try:
        yield
    except WorkbenchError as error:
        show_problem(error)


def command(*words: str) -> str:
    """The command line that does the same, ready to copy."""
    here = workspace()
    where = () if here == Path(DEFAULT_WORKSPACE).resolve() else ("--workspace", str(here))
    return shlex.join(("workbench", *words, *where))


def show_command(*words: str) -> None:
    """The equivalent command below whatever starts it."""
    st.code(command(*words), language="bash", wrap_lines=True)


def nothing_measured(case: Case, text: str, *, verb: str) -> None:
    """What to do next on a page about what is measured, while nothing is; ``verb`` is the command that does."""
    st.info(text, title="Nothing is measured yet", icon=":material/hourglass_empty:")
    link(RUNS, "See the runs", icon=":material/arrow_forward:")
    show_command(verb, case.name)


# --- What was read already ----------------------------------------------------------------------------


def _stat(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return str(path), 0, 0
    return str(path), found.st_mtime_ns, found.st_size


def case_stamp(case: Case) -> Stamp:
    """Everything below a use case's folder."""
    return tuple(_stat(path) for path in sorted(case.folder.rglob("*")) if path.is_file())


def plan_of(case: Case) -> Plan:
    """The plan of the chosen candidates; raises WorkbenchError where they can't be planned."""
    return _plan(str(case.folder), case_stamp(case), identity(case.use_case.base_model))


@st.cache_resource(max_entries=16, show_spinner=False)
def _plan(folder: str, stamp: Stamp, base: str) -> Plan:
    del stamp, base
    case = Case(Path(folder))
    return make_plan(case, case.candidates())


def steps_stamp(plan: Plan) -> Stamp:
    """The state of every step of a plan, and of all steps by which models are checked and scores explained."""
    steps = plan.case.workspace / "steps"
    own = [steps / name for name in plan.steps]
    others = sorted(path for kind in ("check", "drift", "draw", "score") for path in steps.glob(f"{kind}-*"))
    return tuple(_stat(folder / "step.json") for folder in [*own, *others])


def labels_stamp(case: Case) -> Stamp:
    """How each queue of a use case stands; nothing where nobody was ever asked."""
    return tuple((one.queue.name, one.revision, one.queue.budget) for one in asked_people(case))


def results_of(case: Case) -> Results:
    """All that the finished runs show; raises WorkbenchError where the candidates can't be planned."""
    plan = plan_of(case)
    return _results(str(case.folder), case_stamp(case), steps_stamp(plan))


@st.cache_resource(max_entries=8, show_spinner="Reading the finished runs …")
def _results(folder: str, stamp: Stamp, steps: Stamp) -> Results:
    del stamp, steps
    return load_results(Case(Path(folder)))


def checks_of(case: Case) -> Checks:
    """The steps that measure what training cost, with weaker adapters where these were asked for."""
    return _checks(str(case.folder), case_stamp(case), steps_stamp(plan_of(case)))


@st.cache_resource(max_entries=8, show_spinner=False)
def _checks(folder: str, stamp: Stamp, steps: Stamp) -> Checks:
    del stamp, steps
    case = Case(Path(folder))
    return plan_checks(case, case.candidates(), sweep=True)


def probes_of(case: Case) -> Probes:
    """The runs that would explain the scores there are."""
    return _probes(str(case.folder), case_stamp(case), steps_stamp(plan_of(case)))


@st.cache_resource(max_entries=8, show_spinner=False)
def _probes(folder: str, stamp: Stamp, steps: Stamp) -> Probes:
    results = _results(folder, stamp, steps)
    return plan_probes(results.case, mean_scores(results.candidates, results.use_case.metric))


def recommendation_of(case: Case) -> Recommendation:
    """The recommendation so far; raises WorkbenchError where no run is finished."""
    plan = plan_of(case)
    return _recommendation(str(case.folder), case_stamp(case), steps_stamp(plan), labels_stamp(case))


@st.cache_resource(max_entries=8, show_spinner="Comparing all candidates …")
def _recommendation(folder: str, stamp: Stamp, steps: Stamp, labels: Stamp) -> Recommendation:
    del labels
    return decide(_results(folder, stamp, steps))


def decided_if(case: Case, changed: Mapping[str, Any]) -> Recommendation:
    """The recommendation under other settings of the use case, by name; nothing is saved.

    Raises WorkbenchError where they do not fit together.
    """
    plan = plan_of(case)
    settings = json.dumps(changed, sort_keys=True)
    return _decided_if(str(case.folder), case_stamp(case), steps_stamp(plan), labels_stamp(case), settings)


@st.cache_resource(max_entries=64, show_spinner=False)
def _decided_if(folder: str, stamp: Stamp, steps: Stamp, labels: Stamp, settings: str) -> Recommendation:
    del labels
    results = _results(folder, stamp, steps)
    wanted = UseCase.parse(results.use_case.model_dump(mode="json") | json.loads(settings), where="The settings")
    return decide(replace(results, use_case=wanted))


def flips_of(case: Case) -> list[Block]:
    """What would flip the recommendation, tried one change at a time."""
    plan = plan_of(case)
    return _flips(str(case.folder), case_stamp(case), steps_stamp(plan), labels_stamp(case))


@st.cache_resource(max_entries=8, show_spinner="Trying one change after the other …")
def _flips(folder: str, stamp: Stamp, steps: Stamp, labels: Stamp) -> list[Block]:
    results = _results(folder, stamp, steps)
    return flips(Material(results, _recommendation(folder, stamp, steps, labels), audit_case(results.case)))


def past() -> History:
    """What the finished steps of the workspace took."""
    folder = workspace()
    stamp = tuple(_stat(path) for path in sorted((folder / "steps").glob("*/step.json")))
    return _history(str(folder), stamp)


@st.cache_resource(max_entries=4, show_spinner=False)
def _history(folder: str, stamp: Stamp) -> History:
    del stamp
    return history(Path(folder))


def audit_of(case: Case) -> Audit:
    """What is wrong with the data."""
    found = _audit(str(case.folder), case_stamp(case))
    st.session_state[f"worst finding of {case.folder}"] = found.worst
    return found


@st.cache_resource(max_entries=8, show_spinner="Checking the examples …")
def _audit(folder: str, stamp: Stamp) -> Audit:
    del stamp
    return audit_case(Case(Path(folder)))


def answers_of(results: Results, name: str) -> Mapping[str, Response]:
    """What a candidate's first run answered, by example."""
    step = results.find(name).steps[0]["answer"]
    return _answers(str(step.path("responses.jsonl")), _stat(step.path("responses.jsonl")), name, results)


@st.cache_resource(max_entries=64, show_spinner=False)
def _answers(path: str, stamp: tuple[str, int, int], name: str, _results: Results) -> Mapping[str, Response]:
    del path, stamp
    return {response.example: response for response in _results.find(name).responses()}


def passages_of(results: Results, name: str) -> Mapping[str, Retrieved]:
    """What retrieval found for a candidate, by example; empty where it retrieves nothing."""
    role = f"retrieve-{results.plan.split}"
    step = results.find(name).steps[0].get(role)
    if step is None:
        return {}
    path = step.path("retrieved.jsonl")
    return _passages(str(path), _stat(path), name, results)


@st.cache_resource(max_entries=64, show_spinner=False)
def _passages(path: str, stamp: tuple[str, int, int], name: str, _results: Results) -> Mapping[str, Retrieved]:
    del path, stamp
    return _results.find(name).retrieved(_results.plan.split)


def shelf_of(step: Step) -> Shelf:
    """Where the passages of each document of an index stand."""
    return _shelf(str(step.folder), _stat(step.path(PASSAGES)))


@st.cache_resource(max_entries=4, show_spinner="Reading the passages …")
def _shelf(folder: str, stamp: tuple[str, int, int]) -> Shelf:
    del stamp
    return shelf(Step(Path(folder)))


def proposing(finding: Finding) -> Proposing:
    """What passages are proposed from: those of the documents, and what was found for each example."""
    index, retrieve = (finding.plan.step(name) for name in (finding.index, finding.retrieve))
    stamp = _stat(index.path(PASSAGES)), _stat(retrieve.path("retrieved.jsonl"))
    return _proposing(str(index.folder), str(retrieve.folder), stamp, finding)


@st.cache_resource(max_entries=2, show_spinner="Reading the passages …")
def _proposing(index: str, retrieve: str, stamp: Stamp, _finding: Finding) -> Proposing:
    del index, retrieve, stamp
    return Proposing(_finding.passages(), _finding.rankings())


def curve_of(step: Step, name: str, figure: str = "loss") -> Curve:
    """The course of a training step's figure; ``name`` says whose it is."""
    return _curve(str(step.folder), _stat(step.path("progress.jsonl")), name, figure)


@st.cache_resource(max_entries=128, show_spinner=False)
def _curve(folder: str, stamp: tuple[str, int, int], name: str, figure: str) -> Curve:
    del stamp
    return curve(Step(Path(folder)), name, figure=figure)


def progress_of(step: Step) -> list[dict[str, Any]]:
    """All that a step has reported so far."""
    return _progress(str(step.folder), _stat(step.path("progress.jsonl")))


@st.cache_resource(max_entries=128, show_spinner=False)
def _progress(folder: str, stamp: tuple[str, int, int]) -> list[dict[str, Any]]:
    del stamp
    return Step(Path(folder)).read_progress()


@st.cache_data(ttl=300, show_spinner=False)
def machine(folder: str) -> Machine:
    """What this machine can do, looked at every few minutes."""
    return examine(Path(folder))


# --- What was started ---------------------------------------------------------------------------------


def start(case: Case, names: Sequence[str]) -> None:
    """Start a run in a process of its own, unless one is under way."""
    if not under_way(case):
        arguments = [part for name in names for part in ("--candidate", name)]
        _started()[str(case.folder)] = launch_detached(case, "run", *arguments)


def start_checks(case: Case, *, sweep: bool) -> None:
    """Measure what training cost in a process of its own, unless something is under way."""
    if not under_way(case):
        _started()[str(case.folder)] = launch_detached(case, "checks", *(["--sweep"] if sweep else []))


def start_diagnose(case: Case, kinds: Sequence[str]) -> None:
    """Measure what explains the scores in a process of its own, unless something is under way."""
    if not under_way(case):
        arguments = [part for kind in kinds for part in ("--only", kind)]
        _started()[str(case.folder)] = launch_detached(case, "diagnose", *arguments)


def start_evidence(case: Case, split: str) -> None:
    """Find passages for the examples of a split in a process of its own, unless something is under way."""
    if not under_way(case):
        _started()[str(case.folder)] = launch_detached(case, "evidence", "--split", split)


def start_documents(case: Case) -> None:
    """Read the documents in a process of its own, unless something is under way."""
    if not under_way(case):
        _started()[str(case.folder)] = launch_detached(case, "documents")


def under_way(case: Case) -> bool:
    """Whether a process runs this use case, or was started from a page and has yet to say so."""
    return running_process(case) is not None or is_alive(_started().get(str(case.folder)))


@st.cache_resource
def _started() -> dict[str, int]:
    """The last process that was started for each use case, known to every session."""
    return {}


# --- How each page stands -----------------------------------------------------------------------------


def marks(case: Case) -> dict[View, Status]:
    """For each page of the path: waiting (nothing yet), running (under way), done, or failed (needs you)."""
    worst = st.session_state.get(f"worst finding of {case.folder}")
    asked = _labels_mark(case)
    found: dict[View, Status] = {
        USE_CASE: "failed" if worst == "error" else "done", DOCUMENTS: _documents_mark(case), LABEL: asked,
        PREFERENCES: asked, EVIDENCE: _evidence_mark(case),
    }  # fmt: skip
    try:
        return found | _progress_marks(case, plan_of(case))
    except WorkbenchError:
        return found | {CANDIDATES: "failed", RUNS: "failed", RESULTS: "waiting", RECOMMENDATION: "waiting"}


def _progress_marks(case: Case, plan: Plan) -> dict[View, Status]:
    runs = _runs_mark(case, plan)
    chosen = any((case.folder / "candidates").glob("*.yaml"))
    scored = [name for name, record in plan.steps.items() if record.kind == "score"]
    states = [plan.step(name).status if _exists(plan, name) else "waiting" for name in scored]
    learnt: Status = "running" if "done" in states else "waiting"
    if all(one == "done" for one in states):
        learnt = "done"
    return {
        CANDIDATES: "done" if chosen or runs == "done" else "waiting",
        RUNS: runs,
        RESULTS: learnt,
        CHECKS: _checks_mark(case),
        RECOMMENDATION: learnt,
    }


def _labels_mark(case: Case) -> Status:
    """Nobody was asked; some labels are still to come; or every queue is closed or has all its labels."""
    try:
        found = asked_people(case)
    except WorkbenchError:
        return "failed"
    if not found:
        return "waiting"
    return "done" if all(one.closed or one.labels >= one.queue.budget for one in found) else "running"


def _documents_mark(case: Case) -> Status:
    """There are none or they are not read; some could not be read; or all were."""
    if case.documents is None:
        return "waiting"
    try:
        plan, steps = plan_index(case, retrieving(case))
    except WorkbenchError:
        return "failed"
    states = {plan.step(name).status if _exists(plan, name) else "waiting" for name in steps.values()}
    if {"failed", "stopped"} & states:
        return "failed"
    return "running" if "running" in states else "done" if "done" in states else "waiting"


def _evidence_mark(case: Case) -> Status:
    """Every test example names its evidence or is settled; some are; or none is, and somebody retrieves."""
    if case.documents is None:
        return "waiting"
    try:
        open_, settled = progress_of_evidence(case, "test")
    except WorkbenchError:
        return "failed"
    return "done" if not open_ else "running" if settled else "waiting"


def _checks_mark(case: Case) -> Status:
    try:
        checks = checks_of(case)
    except WorkbenchError:
        return "waiting"
    panels = [panel for course in checks.courses.values() for panel in course.panels]
    states = {checks.plan.step(panel).status if _exists(checks.plan, panel) else "waiting" for panel in panels}
    if {"failed", "stopped"} & states:
        return "failed"
    if "running" in states:
        return "running"
    return "done" if states == {"done"} else "waiting"


def _exists(plan: Plan, name: str) -> bool:
    return (plan.step(name).folder / "step.json").exists()


def _runs_mark(case: Case, plan: Plan) -> Status:
    if under_way(case):
        return "running"
    states = {plan.step(name).status for name in plan.steps if _exists(plan, name)}
    if {"failed", "stopped"} & states:
        return "failed"
    return "done" if not plan.unfinished() else "waiting"
