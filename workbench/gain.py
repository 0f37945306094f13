"""A paired difference with its interval, as one figure."""

from workbench.model import Noun
from workbench.phrases import signed
from workbench.statistics.arrays import Floats
from workbench.statistics.clusters import Clusters
from workbench.statistics.paired import paired_t


class Gain(Noun):
    """A paired difference with its 95 % interval, as shares."""

    delta: float
    low: float
    high: float

    @property
    def shown(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0

    @property
    def words(self) -> str:
        """In points, with the interval."""
        return f"{signed(self.delta)} ({signed(self.low)} to {signed(self.high)})"


def gained(differences: Floats, clusters: Clusters) -> Gain:
    """The mean of paired differences (n,) with its 95 % interval."""
    found = paired_t(differences, clusters=clusters)
    return Gain(delta=found.delta, low=found.low, high=found.high)
