"""A whole toy workspace, written as the engines would have written it, without a model or a second of training.

    python -m tests.toys FOLDER     writes it, to look at the pages or a report

``shop-facts`` is finished: six candidates, two training seeds, 60 test examples; two were run before the others.
``shop-tickets`` is under way: zero-shot done, one step running, one failed, one stopped, the rest waiting.
"""

import json
import os
import sys
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evals.measuring import measure_answers
from evals.steps import score_answers
from workbench.case import Case, create_case, presets
from workbench.demos import build
from workbench.examples import read_examples, some_of
from workbench.launch import runner_path
from workbench.plan import Plan
from workbench.planning import make_plan
from workbench.provenance import provenance
from workbench.run import Passage, Response, Retrieved, Run
from workbench.usecase import Example, Limits
from workbench.workspace import Step, write_atomically, write_jsonl

TRAIN, DEV, TEST = 80, 12, 60
SKILL = {"zero-shot": 0.06, "few-shot": 0.12, "rag": 0.80, "sft": 0.18, "qlora": 0.15, "rag-sft": 0.86}
"""How often each candidate of ``shop-facts`` is right."""
SECONDS = {"zero-shot": 0.031, "few-shot": 0.044, "rag": 0.058, "sft": 0.033, "qlora": 0.061, "rag-sft": 0.060}
"""How long it takes to answer one request."""
PACKAGES = ("torch", "transformers", "trl", "peft")


def full_workspace(folder: Path, *, process: int | None = None) -> Path:
    """Write both use cases below ``folder``; ``process`` is the living one that "runs" the second."""
    finished_case(folder)
    case_under_way(folder, process=process or os.getpid())
    return folder


def finished_case(workspace: Path) -> Case:
    """``shop-facts`` with every step of every preset done."""
    case = toy_case(workspace, "product-facts", "shop-facts")
    used = provenance(PACKAGES)
    few = [candidate for candidate in case.candidates() if candidate.name in ("zero-shot", "rag")]
    for candidates in (few, case.candidates()):
        plan = make_plan(case, candidates)
        plan.write()
        for name in plan.unfinished():
            finish(plan, name, used=used)
    return case


def case_under_way(workspace: Path, *, process: int) -> Case:
    """``shop-tickets`` in the middle of a run."""
    case = toy_case(workspace, "ticket-json", "shop-tickets")
    case.choose(presets()[name] for name in ("zero-shot", "few-shot", "sft", "qlora"))
    plan = make_plan(case, case.candidates())
    plan.write()
    used = provenance(PACKAGES)
    for role in ("answer", "score"):
        finish(plan, plan.runs["zero-shot", 0].steps[role], used=used)
    rng = np.random.default_rng(1)
    running = plan.step(plan.runs["sft", 1].steps["train-1"])
    training_progress(running, rng, total=200, done=88)
    running.update(status="running", process=process)
    failed = plan.step(plan.runs["sft", 0].steps["train-1"])
    training_progress(failed, rng, total=200, done=31)
    failed.update(
        status="failed",
        message="The loss stopped being a finite number at a learning rate of 0.02.",
        hint="Lower training.learning_rate, for example to a third.",
    )
    stopped = plan.step(plan.runs["qlora", 0].steps["train-1"])
    training_progress(stopped, rng, total=200, done=140)
    stopped.update(
        status="stopped", message="Training was stopped after a checkpoint.", hint="Run it again to go on from there."
    )
    write_atomically(runner_path(case), json.dumps({"process": process, "started": time.time() - 95}))
    return case


def toy_case(workspace: Path, demo: str, name: str) -> Case:
    """A small slice of a bundled use case."""
    built = build(demo, 0)
    use_case = built.use_case.model_copy(
        update={"name": name, "limits": Limits(max_p95_seconds=0.5), "machine_cost_per_hour": 0.4, "seeds": 2}
    )
    return create_case(
        workspace,
        use_case,
        {"train": built.train[:TRAIN], "dev": built.dev[:DEV], "test": built.test[:TEST]},
        documents=built.documents or None,
    )


def finish(plan: Plan, name: str, *, used: dict[str, object]) -> None:
    """Do one planned step as its engine would, with made-up answers and losses and true scores."""
    step = plan.step(name)
    rng = np.random.default_rng(zlib.crc32(step.record.title.encode()))  # The same whatever the base model's weights.
    kind = step.record.kind
    with step.running(used):
        if kind == "index":
            _index(plan, step)
        elif kind == "retrieve":
            _retrieve(plan, step, rng)
        elif kind == "train":
            _train(step, rng)
        elif kind == "answer":
            _answer(plan, step, rng)
        elif kind == "measure":
            measure_answers(step)
        else:
            score_answers(step)
    usual = {"index": 1.4, "retrieve": 0.9, "train": 21.0, "answer": 6.0, "measure": 0.2, "score": 0.2}
    took = usual[kind] * rng.uniform(0.8, 1.2)
    ended = time.time()
    step.note(seconds=round(took, 3))
    step.update(provenance={**step.record.provenance, "started": ended - took, "ended": ended})


def _index(plan: Plan, step: Step) -> None:
    """Each document is one passage; what no embedder would read are only the vectors."""
    paths = sorted((plan.case.folder / "documents").iterdir())
    rows = [
        {"id": f"{path.name}#1", "document": path.name, "text": path.read_text(encoding="utf-8").strip()}
        for path in paths
    ]
    write_jsonl(step.path("passages.jsonl"), rows)
    step.report("embedding passages", step=len(rows), total=len(rows))
    unread = [{"name": "price-list.png", "reason": "is of an unknown kind, '.png'"}]
    step.note(documents=len(rows), passages=len(rows), duplicates=0, unreadable=1, unreadable_files=unread)


def _retrieve(plan: Plan, step: Step, rng: np.random.Generator) -> None:
    split = Path(step.record.files["examples"]).stem
    examples = plan.case.examples(split)  # type: ignore[arg-type]
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted((plan.case.folder / "documents").iterdir())}
    rows = [_found(example, texts, rng).model_dump(mode="json") for example in examples]
    write_jsonl(step.path("retrieved.jsonl"), rows)
    step.report("embedding questions", step=len(examples), total=len(examples))
    step.note(examples=len(examples), own_document_excluded=0, questions_cut=0)


def _found(example: Example, texts: dict[str, str], rng: np.random.Generator) -> Retrieved:
    """The document that holds the answer, mostly first, among two others."""
    right = [name for name in example.evidence if name in texts]
    others = [str(name) for name in rng.choice(sorted(texts), 4, replace=False) if name not in right]
    names = [*right, *others][:3] if rng.random() < 0.93 else others[:3]
    scores = sorted(rng.uniform(0.25, 0.8, len(names)), reverse=True)
    passages = tuple(
        Passage(id=f"{name}#0", document=name, text=texts[name], score=round(float(score), 4))
        for name, score in zip(names, scores, strict=True)
    )
    ranking = [passage.id for passage in passages]
    ranking += [f"{name}#0" for name in sorted(texts) if name not in names]
    return Retrieved(example=example.id, passages=passages, ranking=tuple(ranking[:50]), seconds=0.011)


def training_progress(step: Step, rng: np.random.Generator, *, total: int, done: int) -> list[float]:
    """The lines of a training that came as far as ``done`` of ``total`` steps; returns its losses."""
    at = time.time() - 0.1 * done
    steps = np.arange(1, done + 1)
    losses = [float(x) for x in 0.25 + 2.4 * np.exp(-steps / 45) + rng.normal(0, 0.14, done).clip(-0.2, 0.4)]
    lines = [{"at": at, "phase": "loading the base model", "step": None, "total": None}]
    lines += [
        {
            "at": round(at + 0.1 * i, 3),
            "phase": "training",
            "step": i,
            "total": total,
            "loss": round(losses[i - 1], 5),
            "learning_rate": 0.004 * (1 - i / total),
            "gradient_norm": round(float(rng.uniform(0.4, 1.6)), 3),
            "seconds_left": round(0.1 * (total - i), 1),
        }
        for i in range(1, done + 1)
    ]
    write_jsonl(step.path("progress.jsonl"), lines)
    write_atomically(step.path("log.txt"), "Loaded the base model.\n80 rows, none too long.\nTraining.\n")
    return losses


def _train(step: Step, rng: np.random.Generator) -> None:
    losses = training_progress(step, rng, total=200, done=200)
    step.note(
        rows=TRAIN,
        rows_too_long=0,
        optimiser_steps=200,
        learning_rate=0.004,
        trained_parameters=120_000,
        parameters=3_480_000,
        final_loss=round(sum(losses[-10:]) / 10, 5),
        tokens=41_000,
        peak_memory_mb=812.0,
    )


def _answer(plan: Plan, step: Step, rng: np.random.Generator) -> None:
    run = next(run for run in plan.runs.values() if run.steps["answer"] == step.name)
    examples = some_of(read_examples(step.file("examples")), step.record.inputs.get("most"))
    found_by = f"retrieve-{plan.split}"
    retrieved = plan.step(run.steps[found_by]).path("retrieved.jsonl") if found_by in run.steps else None
    passages = {}
    if retrieved is not None:
        found = [json.loads(line) for line in retrieved.read_text(encoding="utf-8").splitlines()]
        passages = {row["example"]: tuple(p["id"] for p in row["passages"]) for row in found}
    # What is easy for one candidate tends to be easy for the others.
    ease = np.random.default_rng(7).random(len(examples))
    luck = 0.75 * ease + 0.25 * rng.random(len(examples))
    right = luck < np.quantile(luck, np.clip(SKILL.get(run.candidate.name, 0.5) + rng.normal(0, 0.02), 0.02, 0.98))
    rows = [
        _response(i, examples, right=bool(right[i]), run=run, rng=rng, passages=passages.get(examples[i].id, ()))
        for i in range(len(examples))
    ]
    write_jsonl(step.path("responses.jsonl"), [row.model_dump(mode="json") for row in rows])
    step.report("answering", step=len(examples), total=len(examples))
    step.report("timing", step=len(examples), total=len(examples))
    step.note(
        answered=len(rows),
        prompt_tokens=sum(row.prompt_tokens for row in rows) / len(rows),
        completion_tokens=sum(row.completion_tokens for row in rows) / len(rows),
        timed=len(rows),
        same_alone_as_in_batch=len(rows),
        peak_memory_mb=655.0,
    )


def _response(
    i: int,
    examples: Sequence[Example],
    *,
    right: bool,
    run: Run,
    rng: np.random.Generator,
    passages: tuple[str, ...],
) -> Response:
    example, finish = examples[i], "stop"
    wrong = ["I do not know.", examples[(i + 7) % len(examples)].target, "", "It is " + "very " * 30]
    text = example.target if right else wrong[int(rng.choice(4, p=(0.35, 0.55, 0.05, 0.05)))]
    if len(text) > 100 and not right:
        finish = "length"
    shots, context = 30 * run.candidate.prompt.examples, 60 * len(passages)
    return Response(
        example=example.id,
        text=text,
        passages=passages,
        prompt_tokens=40 + shots + context,
        completion_tokens=max(1, len(text) // 3),
        finish=finish,  # type: ignore[arg-type]
        seconds=float(SECONDS.get(run.candidate.name, 0.05) * rng.uniform(0.8, 1.3)) if run.seed == 0 else None,
    )


if __name__ == "__main__":
    print(full_workspace(Path(sys.argv[1]), process=1))
