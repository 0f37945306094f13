"""People's choices on training requests become a candidate that learns from them."""

from collections.abc import Mapping
from dataclasses import replace

from workbench.candidate import Candidate
from workbench.case import Case
from workbench.database import Database
from workbench.errors import ConfigError, DataError
from workbench.label_files import LabelForm, labels_text, training_text
from workbench.labels import Learnable, learnt, preferences
from workbench.pair_intake import check_pairs
from workbench.queues import OpenQueue
from workbench.similarity import normalise
from workbench.stage import Dpo, Labelled, Lora


def take_for_training(
    case: Case, database: Database, queue: OpenQueue, *, after: str | None = None
) -> tuple[Candidate, Learnable]:
    """Freeze a queue's labels as preference pairs, and add a candidate with a DPO stage on them.

    ``after``: the candidate whose training comes before that stage; None: the one of the queue with most stages or,
    where none is trained, the plain base model. Pairs whose request stands in the test or
    dev set are left out. Raises ConfigError for a queue of test requests, and DataError where no pair is left.
    """
    if queue.queue.split != "train":
        raise ConfigError(
            f"The queue {queue.queue.name} is about test requests, and nobody trains on the test.",
            f"Make one on training requests: `workbench queue {case.name} NAME --split train`.",
        )
    found = learnt(database, queue)
    held_out = [example for split in ("dev", "test") for example in case.examples(split)]
    kept, check = check_pairs(found.pairs, held_out=held_out)
    if not kept:
        raise DataError(
            f"The labels of {queue.queue.name} hold no pair to train on.",
            f"{found.undecided} pairs of answers are ties or undecided, {found.bad} are bad on both sides and "
            f"{check.leaked} ask what the test set asks; label more.",
        )
    case.freeze_labelled(queue.queue.name, kept)
    candidate = _candidate(case, queue, after)
    others = [one for one in case.candidates() if one.name != candidate.name]
    case.choose([*others, candidate])
    return candidate, Learnable(tuple(kept), found.ratings, found.undecided, found.bad)


def exported(case: Case, database: Database, queue: OpenQueue, form: LabelForm) -> str:
    """A queue's labels as a file's content: every choice or, of training requests, what TRL trains on.

    Raises ConfigError where test requests would be trained on, and DataError where there is nothing to train on.
    """
    if form == "jsonl" or form == "csv":
        return labels_text(preferences(database, queue), form)
    if queue.queue.split != "train":
        raise ConfigError(
            f"The queue {queue.queue.name} is about test requests, and nobody trains on the test.",
            "Export every choice (--form jsonl or csv), or make a queue on training requests (--split train).",
        )
    found = learnt(database, queue)
    held_out = [example for split in ("dev", "test") for example in case.examples(split)]
    kept, _ = check_pairs(found.pairs, held_out=held_out)
    asked = {normalise(example.question) for example in held_out}
    ratings = tuple(one for one in found.ratings if normalise(one.messages[-1].content) not in asked)
    found = replace(found, pairs=tuple(kept), ratings=ratings)
    return training_text(found, form, instruction=case.use_case.instruction)


def _candidate(case: Case, queue: OpenQueue, after: str | None) -> Candidate:
    """A candidate like the one before it, with a DPO stage more."""
    named = {one.name: one for one in case.candidates()}
    if after is not None and after not in named:
        raise ConfigError(f"{after} is not among the candidates of {case.name}.", f"These are: {', '.join(named)}.")
    before = named[after] if after is not None else _trained(queue, named)
    name = f"{before.name if before else 'dpo'}-{queue.queue.name}"[:64]
    stage = Dpo(adapter=Lora(), pairs=Labelled(queue=queue.queue.name))
    if before is None:
        return Candidate(name=name, description=f"Trained on the labels of {queue.queue.name}.", training=(stage,))
    changes = {
        "name": name,
        "description": f"{before.name}, then trained on the labels of {queue.queue.name}.",
        "training": (*before.training, stage),
        "adapter_scale": 1.0,
        "after_steps": None,
    }
    return Candidate.parse(before.model_dump() | changes, where=name)


def _trained(queue: OpenQueue, named: Mapping[str, Candidate]) -> Candidate | None:
    """The use case's candidate among those of the queue that has most stages of training; None where none has any."""
    trained = [named[name] for name in queue.queue.names if name in named and named[name].training]
    return max(trained, key=lambda one: len(one.training)) if trained else None
