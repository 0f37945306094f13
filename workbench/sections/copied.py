"""What retrieval owes to documents that hold test questions together with their answers."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from workbench.phrases import agreeing, percent, points
from workbench.rows import CandidateRows, decide
from workbench.sections.material import Material
from workbench.statistics.clusters import Clusters
from workbench.statistics.weighted import Term, weighted


def copied(material: Material) -> Iterator[str]:
    """How many right answers rest on them, and what would be shown without them; nothing where nobody retrieves.

    They stay in the comparison, since the documents are what they are: whoever takes them out knows what is left.
    """
    results, known = material.results, set(material.audit.verbatim_ids)
    there = np.array([example.id in known for example in results.examples], dtype=np.bool_)
    retrieving = [one.candidate for one in material.ran if "RAG" in one.approach]
    others = [one.candidate for one in material.ran if "RAG" not in one.approach]
    counted = results.valued() & results.clean
    if not (there & counted).any() or not retrieving:
        return
    means = {one.candidate: one.mean for one in material.ran}
    best = results.find(max(retrieving, key=means.__getitem__))
    values = best.values[results.use_case.metric][:, counted].mean(axis=0)
    count = int((there & counted).sum())
    share = float(values[there[counted]].sum() / values.sum()) if values.sum() else 0.0
    told = (
        f"{count:,} of the test examples {agreeing(count, 'stands', 'stand')} in the documents, question and answer "
        f"together: {percent(share)} of the right answers of {best.name} rest on them, which shows no skill"
    )
    left = counted & ~there
    if not left.any():
        yield f"{told}. No other examples are left to compare on."
        return
    if others:
        beside = results.find(max(others, key=means.__getitem__))
        told += (
            f". Without them {best.name} is {_gap(material, best, beside, left)} points ahead of {beside.name}, with "
            f"them {_gap(material, best, beside, counted)}"
        )
    yield f"{told}.{_decided(material, known)}"


def _gap(material: Material, one: CandidateRows, other: CandidateRows, where: NDArray[np.bool_]) -> str:
    """By how much one is ahead of another on some examples, with its 95 % interval."""
    results = material.results
    metric, places = results.use_case.metric, np.flatnonzero(where)
    clusters = Clusters.of([results.examples[int(n)].cluster for n in places])
    terms = [
        Term(each.values[metric][:, places], weight, each.name if each.candidate.trained else "")
        for each, weight in ((one, 1.0), (other, -1.0))
    ]
    found = weighted(terms, clusters)
    return f"{points(found.delta)} ({points(max(found.low, -1.0))} to {points(min(found.high, 1.0))})"


def _decided(material: Material, known: set[str]) -> str:
    """What would be recommended without them, where that is read off scores."""
    results = material.results
    if results.use_case.decided_by != "metric":
        return ""
    found = decide(replace(results, leaked=results.leaked | known))
    if found.claim == material.recommendation.claim:
        return " The recommendation is the same without them."
    return f" Without them it would read: {found.headline}"
