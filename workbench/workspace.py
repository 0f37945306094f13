"""The folder between the processes: use cases, steps, runs and reports on disk. Nothing else touches run folders.

    <workspace>/use_cases/<name>/   use_case.yaml, train.jsonl, dev.jsonl, test.jsonl, documents/, candidates/
    <workspace>/steps/<kind>-<key>/ step.json, progress.jsonl, log.txt, and what the step made
    <workspace>/runs/<id>/run.json  the candidate as it was, the seed, the names of its steps
    <workspace>/cache/              what documents became, for the next index; may be removed at any time
    <workspace>/reports/

Every file that others read is written to a temporary name first and renamed, so a reader never sees half of one.
"""

import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, TextIO

from pydantic import Field

from workbench.errors import ConfigError, NotFound, Stopped, WorkbenchError
from workbench.model import Noun

StepKind = Literal[
    "embedder",
    "index",
    "rewrite",
    "retrieve",
    "train",
    "draw",
    "judge",
    "paraphrase",
    "answer",
    "import",
    "score",
    "measure",
    "support",
    "prefer",
    "export",
    "check",
    "drift",
]
LOOKS = "looks"
"""Where a training keeps its adapter as it was at each look at the development set."""
Status = Literal["waiting", "running", "done", "failed", "stopped"]

SPACE_NEEDED = 200 * 1024 * 1024
"""Bytes that must be free before a step starts."""


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replace the content of ``path`` in one go; a crash leaves the old content or the new, never half.

    Raises WorkbenchError where the disk is full or the folder is not writable.
    """
    with replacing(path) as out:
        out.write(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that takes the place of ``path`` once it is whole.

    Raises WorkbenchError as ``write_atomically`` does.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        partial.replace(path)
    except OSError as error:
        raise disk_error(path, error) from error
    finally:
        partial.unlink(missing_ok=True)


def disk_error(path: Path, error: OSError) -> WorkbenchError:
    """What to tell the user when ``path`` could not be written."""
    return WorkbenchError(
        f"{path} could not be written: {error.strerror or error}.",
        "Free some space or choose another folder with --workspace; what was finished is kept.",
    )


def digest(data: Any) -> str:
    """The sha256 of any JSON-like value, independent of the order of keys."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """The sha256 of a file's bytes."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def folder_digest(folder: Path) -> str:
    """The sha256 over the names and contents of all files below a folder."""
    parts = [(str(path.relative_to(folder)), file_digest(path)) for path in sorted(folder.rglob("*")) if path.is_file()]
    return digest(parts)


class StepRecord(Noun):
    """What ``step.json`` holds: what the step is to do, from what, and how it ended."""

    kind: StepKind
    key: str
    title: str
    """What the step does, in a few words for people."""
    inputs: dict[str, Any]
    """All settings that decide what the step makes; hashed into the key."""
    files: dict[str, str] = Field(default_factory=dict)
    """Files the step reads, by role: paths relative to the workspace. Their digests are in ``inputs``."""
    needs: dict[str, str] = Field(default_factory=dict)
    """Steps this one builds on, by role: folder names."""
    how: dict[str, Any] = Field(default_factory=dict)
    """Settings that decide nothing of what the step makes, such as how fast an endpoint may be asked."""
    status: Status = "waiting"
    message: str = ""
    hint: str = ""
    facts: dict[str, Any] = Field(default_factory=dict)
    """What the finished step says about itself: counts, seconds, sizes."""
    provenance: dict[str, Any] = Field(default_factory=dict)
    """Versions, hardware and times of the process that did it."""
    process: int | None = None
    """The process that is doing it."""


@dataclass(frozen=True)
class NamedFolder:
    """A folder of a workspace that is known by its name: ``<workspace>/<what it is>/<name>``."""

    folder: Path

    @property
    def name(self) -> str:
        """What it is known by, such as ``<kind>-<key>`` for a step."""
        return self.folder.name

    @property
    def workspace(self) -> Path:
        """The workspace's root."""
        return self.folder.parent.parent


@dataclass(frozen=True)
class Step(NamedFolder):
    """A step's folder, as the engine that runs it and the page that shows it see it."""

    @property
    def record(self) -> StepRecord:
        """The step as it stands on disk now."""
        path = self.folder / "step.json"
        try:
            return StepRecord.parse(json.loads(path.read_text(encoding="utf-8")), where=str(path))
        except FileNotFoundError:
            raise NotFound(f"{self.folder} holds no step.json.", "Name a folder below steps/.") from None
        except json.JSONDecodeError as error:
            raise ConfigError(f"{path} is not valid JSON: {error}.", "Remove the folder and run again.") from None

    @property
    def status(self) -> Status:
        """The state of the step; a step whose process died without a word counts as stopped."""
        record = self.record
        if record.status == "running" and not is_alive(record.process):
            return "stopped"
        return record.status

    def needed(self, role: str) -> "Step":
        """The step that this one builds on in ``role``."""
        return Step(self.folder.parent / self.record.needs[role])

    def file(self, role: str) -> Path:
        """The file that this step reads in ``role``."""
        return self.workspace / self.record.files[role]

    def path(self, name: str) -> Path:
        """A file that this step makes."""
        return self.folder / name

    def update(self, **changes: Any) -> None:
        """Write ``step.json`` anew with some fields changed."""
        record = self.record.model_copy(update=changes)
        write_atomically(self.folder / "step.json", record.model_dump_json(indent=1))

    @property
    def stop_requested(self) -> bool:
        """Whether somebody asked this step to stop."""
        return (self.folder / "stop").exists()

    def progress(self, phase: str, *, step: int | None = None, total: int | None = None, **figures: Any) -> None:
        """Report progress, and raise Stopped where somebody asked this step to stop."""
        self.report(phase, step=step, total=total, **figures)
        if self.stop_requested:
            raise Stopped("It was stopped.", "Run it again to go on from here.")

    def report(self, phase: str, *, step: int | None = None, total: int | None = None, **figures: Any) -> None:
        """Append one line to ``progress.jsonl``: phase, position, figures such as loss, and the time."""
        line = {"at": round(time.time(), 3), "phase": phase, "step": step, "total": total, **figures}
        try:
            with (self.folder / "progress.jsonl").open("a", encoding="utf-8") as out:
                out.write(json.dumps(line) + "\n")
        except OSError as error:
            raise disk_error(self.folder / "progress.jsonl", error) from error

    def read_progress(self) -> list[dict[str, Any]]:
        """All progress so far; a line that is still being written is left out."""
        return list(read_jsonl(self.folder / "progress.jsonl"))

    def ask_to_stop(self) -> None:
        """Ask the process that runs this step to end at the next safe point."""
        (self.folder / "stop").touch()

    @contextmanager
    def running(self, provenance: Mapping[str, Any]) -> Iterator[None]:
        """Mark the step as running, and afterwards as done, failed or stopped with its reason.

        Errors that the user can mend are written into ``step.json`` and raised again; any other
        exception is a bug: it is noted as one and keeps its traceback.
        """
        (self.folder / "stop").unlink(missing_ok=True)
        check_space(self.folder)
        started = time.time()
        self.update(status="running", message="", hint="", process=os.getpid(), provenance=dict(provenance))
        try:
            yield
        except Stopped as error:
            self.update(status="stopped", message=error.message, hint=error.hint, process=None)
            raise
        except KeyboardInterrupt:
            self.update(status="stopped", message="It was interrupted.", hint="Run it again.", process=None)
            raise
        except WorkbenchError as error:
            self.update(status="failed", message=error.message, hint=error.hint, process=None)
            raise
        except OSError as error:
            mendable = disk_error(self.folder, error)
            self.update(status="failed", message=mendable.message, hint=mendable.hint, process=None)
            raise
        except BaseException as error:
            self.update(
                status="failed",
                message=f"A bug in the workbench: {type(error).__name__}: {error}",
                hint=f"The traceback is in {self.folder / 'log.txt'}.",
                process=None,
            )
            raise
        ended = time.time()
        facts = {**self.record.facts, "seconds": round(ended - started, 3)}
        self.update(
            status="done",
            facts=facts,
            process=None,
            provenance={**self.record.provenance, "started": started, "ended": ended},
        )

    def note(self, **facts: Any) -> None:
        """Add to what the step says about itself."""
        self.update(facts={**self.record.facts, **facts})


def known_steps(workspace: Path) -> Iterator[StepRecord]:
    """Every step of a workspace; damaged ones are passed over, and running one of them again says what is wrong."""
    for path in sorted((workspace / "steps").glob("*/step.json")):
        try:
            yield Step(path.parent).record
        except WorkbenchError:
            continue


def finished_steps(workspace: Path) -> Iterator[StepRecord]:
    """Those that are done and say how long it took."""
    for record in known_steps(workspace):
        if record.status == "done" and record.facts.get("seconds") is not None:
            yield record


def is_alive(process: int | None) -> bool:
    """Whether a process of this number is running (a zombie is not)."""
    if process is None:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (OSError, IndexError):
        return True
    return state != "Z"


def check_space(folder: Path) -> None:
    """Raise WorkbenchError where too little disk is left to start."""
    free = shutil.disk_usage(folder).free
    if free < SPACE_NEEDED:
        raise WorkbenchError(
            f"Only {free // 2**20} MB are free on the disk of {folder}.",
            f"Free at least {SPACE_NEEDED // 2**20} MB or choose another folder with --workspace.",
        )


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a JSONL file that the workbench wrote; a torn last line is left out, no file is no records."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as source:
        for line in source:
            if not line.endswith("\n"):
                return
            yield json.loads(line)


@contextmanager
def appending(path: Path) -> Iterator[TextIO]:
    """A JSONL file to append to; a line that was being written when a process died is cut off first."""
    if path.exists():
        with path.open("rb+") as file:
            file.truncate(file.read().rfind(b"\n") + 1)
    with path.open("a", encoding="utf-8") as out:
        yield out


def write_jsonl(path: Path, records: Iterator[dict[str, Any]] | list[dict[str, Any]]) -> None:
    """Write records as JSONL, all or nothing, one after the other."""
    with replacing(path) as out:
        out.writelines(f"{json.dumps(record, ensure_ascii=False)}\n".encode() for record in records)
