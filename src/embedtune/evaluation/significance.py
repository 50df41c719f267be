"""How sure a difference between two systems on the same questions is.

The interval is a paired bootstrap (Sakai, "Evaluating Evaluation Metrics based on the Bootstrap", SIGIR
2006; reporting an interval with every delta: Sakai, "Statistical Reform in Information Retrieval?", SIGIR
Forum 2014). The p-value is Fisher's paired randomisation test (Smucker, Allan & Carterette, "A Comparison of
Statistical Significance Tests for Information Retrieval Evaluation", CIKM 2007). Both treat a group of
questions as one unit (cluster bootstrap: Davison & Hinkley, "Bootstrap Methods and their Application", 1997,
section 3.8), since twenty questions about one section are not twenty pieces of evidence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

MIN_GROUPS = 2
_CELLS_AT_ONCE = 1 << 21
_TIE_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class GroupedDifferences:
    """Differences per query, added up within groups.

    Attributes:
        sums: Sum of the differences of each group, shape (groups,), float64.
        sizes: Queries in each group, shape (groups,), float64.
    """

    sums: NDArray[np.float64]
    sizes: NDArray[np.float64]

    @classmethod
    def of(cls, differences: Sequence[float], groups: Sequence[str] | None = None) -> GroupedDifferences:
        """Group differences (candidate minus baseline, one a query).

        Args:
            differences: One value a query.
            groups: The group of each query, in the same order; ``None`` makes each query its own group.

        Raises:
            ValueError: The lengths differ or there is no query.
        """
        values = np.asarray(differences, dtype=np.float64)
        if not values.size or (groups is not None and len(groups) != values.size):
            raise ValueError("differences and groups need one entry a query, for at least one query")
        if groups is None:
            return cls(values, np.ones_like(values))
        _, labels = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
        sums = np.asarray(np.bincount(labels, weights=values), dtype=np.float64)
        return cls(sums, np.bincount(labels).astype(np.float64))

    @property
    def mean(self) -> float:
        """The mean difference over all queries."""
        return float(self.sums.sum() / self.sizes.sum())

    def __len__(self) -> int:
        """Return the number of groups."""
        return int(self.sums.size)


def bootstrap_interval(
    differences: GroupedDifferences, samples: int, generator: np.random.Generator, level: float = 0.95
) -> tuple[float, float]:
    """Return a percentile bootstrap interval of the mean difference.

    Whole groups are drawn with replacement and the mean is taken over their queries. The plain percentile
    interval is too short for few groups (about 90 % instead of 95 % with ten), so its quantiles are moved
    outward to where Student's t would put them (the expanded percentile interval: Hesterberg, "What
    Teachers Should Know About the Bootstrap", The American Statistician 69(4), 2015); with hundreds of
    groups nothing changes.

    Args:
        differences: The paired differences.
        samples: Number of resamples.
        generator: Source of randomness.
        level: Coverage asked for.

    Raises:
        ValueError: There are fewer than two groups: one unit says nothing about its spread.
    """
    count = len(differences)
    if count < MIN_GROUPS:
        raise ValueError("an interval needs at least two groups")
    means = np.empty(samples)
    for rows in _batches(samples, count):
        drawn = generator.integers(0, count, size=(rows.stop - rows.start, count))
        means[rows] = differences.sums[drawn].sum(axis=1) / differences.sizes[drawn].sum(axis=1)
    tail = _expanded_tail((1.0 - level) / 2.0, count)
    low, high = np.quantile(means, [tail, 1.0 - tail])
    return float(low), float(high)


def randomisation_p_value(differences: GroupedDifferences, samples: int, generator: np.random.Generator) -> float:
    """Return the two-sided p-value of "the systems are exchangeable" by flipping signs of whole groups.

    The observed labelling counts as one of the samples (Phipson & Smyth, SAGMB 2010), so that p is
    never 0: its least value is ``1 / (samples + 1)``. Equal systems give exactly 1.

    Args:
        differences: The paired differences.
        samples: Number of random sign assignments.
        generator: Source of randomness.
    """
    observed = abs(float(differences.sums.sum()))
    # Sums in another order differ in the last bits; without slack, exact ties would be lost at random.
    threshold = observed - _TIE_TOLERANCE * float(np.abs(differences.sums).sum())
    extreme = 0
    for rows in _batches(samples, len(differences)):
        shape = (rows.stop - rows.start, len(differences))
        signs = generator.integers(0, 2, size=shape, dtype=np.int8) * np.int8(2) - np.int8(1)
        extreme += int(np.count_nonzero(np.abs(signs @ differences.sums) >= threshold))
    return (extreme + 1) / (samples + 1)


def _expanded_tail(tail: float, groups: int) -> float:
    from scipy.special import ndtr, stdtrit

    return float(ndtr(math.sqrt(groups / (groups - 1)) * stdtrit(groups - 1, tail)))


def _batches(samples: int, width: int) -> Iterator[slice]:
    """Cut the resamples so that one matrix of them stays small, whatever the number of questions."""
    step = max(1, _CELLS_AT_ONCE // width)
    for start in range(0, samples, step):
        yield slice(start, min(start + step, samples))
