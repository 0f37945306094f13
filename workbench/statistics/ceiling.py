"""What a candidate loses at most against a perfect one: no score is above 1."""

from scipy import stats

from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters


def ceiling_loss(scores: Floats, clusters: Clusters, *, level: float) -> float:
    """An upper bound of 1 minus the true mean of (n,) ``scores`` in [0, 1], wrong in ``level`` of such tests.

    Exact for right-or-wrong scores of independent items (Clopper and Pearson 1934), and too wide for shares of a point.
    Items of a group count as one together: a few failures say little of groups that fail as a whole.
    """
    grouped = len(clusters.sizes) < len(scores)
    n, mean = clusters.effective if grouped else float(len(scores)), float(scores.mean())
    return 1.0 if mean <= 0 else 1.0 - float(stats.beta.ppf(level, n * mean, n * (1.0 - mean) + 1.0))
