"""A user's files become a use case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from workbench.audit import Audit, audit, mend
from workbench.case import SPLITS, Case, create_case
from workbench.document_kinds import is_readable, not_readable
from workbench.document_texts import document_texts, index_of
from workbench.errors import ConfigError, DataError
from workbench.examples import Examples
from workbench.finding import Finding
from workbench.intake import Columns, guess_columns, read_table, to_examples
from workbench.pair_intake import PairCheck, check_pairs, to_pairs
from workbench.rating_intake import RatingCheck, check_ratings, to_ratings
from workbench.splits import split_examples
from workbench.usecase import MetricName, Split, UseCase
from workbench.workspace import Step, disk_error, write_jsonl

SPLIT_SEED = 0

GUESSED = Columns()
"""No column is named, so all are guessed."""


@dataclass(frozen=True)
class Files:
    """Where a user's examples and documents are."""

    train: Path
    """Training examples, or all of them where there is no test file."""
    test: Path | None = None
    dev: Path | None = None
    documents: Path | None = None
    solved_examples: bool = False
    """Whether the training examples, with their answers, are documents too."""
    columns: Columns = GUESSED
    encoding: str | None = None
    most_train: int | None = None
    """Use at most this many training rows, drawn by a fixed seed; None: all."""
    most_test: int | None = None
    """Likewise for test rows."""


@dataclass(frozen=True)
class Created:
    """A new use case and how its columns were read."""

    case: Case
    columns: Columns
    left_out: int
    """Exact repeats left out when one file was split."""


def create_from_files(workspace: Path, use_case: UseCase, files: Files, *, replace: bool = False) -> Created:
    """Read, split and freeze a use case's examples and copy its documents.

    Where one file is given, it is split by group without leaking near-duplicates.
    Raises DataError, NotFound or ConfigError where something cannot be used; nothing is written then.
    """
    rng = np.random.default_rng(SPLIT_SEED)
    train, columns = _read(files.train, files, "train")
    test = _read(files.test, files, "test")[0] if files.test else None
    dev = _read(files.dev, files, "dev")[0] if files.dev else None
    train = _at_most(train, files.most_train, rng)
    test = _at_most(test, files.most_test, rng) if test is not None else None
    if dev is not None and test is None:
        raise ConfigError("A dev file was given without a test file.", "Give both, or neither and one file is split.")
    if dev is not None and test is not None:
        parts: dict[Split, Examples] = {"train": train, "dev": dev, "test": test}
        left_out = 0
    else:
        splits = split_examples(train, rng=rng, test=test)
        parts = {"train": splits.train, "dev": splits.dev, "test": splits.test}
        left_out = len(splits.left_out)
    case = create_case(
        workspace,
        use_case,
        {split: examples.as_split(split) for split, examples in parts.items()},
        documents=files.documents,
        replace=replace,
    )
    if files.solved_examples:
        retrieve_solved_examples(case)
    return Created(case, columns, left_out)


def _read(path: Path, files: Files, split: Split) -> tuple[Examples, Columns]:
    table = read_table(path, encoding=files.encoding)
    columns = guess_columns(table, given=files.columns)
    return to_examples(table, columns, split=split), columns


def _at_most(examples: Examples, most: int | None, rng: np.random.Generator) -> Examples:
    if most is None or len(examples) <= most:
        return examples
    return examples.at(sorted(int(i) for i in rng.choice(len(examples), most, replace=False)))


def audit_case(case: Case) -> Audit:
    """What is wrong with a use case's examples; looked for once for the same files, documents and metric.

    Documents of every kind are known once a step has read them; before, those that are plain text.
    """
    digests = [case.split_digest(split) if case.split_path(split).exists() else "" for split in SPLITS]
    digests += [case.documents_digest()] if case.documents is not None else []
    return _audited(case, tuple(digests), index_of(case), case.use_case.metric)


@lru_cache(maxsize=16)
def _audited(case: Case, digests: tuple[str, ...], index: Step | None, metric: MetricName) -> Audit:
    del digests
    train, dev, test = (case.examples(split) for split in SPLITS)
    return audit(train, dev, test, metric=metric, documents=document_texts(case, index))


def mend_case(case: Case, findings: Sequence[Finding] | None = None) -> dict[Split, int]:
    """Leave out the rows that the audit, or these of its findings, say can be left out; never test rows that leaked.

    Returns how many were left out of each split.
    """
    chosen = audit_case(case).findings if findings is None else findings
    parts = {split: case.examples(split) for split in SPLITS}
    mended = {split: mend(examples.as_split(split), chosen) for split, examples in parts.items()}
    for split, result in mended.items():
        if result.dropped:
            case.freeze(split, result.examples)
    if case.solved_examples.exists():
        retrieve_solved_examples(case)
    return {split: len(result.dropped) for split, result in mended.items()}


def retrieve_solved_examples(case: Case) -> None:
    """Make each training example, with its answer, a document of the use case, under the example's own id.

    So retrieval finds cases that were solved before; an example never finds itself.
    """
    records = [
        {"id": example.id, "text": f"{example.question}\nAnswer: {example.target}"}
        for example in case.examples("train")
        if example.target.strip()
    ]
    if not records:
        raise DataError("There are no solved training examples to retrieve.", "Add some, or documents of another kind.")
    path = case.solved_examples
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise disk_error(path, error) from None
    write_jsonl(path, records)


def add_documents(case: Case, files: Mapping[str, bytes]) -> None:
    """Add documents to a use case by file name; one of the same name is replaced.

    Raises DataError where a name is none or an ending is not one that documents have, before anything is written.
    """
    for name in files:
        if Path(name).name != name or not is_readable(name):
            raise not_readable(name)
    folder = case.folder / "documents"
    for name, content in files.items():
        try:
            folder.mkdir(exist_ok=True)
            partial = folder.parent / f".{name}.part"
            partial.write_bytes(content)
            partial.replace(folder / name)
        except OSError as error:
            raise disk_error(folder / name, error) from None


def add_ratings(case: Case, path: Path) -> RatingCheck:
    """Replace the ratings of a use case by those of a file, and say what is wrong with them.

    Raises NotFound and DataError as ``read_table``, ``to_ratings`` and ``write_ratings`` do.
    """
    held_out = [example for split in ("dev", "test") for example in case.examples(split)]
    kept, found = check_ratings(to_ratings(read_table(path)), held_out=held_out)
    case.freeze_ratings(kept)
    return found


def add_pairs(
    case: Case, path: Path, *, prompt: str | None = None, chosen: str = "chosen", rejected: str = "rejected"
) -> PairCheck:
    """Replace the preference pairs of a use case by those of a file, and say what is wrong with them.

    Raises NotFound and DataError as ``read_table`` and ``to_pairs`` do, and DataError where no pair is left.
    """
    pairs, same = to_pairs(read_table(path), prompt=prompt, chosen=chosen, rejected=rejected)
    held_out = [example for split in ("dev", "test") for example in case.examples(split)]
    kept, found = check_pairs(pairs, held_out=held_out, same=same)
    if not kept:
        raise DataError(f"{path.name} has no pair that can be trained on.", " ".join(found.remarks()))
    case.freeze_pairs(kept)
    return found
