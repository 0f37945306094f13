"""Answers that were given elsewhere: rows of a table become candidates, and are compared like the rest."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.candidate import APPROACHES, Approach, Candidate, Imported
from workbench.case import Case
from workbench.errors import DataError
from workbench.examples import Examples
from workbench.intake import read_table
from workbench.model import Noun
from workbench.phrases import agreeing, listed
from workbench.plan import is_done
from workbench.planning import make_plan
from workbench.run import Response
from workbench.score_file import number
from workbench.table import Table
from workbench.table import listed as shortened
from workbench.workspace import file_digest, write_atomically, write_jsonl

USUAL: Mapping[str, tuple[str, ...]] = {
    "candidate": ("candidate", "model", "system", "variant", "provider"),
    "example": (
        "example",
        "example_id",
        "id",
        "item",
        "item_id",
        "question_id",
        "input",
        "request",
        "question",
        "prompt",
    ),
    "response": ("response", "answer", "output", "completion", "prediction", "text"),
    "approach": ("approach",),
    "seed": ("seed",),
    "score": ("score",),
    "label": ("verdict", "outcome", "correct"),
    "seconds": ("seconds", "latency", "latency_s", "duration"),
    "cost": ("cost", "price"),
    "prompt_tokens": ("prompt_tokens", "input_tokens", "tokens_in"),
    "completion_tokens": ("completion_tokens", "output_tokens", "tokens_out"),
}
"""Names that columns usually have, the likeliest first."""
ABSTAINED = ("abstained", "abstain", "abstention", "idk", "unknown", "not_attempted", "not attempted", "no answer")
"""Labels of an answer that says it does not know."""


class Taken(Noun):
    """What came of taking in a file."""

    candidates: tuple[Candidate, ...]
    columns: dict[str, str]
    """Which column was read as what."""
    answers: int
    unknown: int
    """Rows of no test example; they are left out."""
    missing: dict[str, int]
    """By candidate, test examples without an answer; they are in no comparison."""

    def remarks(self) -> list[str]:
        """What to know of it, in sentences."""
        said = []
        if self.unknown:
            said.append(f"{self.unknown:,} {agreeing(self.unknown, 'row belongs', 'rows belong')} to no test example.")
        for name, count in self.missing.items():
            verb = agreeing(count, "example has", "examples have")
            said.append(f"{count:,} test {verb} no answer of {name}: left out of every comparison.")
        if any(one.imported is not None and one.imported.scored for one in self.candidates):
            said.append("Scores that came with the answers count in place of the metric.")
        return said


@dataclass
class _Side:
    """One candidate's answers, by seed and example."""

    approach: Approach
    runs: dict[str, dict[str, Response]] = field(default_factory=dict)


def take_in(
    case: Case,
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    approach: Approach = "prompting",
    name: str = "",
    encoding: str | None = None,
) -> Taken:
    """Take in the answers of a file and add their candidates to those chosen.

    ``columns``: by meaning, where the guess from their names is wrong; ``name``: of the candidate, where no column
    says it. An example is known by its id, or by the words of its request. Raises DataError, with the rows, for what
    can't be read, comes twice, or belongs to no test example at all, and for a candidate that has the name of another.
    """
    table = read_table(path, encoding=encoding)
    found = _columns(table, columns or {})
    examples = case.examples("test")
    sides, unknown = _sides(table, found, examples, approach=approach, name=name or _slug(path.stem))
    scored = "score" in found or "label" in found
    made, missing = [], {}
    known = {one.name: one for one in case.candidates()}
    for candidate, side in sides.items():
        if candidate in known and known[candidate].imported is None:
            raise DataError(
                f"{case.name} has a candidate of its own named {candidate}.",
                f"Give the one in {path.name} another name, in its column or with --name.",
            )
        lacking = max(len(examples) - len(run) for run in side.runs.values())
        if lacking:
            missing[candidate] = lacking
        made.append(_keep(case, candidate, side, examples, source=path.name, scored=scored))
    chosen = {one.name: one for one in _at_hand(case)}
    case.choose((chosen | {one.name: one for one in made}).values())
    return Taken(
        candidates=tuple(made),
        columns=found,
        answers=sum(len(run) for side in sides.values() for run in side.runs.values()),
        unknown=unknown,
        missing=missing,
    )


def _at_hand(case: Case) -> list[Candidate]:
    """Who is compared already: the chosen or, where none was chosen yet, the suggested that have answered."""
    if any((case.folder / "candidates").glob("*.yaml")):
        return list(case.candidates())
    answered = []
    for one in case.candidates():
        plan = make_plan(case, [one])
        steps = [plan.step(run.steps["answer"]) for run in plan.runs.values()]
        if any(map(is_done, steps)):
            answered.append(one)
    return answered


def _columns(table: Table, given: Mapping[str, str]) -> dict[str, str]:
    """By meaning, the column that has it."""
    found = {}
    for meaning, column in given.items():
        if column not in table.columns:
            raise table.missing(column)
        found[meaning] = column
    plain = {column.casefold().replace(" ", "_"): column for column in table.columns}
    for meaning, usual in USUAL.items():
        free = [plain[name] for name in usual if name in plain and plain[name] not in found.values()]
        if meaning not in found and free:
            found[meaning] = free[0]
    if "example" not in found:
        raise DataError(
            f"No column of {table.source} says which test example was answered: it has {', '.join(table.columns)}.",
            "Name the column of its id, or of the request itself: --example COLUMN.",
        )
    if not {"response", "score", "label"} & found.keys():
        raise DataError(
            f"{table.source} has neither answers nor scores: it has {', '.join(table.columns)}.",
            "Name the column: --response, --score or --label.",
        )
    return found


def _sides(
    table: Table, columns: Mapping[str, str], examples: Examples, *, approach: Approach, name: str
) -> tuple[dict[str, _Side], int]:
    cells = {meaning: table.column(column) for meaning, column in columns.items()}
    places = _known(examples)
    sides: dict[str, _Side] = {}
    unknown, twice = 0, []
    for n in range(len(table)):
        row = {meaning: values[n] for meaning, values in cells.items()}
        example = places.get(row["example"]) or places.get(_words(row["example"]))
        if example is None:
            unknown += 1
            continue
        candidate = _slug(row["candidate"]) if "candidate" in row else name
        if not candidate:
            raise DataError(f"{table.source}, {table.unit} {table.numbers[n]} names no candidate.", "Fill it in.")
        told = _approach(row["approach"], table, n) if row.get("approach", "").strip() else approach
        side = sides.setdefault(candidate, _Side(told))
        run = side.runs.setdefault(row.get("seed", "").strip(), {})
        if not _answers(row):
            continue
        if example in run:
            twice.append(table.numbers[n])
            continue
        run[example] = _response(row, example, table, n)
    if twice:
        raise DataError(
            f"{len(twice):,} {agreeing(len(twice), 'row', 'rows')} of {table.source} "
            f"{agreeing(len(twice), 'answers', 'answer')} for a candidate what it had answered ({table.unit} "
            f"{shortened(twice)}).",
            "Leave one row for each, or name the column that tells trainings apart: --seed.",
        )
    if not sides:
        raise DataError(
            f"No row of {table.source} belongs to a test example: {columns['example']!r} was compared with their ids "
            "and requests.",
            "Name another column with --example, or export the test examples and answer those.",
        )
    return sides, unknown


def _answers(row: Mapping[str, str]) -> bool:
    """Whether a row says anything: where scores came, one without a score is not judged yet."""
    judged = [row[name].strip() for name in ("score", "label") if name in row]
    return any(judged) if judged else True


def _known(examples: Examples) -> dict[str, str]:
    """Ids of the examples by themselves, and by the words of requests that only one of them has."""
    asked = Counter(_words(one.question) for one in examples)
    by_words = {_words(one.question): one.id for one in examples if asked[_words(one.question)] == 1}
    return by_words | {one.id: one.id for one in examples}


def _response(row: Mapping[str, str], example: str, table: Table, n: int) -> Response:
    given, abstained = None, False
    label = row.get("label", "").strip()
    if label.casefold() in ABSTAINED:
        given, abstained = 0.0, True
    elif label:
        given = number(label, table, n)
    if row.get("score", "").strip():
        given = number(row["score"], table, n)
    if given is not None and not 0 <= given <= 1:
        raise DataError(
            f"{table.source}, {table.unit} {table.numbers[n]}: the score {given:g} is outside 0 to 1.",
            "Scores are shares: 1 is right, 0 is wrong; write 85 % or 0.85.",
        )
    amounts = {name: _amount(row.get(name, ""), name, table, n) for name in ("seconds", "cost")}
    tokens = [
        int(_amount(row.get(name, ""), name, table, n) or 0) for name in ("prompt_tokens", "completion_tokens")
    ]  # fmt: skip
    return Response(
        example=example, text=row.get("response", ""), given=given, abstained=abstained, seconds=amounts["seconds"],
        cost=amounts["cost"], prompt_tokens=tokens[0], completion_tokens=tokens[1],
    )  # fmt: skip


def _amount(text: str, what: str, table: Table, n: int) -> float | None:
    if not text.strip():
        return None
    value = number(text, table, n)
    if value < 0:
        raise DataError(f"{table.source}, {table.unit} {table.numbers[n]}: {what} is below 0.", "Mend that row.")
    return value


def _approach(text: str, table: Table, n: int) -> Approach:
    plain = re.sub(r"[^a-z]+", "", text.casefold())
    for approach in APPROACHES:
        if re.sub(r"[^a-z]+", "", approach.casefold()) == plain:
            return approach
    raise DataError(
        f"{table.source}, {table.unit} {table.numbers[n]}: {text!r} is no approach.", f"One of {', '.join(APPROACHES)}."
    )


def _keep(case: Case, name: str, side: _Side, examples: Examples, *, source: str, scored: bool) -> Candidate:
    """Write a candidate's answers down, one line for each example and a file for each seed."""
    digests = []
    for place, seed in enumerate(sorted(side.runs)):
        run = side.runs[seed]
        path = case.imported_path(name, place)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_jsonl(path, [(run.get(one.id) or _nothing(one.id)).model_dump(mode="json") for one in examples])
        digests.append(file_digest(path))
    imported = Imported(approach=side.approach, answers=tuple(digests), scored=scored)
    made = Candidate(name=name, description=f"Answered elsewhere; taken in from {source}.", imported=imported)
    write_atomically(case.folder / "imported" / f"{name}.yaml", made.to_yaml())
    return made


def _nothing(example: str) -> Response:
    return Response(example=example, text="", prompt_tokens=0, completion_tokens=0, finish="missing")


def _words(text: str) -> str:
    return " ".join(text.split()).casefold()


def _slug(text: str) -> str:
    """A name as folders can have it."""
    return re.sub(r"[^a-z0-9._-]+", "-", text.strip().casefold()).strip("-._")[:64]


def names(candidates: Sequence[Candidate]) -> str:
    """Their names, in a sentence."""
    return listed([one.name for one in candidates])
