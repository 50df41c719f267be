"""How many independent queries a number of grouped ones is worth.

Queries about one thing score alike, so that the share of them beyond a threshold varies more from sample to sample than
that of independent ones: by the design effect of cluster sampling (Kish, "Survey Sampling", 1965). It is estimated from
the same queries, so one standard error is added to it (delete-one-group jackknife), and where there are too few groups
to estimate anything, the queries of a group count as one and the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FEWEST_GROUPS = 20
"""Groups from which the design effect can be estimated; with fewer the worst is taken for granted."""

# Where enough queries lie beyond to tell; groups agree more here than in the far tail, which errs on the safe side.
_SHARE = 0.2
_ROUNDING = 1e-6  # so that n queries that are all different are worth n


def independent_queries(scores: NDArray[np.float64], groups: Sequence[int]) -> int:
    """Return how many independent queries would know a high quantile of the scores as well, 1 to n.

    Args:
        scores: Shape (n,), n at least 1.
        groups: The group of each.
    """
    _, place, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    count = len(scores)
    if len(sizes) == count:
        return count
    beyond = scores > np.quantile(scores, 1 - _SHARE, method="lower")
    if len(sizes) < FEWEST_GROUPS or not beyond.any():
        effect = float(np.square(sizes).sum()) / count
    else:
        effect = design_effect(beyond, groups) + _standard_error(beyond, place)
    return max(1, min(count, int(count / effect + _ROUNDING)))


def design_effect(values: NDArray[np.generic], groups: Sequence[int] | NDArray[np.integer]) -> float:
    """Return how much more the mean of grouped values varies than that of as many independent ones, 1 or more.

    Args:
        values: Numbers, shape (n,), not all the same.
        groups: The group of each.
    """
    _, place = np.unique(np.asarray(groups), return_inverse=True)
    between, within = _squares(values, place)
    return max(1.0, float(between.sum()) / float(within.sum()))


def _standard_error(values: NDArray[np.generic], place: NDArray[np.intp]) -> float:
    """Return the standard error of the design effect, a ratio of sums over groups."""
    between, within = _squares(values, place)
    count = len(between)
    apart = between - within * (between.sum() / within.sum())
    return float(np.sqrt(np.square(apart).sum() * count / (count - 1)) / within.sum())


def _squares(values: NDArray[np.generic], place: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return, for each group, the square of its summed deviations and the sum of their squares."""
    numbers = np.asarray(values, dtype=np.float64)
    apart = numbers - numbers.mean()
    between, within = (np.asarray(np.bincount(place, own), dtype=np.float64) for own in (apart, np.square(apart)))
    return np.square(between), within
