"""Passages and a question become one message with numbered passages."""

from collections.abc import Sequence

INSTRUCTION = 'Answer from the passages. If they do not hold the answer, say "I do not know."'


def with_passages(question: str, passages: Sequence[str]) -> str:
    """The user's turn as sent to the model: instruction, passages numbered from 1, then the question."""
    numbered = "\n".join(f"[{i}] {' '.join(text.split())}" for i, text in enumerate(passages, 1))
    return f"{INSTRUCTION}\n\nPassages:\n{numbered}\n\nQuestion: {question}"
