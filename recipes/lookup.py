"""``python -m recipes.lookup INDEX_STEP``: answer questions about an index, in lines of JSON, until nobody asks.

It keeps the embedder and the passages loaded, so that an answer takes milliseconds; it ends when its input does.
"""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO

from rag import index as indexes
from rag.embed import load_embedder
from rag.lexical import tokens
from rag.rerank import Reranker, load_reranker
from rag.search import Searcher
from rag.selection import Selection
from rag.steps import embedder_of, whole_documents
from recipes.data import PromptPlan, Turn, choose_shots, conversation, encode_prompt
from recipes.model import load_tokenizer
from workbench.base_models import local_folder
from workbench.candidate import Candidate, Retrieval
from workbench.errors import WorkbenchError
from workbench.examples import read_examples
from workbench.lookup import Lookup, Place
from workbench.run import Passage, Retrieved
from workbench.usecase import Example, Message
from workbench.workspace import Step

SHOWN = 10
"""Passages in each list."""
COMMON = 0.2
"""Share of all passages from which on a word that they hold tells nothing."""


class Finder:
    """An index with its embedder, ready to be asked."""

    def __init__(self, step: Step) -> None:
        """Load both; raises what ``rag.index.load`` and ``rag.embed.load_embedder`` raise."""
        self.step = step
        self.rerankers: dict[str, Reranker] = {}
        indexes.read_meta(step.folder)  # Says what is wrong before the embedder is loaded.
        self.embedder = load_embedder(embedder_of(step))
        self.index = indexes.load(step.folder, embedder=self.embedder.name, digest=self.embedder.digest)
        self.searchers = {way: Searcher(self.index, way) for way in ("dense", "lexical", "hybrid")}

    @cached_property
    def spread(self) -> Counter[str]:
        """In how many passages each word stands."""
        return Counter(word for chunk in self.index.chunks for word in set(tokens(chunk.text)))

    def tells(self, word: str) -> bool:
        """Whether a word tells passages apart: few of them hold it."""
        return 0 < self.spread[word] <= max(1, COMMON * len(self.index.chunks))

    def selection(self, retrieval: Retrieval) -> Selection:
        """How a candidate chooses among what is found; a reranker is loaded once."""
        name = retrieval.reranker
        if name is not None and name not in self.rerankers:
            self.rerankers[name] = load_reranker(name)
        reranker = self.rerankers[name] if name is not None else None
        documents = self.documents if retrieval.whole_documents else None
        return Selection(self.index, retrieval, self.embedder.ruler.count_many, reranker, documents)

    @cached_property
    def documents(self) -> dict[str, str]:
        """The texts of all documents, for candidates that are handed whole ones."""
        return whole_documents(self.step)

    def look_up(self, asked: Mapping[str, Any]) -> Lookup:
        """What each way finds for a question, and what the candidate would send with it."""
        candidate = Candidate.parse(asked["candidate"], where="The candidate")
        question = str(asked["question"])
        retrieval = candidate.retrieval
        assert retrieval is not None
        vector = self.embedder.questions([question])
        lists = {way: searcher.find([question], vector, SHOWN)[0] for way, searcher in self.searchers.items()}
        selection = self.selection(retrieval)
        began = time.perf_counter()
        vector = self.embedder.questions([question])
        (ranked,) = self.searchers[retrieval.search].rank([question], vector, selection.deep)
        ranked = selection.reread(question, ranked)
        handed = selection.everything(None) if selection.all_fit else selection.choose(vector[0], ranked)
        seconds = time.perf_counter() - began
        turns = _turns(candidate, question, handed, instruction=str(asked["instruction"]), train=Path(asked["train"]))
        return Lookup(
            passages={one.id: one for found in (*lists.values(), handed) for one in found},
            dense=_places(lists["dense"]),
            lexical=_places(lists["lexical"]),
            both=_places(lists["hybrid"]),
            handed=tuple(one.id for one in handed),
            turns=tuple(Message.parse(turn, where="The prompt") for turn in turns),
            tokens=_counted(turns, str(candidate.base_model)),
            words=tuple(word for word in dict.fromkeys(tokens(question)) if self.tells(word)),
            seconds=seconds,
        )


def _places(found: Sequence[Passage]) -> tuple[Place, ...]:
    return tuple(Place(id=one.id, score=one.score) for one in found)


def _turns(
    candidate: Candidate, question: str, handed: tuple[Passage, ...], *, instruction: str, train: Path
) -> list[Turn]:
    """The conversation, made by the same code as in training and in answering."""
    told = instruction if candidate.prompt.instruction is None else candidate.prompt.instruction
    count = candidate.prompt.examples
    shots = choose_shots(read_examples(train), count) if count else ()
    example = Example(id="asked", messages=(Message(role="user", content=question),))
    return conversation(example, PromptPlan(told, shots), Retrieved(example=example.id, passages=handed))


def _counted(turns: list[Turn], base_model: str) -> int | None:
    folder = local_folder(base_model)
    return None if folder is None else len(encode_prompt(turns, load_tokenizer(folder)))


def serve(step: Step, questions: TextIO, answers: TextIO) -> int:
    """Say that the index is loaded, then answer each line; returns the exit code."""
    try:
        finder = Finder(step)
    except WorkbenchError as error:
        _say(answers, {"message": error.message, "hint": error.hint})
        return 2
    _say(answers, {"ready": True})
    for line in questions:
        try:
            _say(answers, finder.look_up(json.loads(line)).model_dump(mode="json"))
        except WorkbenchError as error:
            _say(answers, {"message": error.message, "hint": error.hint})
    return 0


def _say(answers: TextIO, told: Mapping[str, Any]) -> None:
    answers.write(json.dumps(told) + "\n")
    answers.flush()


def main(arguments: Sequence[str]) -> int:
    """The command line; what libraries print goes to the log, so that only answers are on the way back."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        return serve(Step(Path(arguments[0]).resolve()), sys.stdin, answers)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
