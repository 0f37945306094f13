"""What a candidate loses at most against a perfect one: no score is above 1."""

import numpy as np
from scipy import stats

from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.intervals import mean_interval


def ceiling_loss(scores: Floats, clusters: Clusters, *, level: float) -> float:
    """An upper bound of 1 minus the true mean of (n,) ``scores``, wrong in ``level`` of such tests.

    Exact for right-or-wrong scores of independent items (Clopper and Pearson 1934); Wilson's with the number of items
    that the variance implies for others.
    """
    n, mean = len(scores), float(scores.mean())
    if len(clusters.sizes) == n and np.isin(scores, (0.0, 1.0)).all():
        right = int(scores.sum())
        return 1.0 if right == 0 else 1.0 - float(stats.beta.ppf(level, right, n - right + 1))
    variance = float(clusters.covariance(scores[:, None])[0, 0])
    return 1.0 - mean_interval(mean, variance, n=clusters.effective, df=clusters.df, alpha=2 * level).low
