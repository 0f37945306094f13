"""Paired tests and simultaneous intervals: pure functions of arrays.

Everything is a difference of means. An ``Estimate`` holds the means of k candidates, their covariance and
its degrees of freedom, whatever it was estimated from; a ``Family`` holds what may be said about all
pairs of them at once. Scores are shares: 0.31 is 31 points.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

IMPUTED_SEED_SD = 0.015
"""Spread over training seeds that is assumed where it was not measured, and the least that is believed."""
ONE_SEED_SD = 0.05
"""Spread that a claim about a candidate trained with one seed must survive: pessimistic on purpose, since
nothing about it was measured."""
ONE_SEED_ERRORS = 3.0
"""Standard errors by which such a claim must be clear."""
FEW_DEPARTURES = 10
"""Below this many items that differ from the commonest difference, the variance is hardly estimated."""
FEW_DISAGREEMENTS = 25
"""The same for binary scores, where skewness makes one-sided bounds miss 7 % instead of 5 % below it."""
FEW_ITEMS = 50
"""Below this many items, binary scores get the Bonett-Price interval."""
FEW_CLUSTERS = 100
"""Below this many clusters, the bootstrap is asked as well and the larger constant is taken."""
SCREEN = 0.001
"""Level at which a candidate counts as surely too bad to be a rival."""
DRAWS = 8_000
BOOTSTRAPS = 2_000
POWER = 0.8
TYPICAL_DISCORDANCE = 0.35
"""Share of items on which two candidates of different approach typically disagree."""
LEAST_P = 1e-12
"""No p-value is reported below this: the models behind it are not that exact."""


@dataclass(frozen=True)
class Interval:
    """A closed interval."""

    low: float
    high: float


# --- One candidate -----------------------------------------------------------------------------------


def wilson(share: float, n: float, *, alpha: float = 0.05, df: float = np.inf) -> Interval:
    """Interval for one share of ``n`` independent items, never empty, also at 0 and 1 (Wilson 1927).

    ``n`` may be an effective number of items (Dean and Pagano 2015), known with ``df`` degrees of freedom.
    """
    z = float(-special.stdtrit(df, alpha / 2))
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # At 0 and 1 rounding would put the share itself outside.
    return Interval(max(0.0, min(share, float(centre - half))), min(1.0, max(share, float(centre + half))))


def mean_interval(mean: float, variance: float, *, n: float, df: float = np.inf, alpha: float = 0.05) -> Interval:
    """Interval for one mean in [0, 1] of given variance: Wilson's, with the number of items that it implies.

    ``variance`` may hold clusters and seeds; ``n`` clusters count where all scores are equal.
    """
    spread = mean * (1 - mean)
    effective = spread / variance if spread > 0 and variance > 1e-15 else float(n)
    return wilson(mean, effective, alpha=alpha, df=df)


# --- Clusters ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Clusters:
    """Which items belong together: ``codes`` (n,) from 0 to G - 1, each used."""

    codes: Integers

    @classmethod
    def of(cls, labels: Sequence[str]) -> "Clusters":
        """From one label an item."""
        return cls(np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int64))

    @classmethod
    def singletons(cls, n: int) -> "Clusters":
        """Every item its own cluster."""
        return cls(np.arange(n))

    @cached_property
    def sizes(self) -> Floats:
        """Items in each cluster (G,)."""
        return np.bincount(self.codes).astype(np.float64)

    @property
    def effective(self) -> float:
        """Number of equally large clusters that say as much: n^2 / sum of squared sizes (Kish 1965).

        With equal sizes it is G. One document that holds half the questions brings it below 4, and there
        G - 1 degrees of freedom cover 62 to 89 % where 95 % was promised; this number covers.
        """
        return float(self.sizes.sum() ** 2 / (self.sizes**2).sum())

    @property
    def df(self) -> float:
        """Degrees of freedom of a cluster-robust variance."""
        return max(self.effective - 1, 0.5)

    @property
    def correction(self) -> float:
        """Factor that makes the sum of squared cluster totals unbiased: G / (G - 1) for equal sizes (CR1)."""
        return self.effective / max(self.effective - 1, 0.5)

    def sums(self, values: Floats) -> Floats:
        """Totals of (n, m) values by cluster: (G, m)."""
        if len(self.sizes) == len(self.codes):
            return values
        order = np.argsort(self.codes, kind="stable")
        starts = np.concatenate([[0], np.cumsum(self.sizes[:-1])]).astype(np.int64)
        totals: Floats = np.add.reduceat(values[order], starts, axis=0)
        return totals

    def covariance(self, values: Floats) -> Floats:
        """Covariance (k, k) of the k column means of (n, k) values, cluster-robust (Liang and Zeger 1986)."""
        totals = self.sums(values - values.mean(axis=0))
        product: Floats = totals.T @ totals * (self.correction / len(values) ** 2)
        return product


# --- Two candidates ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """A mean difference with its interval, two-sided p-value, standard error and degrees of freedom."""

    delta: float
    low: float
    high: float
    p: float
    se: float
    df: float


def least_variance(n: int) -> float:
    """The variance of a mean difference of which one item in n is discordant: no less is believed."""
    return max(1 - 1 / n, 0.5) / n**2


def _difference(delta: float, centre: float, *, se: float, df: float, alpha: float) -> Difference:
    half = float(-special.stdtrit(df, alpha / 2)) * se
    p = max(LEAST_P, 2 * float(special.stdtr(df, -abs(centre) / se)))
    return Difference(delta, max(-1.0, centre - half), min(1.0, centre + half), p, se, df)


def paired_t(differences: Floats, *, clusters: Clusters | None = None, alpha: float = 0.05) -> Difference:
    """Paired t interval for (n,) differences, with cluster-robust variance where items share clusters.

    Never of zero width: the variance is at least that of one discordant item.
    """
    n = len(differences)
    clusters = clusters or Clusters.singletons(n)
    delta = float(differences.mean())
    variance = max(float(clusters.covariance(differences[:, None])[0, 0]), least_variance(n))
    return _difference(delta, delta, se=float(np.sqrt(variance)), df=clusters.df, alpha=alpha)


def bonett_price(only_first: int, only_second: int, n: int, *, alpha: float = 0.05) -> Difference:
    """Interval for the difference of two paired shares where few items differ (Bonett and Price 2012).

    It adds one item to each kind of disagreement. Use it for binary scores with n < 50 or few
    disagreements (``FEW_DISAGREEMENTS``): there it covers 96 to 99 %, the paired t interval 93 to 95 %.
    """
    first, second = (only_first + 1) / (n + 2), (only_second + 1) / (n + 2)
    centre = first - second
    se = float(np.sqrt((first + second - centre**2) / (n + 2)))
    return _difference((only_first - only_second) / n, centre, se=se, df=np.inf, alpha=alpha)


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided mid-p McNemar test of two paired shares; 1 where they never disagree (Fagerland 2013)."""
    both, fewer = only_first + only_second, min(only_first, only_second)
    if both == 0:
        return 1.0
    p = 2 * stats.binom.cdf(fewer, both, 0.5) - stats.binom.pmf(fewer, both, 0.5)
    return float(np.clip(p, LEAST_P, 1.0))


# --- Training seeds ----------------------------------------------------------------------------------


def seed_variance(values: Floats) -> float:
    """Variance between training seeds of (S, n) scores, S >= 2, less what the items' own noise explains.

    Unbiased, for display; intervals take ``seed_spread``. Two-way layout: var(seed means) - residual / n, at
    least 0 (Searle, Casella and McCulloch 1992).
    """
    seeds, n = values.shape
    means = values.mean(axis=1)
    residual = values - means[:, None] - values.mean(axis=0) + values.mean()
    noise = float((residual**2).sum()) / max((seeds - 1) * (n - 1), 1)
    between = float(means.var(ddof=1)) - noise / n
    return float(max(0.0, between))


@dataclass(frozen=True)
class SeedSpread:
    """What training again would add to each mean: variance (k,), degrees of freedom (k,), S seeds (k,)."""

    variance: Floats
    df: Floats
    seeds: Integers


def seed_spread(scores: Sequence[Floats], trained: Sequence[bool]) -> SeedSpread:
    """Variance of each mean over training seeds, from k arrays (S, n); 0 where nothing is trained.

    Where S >= 2 it is the variance of the seeds' means, their items' noise included: taken off, it leaves
    too little in the half of cases where few seeds agree by luck (5 % errors become 8 to 10 %). For the same
    reason it is never less than ``IMPUTED_SEED_SD`` squared, and below three seeds never less than the
    spread pooled over all trained candidates; with one seed it is the larger of these two.
    """
    seeds = np.array([len(one) if is_trained else 1 for one, is_trained in zip(scores, trained, strict=True)])
    several = [j for j, is_trained in enumerate(trained) if is_trained and seeds[j] > 1]
    own = {j: float(scores[j].mean(axis=1).var(ddof=1)) for j in several}
    pooled_df = float(sum(seeds[j] - 1 for j in several))
    pooled = sum(own[j] * (seeds[j] - 1) for j in several) / pooled_df if several else 0.0
    variance, df = np.zeros(len(scores)), np.full(len(scores), np.inf)
    for j in (j for j, is_trained in enumerate(trained) if is_trained):
        few = seeds[j] < 3
        measured = max(own.get(j, 0.0), pooled if few else 0.0)
        variance[j] = max(measured, IMPUTED_SEED_SD**2) / seeds[j]
        if several and few:
            df[j] = pooled_df
        elif j in own:
            df[j] = seeds[j] - 1
    return SeedSpread(variance, df, seeds)


# --- Many candidates ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Estimate:
    """Means of k candidates and how surely they are known, whatever they were estimated from.

    ``means`` (k,); ``covariance`` (k, k) of the part that candidates share, read for differences only, with
    ``df`` degrees of freedom; ``own`` (k,) variance that each adds independently (training seeds), with
    ``own_df`` (k,), infinite where it is assumed; ``n`` items.
    """

    means: Floats
    covariance: Floats
    df: float
    own: Floats
    own_df: Floats
    n: int


@dataclass(frozen=True, eq=False)
class Contrasts:
    """All m = k(k - 1)/2 differences ``means[left] - means[right]``, each array (m,).

    ``centre`` is what the interval is built around, ``shared`` and ``own`` the two parts of the variance.
    """

    left: Integers
    right: Integers
    delta: Floats
    centre: Floats
    shared: Floats
    own: Floats
    df: Floats
    least: float

    @property
    def se(self) -> Floats:
        """Standard errors, at least that of one discordant item."""
        root: Floats = np.sqrt(np.maximum(self.shared + self.own, self.least))
        return root

    @property
    def k(self) -> int:
        """Number of candidates."""
        return int(self.right[-1]) + 1 if len(self.right) else 1


def contrasts(estimate: Estimate) -> Contrasts:
    """All pairwise differences, with degrees of freedom by Satterthwaite (1946)."""
    left, right = np.triu_indices(len(estimate.means), 1)
    diagonal = np.diag(estimate.covariance)
    shared = np.maximum(diagonal[left] + diagonal[right] - 2 * estimate.covariance[left, right], 0.0)
    own = estimate.own[left] + estimate.own[right]
    share_of_df = shared**2 / estimate.df
    for side in (left, right):
        share_of_df = share_of_df + estimate.own[side] ** 2 / estimate.own_df[side]
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.where(share_of_df > 0, (shared + own) ** 2 / share_of_df, estimate.df)
    delta = estimate.means[left] - estimate.means[right]
    return Contrasts(left, right, delta, delta, shared, own, np.maximum(df, 0.5), least_variance(estimate.n))


def departures(scores: Floats, pairs: Contrasts) -> Integers:
    """For each pair, the items of (n, k) scores whose difference is not the commonest one: (m,)."""
    count = np.empty(len(pairs.left), dtype=np.int64)
    for r, (i, j) in enumerate(zip(pairs.left, pairs.right, strict=True)):
        difference = scores[:, i] - scores[:, j]
        # Where fewer than half depart, and only that matters here, the median is the commonest value.
        count[r] = np.count_nonzero(np.abs(difference - np.median(difference)) > 1e-9)
    return count


def with_pseudo_items(pairs: Contrasts, scores: Floats, clusters: Clusters, *, where: NDArray[np.bool_]) -> Contrasts:
    """Two items more for the pairs in ``where`` (m,), one won by each side: Bonett and Price for any scores.

    For binary scores of independent items it is exactly their interval's centre and standard error.
    """
    n = len(scores)
    totals = clusters.sums(scores)
    gram, weighted = totals.T @ totals, clusters.sizes @ totals
    i, j = pairs.left[where], pairs.right[where]
    centre = pairs.delta[where] * n / (n + 2)
    squares = gram[i, i] + gram[j, j] - 2 * gram[i, j]
    squares = squares - 2 * centre * (weighted[i] - weighted[j]) + centre**2 * (clusters.sizes**2).sum()
    factor = 1.0 if len(clusters.sizes) == n else clusters.correction
    shared, new_centre = pairs.shared.copy(), pairs.centre.copy()
    shared[where] = factor * (np.maximum(squares, 0.0) + 2 + 2 * centre**2) / (n + 2) ** 2
    new_centre[where] = centre
    return replace(pairs, shared=shared, centre=new_centre)


# --- What all differences are compared with ----------------------------------------------------------


def mean_draws(estimate: Estimate, *, rng: np.random.Generator, draws: int = DRAWS) -> Floats:
    """Errors of the k means as estimated, (draws, k); only differences of columns mean anything."""
    k = len(estimate.means)
    centring = np.eye(k) - 1 / k
    covariance = centring @ estimate.covariance @ centring + np.diag(estimate.own)
    # Identical candidates make it singular; the jitter is far below any difference that could be printed.
    jitter = 1e-12 * max(float(np.trace(covariance)), least_variance(estimate.n))
    factor = np.linalg.cholesky(covariance + jitter * np.eye(k))
    errors: Floats = rng.standard_normal((draws, k)) @ factor.T
    return errors


def t_draws(estimate: Estimate, pairs: Contrasts, errors: Floats, *, rng: np.random.Generator) -> Floats:
    """Studentised differences under "all equal", (draws, m): a multivariate t, each part with its own df.

    ``errors`` (draws, k) as from ``mean_draws``. Without seed variance it is the multivariate t of Dunnett
    and Tukey; with it, each variance is drawn from its own chi-square, so that t tails belong to the pairs
    that have few seeds and not to the others.
    """
    draws = len(errors)
    variance = rng.chisquare(estimate.df, (draws, 1)) / estimate.df * pairs.shared
    for j in np.flatnonzero(estimate.own):
        df = estimate.own_df[j]
        factor = np.ones(draws) if np.isinf(df) else rng.chisquare(df, draws) / df
        involved = (pairs.left == j) | (pairs.right == j)
        variance[:, involved] += estimate.own[j] * factor[:, None]
    total = np.maximum(pairs.shared + pairs.own, pairs.least)
    variance += total - pairs.shared - pairs.own
    studentised: Floats = (errors[:, pairs.left] - errors[:, pairs.right]) / np.sqrt(variance)
    return studentised


def bootstrap_draws(
    scores: Floats, clusters: Clusters, pairs: Contrasts, *, rng: np.random.Generator, draws: int = BOOTSTRAPS
) -> Floats:
    """Studentised differences of resampled clusters of (n, k) scores, centred on the observed: (draws, m).

    The studentised pairs bootstrap (Hall 1988); seeds enter as independent normal errors.
    """
    sizes, n, number = clusters.sizes, len(scores), len(clusters.sizes)
    totals = clusters.sums(scores)
    differences = totals[:, pairs.left] - totals[:, pairs.right]
    weights = rng.multinomial(number, np.full(number, 1 / number), size=draws).astype(np.float64)
    items = (weights @ sizes)[:, None]
    delta = weights @ differences / items
    squares = weights @ differences**2 - 2 * delta * (weights @ (differences * sizes[:, None]))
    squares += delta**2 * (weights @ sizes**2)[:, None]
    variance = np.maximum(clusters.correction * squares / items**2, least_variance(n)) + pairs.own
    noise = rng.standard_normal((draws, len(pairs.left))) * np.sqrt(pairs.own)
    studentised: Floats = (delta - pairs.delta + noise) / np.sqrt(variance)
    return studentised


def _to_normal(t: Floats, df: Floats | float) -> Floats:
    """A t value on the scale of a normal one, sign kept (Wallace 1959): exact to about 0.001 from df 3 on."""
    z: Floats = np.sign(t) * np.sqrt(df * np.log1p(t * t / df)) * (8 * df + 1) / (8 * df + 3)
    return z


def _from_normal(z: float, df: Floats) -> Floats:
    """The inverse of ``_to_normal`` for one positive z."""
    exponent = np.minimum((z * (8 * df + 3) / (8 * df + 1)) ** 2 / df, 600.0)
    t: Floats = np.sqrt(df * np.expm1(exponent))
    return t


@dataclass(frozen=True, eq=False)
class Family:
    """What may be said about all pairs at once, with one error rate ``alpha`` for all of it.

    ``margin`` and ``p`` (m,): half widths of the two-sided intervals and adjusted p-values. ``one_sided``
    (k, k): by how many standard errors ``means[j] - means[i]`` is bounded on one side over all j, for each i
    by itself. ``nulls``: what the statistics were compared with, on the normal scale.
    """

    pairs: Contrasts
    alpha: float
    nulls: tuple[Floats, ...]
    constants: Floats
    margin: Floats
    p: Floats
    one_sided: Floats

    @property
    def gap(self) -> Floats:
        """``means[j] - means[i]`` as centred by the intervals, (k, k)."""
        return _square(self.pairs, -self.pairs.centre, self.pairs.centre)

    @property
    def se(self) -> Floats:
        """Standard errors (k, k), 0 on the diagonal."""
        return _square(self.pairs, self.pairs.se, self.pairs.se)

    @property
    def df(self) -> Floats:
        """Degrees of freedom (k, k), 1 on the diagonal."""
        return _square(self.pairs, self.pairs.df, self.pairs.df) + np.eye(self.pairs.k)

    @property
    def upper(self) -> Floats:
        """One-sided simultaneous upper bounds of ``means[j] - means[i]``, (k, k)."""
        return self.gap + self.one_sided * self.se

    @property
    def lower(self) -> Floats:
        """One-sided simultaneous lower bounds of ``means[j] - means[i]``, (k, k)."""
        return self.gap - self.one_sided * self.se


def _square(pairs: Contrasts, upper: Floats, lower: Floats) -> Floats:
    """Values by pair (m,) as a (k, k) array with 0 on the diagonal."""
    square = np.zeros((pairs.k, pairs.k))
    square[pairs.left, pairs.right], square[pairs.right, pairs.left] = upper, lower
    return square


def _constant(largest: Floats, alpha: float) -> float:
    """The 1 - alpha quantile of the null's largest statistic; infinite where there are too few draws."""
    above = int(np.floor(alpha * (len(largest) + 1)))
    return float(np.partition(largest, -above)[-above]) if above >= 1 else np.inf


def _limited(zs: Sequence[float], df: Floats, *, tests: int, level: float) -> Floats:
    """Constants by pair: the simulated one, at most Bonferroni's; then the largest over the null draws."""
    constants = np.asarray(-special.stdtrit(df, level / tests), dtype=np.float64)
    if tests > 1:
        np.minimum(constants, _from_normal(zs[0], df), out=constants)
    for z in zs[1:]:
        np.maximum(constants, _from_normal(z, df), out=constants)
    return constants


def _two_sided(nulls: Sequence[Floats], pairs: Contrasts, alpha: float) -> tuple[Floats, Floats]:
    """Constants and adjusted p-values (m,); ``nulls`` on the normal scale, the most cautious one counts."""
    m = len(pairs.left)
    t = np.abs(pairs.centre) / pairs.se
    observed = _to_normal(t, pairs.df)
    bonferroni = m * 2 * special.stdtr(pairs.df, -t)
    zs, adjusted = [], np.full(m, LEAST_P)
    for order, null in enumerate(nulls):
        largest = np.sort(np.abs(null).max(axis=1))
        zs.append(_constant(largest, alpha))
        p = (1 + len(largest) - np.searchsorted(largest, observed, side="left")) / (len(largest) + 1)
        if order == 0:
            p = bonferroni if m == 1 else np.minimum(p, bonferroni)
        adjusted = np.maximum(adjusted, p)
    return _limited(zs, pairs.df, tests=m, level=alpha / 2), np.minimum(adjusted, 1.0)


def _one_sided(nulls: Sequence[Floats], pairs: Contrasts, alpha: float, *, among: NDArray[np.bool_]) -> Floats:
    """Constants (k, k): row i for the bounds of the others in ``among`` (k,) minus i."""
    k = pairs.k
    constants = np.zeros((k, k))
    for i in range(k):
        above = np.flatnonzero((pairs.right == i) & among[pairs.left])
        below = np.flatnonzero((pairs.left == i) & among[pairs.right])
        others = np.concatenate([pairs.left[above], pairs.right[below]])
        if not len(others):
            continue
        df = np.concatenate([pairs.df[above], pairs.df[below]])
        zs = [_constant(np.concatenate([null[:, above], -null[:, below]], axis=1).max(axis=1), alpha) for null in nulls]
        constants[i, others] = _limited(zs, df, tests=len(others), level=alpha)
    return constants


def family(pairs: Contrasts, nulls: Sequence[Floats], *, alpha: float = 0.05) -> Family:
    """Simultaneous intervals, adjusted p-values and one-sided bounds for all pairs.

    ``nulls``: one or more arrays (draws, m) of studentised differences under "all equal", the parametric one
    first; where there are several, the larger constant counts. Draws are put on one scale by each pair's own
    df, then the largest is taken: max-T where all df are equal, min-p otherwise (Westfall and Young 1993).
    Never wider than Bonferroni's unless the bootstrap says so; for one pair it is the t interval itself.
    """
    scaled = [_to_normal(null, pairs.df) for null in nulls]
    constants, p = _two_sided(scaled, pairs, alpha)
    one_sided = _one_sided(scaled, pairs, alpha, among=np.ones(pairs.k, dtype=bool))
    margin = constants * pairs.se
    return Family(pairs, alpha, tuple(scaled), constants, margin, p, one_sided)


def best_set(
    claims: Family, *, among: NDArray[np.bool_] | None = None, hurdle: Floats | None = None
) -> NDArray[np.bool_]:
    """Which candidates (k,) no other is shown to beat: it holds the best with probability 1 - alpha.

    Hsu's multiple comparisons with the best (1981), paired. Rivals are those in ``among`` (k,); a lead below
    ``hurdle`` (k, k) excludes nobody.
    """
    k = claims.pairs.k
    rivals = np.ones(k, dtype=bool) if among is None else among
    lead = _square(claims.pairs, -claims.pairs.delta, claims.pairs.delta)
    beaten = (claims.lower > 0) & (lead > (0.0 if hurdle is None else hurdle))
    kept: NDArray[np.bool_] = np.logical_not(beaten[:, rivals].any(axis=1))
    return kept


@dataclass(frozen=True, eq=False)
class Regret:
    """What choosing each candidate loses at most, ``bound`` (k,), for all of them at once.

    ``rivals`` (k,): who may still be the best or within the margin of it; ``constants`` (k, k): by how many
    standard errors row i is bounded against rival j.
    """

    bound: Floats
    rivals: NDArray[np.bool_]
    constants: Floats


def regret_bounds(
    claims: Family,
    margin: float,
    *,
    among: NDArray[np.bool_] | None = None,
    hurdle: Floats | None = None,
) -> Regret:
    """Upper bounds of what each candidate loses against the best, with probability 1 - alpha.

    Candidates that are shown to be worse than another by more than ``margin``, at the strict level
    ``SCREEN``, which is taken off alpha, are no rivals: they can neither be the best nor be mistaken for good
    enough, so the others need not pay for them (Berger and Boos 1994; Hansen 2005). Bounds lie at least
    ``hurdle`` (k, k) from the estimates.
    """
    k = claims.pairs.k
    allowed = np.ones(k, dtype=bool) if among is None else among
    least = np.zeros((k, k)) if hurdle is None else hurdle
    gap, se = claims.gap, claims.se
    strict = -special.stdtrit(claims.df, SCREEN / max(k - 1, 1))
    far = gap - np.maximum(strict * se, least) > margin
    rivals = allowed & ~far[:, allowed].any(axis=1)
    constants = _one_sided(claims.nulls, claims.pairs, claims.alpha - SCREEN, among=rivals)
    upper = gap + np.maximum(constants * se, least)
    upper = np.where(rivals & ~np.eye(k, dtype=bool), upper, 0.0)
    return Regret(np.maximum(upper.max(axis=1), 0.0), rivals, constants)


def best_intervals(claims: Family) -> tuple[Floats, Floats]:
    """Lows and highs (k,) of each mean minus the best of the others', constrained to touch 0 (Hsu 1984)."""
    off = ~np.eye(claims.pairs.k, dtype=bool)
    low = np.where(off, -claims.upper, np.inf).min(axis=1)
    high = np.where(off, -claims.lower, np.inf).min(axis=1)
    return np.minimum(low, 0.0), np.maximum(high, 0.0)


def expected_regrets(means: Floats, errors: Floats, *, among: NDArray[np.bool_] | None = None) -> Floats:
    """What choosing each candidate is expected to lose, (k,), over posterior draws under a flat prior.

    ``errors`` (draws, k) as from ``mean_draws``. An informative prior fitted to the same few means would
    promise half the loss that comes true.
    """
    rivals = np.ones(len(means), dtype=bool) if among is None else among
    drawn = means + errors
    best = drawn[:, rivals].max(axis=1)
    losses = np.maximum(best[:, None] - drawn, 0.0)
    regrets: Floats = losses.mean(axis=0)
    return regrets


# --- How much data -----------------------------------------------------------------------------------


def design_effect(clusters: Clusters, *, correlation: float) -> float:
    """By what factor clusters inflate a variance: 1 + (weighted mean size - 1) x intra-class correlation."""
    size = float((clusters.sizes**2).sum() / clusters.sizes.sum())
    return 1 + (size - 1) * correlation


def detectable_difference(
    n: float,
    *,
    discordance: float = TYPICAL_DISCORDANCE,
    inflation: float = 1.0,
    seed_variance: float = 0.0,
    constant: float | None = None,
    alpha: float = 0.05,
) -> float:
    """The true difference that ``n`` paired items show in 80 of 100 tests.

    ``discordance``: share of items that differ (mean squared difference); ``inflation``: design effect of
    clusters; ``seed_variance``: of the difference of means, from training seeds; ``constant``: standard
    errors that an interval spans on either side, by default the normal's.
    """
    z = float(special.ndtri(1 - alpha / 2)) if constant is None else constant
    return (z + float(special.ndtri(POWER))) * float(np.sqrt(discordance * inflation / n + seed_variance))


@dataclass(frozen=True)
class Enough:
    """Items and seeds with which a claim succeeds in 80 of 100 tests; infinite: never by that alone."""

    items: float
    seed_factor: float
    """By how much the seeds of each trained candidate would have to grow, if only they grow."""
    both_items: float
    both_seed_factor: float
    mostly_seeds: bool
    """The hardest difference is uncertain because of seeds more than because of items."""


def enough(margins: Floats, *, shared: Floats, own: Floats, constants: Floats, n: int) -> Enough:
    """What brings ``constants`` + 0.84 standard errors of every difference within its margin.

    ``margins`` (r,): how far each estimate lies from the claim's edge; ``shared`` (r,): its variance from the
    n items, which more items shrink; ``own`` (r,): its variance from seeds, which more seeds shrink.
    """
    target = (np.maximum(margins, 1e-9) / (constants + special.ndtri(POWER))) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        items = np.where(target > own, n * shared / (target - own), np.inf)
        seeds = np.where(own == 0, np.where(shared > target, np.inf, 0.0), own / (target - shared))
        seeds = np.where((own > 0) & (target <= shared), np.inf, seeds)
    half, hardest = target / 2, int(np.argmax((shared + own) / target))
    return Enough(
        items=float(items.max()),
        seed_factor=float(seeds.max()),
        both_items=float((n * shared / half).max()),
        both_seed_factor=float((own / half).max()),
        mostly_seeds=bool(own[hardest] > shared[hardest]),
    )


# --- Percentiles and means of what answers take ------------------------------------------------------


@dataclass(frozen=True)
class Bounds:
    """An estimate with one-sided bounds; None: so few values bound nothing on that side."""

    estimate: float
    low: float | None
    high: float | None


def percentile_bounds(values: Sequence[float], *, share: float = 0.95, confidence: float = 0.95) -> Bounds:
    """One-sided bounds of a percentile from order statistics, without any model of the values.

    The upper bound of a 95th percentile needs 59 values. Each bound alone holds with ``confidence``
    (David and Nagaraja 2003). ``values`` must not be empty.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    at_most = stats.binom.cdf(np.arange(n), n, share)
    over, under = np.flatnonzero(at_most >= confidence), np.flatnonzero(at_most <= 1 - confidence)
    high = float(ordered[over[0]]) if len(over) else None
    low = float(ordered[under[-1]]) if len(under) else None
    return Bounds(float(np.quantile(ordered, share)), low, high)


def mean_bounds(values: Sequence[float], *, confidence: float = 0.95) -> Bounds:
    """One-sided t bounds of a mean; none from a single value. ``values`` must not be empty."""
    array = np.asarray(values, dtype=np.float64)
    n, mean = len(array), float(array.mean())
    if n < 2:
        return Bounds(mean, None, None)
    half = float(special.stdtrit(n - 1, confidence)) * float(array.std(ddof=1)) / float(np.sqrt(n))
    return Bounds(mean, mean - half, mean + half)
