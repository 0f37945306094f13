"""A use case on disk: its settings, its frozen splits, its documents and the candidates chosen for it."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import yaml

from workbench.candidate import APPROACHES, Candidate, rewrites, tunes_embedder
from workbench.confirmed import read_standings
from workbench.document_kinds import KINDS, files_of, is_readable, not_readable, reading_of
from workbench.errors import ConfigError, DataError, NotFound
from workbench.examples import Examples, nested, read_examples, share_of, write_examples
from workbench.pairs import Pair, pair_requests, write_pairs
from workbench.phrases import listed
from workbench.ratings import Rating, write_ratings
from workbench.stage import Cpt, Imitating, Kto, Sft, has_distractors, queue_of, reads_pairs, reads_requests
from workbench.support import Support
from workbench.usecase import Example, Split, UseCase
from workbench.workspace import NamedFolder, digest, disk_error, file_digest, folder_digest, write_atomically

SPLITS: tuple[Split, ...] = ("train", "dev", "test")
Part = tuple[Split, int, int]
"""Some examples of a split: from which on, and before which, in an order in which any beginning is a fair draw."""


@dataclass(frozen=True)
class Case(NamedFolder):
    """The folder of one use case in a workspace."""

    @property
    def use_case(self) -> UseCase:
        """The settings, read anew from ``use_case.yaml``."""
        return UseCase.load(self.folder / "use_case.yaml")

    @property
    def documents(self) -> Path | None:
        """The folder of documents, where there are any."""
        folder = self.folder / "documents"
        return folder if folder.is_dir() and any(folder.iterdir()) else None

    @property
    def solved_examples(self) -> Path:
        """The document file that holds the training examples with their answers, where that is wanted."""
        return self.folder / "documents" / "solved-examples.jsonl"

    @property
    def pairs_path(self) -> Path:
        """The file of preference pairs, where there are any."""
        return self.folder / "pairs.jsonl"

    @property
    def pair_requests_path(self) -> Path:
        """The requests of the pairs as examples, so that passages can be found for them."""
        return self.folder / "pair-requests.jsonl"

    def freeze_pairs(self, pairs: Sequence[Pair]) -> None:
        """Replace the preference pairs."""
        write_pairs(self.pairs_path, pairs)
        write_examples(self.pair_requests_path, pair_requests(pairs))

    def labelled_path(self, queue: str) -> Path:
        """The file of the preference pairs that the labels of a queue became, where they were taken."""
        return self.folder / "labels" / queue / "pairs.jsonl"

    def labelled_requests_path(self, queue: str) -> Path:
        """The requests of those pairs as examples, so that passages can be found for them."""
        return self.folder / "labels" / queue / "requests.jsonl"

    def freeze_labelled(self, queue: str, pairs: Sequence[Pair]) -> None:
        """Replace the preference pairs that came from a queue."""
        write_pairs(self.labelled_path(queue), pairs)
        write_examples(self.labelled_requests_path(queue), pair_requests(pairs))

    @property
    def ratings_path(self) -> Path:
        """The file of single answers that were called good or bad, where there are any."""
        return self.folder / "ratings.jsonl"

    @property
    def rating_requests_path(self) -> Path:
        """The requests of the ratings as examples, so that passages can be found for them."""
        return self.folder / "rating-requests.jsonl"

    def freeze_ratings(self, ratings: Sequence[Rating]) -> None:
        """Replace the ratings.

        Raises DataError as ``write_ratings`` does.
        """
        write_ratings(self.ratings_path, ratings)
        write_examples(self.rating_requests_path, Examples(tuple(one.as_example() for one in ratings)))

    def split_path(self, split: Split) -> Path:
        """The file of one split."""
        return self.folder / f"{split}.jsonl"

    def examples(self, split: Split) -> Examples:
        """The frozen examples of one split; an empty one where the use case has none."""
        path = self.split_path(split)
        return read_examples(path) if path.exists() else Examples(())

    def share_path(self, share: float) -> Path:
        """The file of a share of the training examples; ``write_share`` makes it."""
        return self.folder / "shares" / f"train-{100 * share:g}-{self.split_digest('train')[:12]}.jsonl"

    def write_share(self, share: float) -> None:
        """Make the file of a share of the training examples, where it is not there yet; smaller ones are part of it."""
        path = self.share_path(share)
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            write_examples(path, share_of(self.examples("train"), share))

    @property
    def evidence_path(self) -> Path:
        """What people said of the passages that may support an example."""
        return self.folder / "evidence.jsonl"

    @property
    def support_path(self) -> Path:
        """Which model says what supports a claim, where one is asked."""
        return self.folder / "support.yaml"

    @property
    def claim_labels_path(self) -> Path:
        """Claims of answers that people labelled as supported or not, where there are any."""
        return self.folder / "claim-labels.jsonl"

    @property
    def support(self) -> Support | None:
        """The model that says whether a passage supports a claim; None: words alone do."""
        return Support.load(self.support_path) if self.support_path.exists() else None

    def confirmed(self, split: Split) -> dict[str, list[str]]:
        """The documents that people confirmed for examples of a split which name none, () where none supports one.

        The splits stay as they were frozen: steps that look at evidence are told of it besides.
        """
        known = read_standings(self.evidence_path)
        named = {one.id for one in self.examples(split) if not one.evidence} if known else set()
        return {
            name: list(one.documents)
            for name, one in sorted(known.items())
            if name in named and (one.documents or one.empty)
        }

    def part_path(self, part: Part) -> Path:
        """The file of a part of a split; ``write_part`` makes it."""
        split, first, after = part
        return self.folder / "shares" / f"{split}-{first}-{after}-{self.split_digest(split)[:12]}.jsonl"

    def part(self, part: Part) -> Examples:
        """The examples of a part of a split."""
        split, first, after = part
        return nested(self.examples(split))[first:after]

    def write_part(self, part: Part) -> None:
        """Make the file of a part of a split, where it is not there yet."""
        path = self.part_path(part)
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            write_examples(path, self.part(part))

    def split_digest(self, split: Split) -> str:
        """The digest of one split's file."""
        return file_digest(self.split_path(split))

    def documents_digest(self) -> str:
        """The digest of all documents, and of what parses them where they are of kinds that must be parsed.

        Raises ConfigError where there are none.
        """
        if self.documents is None:
            raise ConfigError(
                f"The use case {self.name} has no documents, so nothing can be retrieved.",
                "Add files with `--documents`, or leave the RAG candidates out.",
            )
        reading = reading_of(self.documents)
        own = folder_digest(self.documents)
        return digest([own, reading]) if reading else own

    def candidates(self) -> tuple[Candidate, ...]:
        """The candidates chosen for this use case, or the suggested ones where none was chosen yet."""
        chosen = sorted((self.folder / "candidates").glob("*.yaml"))
        return in_order(Candidate.load(path) for path in chosen) if chosen else self.suggested()

    def named(self, names: Sequence[str]) -> list[Candidate]:
        """Those of the candidates that are named, in their own order, or all where none is.

        Raises NotFound, naming those that there are.
        """
        chosen = {one.name: one for one in self.candidates()}
        unknown = next((name for name in names if name not in chosen), None)
        if unknown is not None:
            raise NotFound(
                f"{unknown} is not among the candidates of {self.name}.", f"These are: {listed(list(chosen))}."
            )
        return [one for name, one in chosen.items() if name in names or not names]

    def imported_path(self, candidate: str, seed: int) -> Path:
        """The answers of a candidate that were given elsewhere."""
        return self.folder / "imported" / f"{candidate}-{seed}.jsonl"

    def imported(self) -> tuple[Candidate, ...]:
        """Candidates that were answered elsewhere, chosen or not."""
        return tuple(Candidate.load(path) for path in sorted((self.folder / "imported").glob("*.yaml")))

    def whole(self, candidate: Candidate) -> Candidate:
        """A candidate with the base model that it has here; what was answered elsewhere has none."""
        if candidate.imported is not None:
            return candidate
        return candidate.model_copy(update={"base_model": candidate.base_model or self.use_case.base_model})

    def suggested(self) -> tuple[Candidate, ...]:
        """The presets that this use case has everything for, but for those that are for the curious or take long."""
        return tuple(
            candidate
            for candidate in presets().values()
            if not self.lacks(candidate)
            and all(isinstance(stage, Sft) or reads_pairs(stage) for stage in candidate.training)
            # Whole documents take several times as long to read as passages: that is asked for, not taken for granted.
            and not (candidate.retrieval is not None and candidate.retrieval.whole_documents)
            and not (tunes_embedder(candidate) or rewrites(candidate) or any(map(has_distractors, candidate.training)))
        )

    def lacks(self, candidate: Candidate) -> str:
        """What this use case would have to have for a candidate, in words; empty where nothing is missing."""
        if candidate.imported is not None:
            there = all(self.imported_path(candidate.name, n).exists() for n in range(len(candidate.imported.answers)))
            return "" if there else f"the answers of {candidate.name}"
        reads = any(isinstance(stage, Cpt) for stage in candidate.training)
        if (candidate.retrieval is not None or reads) and self.documents is None:
            return "documents"
        learns = any(map(reads_requests, candidate.training)) or tunes_embedder(candidate)
        train = self.split_path("train")
        if (learns or candidate.prompt.examples) and not (train.exists() and train.stat().st_size):
            return "training examples"
        imitates = any(isinstance(stage, Sft) for stage in candidate.training) or candidate.prompt.examples
        if imitates and not any(example.target.strip() for example in self.examples("train")):
            return "training examples with an answer"
        base = candidate.base_model or self.use_case.base_model
        mixes = [stage for stage in candidate.training if isinstance(stage, Imitating) and stage.general_share]
        if base != "pocket" and any(not stage.general_rows for stage in mixes):
            return "general rows (general_rows of a stage)"
        missing = [
            stage.general_rows for stage in mixes if stage.general_rows and not Path(stage.general_rows).is_file()
        ]
        if missing:
            return f"the file {missing[0]} (general_rows of a stage)"
        untaken = [queue for queue in map(queue_of, candidate.training) if queue]
        untaken = [queue for queue in untaken if not self.labelled_path(queue).exists()]
        if untaken:
            return f"the labels of the queue {untaken[0]}, taken for training"
        rated = [stage for stage in candidate.training if reads_pairs(stage) and not queue_of(stage)]
        paired = any(not isinstance(stage, Kto) for stage in rated)
        if rated and not self.pairs_path.exists() and (paired or not self.ratings_path.exists()):
            return "preference pairs" if paired else "preference pairs or ratings"
        return ""

    def sees_training_answers(self, candidate: Candidate) -> bool:
        """Whether a candidate learns, quotes or retrieves training answers, so that leaked test examples flatter it."""
        retrieves = candidate.retrieval is not None and self.solved_examples.exists()
        return bool(candidate.trained or candidate.prompt.examples or retrieves or tunes_embedder(candidate))

    def choose(self, candidates: Iterable[Candidate]) -> None:
        """Replace the chosen candidates.

        Raises ConfigError where two have the same name or none is named.
        """
        chosen = tuple(candidates)
        names = [candidate.name for candidate in chosen]
        explaining = [one for one in chosen if one.retrieval is not None and one.retrieval.explains_only]
        for one in explaining:
            disturbed = one.retrieval is not None and one.retrieval.disturbed is not None
            what = "passages that were changed on purpose" if disturbed else "the right passages"
            raise ConfigError(
                f"{one.name} is handed {what}, which no request brings.",
                "It explains what others do: `workbench diagnose`. Leave it out here.",
            )
        if not chosen:
            raise ConfigError("No candidate is chosen.", "Choose at least two, so that there is something to compare.")
        if len(set(names)) < len(names):
            raise ConfigError(f"Two candidates have the same name: {', '.join(names)}.", "Give each its own name.")
        folder = self.folder / "candidates"
        for path in folder.glob("*.yaml"):
            if path.stem not in names:
                path.unlink()
        for candidate in chosen:
            write_atomically(folder / f"{candidate.name}.yaml", candidate.to_yaml())

    def freeze(self, split: Split, examples: Iterable[Example]) -> None:
        """Replace the examples of one split; runs on the earlier ones are not shown any more."""
        write_examples(self.split_path(split), examples)

    def save(self, use_case: UseCase) -> None:
        """Replace the settings."""
        write_atomically(self.folder / "use_case.yaml", use_case.to_yaml())


def in_order(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Candidates from the simplest to the most demanding."""
    return tuple(sorted(candidates, key=_demands))


def _demands(candidate: Candidate) -> tuple[int, int, int, int, int]:
    """What a candidate asks for: approach, stages of training, 4-bit weights, solved examples, and what is beside them.

    That is an embedder of its own, whole documents in the prompt, or rows with distractors.
    """
    parts = APPROACHES.index(candidate.approach)
    four_bit = sum(stage.adapter.kind == "qlora" for stage in candidate.training)
    whole = candidate.retrieval is not None and candidate.retrieval.whole_documents
    mixed = sum(isinstance(stage, Imitating) and has_distractors(stage) for stage in candidate.training)
    beside = tunes_embedder(candidate) + whole + mixed
    return parts, len(candidate.training), four_bit, candidate.prompt.examples, beside


def presets() -> Mapping[str, Candidate]:
    """Every shipped candidate by name, in the order of their approaches."""
    folder = resources.files("recipes") / "presets"
    found = [
        Candidate.parse(yaml.safe_load(entry.read_text(encoding="utf-8")), where=entry.name)
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".yaml")
    ]
    return {candidate.name: candidate for candidate in in_order(found)}


def cases(workspace: Path) -> tuple[Case, ...]:
    """Every use case of a workspace by name."""
    return tuple(Case(path.parent) for path in sorted((workspace / "use_cases").glob("*/use_case.yaml")))


def open_case(workspace: Path, name: str) -> Case:
    """One use case of a workspace.

    Raises NotFound, naming those that there are.
    """
    case = Case(workspace / "use_cases" / name)
    if not (case.folder / "use_case.yaml").is_file():
        known = ", ".join(c.name for c in cases(workspace)) or "none yet"
        raise NotFound(
            f"There is no use case {name!r} in {workspace}.",
            f"Known: {known}. Create one with `workbench new`, or try `workbench demo`.",
        )
    return case


def create_case(
    workspace: Path,
    use_case: UseCase,
    splits: Mapping[Split, Iterable[Example]],
    *,
    documents: Path | Mapping[str, str] | None = None,
    replace: bool = False,
) -> Case:
    """Write a use case into a workspace: settings, frozen splits and a copy of its documents.

    ``documents`` is a file or folder to copy, or texts by file name. The folder appears whole or not at all.
    Raises ConfigError where one of this name is there already, unless ``replace`` is set, and NotFound or DataError
    where there are no documents, or none that can be read.
    """
    case = Case(workspace / "use_cases" / use_case.name)
    if case.folder.exists() and not replace:
        raise ConfigError(
            f"There is a use case {use_case.name!r} already.", "Choose another name, or replace it with --replace."
        )
    try:
        partial = case.folder.with_name(f".{use_case.name}.part")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        fresh = Case(partial)
        for split in SPLITS:
            write_examples(fresh.split_path(split), splits.get(split, ()))
        _copy_documents(partial / "documents", documents)
        fresh.save(use_case)
        shutil.rmtree(case.folder, ignore_errors=True)
        partial.replace(case.folder)
    except OSError as error:
        raise disk_error(case.folder, error) from error
    return case


def _copy_documents(to: Path, documents: Path | Mapping[str, str] | None) -> None:
    if documents is None:
        return
    to.mkdir()
    if isinstance(documents, Mapping):
        for name, text in documents.items():
            (to / name).write_text(text, encoding="utf-8")
    elif documents.is_dir():
        if not any(is_readable(path.name) for path in files_of(documents)):
            raise DataError(f"{documents} holds no file that can be read as a document.", f"Put {KINDS} into it.")
        shutil.copytree(documents, to, dirs_exist_ok=True, ignore_dangling_symlinks=True)
    elif documents.is_file():
        if not is_readable(documents.name):
            raise not_readable(documents.name)
        shutil.copy(documents, to)
    else:
        raise NotFound(f"There are no documents at {documents}.", "Name a file or a folder.")
