"""The very items that became wrong, or right, by training: before and after side by side."""

from workbench.checks import Checks
from workbench.model import Noun
from workbench.suite_items import paired_items, settled


class Flip(Noun):
    """One item of a suite that a training changed."""

    item: str
    request: str
    reference: str
    before: str
    after: str
    """By the first training that changed it."""
    lost: bool
    """Whether it became worse."""
    trainings: int
    """In how many trainings it changed that way."""


def flips(checks: Checks, name: str, suite: str) -> tuple[Flip, ...]:
    """The items of a suite that a candidate answers otherwise than its base, those first that most trainings changed.

    Empty where it is not measured. Raises WorkbenchError where base and candidate do not pair.
    """
    measured = checks.measured(name)
    plain = next((one for one in checks.suites_of(name) if one.name == suite), None)
    if measured is None or plain is None or suite not in measured.before[0].asked:
        return ()
    asked = settled(plain, measured.before[0].asked[suite])
    base, *trained = paired_items(suite, [*measured.before, *measured.after])
    sign = 1.0 if asked.higher_is_better else -1.0
    found = []
    for n, item in enumerate(base):
        moves = [sign * (items[n].values[asked.metric] - item.values[asked.metric]) for items in trained]
        for lost in (True, False):
            own = [k for k, move in enumerate(moves) if (move < 0 if lost else move > 0)]
            if own and asked.is_share:
                found.append(
                    Flip(
                        item=item.item, request=item.request, reference=item.reference, before=item.answer,
                        after=trained[own[0]][n].answer, lost=lost, trainings=len(own),
                    )
                )  # fmt: skip
    return tuple(sorted(found, key=lambda one: -one.trainings))
