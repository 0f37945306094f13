"""The whole spine through the command line: files to report, reuse, stop, kill and resume."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbench.demos import build
from workbench.examples import write_examples

SMALL_SFT = """
name: small-sft
training:
  - {method: sft, epochs: 2, batch_size: 8, adapter: {kind: lora, rank: 4}}
"""


def workbench(*arguments: str | Path, cwd: Path, code: int = 0) -> str:
    """Run one command; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "workbench", *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"WORKBENCH_CHECKPOINT_SECONDS": "0.3", "WORKBENCH_WORKSPACE": str(cwd / "ws")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of a small use case, and the use case made of them."""
    folder = tmp_path_factory.mktemp("spine")
    demo = build("product-facts", 5)
    write_examples(folder / "train.jsonl", demo.train[:48])
    write_examples(folder / "test.jsonl", demo.test[:40])
    (folder / "docs").mkdir()
    for name in sorted({e for x in (*demo.train[:48], *demo.test[:40]) for e in x.evidence}):
        (folder / "docs" / name).write_text(demo.documents[name], encoding="utf-8")
    (folder / "small-sft.yaml").write_text(SMALL_SFT)
    frozen = {}
    for split in ("train", "test"):
        rows = [json.loads(line) for line in (folder / f"{split}.jsonl").read_text().splitlines()]
        frozen[split] = [{"id": r["id"], "question": r["messages"][0]["content"], "answer": r["target"]} for r in rows]
        (folder / f"{split}.jsonl").write_text("\n".join(map(json.dumps, frozen[split])) + "\n")
    workbench(
        "new",
        "spine",
        "--train",
        "train.jsonl",
        "--test",
        "test.jsonl",
        "--documents",
        "docs",
        "--seeds",
        "1",
        cwd=folder,
    )
    return folder


def _steps(bench: Path) -> dict[str, dict[str, object]]:
    found = {}
    for path in sorted((bench / "ws" / "steps").glob("*/step.json")):
        found[path.parent.name] = json.loads(path.read_text())
    return found


@pytest.mark.slow
def test_from_files_to_report_and_again(bench: Path) -> None:
    told = workbench("run", "spine", "--candidate", "zero-shot", "--candidate", "rag", cwd=bench)
    assert "8 steps done" in told
    first = _steps(bench)
    assert {record["status"] for record in first.values()} == {"done"}
    assert all("torch" in r["provenance"]["packages"] for n, r in first.items() if n.startswith("answer"))  # type: ignore[index]

    began = time.monotonic()
    told = workbench("run", "spine", cwd=bench)
    assert "0 of 8 steps to do" in told
    assert time.monotonic() - began < 20
    assert _steps(bench) == first, "nothing was done twice"

    answered = json.loads(workbench("recommend", "spine", "--json", cwd=bench))
    assert set(answered) >= {"choice", "approach", "strength", "reasons", "ruled_out", "next_step", "comparisons"}
    assert answered["strength"] in {"clear", "lean", "undecided"}
    (comparison,) = answered["comparisons"]
    assert set(comparison) >= {"metric", "candidate", "reference", "n", "delta", "low", "high"}
    assert comparison["n"] == 40
    assert comparison["low"] < comparison["delta"] < comparison["high"]
    for to in ("html", "md", "json"):
        workbench("report", "spine", "--to", to, cwd=bench)
        assert (bench / "ws" / "reports" / f"spine.{to}").stat().st_size > 1000


@pytest.mark.slow
def test_one_more_candidate_costs_only_that_candidate_even_when_killed(bench: Path) -> None:
    names = ["--candidate", "zero-shot", "--candidate", "rag", "--candidate", str(bench / "small-sft.yaml")]
    workbench("run", "spine", *names[:4], cwd=bench)
    before = _steps(bench)
    environment = os.environ | {"WORKBENCH_CHECKPOINT_SECONDS": "0.3", "WORKBENCH_WORKSPACE": str(bench / "ws")}
    process = subprocess.Popen(
        [sys.executable, "-m", "workbench", "run", "spine", *names],
        cwd=bench,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    trained = None
    while trained is None:
        assert process.poll() is None, "it ended before it could be killed"
        for path in (bench / "ws" / "steps").glob("train-*/progress.jsonl"):
            if '"loss"' in path.read_text():
                trained = json.loads((path.parent / "step.json").read_text())
        time.sleep(0.05)
    os.kill(int(trained["process"]), signal.SIGKILL)
    process.wait(60)
    assert process.returncode == 2
    (stopped,) = [r for n, r in _steps(bench).items() if n.startswith("train")]
    assert stopped["status"] == "stopped"
    assert "killed" in str(stopped["message"])

    told = workbench("run", "spine", cwd=bench)
    assert "3 steps done, 8 reused" in told
    after = _steps(bench)
    assert {name: after[name] for name in before} == before
    assert sorted(name.split("-")[0] for name in set(after) - set(before)) == ["answer", "score", "train"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "nothing"], "There is no use case 'nothing'"),
        (["run", "spine", "--candidate", "nobody"], "There is no candidate 'nobody'"),
        (["run", "spine", "--candidate", "zero-shot", "--base", "./nowhere"], "There is no base model './nowhere'"),
        (["run", "spine", "--candidate", "broken.yaml"], "temprature: unknown key"),
        (["new", "x", "--train", "missing.csv"], "There is no file missing.csv"),
        (["new", "x", "--train", "empty.csv"], "empty"),
        (["new", "x", "--train", "ragged.csv", "--test", "test.jsonl"], "ragged.csv"),
        (["new", "x", "--train", "broken.jsonl"], "Line 2"),
        (["new", "x", "--train", "train.jsonl", "--target", "anwser"], "anwser"),
        (["new", "x", "--train", "latin.csv", "--test", "test.jsonl"], "UTF-8"),
        (["new", "Bad Name", "--train", "train.jsonl"], "name"),
        (["new", "spine", "--train", "train.jsonl"], "already"),
        (["demo", "no-such-demo"], "no-such-demo"),
    ],
)
def test_bad_input_gets_one_clear_message(bench: Path, arguments: list[str], told: str) -> None:
    (bench / "empty.csv").write_text("")
    (bench / "ragged.csv").write_text("question,answer\na,b\nc,d,e\n")
    (bench / "broken.jsonl").write_text('{"question": "a", "answer": "b"}\n{"question": \n')
    (bench / "latin.csv").write_bytes("question,answer\nwo ist das Café?,hier\n".encode("latin-1"))
    (bench / "broken.yaml").write_text("name: broken\ntemprature: 1\n")
    settings = (bench / "ws" / "use_cases" / "spine" / "use_case.yaml").read_text()
    try:
        printed = workbench(*arguments, cwd=bench, code=2)
    finally:
        (bench / "ws" / "use_cases" / "spine" / "use_case.yaml").write_text(settings)
    assert told in printed
    assert "Traceback" not in printed
    assert not (bench / "ws" / "use_cases" / "x").exists()


def test_retrieval_without_documents_is_refused_before_anything_is_spent(bench: Path) -> None:
    workbench("new", "bare", "--train", "train.jsonl", "--test", "test.jsonl", cwd=bench)
    before = _steps(bench)
    printed = workbench("run", "bare", "--candidate", "rag", cwd=bench, code=2)
    assert "needs documents" in printed
    assert _steps(bench) == before


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, workbench.cli as cli; cli._parser().format_help(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "numpy", "pandas", "scipy", "streamlit"} & set(done.stdout.split())
