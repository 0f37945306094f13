"""A model as an annotator: it answers a queue in both orders, and its verdicts become labels beside people's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.case import Case
from workbench.courses import helper_identity
from workbench.database import Database
from workbench.errors import ConfigError
from workbench.labels import Shown, shown_prompts, take_in
from workbench.plan import Plan, is_done
from workbench.preference import MIRRORED, Choice, Preference
from workbench.queues import OpenQueue
from workbench.stage import Judge
from workbench.workspace import Step, digest, file_digest, read_jsonl, write_jsonl


def plan_judging(case: Case, database: Database, queue: OpenQueue, judge: Judge, *, most: int) -> tuple[Plan, str]:
    """Plan that a model judges at most so many pairs of a queue, the same ones every time; returns the step's name.

    Raises ConfigError where the judge is a candidate's own base model: it would judge itself.
    """
    bases = {str(one.base_model) for one in queue.queue.candidates}
    if judge.endpoint is None and judge.model in bases:
        raise ConfigError(
            f"{judge.model} is the base model of candidates: it would judge its own answers.",
            "Choose a judge of another family, preferably a larger one.",
        )
    rows = asked_pairs(queue, shown_prompts(database, queue), most=most)
    path = case.labelled_path(queue.queue.name).with_name(f"asked-{most}.jsonl")
    write_jsonl(path, rows)
    plan = Plan(case, queue.queue.split)
    name = plan.add(
        "prefer",
        f"let {judge.model} choose between answers of the queue {queue.queue.name}",
        inputs={
            "judge": judge.model_dump(mode="json"),
            "judge_model": helper_identity(judge),
            "asked": file_digest(path),
        },
        files={"asked": str(path.relative_to(case.workspace))},
    )
    return plan, name


def asked_pairs(queue: OpenQueue, prompts: Mapping[str, Shown], *, most: int) -> list[dict[str, object]]:
    """Pairs of different answers as a judge is given them, drawn so that every pair of candidates has its share."""
    names = queue.queue.names
    found: list[dict[str, object]] = []
    for example, said in prompts.items():
        messages = [{"role": turn.role, "content": turn.content} for turn in said.messages]
        for n, left in enumerate(names):
            for right in names[n + 1 :]:
                one, other = said.answers[left], said.answers[right]
                if one.strip() == other.strip():
                    continue
                identity = digest([example, left, right])
                about = {"example": example, "left_by": left, "right_by": right}
                found.append({"id": identity, **about, "messages": messages, "left": one, "right": other})
    return sorted(found, key=lambda row: str(row["id"]))[:most]


def judge_name(judge: Judge) -> str:
    """The annotator's name of a judge: another wish makes another annotator."""
    usual = judge.wish == Judge.model_fields["wish"].default
    return judge.model if usual else f"{judge.model} ({digest(judge.wish)[:6]})"


@dataclass(frozen=True)
class Judged:
    """What became of a judge's verdicts."""

    annotator: str
    judged: int
    labels: int
    """Verdicts that are labels now."""
    known: int
    """Stored before."""
    flips: int
    """Pairs of which it preferred the other answer when they changed places: counted as ties."""
    first: int
    """Flips in which it preferred whatever came first."""
    unreadable: int
    """Replies that hold no verdict: no labels."""


def take_verdicts(database: Database, queue: OpenQueue, step: Step, *, now: float) -> Judged:
    """Store a judge's verdicts as labels of an annotator that is a model."""
    judge = Judge.parse(step.record.inputs["judge"], where=str(step.folder))
    if not is_done(step):
        raise ConfigError("The judge has not finished.", "Run the same command again: what it has judged is kept.")
    annotator = judge_name(judge)
    asked = {row["id"]: row for row in read_jsonl(step.file("asked"))}
    rows = list(read_jsonl(step.path("verdicts.jsonl")))
    labels = []
    flips = first = unreadable = 0
    for row in rows:
        about = asked[row["id"]]
        verdicts: Sequence[str] = (row["verdict"], row["swapped"])
        if "unreadable" in verdicts:
            unreadable += 1
            continue
        choice, flipped = agreed(verdicts)
        flips += flipped
        first += flipped and verdicts[0] == "first"
        left, right = about["left_by"], about["right_by"]
        if int(str(row["id"])[-1], 16) % 2:
            # It was asked in both orders; as one label it stands now this way round, now that.
            left, right, choice = right, left, MIRRORED[choice]
        labels.append(
            Preference(
                queue=queue.queue.name, example=about["example"], left=left, right=right, choice=choice,
                annotator=annotator, by="model", reason=FLIPS.get(verdicts[0], "") if flipped else "",
            )
        )  # fmt: skip
    taken = take_in(database, queue, labels, now=now)
    return Judged(annotator, len(rows), taken.labels, taken.known, flips, first, unreadable)


FLIPS = {
    "first": "It preferred whichever answer came first.",
    "second": "It preferred whichever answer came second.",
}
"""Why a pair is a tie of which a judge preferred the other answer when they changed places, by its first verdict."""


def agreed(verdicts: Sequence[str]) -> tuple[Choice, bool]:
    """What two verdicts about the same answers come to, and whether the judge contradicted itself: then it is a tie."""
    if verdicts[0] == verdicts[1]:
        same: dict[str, Choice] = {"first": "left", "second": "right"}
        return same.get(verdicts[0], "tie"), False
    return "tie", "tie" not in verdicts
