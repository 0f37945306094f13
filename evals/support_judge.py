"""A language model says which passages support a claim."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evals.checking import Asked, Checked
from recipes.asking import Asker
from workbench.errors import WorkbenchError

QUESTION = """Which of the passages support the claim? A passage supports it where the claim follows from what it says.

{passages}

[Question that was asked]
{question}

[Claim]
{claim}

End with the numbers of all passages that support the claim in double brackets, such as [[2]] or [[1, 3]], or with
[[none]]."""
REPLY_TOKENS = 256
UNREADABLE = 0.2
"""Share of replies without a verdict from which the judge is given up."""
FEWEST_REPLIES = 20
"""Fewer replies than these say nothing about the judge."""
_VERDICT = re.compile(r"\[\[\s*(none|\d{1,3}(?:\s*,\s*\d{1,3})*)\s*\]\]", re.IGNORECASE)


def read_verdict(reply: str, *, passages: int) -> Checked:
    """Which passages a judge named last; None where there is no verdict, or one about passages that are not there."""
    marked = _VERDICT.findall(reply)
    if not marked:
        return None
    numbers = {int(number) for number in re.findall(r"\d+", marked[-1])}
    if any(not 1 <= number <= passages for number in numbers):
        return None
    return [number in numbers for number in range(1, passages + 1)]


@dataclass
class SupportJudge:
    """Asks a judge about each claim once, with all of its passages."""

    name: str
    ask: Asker
    asked: int = 0
    missing: int = 0

    def __call__(self, asked: Sequence[Asked]) -> list[Checked]:
        """For each claim, whether each of its passages supports it; None where the judge did not say.

        Raises WorkbenchError where too many replies hold no verdict.
        """
        replies = self.ask([_question(one) for one in asked])
        found = [read_verdict(reply, passages=len(one.passages)) for one, reply in zip(asked, replies, strict=True)]
        self.asked += len(found)
        self.missing += found.count(None)
        if self.asked >= FEWEST_REPLIES and self.missing > UNREADABLE * self.asked:
            unread = next((reply for reply, one in zip(replies, found, strict=True) if one is None), "")
            raise WorkbenchError(
                f"{self.missing} of {self.asked} replies of the judge {self.name} hold no verdict; one is "
                f"{unread[:120]!r}.",
                "Choose a model that follows instructions, or an NLI model: `workbench grounded --nli`.",
            )
        return found


def _question(asked: Asked) -> str:
    numbered = "\n".join(f"[Passage {n}] {' '.join(text.split())}" for n, text in enumerate(asked.passages, 1))
    return QUESTION.format(passages=numbered, question=asked.question, claim=asked.claim)
