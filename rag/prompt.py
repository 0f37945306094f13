"""Passages and a question become one message with numbered passages."""

from collections.abc import Sequence

from workbench.run import Passage

INSTRUCTION = 'Answer from the passages. If they do not hold the answer, say "I do not know."'
CITE = "Cite the number of the passage."
"""What is asked for behind the question where answers are to cite, in the words that the bundled base model knows."""


def with_passages(question: str, passages: Sequence[str], *, cite: bool = False) -> str:
    """The user's turn as sent to the model: instruction, passages numbered from 1, then the question.

    With ``cite`` the question asks for the numbers of the passages that an answer rests on.
    """
    numbered = "\n".join(f"[{i}] {' '.join(text.split())}" for i, text in enumerate(passages, 1))
    asked = f"{question} {CITE}" if cite else question
    return f"{INSTRUCTION}\n\nPassages:\n{numbered}\n\nQuestion: {asked}"


def told(passage: Passage) -> str:
    """A passage with where it stands, as far as that is known and its text does not say it: document, page, heading."""
    heading = "" if passage.heading in " ".join(passage.text.split()) else passage.heading
    place = [passage.document, f"page {passage.page}"] if passage.page is not None else []
    source = ", ".join([*place, *([heading] if heading else [])])
    return f"({source}) {passage.text}" if source else passage.text
