"""Examples on which the candidates disagree, with everybody's answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.analysis import Standing
from workbench.blocks import Answer, AnsweredExample, Block, Examples, Heading, Outcome, Quote, Text, Verdict
from workbench.phrases import joined, percent
from workbench.rows import CandidateRows, Rows
from workbench.run import Response, Retrieved
from workbench.score import METRICS
from workbench.sections.material import Material
from workbench.usecase import Example

MOST_EXAMPLES = 12
"""Examples on which candidates disagree that a report shows."""


def examples(material: Material) -> list[Block]:
    """Examples on which the candidates disagree: some that the subject won, some that it lost."""
    results, subject = material.results, material.answerer
    heading = Heading(text="Where they disagree")
    if len(results.candidates) < 2:
        return [heading, Text(text="There is only one candidate, so there is nobody to disagree with.")]
    disputed = results.disagreements()
    if not disputed:
        text = f"All candidates score alike on each of the {len(results.examples):,} test examples."
        return [heading, Text(text=text)]
    margins = _margins(results, subject)
    won, lost = (sum(bool(side * margins[i] > 0) for i in disputed) for side in (1, -1))
    chosen = _pick(disputed, margins=margins, clusters=[example.cluster for example in results.examples])
    text = (
        f"On {len(disputed):,} of {len(results.examples):,} test examples the candidates score differently. Against "
        f"the mean of the others {subject} does better on {won:,} of these and worse on {lost:,}. "
        f"Shown: {len(chosen)}, the widest apart first, with the answers of each candidate's first seed."
    )
    sides = Sides.read(results, material.ran)
    shown = [sides.answered(i, _outcome(margins[i])) for i in chosen]
    return [heading, Text(text=text), Examples(subject=subject, examples=tuple(shown))]


def _outcome(margin: float) -> Outcome:
    return "won" if margin > 0 else "lost" if margin < 0 else "tied"


def _margins(results: Rows, subject: str) -> NDArray[np.float64]:
    """By example, the subject's mean score over its seeds less the others' mean. Shape (examples,)."""
    means = {one.name: one.values[results.use_case.metric].mean(axis=0) for one in results.candidates}
    others = np.stack([values for name, values in means.items() if name != subject])
    margins: NDArray[np.float64] = (means[subject] - others.mean(axis=0)).round(9)
    return margins


def _pick(disputed: Sequence[int], *, margins: NDArray[np.float64], clusters: Sequence[str]) -> list[int]:
    """Half of each where there are enough; the widest margins first, other groups before the same again."""

    def ordered(positions: Sequence[int]) -> list[int]:
        widest = sorted(positions, key=lambda i: (-abs(margins[i]), i))
        first = {clusters[i]: i for i in reversed(widest)}
        return sorted(widest, key=lambda i: first[clusters[i]] != i)

    half = MOST_EXAMPLES // 2
    wins = ordered([i for i in disputed if margins[i] > 0])
    losses = ordered([i for i in disputed if margins[i] < 0])
    ties = ordered([i for i in disputed if margins[i] == 0])
    few_losses = min(len(losses), half)
    few_wins = min(len(wins), MOST_EXAMPLES - few_losses)
    losses = losses[: MOST_EXAMPLES - few_wins]
    chosen = wins[:few_wins] + losses
    return chosen + ties[: MOST_EXAMPLES - len(chosen)]


@dataclass(frozen=True)
class Side:
    """One candidate's first run."""

    of: CandidateRows
    responses: Mapping[str, Response]
    retrieved: Mapping[str, Retrieved]


@dataclass(frozen=True)
class Sides:
    """All candidates' first runs, to be put side by side."""

    results: Rows
    sides: tuple[Side, ...]

    @classmethod
    def read(cls, results: Rows, standings: Sequence[Standing]) -> "Sides":
        """The first runs of some candidates, in this order."""
        found = []
        for standing in standings:
            one = results.find(standing.candidate)
            responses = {response.example: response for response in one.responses()}
            found.append(Side(one, responses, one.retrieved(results.split)))
        return cls(results, tuple(found))

    def answered(self, position: int, subject: Outcome) -> AnsweredExample:
        """One example, by its position, with everybody's answer."""
        example = self.results.examples[position]
        return AnsweredExample(
            example=example.id,
            request=_request(example),
            target=example.target or example.check,
            subject=subject,
            answers=tuple(self._answer(side, example, position) for side in self.sides),
        )

    def _answer(self, side: Side, example: Example, position: int) -> Answer:
        metric = self.results.use_case.metric
        values = side.of.values[metric][:, position]
        response = side.responses[example.id]
        remarks = {
            "length": "cut off at the limit of new tokens",
            "too long": "the request left no room for an answer",
        }
        said = [remarks.get(response.finish, "")]
        if not METRICS[metric].binary and 0 < values[0] < 1:
            said.append(percent(float(values[0])))
        if len(values) > 1 and len(set(values)) > 1:
            if METRICS[metric].binary:
                said.append(f"right with {int(values.sum())} of {len(values)} seeds")
            else:
                said.append(f"mean of {len(values)} seeds {percent(float(values.mean()))}")
        found = side.retrieved.get(example.id)
        texts = {passage.id: passage.text for passage in found.passages} if found else {}
        return Answer(
            candidate=side.of.name,
            approach=side.of.candidate.approach,
            text=response.text,
            verdict=verdict_of(float(values[0]), abstained=bool(side.of.abstained[0, position])),
            remark=joined(said),
            passages=tuple(Quote(id=id, text=texts.get(id, "(its text was not kept)")) for id in response.passages),
        )


def verdict_of(value: float, *, abstained: bool) -> Verdict:
    """How one answer counts, in a word."""
    if np.isnan(value):
        return "not scored"
    if abstained:
        return "does not know"
    return "right" if value == 1 else "wrong" if value == 0 else "partly"


def _request(example: Example) -> str:
    if len(example.messages) == 1:
        return example.question
    return "\n\n".join(f"{message.role}: {message.content}" for message in example.messages)
