"""Reports of every kind follow from the raw rows that they carry, and nothing can be changed in them unseen."""

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.toy_checks import check_case
from tests.toy_tuning import ToyEngines
from tests.toys import finish, toy_case
from workbench import database as rooms
from workbench import sections
from workbench.blocks import Block, Heading, Text
from workbench.case import Case, presets
from workbench.database import close_databases, open_database
from workbench.demos import build
from workbench.errors import WorkbenchError
from workbench.grounds import Grounds
from workbench.labels import take_in
from workbench.pairs import Pair
from workbench.planning import make_plan
from workbench.preference import Choice, Preference
from workbench.queues import Asked, Queue, make_queue
from workbench.report import render
from workbench.results import decide, load_results
from workbench.sections import ALL, STATED, Material
from workbench.tune import Watch, keep, tune
from workbench.tuning_start import Wanted
from workbench.usecase import Limits, Message, Money
from workbench.verify import Written, disagreements, summary, verify, written_again
from workbench.verify import _told as told_in
from workbench.workspace import read_jsonl, write_jsonl

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PER_KIND = 24
"""Leaves of each kind of block that are changed one at a time."""


# --- Reports of every kind ----------------------------------------------------------------------------


def finished(folder: Path, *names: str) -> Case:
    """A use case with some presets that have run to their end."""
    case = toy_case(folder, "product-facts", "shop-facts")
    case.choose(presets()[name] for name in names)
    plan = make_plan(case, case.candidates())
    plan.write()
    for name in plan.unfinished():
        finish(plan, name, used={})
    return case


def whole(folder: Path) -> Case:
    """Everything measured: suites, a sweep, probes, segments, money, limits, answers that could not be scored."""
    case = finished(folder, "zero-shot", "rag", "sft", "rag-sft")
    case.save(
        case.use_case.model_copy(
            update={
                "limits": Limits(
                    max_p95_seconds=0.07, max_cost_per_1000=1.0, max_forgetting=0.05, max_over_refusal=0.2
                ),
                "money": Money(value_of_success=0.02, value_at_most=1.0, price_of_wrong=0.01, currency="EUR"),
                "volume_per_month": 50_000,
                "knowledge_changes": "monthly",
            }
        )
    )
    check_case(case, wrong={"pocket_words": 45, "pocket_unsafe": 150}, sweep=True)
    step = load_results(case).find("rag").steps[0]["score"]
    rows = list(read_jsonl(step.path("scores.jsonl")))
    for row in [row for row in rows if row["metric"] == case.use_case.metric][:2]:
        row |= {"value": None, "reason": "the pattern could not be read"}
    write_jsonl(step.path("scores.jsonl"), rows)
    return case


def staged(folder: Path) -> Case:
    """Leaked test examples, one stage after the other, a candidate that broke and one that is to be reinforced."""
    case = toy_case(folder, "ticket-json", "staged")
    case.save(case.use_case.model_copy(update={"machine_cost_per_hour": None, "limits": Limits(), "seeds": 1}))
    seen = [one.model_copy(update={"id": f"seen-{one.id}"}) for one in list(case.examples("test"))[:9]]
    case.freeze("train", [*case.examples("train"), *seen])
    case.freeze_pairs(
        [Pair(id=one.id, messages=one.messages, chosen=one.target, rejected="?") for one in case.examples("train")]
    )
    case.choose(presets()[name] for name in ("zero-shot", "few-shot", "sft", "dpo", "grpo"))
    plan = make_plan(case, case.candidates())
    plan.write()
    for (owner, _), run in plan.runs.items():
        for role, name in run.steps.items():
            step = plan.step(name)
            if role.startswith("passes-"):
                facts = {"seconds": 1.0, "pass_at_1": 0.125, "pass_at_8": 0.5, "requests": 12}
                step.update(status="done", facts=facts)
            elif owner in ("few-shot", "grpo") or name not in plan.unfinished():
                continue
            elif role.startswith("dev-answer"):
                step.update(status="done")
            elif role.startswith("dev-score"):
                share = int(role.rsplit("-", 1)[1]) / 3
                rows = [
                    {"metric": case.use_case.metric, "item": one.id, "value": float(n < share * 12)}
                    for n, one in enumerate(case.examples("dev"))
                ]
                write_jsonl(step.path("scores.jsonl"), rows)
                step.update(status="done")
            else:
                finish(plan, name, used={})
    broken = plan.step(plan.runs["few-shot", 0].steps["answer"])
    broken.update(status="failed", message="The base model of 3.5 M weights is gone.", hint="Put it back.")
    return case


def asked_people(folder: Path) -> Case:
    """People's choices decide, and a judge has labelled, too."""
    case = finished(folder, "zero-shot", "rag", "rag-sft")
    case.save(case.use_case.model_copy(update={"decided_by": "preference"}))
    names = ("zero-shot", "rag", "rag-sft")
    wanted = Queue(name="blind", candidates=tuple(one for one in case.candidates() if one.name in names), overlap=5)
    asked = [
        Asked(f"e{i}", f"g{i // 2}", (Message(role="user", content=f"question {i}"),),
              {name: f"{name} says {'.' * (i + len(name))}" if i % 7 else "the same" for name in names}, {})
        for i in range(48)
    ]  # fmt: skip
    database, rng = open_database(case.workspace), np.random.default_rng(0)
    queue = make_queue(database, case.name, wanted, asked)
    choices: tuple[Choice, ...] = ("left", "tie", "neither", "right")
    labels = []
    for place, who in enumerate(("anna", "bo", "cy", "di", "the-judge")):
        for i in range(48):
            left, right = (names[j] for j in rng.permutation(3)[:2])
            better = names.index(left) > names.index(right)
            chance = (0.6, 0.15, 0.05, 0.2) if better else (0.2, 0.15, 0.05, 0.6)
            said = Preference(
                queue="blind", example=f"e{i}", left=left, right=right, choice=choices[int(rng.choice(4, p=chance))],
                annotator=who, by="model" if who == "the-judge" else "person", seconds=float(rng.uniform(1, 20)),
                reason="because anna says so" if who == "anna" else "",
            )  # fmt: skip
            labels.append(said)
            if i % 10 == place:
                labels.append(said.model_copy(update={"left": right, "right": left, "repeat": True}))
    take_in(database, queue, labels, now=1.0)
    return case


def alone(folder: Path) -> Case:
    """One candidate, which has nobody to be compared with."""
    return finished(folder, "zero-shot")


def tuned(folder: Path) -> Case:
    """The settings of one candidate were searched for."""
    case = finished(folder, "zero-shot", "rag")
    case.freeze("dev", build("product-facts", 0).dev[:60])
    engines = ToyEngines()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.launch._run_engines", engines)
        patch.setattr(os, "fsync", lambda file: None)
        rag = next(one for one in case.candidates() if one.name == "rag")
        keep(case, tune(case, rag, Wanted(budget=200.0), watch=Watch(), clock=engines.clock))
    return case


KINDS: dict[str, Callable[[Path], Case]] = {
    "whole": whole,
    "staged": staged,
    "people": asked_people,
    "tuned": tuned,
    "alone": alone,
}


@dataclass(frozen=True)
class Made:
    """A fresh report, and what follows from its rows."""

    text: str
    follows: Written

    @property
    def data(self) -> dict[str, Any]:
        """A copy to be changed."""
        found: dict[str, Any] = json.loads(self.text)
        return found

    def wrong(self, data: dict[str, Any]) -> list[str]:
        """What is found wrong in a changed report, its rows being as they were."""
        return list(disagreements(told_in(data, where="the report"), self.follows))


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Made]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(rooms.URL_VARIABLE, raising=False)
        found = {}
        for name, make in KINDS.items():
            results = load_results(make(tmp_path_factory.mktemp(name)))
            text = render(results, decide(results), to="json", created=NOON).decode()
            grounds = Grounds.parse(json.loads(text)["grounds"], where=name)
            found[name] = Made(text, written_again(grounds))
        yield found
        close_databases()


def write(path: Path, data: dict[str, Any]) -> Path:
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


# --- They follow --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_fresh_report_follows_from_its_rows(kind: str, reports: dict[str, Made]) -> None:
    assert reports[kind].wrong(reports[kind].data) == []
    assert len(reports[kind].text) < 3_000_000


def test_it_is_said_what_was_compared(reports: dict[str, Made], tmp_path: Path) -> None:
    found = verify(write(tmp_path / "r.json", reports["whole"].data))
    assert not found.wrong
    assert found.figures > 2_000
    assert {"The answer", "The candidates", "What it earns", "What training cost"} <= set(found.sections)
    assert set(found.stated) == {"Provenance"}
    said = summary(found)
    assert f"all {found.figures:,} figures" in said
    assert f"{len(found.sections)} sections" in said
    assert "Provenance (versions, machines" in said


def test_every_section_is_in_some_of_these_reports(reports: dict[str, Made]) -> None:
    """A section that nothing here writes would go unverified: give one of these cases what it needs."""
    written = Counter[str]()
    for made in reports.values():
        written.update(made.data["sections"])
    assert [section.__name__ for section in ALL if not written[section.__name__]] == []


def test_a_section_that_needs_folders_has_to_say_so(reports: dict[str, Made], monkeypatch: pytest.MonkeyPatch) -> None:
    def sizes(material: Material) -> list[Block]:
        return [Heading(text="Sizes"), Text(text=f"{len(material.gathered.plan.steps)} steps")]

    grounds = Grounds.parse(reports["alone"].data["grounds"], where="the report")
    monkeypatch.setattr(sections, "ALL", (*ALL, sizes))
    with pytest.raises(TypeError, match="name the section in STATED"):
        written_again(grounds)
    monkeypatch.setattr(sections, "STATED", {**STATED, "sizes": "folders are not carried"})
    assert "sizes" not in written_again(grounds).sections


def test_people_are_numbers_and_what_they_wrote_stays_at_home(reports: dict[str, Made]) -> None:
    text = reports["people"].text
    assert not re.search(r"\b(anna|bo|cy|di)\b", text)
    assert "because" not in json.dumps(reports["people"].data["grounds"]["given"])
    assert '"annotator 4"' in text
    assert "the-judge" in text


# --- What is changed is found -------------------------------------------------------------------------


@dataclass(frozen=True)
class Leaf:
    """One value somewhere in a report."""

    section: str
    kind: str
    path: tuple[str | int, ...]
    value: Any

    def change(self, data: dict[str, Any]) -> None:
        """Put another value in its place."""
        inside: Any = data
        for key in self.path[:-1]:
            inside = inside[key]
        inside[self.path[-1]] = another(self.value)


def another(value: Any) -> Any:
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value + 0.01 * (1 + abs(value))
    if not any(letter.isdigit() for letter in value):
        return value + "!"
    return re.sub(r"\d", lambda found: str((int(found[0]) + 1) % 10), value, count=1)


def leaves(data: dict[str, Any]) -> Iterator[Leaf]:
    """Every value that holds a digit, and every sentence and cell, of the sections that are written again."""
    blocks = iter(enumerate(data["report"]["blocks"]))
    for section, count in data["sections"].items():
        for _ in range(count):
            n, block = next(blocks)
            if section not in STATED:
                for path, value in inside(block, ("report", "blocks", n)):
                    words = block["kind"] in ("text", "table", "items", "callout") and path[-1] in (*range(99), "text")
                    if path[-1] != "kind" and (digits(value) or (words and isinstance(value, str) and value)):
                        yield Leaf(section, block["kind"], path, value)


def inside(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from inside(each, (*path, key))
    else:
        yield path, value


def digits(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number or (isinstance(value, str) and any(letter.isdigit() for letter in value))


def told_blocks(data: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = data["report"]["blocks"]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_all_changes_at_once_are_each_found(kind: str, reports: dict[str, Made]) -> None:
    data = reports[kind].data
    changed = list(leaves(data))
    for leaf in changed:
        leaf.change(data)
    wrong = reports[kind].wrong(data)
    assert len(wrong) == len(changed) > 50
    assert len(set(wrong)) == len(wrong)


@pytest.mark.parametrize("kind", KINDS)
def test_one_changed_leaf_is_named(kind: str, reports: dict[str, Made]) -> None:
    made, by_kind = reports[kind], defaultdict[str, list[Leaf]](list)
    for leaf in leaves(made.data):
        by_kind[leaf.kind].append(leaf)
    rng, data = np.random.default_rng(0), made.data
    for found in by_kind.values():
        for n in rng.permutation(len(found))[:PER_KIND]:
            found[n].change(data)
            (wrong,) = made.wrong(data)
            assert "is told" in wrong
            assert heading(data, found[n].section) in wrong
            put(data, found[n].path, found[n].value)
    assert made.wrong(data) == []


def put(data: dict[str, Any], path: tuple[str | int, ...], value: Any) -> None:
    inside: Any = data
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value


def heading(data: dict[str, Any], section: str) -> str:
    """The heading that a section begins with."""
    place = 0
    for name, count in data["sections"].items():
        if name == section:
            return str(told_blocks(data)[place]["text"])
        place += count
    raise KeyError(section)


def test_a_changed_recommendation_or_title_is_found(reports: dict[str, Made]) -> None:
    data = reports["alone"].data
    data["recommendation"]["standings"][0]["mean"] += 0.001
    data["report"]["title"] = "shop-facts: 100 % right"
    headline, mean = reports["alone"].wrong(data)
    assert headline.startswith("the title: 'shop-facts: 100 % right' is told")
    assert mean.startswith("the recommendation, standings 1 (zero-shot), mean: ")


def test_a_block_more_or_less_is_found(reports: dict[str, Made]) -> None:
    made, data = reports["alone"], reports["alone"].data
    data["report"]["blocks"].insert(3, {"kind": "text", "text": "It is 99 % right.", "note": False})
    first = next(iter(data["sections"]))
    data["sections"][first] += 1
    (wrong,) = made.wrong(data)
    assert wrong == "The question, text (block 4): it does not follow"
    data["sections"][first] -= 1
    with pytest.raises(WorkbenchError, match="not as long as the report"):
        made.wrong(data)
    data = made.data
    data["sections"]["made up"] = data["sections"].pop(first)
    assert any("“The question”: it is missing" in text for text in made.wrong(data) if "question" in text)


# --- Changed rows -------------------------------------------------------------------------------------


def verified(data: dict[str, Any], tmp_path: Path) -> str:
    return "\n".join(verify(write(tmp_path / "r.json", data)).wrong)


def test_changed_rows_of_every_kind_are_found(reports: dict[str, Made], tmp_path: Path) -> None:
    data = reports["whole"].data
    rows = data["grounds"]
    sft = next(one for one in rows["candidates"] if one["candidate"]["name"] == "sft")
    sft["took"]["seconds"][3] *= 2
    sft["took"]["completion_tokens"][0] *= 2
    sft["took"]["training"][1] *= 2
    sft["values"]["token_f1"][0][3] = 0.5
    course = rows["checks"]["courses"]["sft"]
    words = rows["checks"]["panels"][course["panels"][0]]["pocket_words"]["values"]
    flip(words["strict"] if "strict" in words else next(iter(words.values())), 250)
    flip(rows["checks"]["scores"][course["points"][0]["scores"][0]], 11)
    rows["checks"]["drifts"][course["drifts"][0]][0]["nats"][7] += 0.5
    flip(rows["probed"][0]["cells"][1]["values"][0], 5)
    wrong = verified(data, tmp_path)
    for place in (
        " (sft), “Mean, s”",
        "“Tokens written”",
        "“Training, s a seed”",
        "Also measured",
        "Every suite beside the untrained base",
        "With weaker adapters, and along the training",
        "How far the predictions have moved",
        "Every figure that explains",
    ):
        assert place in wrong, place


def flip(values: list[float], place: int) -> None:
    values[place] = 1 - values[place]


def test_a_changed_score_is_found_everywhere(reports: dict[str, Made], tmp_path: Path) -> None:
    data = reports["staged"].data
    rows = data["grounds"]
    sft = next(one for one in rows["candidates"] if one["candidate"]["name"] == "sft")
    flip(sft["values"][rows["use_case"]["metric"]][0], 30)
    dpo = next(one for one in rows["candidates"] if one["candidate"]["name"] == "dpo")
    flip(dpo["stages"]["1"][0], 2)
    rows["chances"][0][1]["many"] = 0.9
    rows["waiting"]["few-shot"] = "It was not needed."
    rows["audit"]["findings"][0]["message"] += " Or not."
    wrong = verified(data, tmp_path)
    for place in ("the recommendation, standings", "“Quality”", "Every pair", "Where they disagree", "What each stage",
                  "Stage by stage, items", "What was not measured, items",
                  "What was found in the examples"):  # fmt: skip
        assert place in wrong, place


@pytest.mark.parametrize("place", [0, 40, 120])
def test_one_changed_label_is_found(place: int, reports: dict[str, Made], tmp_path: Path) -> None:
    data = reports["people"].data
    label = [one for one in data["grounds"]["given"][0]["labels"] if one["by"] == "person" and not one["repeat"]][place]
    label["choice"] = "right" if label["choice"] == "left" else "left"
    wrong = verified(data, tmp_path)
    assert "the recommendation, standings" in wrong
    assert "What people prefer, table “Win rates against zero-shot”" in wrong
    assert "win rates “" in wrong


def test_rows_that_do_not_fit_together_are_refused_in_words(reports: dict[str, Made], tmp_path: Path) -> None:
    def refused(match: str, change: Callable[[dict[str, Any]], object]) -> None:
        data = reports["people"].data
        change(data["grounds"])
        with pytest.raises(WorkbenchError, match=match):
            verify(write(tmp_path / "r.json", data))

    refused("needs a row of 60 values", lambda rows: rows["candidates"][0]["values"]["exact_match"][0].pop())
    refused("is none of the 60 examples", lambda rows: rows["candidates"][0]["abstained"][0].append(60))
    refused("what the queue does not ask", lambda rows: rows["given"][0]["labels"][0].update(example="e99"))
    data = reports["alone"].data
    data["grounds"]["candidates"][0]["values"]["exact_match"][0][0] = 2.0
    assert "nothing can be computed from the raw rows" in verified(data, tmp_path)
