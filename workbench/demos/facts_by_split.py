"""What the base model knows by heart, shared out among the splits of a demo."""

from collections.abc import Mapping
from random import Random

from workbench.demos.world.facts import FACTS, Fact
from workbench.usecase import Split


def facts_by_split(rng: Random, shares: Mapping[Split, float]) -> dict[Split, list[Fact]]:
    """Facts of each split's own subjects, with lands and inventions in the same proportion.

    ``shares``: of all subjects, how many train and dev ask about; the rest is the test's.
    """
    found: dict[Split, list[Fact]] = {"train": [], "dev": [], "test": []}
    for inventions in (False, True):
        of_kind = [fact for fact in FACTS if (fact.relation == "inventor") == inventions]
        subjects = list(dict.fromkeys(fact.subject for fact in of_kind))
        rng.shuffle(subjects)
        dev_from = round(shares["train"] * len(subjects))
        test_from = dev_from + round(shares["dev"] * len(subjects))
        own: dict[Split, list[str]] = {
            "train": subjects[:dev_from],
            "dev": subjects[dev_from:test_from],
            "test": subjects[test_from:],
        }
        for split, names in own.items():
            found[split] += [fact for fact in of_kind if fact.subject in names]
    return found
