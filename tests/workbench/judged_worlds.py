"""Made-up requests on which people and a judge each have an opinion: where a judge's help is calibrated."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from workbench.next_pair import pair_chances
from workbench.statistics.arrays import Floats, Integers
from workbench.statistics.verdicts import Verdicts
from workbench.statistics.votes import Votes

AFRESH = 5
"""Labels after which it is asked anew which pairs are worth asking about."""


@dataclass(frozen=True)
class World:
    """Candidates that differ by ``strengths``, in standard deviations of how much better one answer seems.

    ``rho``: correlation of the judge's opinion with one person's, before both are cut into better, tie and worse;
    ``bias`` (k,): what the judge sees in each candidate beyond its worth; ``per_length``: what it sees in an answer
    that is longer by one standard deviation; ``longer`` (k,): by how many standard deviations answers are longer.
    ``taste``: variance of annotators' tastes; ``shared``: of what an answer is worth in all its pairs, and ``own`` of
    what it is worth beside one other answer; the rest, of 1 in all, is each person's whim.
    """

    strengths: tuple[float, ...]
    rho: float
    requests: int = 300
    bias: tuple[float, ...] = ()
    per_length: float = 0.0
    longer: tuple[float, ...] = ()
    annotators: int = 1
    taste: float = 0.0
    shared: float = 0.5
    own: float = 0.42
    tie: float = 0.3
    overlap: int = 1

    def rate(self, one: int, other: int) -> float:
        """The true win rate over all requests and people."""
        lead = self.strengths[one] - self.strengths[other]
        return float((special.ndtr(lead - self.tie) + special.ndtr(lead + self.tie)) / 2)


class Judging:
    """Requests, annotators and a judge drawn once; people then label pairs that they are shown."""

    def __init__(self, world: World, rng: np.random.Generator) -> None:
        k, n = len(world.strengths), world.requests
        self.world, self.rng, self.k = world, rng, k
        self.left, self.right = np.triu_indices(k, 1)
        pairs = len(self.left)
        each = rng.normal(0, np.sqrt(world.shared / 2), (n, k))
        alone = rng.normal(0, np.sqrt(world.own), (n, pairs))
        strengths = np.array(world.strengths)
        fixed = each[:, self.left] - each[:, self.right] + alone
        self.worth = (strengths[self.left] - strengths[self.right]) + fixed
        self.taste = rng.normal(0, np.sqrt(world.taste / 2), (world.annotators, k))
        common = world.shared + world.own
        bias = np.array(world.bias or (0.0,) * k)
        length = rng.normal(0, 1, (n, k)) + np.array(world.longer or (0.0,) * k)
        seen = strengths + bias
        # The judge sees what all people share, and its own noise; rho is its correlation with one person.
        reliable = world.rho**2 / common
        noise = rng.normal(0, 1, (n, pairs))
        latent = np.sqrt(reliable) * fixed / np.sqrt(common) + np.sqrt(1 - reliable) * noise
        latent += world.per_length * (length[:, self.left] - length[:, self.right]) / np.sqrt(2)
        latent += seen[self.left] - seen[self.right]
        self.said = np.where(latent > world.tie, 1.0, np.where(latent < -world.tie, 0.0, 0.5))
        self.times = np.zeros((n, pairs), dtype=np.int64)
        self.rows: list[tuple[int, int, int, int, int]] = []
        self.shown = np.zeros((n, pairs), dtype=bool)

    def ask(self, labels: int, *, adaptive: bool = True) -> None:
        """Labels more, the pair of candidates chosen by what was said so far and its request by lot."""
        rng, world = self.rng, self.world
        counts = np.zeros((self.k, self.k, 3))
        for a, b, choice, _, _ in self.rows:
            counts[a, b, 1 - choice] += 1
        even = np.full(len(self.left), 1 / len(self.left))
        for given in range(labels):
            if given % AFRESH == 0:
                wanted = pair_chances(counts, "best") if adaptive else even
            # A request that was begun comes first, where several annotators are to see each.
            room = np.array([(self.times[:, r] < world.overlap).any() for r in range(len(self.left))])
            chances = np.where(room, wanted + 1e-12, 0.0)
            pair = int(rng.choice(len(chances), p=chances / chances.sum()))
            begun = np.flatnonzero((self.times[:, pair] > 0) & (self.times[:, pair] < world.overlap))
            fresh = np.flatnonzero(self.times[:, pair] == 0)
            item = int(rng.choice(begun if len(begun) else fresh))
            self.times[item, pair] += 1
            self.shown[item, pair] = True
            who = int(rng.integers(world.annotators))
            i, j = self.left[pair], self.right[pair]
            whim = np.sqrt(max(0.0, 1 - world.shared - world.own - world.taste))
            latent = self.worth[item, pair] + self.taste[who, i] - self.taste[who, j] + rng.normal(0, whim)
            choice = int(latent > world.tie) - int(latent < -world.tie)
            a, b, choice = (i, j, choice) if rng.random() < 0.5 else (j, i, -choice)
            self.rows.append((int(a), int(b), choice, item, who))
            counts[a, b, 1 - choice] += 1

    def votes(self) -> Votes:
        """People's labels."""
        left, right, choice, item, who = (np.array(column) for column in zip(*self.rows, strict=True))
        return Votes(self.k, left, right, choice, np.zeros(len(left), dtype=bool), item, who)

    def verdicts(self, votes: Votes) -> Verdicts:
        """The judge's opinion of every pair of answers."""
        n, pairs = self.said.shape
        place = np.zeros((self.k, self.k), dtype=np.int64)
        place[self.left, self.right] = place[self.right, self.left] = np.arange(pairs)
        item, pair = np.divmod(np.arange(n * pairs), pairs)
        of: Integers = votes.item * pairs + place[votes.left, votes.right]
        value: Floats = self.said.ravel()
        return Verdicts(self.left[pair], self.right[pair], value, item, self.shown.ravel(), of)
