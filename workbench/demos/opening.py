"""A bundled demo becomes a use case of a workspace."""

from pathlib import Path

from workbench.candidate import Candidate
from workbench.case import Case, create_case, presets
from workbench.demos import build
from workbench.usecase import Example, Split


def open_demo(workspace: Path, name: str, *, seed: int = 0) -> Case:
    """The use case of a bundled demo, made if it is not there yet.

    Raises NotFound where there is no demo of this name.
    """
    built = build(name, seed)
    folder = f"{name}-{seed}" if seed else name
    case = Case(workspace / "use_cases" / folder)
    if (case.folder / "use_case.yaml").exists():
        return case
    splits: dict[Split, list[Example]] = {"train": built.train, "dev": built.dev, "test": built.test}
    use_case = built.use_case.model_copy(update={"name": folder})
    case = create_case(workspace, use_case, splits, documents=built.documents or None)
    if built.pairs:
        case.freeze_pairs(built.pairs)
    if built.candidates:
        case.choose(presets()[preset] for preset in built.candidates)
    if built.passages is not None:
        case.choose(with_passages(one, built.passages) for one in case.suggested())
    return case


def with_passages(candidate: Candidate, count: int) -> Candidate:
    """A candidate that answers from so many passages, where it retrieves any."""
    if candidate.retrieval is None:
        return candidate
    return candidate.model_copy(update={"retrieval": candidate.retrieval.model_copy(update={"passages": count})})
