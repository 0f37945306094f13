"""How each candidate was tuned: the budget, what was tried, what was chosen and how far to believe it."""

from collections.abc import Mapping, Sequence

from workbench.blocks import Block, Column, Heading, Row, Table, Text, TrialsChart
from workbench.budget import told
from workbench.phrases import agreeing, percent
from workbench.sections.material import Material
from workbench.tuning import ENDS, TrialStatus, Tuning
from workbench.tuning_charts import trials_title
from workbench.tuning_choice import HOW_HONEST, RULE, Choice, Tried, look
from workbench.tuning_words import chosen_words, count_words, fairness_words, settings_words

SHOWN = 12
"""Trials in the table: those that came furthest."""
ENDED: Mapping[TrialStatus, str] = {
    "open": "not yet", "whole": "on all", "stopped early": "early", "failed": "cannot be run",
}  # fmt: skip
"""How a trial ended, in a table."""


def tuning(material: Material) -> list[Block]:
    """What was spent on tuning each candidate, and what came of it; nothing where none was tuned."""
    searches = material.results.searched
    if not searches:
        return []
    found = [one.tuning for one in searches]
    approaches = {one.name: one.candidate.approach for one in material.results.candidates}
    blocks: list[Block] = [Heading(text="How each was tuned"), Text(text=fairness_words(approaches, found))]
    for one in searches:
        blocks += search_blocks(one.tuning, look(one))
    return [*blocks, Text(text=note(found), note=True)]


def search_blocks(tuning: Tuning, choice: Choice) -> list[Block]:
    """One search: what was chosen, a picture of its trials, and the trials."""
    blocks: list[Block] = [Text(text=chosen_words(tuning, choice))]
    if any(one.mean is not None for one in choice.tried):
        blocks.append(TrialsChart(title=trials_title(choice), choice=choice))
    return [*blocks, _best(tuning, choice)]


def _best(tuning: Tuning, choice: Choice) -> Table:
    columns = (
        Column(title="Trial", align="right"),
        Column(title="Score", align="right", better="higher"),
        Column(title="Of", align="right"),
        Column(title="Tokens", align="right", better="lower"),
        Column(title="Ended"),
        Column(title="Settings"),
    )
    order = sorted(choice.tried, key=lambda one: (one.status != "whole", -(one.mean or 0.0), one.number))
    shown = [one for one in order if one in order[:SHOWN] or one.number in (0, choice.chosen)]
    title = f"{choice.candidate}: {count_words(tuning)}"
    if len(shown) < len(order):
        title += f", the {len(shown)} that came furthest"
    return Table(title=title, columns=columns, rows=tuple(_row(one, choice) for one in shown))


def _row(one: Tried, choice: Choice) -> Row:
    ended = "chosen" if one.number == choice.chosen else ENDED[one.status]
    score = "none" if one.mean is None else percent(one.mean)
    tokens = "not measured" if one.tokens is None else f"{one.tokens:,.0f}"
    cells = (str(one.number), score, f"{one.examples:,}", tokens, ended, settings_words(one.changed))
    return Row(cells=cells, strong=one.number == choice.chosen)


def note(found: Sequence[Tuning]) -> str:
    """By which rule, from what, and what that cannot show."""
    ends = "; ".join(f"{one.candidate.name}: {ENDS[one.end]}" for one in found)
    earlier = [f"{one.candidate.name} {told(one.before)}" for one in found if one.before]
    said = [
        "Settings were chosen on the development set alone; no test example was looked at.",
        "Scores are of so many of its examples, tokens those that one request takes.",
        f"{RULE} (Breiman et al. 1984).",
        f"Where a gain is given that is not optimistic, {HOW_HONEST}.",
        f"The searches ended: {ends}.",
    ]
    if earlier:
        said.append(f"Earlier searches, with another seed, space or other examples, took: {', '.join(earlier)}.")
    if any(one.after_scores for one in found):
        late = [one.candidate.name for one in found if one.after_scores]
        said.append(
            f"{', '.join(late)} {agreeing(len(late), 'was', 'were')} tuned after test scores had been seen: the search "
            "itself saw none of them, but that it was made at all may have hung on them."
        )
    if any(one.candidate.training for one in found):
        said.append("Each setting was trained once: what another training seed would change is in no interval here.")
    return " ".join(said)
