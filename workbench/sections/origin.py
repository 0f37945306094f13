"""What a report was made with, and how to do it again."""

from collections.abc import Callable, Mapping

from workbench import __version__
from workbench.blocks import Block, Code, Column, Definition, Definitions, Heading, Row, Table
from workbench.case import SPLITS, Case
from workbench.cost import figure
from workbench.question import frozen
from workbench.sections.material import Material
from workbench.usecase import Split
from workbench.workspace import digest

AGAIN = (
    "To do it again, in the folder of the workspace: finished steps are reused, and verify computes each figure anew "
    "from the raw rows of the report"
)


def provenance(material: Material) -> list[Block]:
    """What it was done with, and how to do it again."""
    name = material.gathered.case.name
    verbs = (f"run {name}", f"recommend {name}", f"report {name} --to json", f"verify reports/{name}.json")
    commands = "\n".join(f"workbench {verb}" for verb in verbs)
    candidates = "---\n".join(one.candidate.to_yaml() for one in material.gathered.candidates)
    return [
        Heading(text="Provenance"),
        Definitions(items=(*_hashes(material), *_made_with(material))),
        Code(title=AGAIN, text=commands),
        _runs(material),
        _steps(material),
        Code(title="The candidates as they were", text=candidates.rstrip("\n"), folded=True),
    ]


def _hashes(material: Material) -> list[Definition]:
    case, sizes = material.gathered.case, material.audit.sizes
    items = split_hashes(case, sizes)
    settings = digest(material.gathered.use_case.model_dump(mode="json"))
    bases = dict.fromkeys(
        f"{record.inputs['base_model']}, {_identity(str(record.inputs['base']))}"
        for record in material.steps.values()
        if record.kind == "answer"
    )
    asked = frozen(case)
    if asked is not None:
        text = f"frozen {asked.asked:%Y-%m-%d %H:%M} UTC, before any score was seen; sha256 {asked.hash}"
        items.append(Definition(term="question", text=text, literal=True))
    return [
        *items,
        documents_hash(case),
        Definition(term="settings", text=f"sha256 {settings}", literal=True),
        Definition(term="base model", text="; ".join(bases), literal=True),
    ]


def split_hashes(case: Case, sizes: Mapping[Split, int]) -> list[Definition]:
    """Every split with its size and hash."""
    return [
        Definition(
            term=f"{split} examples", text=f"{sizes.get(split, 0):,}, sha256 {case.split_digest(split)}", literal=True
        )
        for split in SPLITS
        if case.split_path(split).exists()
    ]


def documents_hash(case: Case) -> Definition:
    """The hash of a use case's documents."""
    text = f"sha256 {case.documents_digest()}" if case.documents is not None else "none"
    return Definition(term="documents", text=text, literal=True)


def _identity(base: str) -> str:
    return "from the Hub" if base.startswith("hub:") else f"sha256 {base}"


def _made_with(material: Material) -> list[Definition]:
    made = [record.provenance for record in material.steps.values()]

    def all_of(read: Callable[[Mapping[str, object]], object]) -> str:
        found = dict.fromkeys(str(value) for each in made if (value := read(each)) is not None)
        return "; ".join(found) or "not recorded"

    packages: dict[str, dict[str, None]] = {}
    for each in made:
        for package, version in each.get("packages", {}).items():
            packages.setdefault(package, {})[version or "not installed"] = None
    versions = ", ".join(f"{package} {' and '.join(found)}" for package, found in sorted(packages.items()))
    seeds = {one.name: ", ".join(str(run.seed) for run in one.runs) for one in material.gathered.candidates}
    trained = [f"{one.name} {seeds[one.name]}" for one in material.gathered.candidates if one.candidate.training]
    commit = all_of(lambda each: each.get("commit"))
    machine = all_of(
        lambda each: f"{each['platform']}, {each.get('processors')} processors" if "platform" in each else None
    )
    return [
        Definition(term="workbench", text=f"{__version__}, commit {commit}", literal=True),
        Definition(term="Python", text=all_of(lambda each: each.get("python")), literal=True),
        Definition(term="packages", text=versions or "not recorded", literal=True),
        Definition(term="machine", text=machine, literal=True),
        Definition(term="training seeds", text="; ".join(trained) or "none: nothing is trained", literal=True),
        Definition(term="analysis seed", text="0", literal=True),
    ]


def _runs(material: Material) -> Table:
    columns = (
        Column(title="Run"),
        Column(title="Candidate"),
        Column(title="Seed", align="right"),
        Column(title="Steps"),
    )
    rows = [
        Row(cells=(run.id, one.name, str(run.seed), ", ".join(run.steps.values())))
        for one in material.gathered.candidates
        for run in one.runs
    ]
    return Table(title="Every run and its steps", columns=columns, rows=tuple(rows), folded=True)


def _steps(material: Material) -> Table:
    columns = (Column(title="Step"), Column(title="What it did"), Column(title="Seconds", align="right"))
    rows = []
    for name, record in material.steps.items():
        seconds = record.facts.get("seconds")
        took = "not measured: it was not noted" if seconds is None else figure(float(seconds))
        rows.append(Row(cells=(name, record.title, took)))
    return Table(title="Every step and what it took", columns=columns, rows=tuple(rows), folded=True)
