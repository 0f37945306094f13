"""Steps on disk: written whole, done last, resumed after any end."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.errors import DataError, NotFound, Stopped, WorkbenchError
from workbench.workspace import (
    Step,
    StepRecord,
    digest,
    folder_digest,
    is_alive,
    read_jsonl,
    write_atomically,
    write_jsonl,
)


@pytest.fixture
def step(tmp_path: Path) -> Step:
    folder = tmp_path / "steps" / "answer-1"
    record = StepRecord(kind="answer", key="1", title="answer", inputs={"a": 1})
    write_atomically(folder / "step.json", record.model_dump_json())
    return Step(folder)


def test_a_step_that_ends_well_is_done(step: Step) -> None:
    with step.running({"python": "3"}):
        assert step.status == "running"
        assert step.record.process == os.getpid()
        step.note(n=3)
    assert step.status == "done"
    assert step.record.facts["n"] == 3
    assert step.record.facts["seconds"] >= 0
    assert step.record.provenance["python"] == "3"


def test_a_users_error_is_written_down_with_its_hint(step: Step) -> None:
    with pytest.raises(DataError), step.running({}):
        raise DataError("Row 3 is empty.", "Fill it.")
    assert (step.status, step.record.message, step.record.hint) == ("failed", "Row 3 is empty.", "Fill it.")


def test_a_bug_is_called_a_bug(step: Step) -> None:
    with pytest.raises(ZeroDivisionError), step.running({}):
        print(1 / 0)
    assert step.status == "failed"
    assert "bug" in step.record.message
    assert "ZeroDivisionError" in step.record.message


def test_a_full_disk_is_no_bug(step: Step) -> None:
    with pytest.raises(OSError, match="No space"), step.running({}):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert step.status == "failed"
    assert "No space left" in step.record.message
    assert "Free some space" in step.record.hint


def test_asking_to_stop_stops_at_the_next_progress_and_keeps_it(step: Step) -> None:
    with pytest.raises(Stopped), step.running({}):
        step.progress("working", step=1, total=2)
        step.ask_to_stop()
        step.progress("working", step=2, total=2)
    assert step.status == "stopped"
    assert [line["step"] for line in step.read_progress()] == [1, 2]
    with step.running({}):
        step.progress("working again")
    assert step.status == "done"


def test_a_dead_process_counts_as_stopped(step: Step) -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    step.update(status="running", process=child.pid)
    assert not is_alive(child.pid)
    assert step.status == "stopped"


def test_a_failed_write_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.json"
    write_atomically(path, "old")

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WorkbenchError, match="No space left") as caught:
        write_atomically(path, "new")
    assert "--workspace" in caught.value.hint
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.json"]


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    write_jsonl(path, [{"a": 1}, {"a": 2}])
    with path.open("a") as out:
        out.write('{"a": 3')
    assert [record["a"] for record in read_jsonl(path)] == [1, 2]
    assert list(read_jsonl(tmp_path / "none.jsonl")) == []


def test_digests_ignore_order_of_keys_and_see_every_change(tmp_path: Path) -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
    (tmp_path / "one.txt").write_text("x")
    first = folder_digest(tmp_path)
    (tmp_path / "one.txt").rename(tmp_path / "two.txt")
    assert folder_digest(tmp_path) != first


def test_a_missing_or_broken_record_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        _ = Step(tmp_path).record
    (tmp_path / "step.json").write_text("{")
    with pytest.raises(WorkbenchError, match="not valid JSON"):
        _ = Step(tmp_path).record
    (tmp_path / "step.json").write_text(json.dumps({"kind": "answer"}))
    with pytest.raises(WorkbenchError, match="key: field required"):
        _ = Step(tmp_path).record
