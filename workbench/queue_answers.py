"""What a queue's candidates answered: to test requests in their runs, to training requests for this purpose."""

from collections.abc import Sequence

from workbench.candidate import Candidate
from workbench.case import Case
from workbench.errors import ConfigError
from workbench.examples import Examples, some_of
from workbench.plan import Plan, is_done
from workbench.planning import plan_answers
from workbench.queues import Asked
from workbench.results import Results
from workbench.run import Response
from workbench.workspace import read_jsonl


def answers_to_test(results: Results, names: Sequence[str], *, most: int) -> list[Asked]:
    """The answers of finished runs to test requests, as many as wanted.

    A candidate that was trained several times answers with each of its trainings in turn, so that what is measured is
    the recipe and not one lucky training. Raises ConfigError for a candidate without a finished run.
    """
    finished = {one.name: one for one in results.candidates}
    missing = [name for name in names if name not in finished]
    if missing:
        raise ConfigError(
            f"{', '.join(missing)}: no run is finished, so there are no answers to choose between.",
            f"Run them first: `workbench run {results.case.name}`.",
        )
    said = {
        name: [
            (run.steps["answer"], {one.example: one for one in finished[name].responses(seed)})
            for seed, run in enumerate(finished[name].runs)
        ]
        for name in names
    }
    chosen = some_of(results.examples, most)
    found = []
    for n, example in enumerate(chosen):
        by = {name: runs[n % len(runs)] for name, runs in said.items()}
        found.append(
            Asked(
                example=example.id,
                cluster=example.cluster,
                messages=example.messages,
                answers={name: answers[example.id].text for name, (_, answers) in by.items()},
                steps={name: step for name, (step, _) in by.items()},
            )
        )
    return found


def plan_answers_to_train(case: Case, candidates: Sequence[Candidate], *, most: int) -> Plan:
    """Plan that candidates answer training requests, which people's choices turn into pairs to train on.

    Raises ConfigError where there are no training examples, and as ``make_plan`` does.
    """
    if not case.examples("train"):
        raise ConfigError(
            "The use case has no training examples, so there is nothing to label for training.",
            "Add some; the test set is kept for measuring.",
        )
    return plan_answers(case, candidates, split="train", most=most)


def answers_to_train(plan: Plan, *, most: int) -> list[Asked]:
    """The answers that such a plan made.

    Raises ConfigError where a candidate has not finished.
    """
    said: dict[str, tuple[str, dict[str, Response]]] = {}
    for (name, _), run in plan.runs.items():
        step = plan.step(run.steps["answer"])
        if not is_done(step):
            raise ConfigError(f"{name} has not answered the training requests.", "Run it again; what is done is kept.")
        path = step.path("responses.jsonl")
        answers = (Response.parse(record, where=str(path)) for record in read_jsonl(path))
        said[name] = step.name, {one.example: one for one in answers}
    examples: Examples = some_of(plan.case.examples("train"), most)
    return [
        Asked(
            example=example.id,
            cluster=example.cluster,
            messages=example.messages,
            answers={name: answers[example.id].text for name, (_, answers) in said.items()},
            steps={name: step for name, (step, _) in said.items()},
        )
        for example in examples
    ]
