"""A judge that helps to decide: what people were shown is drawn by lot, and what is made of it is said."""

from collections.abc import Iterator

import numpy as np
import pytest

from workbench import database as rooms
from workbench.candidate import Candidate
from workbench.database import Database, close_databases, open_database
from workbench.labelling import Showing, choose, next_showing, undo
from workbench.labels import drawn_by_lot, take_in
from workbench.next_pair import pair_chances
from workbench.preference import Choice, Preference
from workbench.preference_analysis import preference_analysis
from workbench.preferred import Findings, findings
from workbench.queues import Asked, OpenQueue, Queue, annotator_id, make_queue
from workbench.rates import Rate
from workbench.sections.preferred import preferred_blocks
from workbench.usecase import Message

NAMES, REQUESTS, LABELS = ("plain", "fancy"), 300, 90


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(rooms.URL_VARIABLE, raising=False)
        yield open_database(tmp_path_factory.mktemp("labels"))
        close_databases()


def made(database: Database, name: str, *, requests: int = REQUESTS, **how: object) -> OpenQueue:
    """A queue whose answers tell whose they are; people don't look at that."""
    candidates = tuple(Candidate(name=each, base_model=f"acme/{each}") for each in NAMES)
    settings = {"name": name, "candidates": candidates, "repeats": 0.1, "budget": 1000} | how
    asked = [
        Asked(f"e{i}", f"e{i}", (Message(role="user", content=str(i)),), {each: f"{each} {i}" for each in NAMES}, {})
        for i in range(requests)
    ]
    return make_queue(database, "case", Queue.model_validate(settings), asked)


def opinions(requests: int = REQUESTS, *, agree: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Whether people and a judge prefer the fancy answer to each request; the judge favours it a little."""
    rng = np.random.default_rng(5)
    people = rng.random(requests) < 0.62
    return people, np.where(rng.random(requests) < agree, people, rng.random(requests) < 0.9)


def following(database: Database, queue: OpenQueue, who: int, *, now: float, rng: np.random.Generator) -> Showing:
    """What the app hands out next."""
    found = next_showing(database, queue, who, now=now, rng=rng, weigh=lambda counts: pair_chances(counts, "best"))
    assert isinstance(found, Showing)
    return found


def labelled(database: Database, queue: OpenQueue, people: np.ndarray, *, labels: int = LABELS) -> None:
    """Labels by three people, as the app hands pairs out."""
    rng = np.random.default_rng(1)
    who = [annotator_id(database, name) for name in ("anna", "bo", "cy")]
    for n in range(labels):
        shown = following(database, queue, who[n % 3], now=float(n), rng=rng)
        side: Choice = "left" if shown.left.startswith("fancy") == people[int(shown.left.split()[1])] else "right"
        choose(database, queue, shown.id, annotator=who[n % 3], choice=side, now=float(n), seconds=4.0)


def judge(database: Database, queue: OpenQueue, said: np.ndarray, *, name: str = "grader") -> None:
    """A judge's labels of every pair."""
    labels = [
        Preference(
            queue=queue.queue.name, example=f"e{i}", left=NAMES[i % 2], right=NAMES[1 - i % 2], annotator=name,
            by="model", choice="left" if bool(said[i]) == (NAMES[i % 2] == "fancy") else "right",
        )
        for i in range(len(said))
    ]  # fmt: skip
    take_in(database, queue, labels, now=1.0)


@pytest.fixture(scope="module")
def queue(database: Database) -> OpenQueue:
    found = made(database, "voice")
    people, said = opinions()
    labelled(database, found, people)
    judge(database, found, said)
    return found


def width(one: Rate) -> float:
    assert one.low is not None
    assert one.high is not None
    return one.high - one.low


def text(found: Findings) -> str:
    return " ".join(str(block) for block in preferred_blocks(found))


def test_a_judge_makes_people_surer_and_never_speaks_for_itself(database: Database, queue: OpenQueue) -> None:
    alone, found = findings(database, queue), findings(database, queue, judge_helps=True)
    assert (found.helper, found.unhelped) == ("grader", "")
    assert found.alone == alone.rates
    one, other = found.rates.of("fancy"), alone.rates.of("fancy")
    assert width(one) < 0.75 * width(other)
    assert (one.won, one.lost, one.labels) == (other.won, other.lost, other.labels)  # What is counted are people's.
    helped = found.rates.helped
    assert helped is not None
    assert helped.labels == found.rates.labels
    assert helped.verdicts == REQUESTS
    assert 1.5 * helped.labels < helped.worth < 1.5 * REQUESTS
    people, said = opinions()
    assert one.rate is not None
    assert one.rate == pytest.approx(people.mean(), abs=0.06)
    assert abs(one.rate - people.mean()) < abs(said.mean() - people.mean()) + 0.02
    told = text(found)
    assert f"the judge grader, which was corrected by them: as if {helped.worth - helped.labels:,.0f} more" in told
    assert "By people alone" in told
    assert "grader" not in alone.stopping.sentence
    assert "corrected" not in text(alone)


def test_what_it_helps_with_enters_the_decision(database: Database, queue: OpenQueue) -> None:
    found = findings(database, queue, judge_helps=True)
    seeds = dict.fromkeys(NAMES, 1)
    analysis = preference_analysis(
        found.rates, found.approaches, seeds=seeds, eligible=NAMES, ask="", helper=found.helper
    )  # fmt: skip
    (comparison,) = analysis.comparisons
    assert "with the judge grader corrected by them" in comparison.method
    duel = found.rates.duels[0]
    assert abs(comparison.delta) == pytest.approx(abs(duel.rate - 0.5))


def test_the_same_labels_give_the_same_findings(database: Database, queue: OpenQueue) -> None:
    one, other = (findings(database, queue, judge_helps=True) for _ in range(2))
    assert one.as_json() == other.as_json()


def test_a_judge_of_the_family_or_a_teacher_is_not_let_help(database: Database) -> None:
    queue = made(database, "kin", requests=60)
    people, said = opinions(60)
    labelled(database, queue, people, labels=40)
    judge(database, queue, said, name="fancy-judge")
    found = findings(database, queue, judge_helps=True)
    assert found.helper == ""
    assert found.rates == findings(database, queue).rates
    assert "fancy-judge is not let help" in found.unhelped
    assert found.unhelped in text(found)
    judge(database, queue, said, name="grader")  # Another one may.
    assert findings(database, queue, judge_helps=True).helper == "grader"


def test_a_judge_that_foretells_nothing_leaves_people_alone(database: Database) -> None:
    queue = made(database, "noise", requests=60)
    labelled(database, queue, opinions(60)[0], labels=40)
    judge(database, queue, np.ones(60, dtype=bool))
    found = findings(database, queue, judge_helps=True)
    assert found.helper == ""
    assert "makes nothing surer" in text(found)
    assert found.rates == findings(database, queue).rates


def test_without_a_judge_or_with_labels_from_files_it_is_said_why_none_helps(database: Database) -> None:
    queue = made(database, "files", requests=60)
    people, said = opinions(60)
    labels = [
        Preference(
            queue="files", example=f"e{i}", left=NAMES[i % 2], right=NAMES[1 - i % 2], annotator="anna",
            choice="left" if bool(people[i]) == (NAMES[i % 2] == "fancy") else "right",
        )
        for i in range(40)
    ]  # fmt: skip
    take_in(database, queue, labels, now=1.0)
    assert "No judge has labelled this queue" in findings(database, queue, judge_helps=True).unhelped
    judge(database, queue, said)
    found = findings(database, queue, judge_helps=True)
    assert "came from files" in found.unhelped
    assert found.rates.helped is None


def test_what_was_shown_counts_as_drawn_whatever_became_of_it(database: Database) -> None:
    queue = made(database, "fates", requests=12, repeats=0.0)
    rng, who = np.random.default_rng(2), annotator_id(database, "anna")
    seen = []

    choices: tuple[Choice, ...] = ("left", "skip", "tie")
    for now, choice in enumerate(choices):
        found = following(database, queue, who, now=now, rng=rng)
        seen.append(f"e{found.left.split()[1]}")
        choose(database, queue, found.id, annotator=who, choice=choice, now=now)
    assert undo(database, queue, who, now=3.0) is not None
    other = Preference(queue="fates", example="e0", left="plain", right="fancy", choice="left", annotator="zoe")
    free = next(f"e{i}" for i in range(12) if f"e{i}" not in seen)
    take_in(database, queue, [other.model_copy(update={"example": free})], now=4.0)
    shown, elsewhere = drawn_by_lot(database, queue)
    assert {cell[0] for cell in shown} == set(seen)
    assert set(elsewhere) == {(free, *NAMES)}


def test_which_requests_people_are_shown_is_left_to_chance(database: Database) -> None:
    """Whoever skips hard requests, takes choices back and walks away does not change which ones are shown."""
    shares, labelled_shares = [], []
    who = [annotator_id(database, name) for name in ("anna", "bo")]
    for run in range(16):
        queue = made(database, f"run{run}", requests=20, overlap=1 + run % 2, hold_seconds=5)
        rng, hard = np.random.default_rng(run), np.arange(20) < 10
        labels: list[int] = []
        for n in range(10):
            at = 10.0 * n  # What is left on a screen is over by the next turn.
            found = following(database, queue, who[n % 2], now=at, rng=rng)
            request = int(found.left.split()[1])
            if hard[request] and rng.random() < 0.4:
                continue  # Walks away.
            choice: Choice = "skip" if hard[request] and rng.random() < 0.5 else "left"
            choose(database, queue, found.id, annotator=who[n % 2], choice=choice, now=at + 1)
            if choice != "skip":
                labels.append(request)
            elif rng.random() < 0.3:
                undo(database, queue, who[n % 2], now=at + 2)
        drawn = [int(cell[0][1:]) for cell in drawn_by_lot(database, queue)[0]]
        shares.append(hard[drawn].mean())
        labelled_shares.append(hard[labels].mean())
    error = np.std(shares) / np.sqrt(len(shares))
    assert abs(np.mean(shares) - 0.5) < 3 * error
    assert np.mean(labelled_shares) < 0.4  # What is labelled is another matter.
