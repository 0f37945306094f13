"""Documents told in other words, so that what they say is learned and not only how they say it."""

import json
from pathlib import Path

from evals.scorers import words
from rag.cache import Cache
from rag.corpus import read_corpus
from recipes.asking import asker
from recipes.bases import Bases
from workbench.errors import WorkbenchError
from workbench.stage import Helper
from workbench.workspace import Step, appending, read_jsonl

ASK = """Tell the following text again in other words and in another order. Keep every fact, name and number, and add
nothing. Write the text alone.

{text}"""
TOKENS = 1024
TEMPERATURE = 0.8
TEXTS_PER_PART = 16
"""Texts that are asked for together; each part is kept as soon as it is there."""
SHORT = 0.3
"""Share of a document's words that a paraphrase must at least have; shorter ones are no paraphrase."""


def paraphrase(step: Step, *, bases: Bases) -> None:
    """Do a ``paraphrase`` step: each document in other words, several times; leaves ``paraphrases.jsonl``.

    Raises WorkbenchError where hardly any text comes back.
    """
    inputs = step.record.inputs
    helper = Helper.parse(inputs["paraphraser"], where=str(step.folder))
    documents = read_corpus(step.file("documents"), keep=Cache(step.workspace / "cache").parsed).documents
    wanted = [(n, one.id, one.whole) for n in range(int(inputs["paraphrases"])) for one in documents]
    path = step.path("paraphrases.jsonl")
    done = len(list(read_jsonl(path)))
    with appending(path) as out:
        for start in range(done, len(wanted), TEXTS_PER_PART):
            part = wanted[start : start + TEXTS_PER_PART]
            # A seed of its own for each part, so that one document is told differently each time.
            ask = asker(helper, tokens=TOKENS, temperature=TEMPERATURE, seed=start, bases=bases)
            replies = ask([ASK.format(text=text) for _, _, text in part])
            for (number, name, text), reply in zip(part, replies, strict=True):
                told = reply.strip()
                fit = len(words(told)) >= SHORT * len(words(text)) and told != text.strip()
                out.write(json.dumps({"document": name, "number": number, "text": told if fit else ""}) + "\n")
            out.flush()
            step.progress("paraphrasing", step=min(len(wanted), start + len(part)), total=len(wanted))
    kept = read_paraphrases(step)
    if 2 * len(kept) < len(wanted):
        raise WorkbenchError(
            f"Only {len(kept)} of {len(wanted)} paraphrases say anything: {helper.model} is not up to it.",
            "Choose a model that follows instructions, or set paraphrases to 0.",
        )
    step.note(documents=len(documents), paraphrases=len(kept), unusable=len(wanted) - len(kept))


def read_paraphrases(step: Step) -> list[str]:
    """The paraphrases that a step left, each different text once."""
    path: Path = step.path("paraphrases.jsonl")
    return list(dict.fromkeys(record["text"] for record in read_jsonl(path) if record["text"]))
