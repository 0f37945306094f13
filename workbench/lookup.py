"""What each way of searching finds for a question, asked of a process that keeps the embedder loaded.

The page imports no embedder: it talks to ``python -m recipes.lookup INDEX_STEP`` in lines of JSON.
"""

import json
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from workbench.candidate import Candidate
from workbench.case import Case
from workbench.errors import WorkbenchError
from workbench.model import Noun
from workbench.run import Passage
from workbench.usecase import Message
from workbench.workspace import Step

STARTING_SECONDS, ASKING_SECONDS = 120.0, 60.0
"""How long the process may take to load the embedder, and to answer a question."""


class Place(Noun):
    """Where one way of searching puts a passage."""

    id: str
    """The passage's."""
    score: float
    """By vectors the cosine; by words the BM25 weight; by both their weighted mean, each as a share of its greatest."""


class Lookup(Noun):
    """What was found for one question."""

    passages: dict[str, Passage]
    """By id, all that stand in one of the lists."""
    dense: tuple[Place, ...]
    """By vectors, the best first."""
    lexical: tuple[Place, ...]
    """By words, the best first."""
    both: tuple[Place, ...]
    """By both, the best first."""
    handed: tuple[str, ...]
    """Ids of the passages that the candidate would put into its prompt, in that order."""
    turns: tuple[Message, ...]
    """The conversation as the model would be sent it."""
    tokens: int | None
    """Tokens of that conversation for the candidate's base model; None where its tokenizer is not here."""
    words: tuple[str, ...]
    """The question's words, as they are looked for."""
    seconds: float
    """Time to embed the question and to search in the candidate's own way."""


class Desk:
    """A process that answers questions about one index, for as long as this object is kept."""

    def __init__(self, index: Step) -> None:
        """Start it; the first question waits until it has loaded the embedder."""
        self._log = index.workspace / "logs" / f"{index.name}-lookup.txt"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        with self._log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "recipes.lookup", str(index.folder)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1,
                start_new_session=True,
            )  # fmt: skip
        self._ready = False

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(BrokenPipeError):  # What it was never told.
                if pipe is not None:
                    pipe.close()

    def ask(self, case: Case, candidate: Candidate, question: str) -> Lookup:
        """What is found for a question, and the prompt that a candidate would be sent.

        Raises WorkbenchError where the process has died, does not answer in time, or says what is wrong.
        """
        whole = case.whole(candidate)
        asked = {
            "question": question,
            "candidate": whole.model_dump(mode="json"),
            "instruction": case.use_case.instruction,
            "train": str(case.split_path("train")),
        }
        with self._lock:
            if not self._ready:
                self._line(STARTING_SECONDS)  # It says that it is ready.
                self._ready = True
            self._send(asked)
            told = self._line(ASKING_SECONDS)
        return Lookup.parse(told, where="What was found")

    def _send(self, asked: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise self._dead() from error

    def _line(self, seconds: float) -> dict[str, Any]:
        """The next line that the process says, as JSON."""
        pipe = self._process.stdout
        assert pipe is not None
        until = time.monotonic() + seconds
        with selectors.DefaultSelector() as waiting:
            waiting.register(pipe, selectors.EVENT_READ)
            if not waiting.select(max(0.0, until - time.monotonic())):
                self.close()
                raise WorkbenchError(
                    f"The search did not answer within {seconds:.0f} seconds.",
                    f"Try again. What it printed is in {self._log}.",
                )
            line = pipe.readline()
        if not line.endswith("\n"):
            raise self._dead()
        told: dict[str, Any] = json.loads(line)
        if "message" in told:
            raise WorkbenchError(str(told["message"]), str(told["hint"]))
        return told

    def _dead(self) -> WorkbenchError:
        self._process.wait()
        return WorkbenchError("The process that searches has ended.", f"Try again. What it printed is in {self._log}.")
