"""How many independent queries a number of grouped ones is worth.

Queries about one thing score alike, so that the share of them beyond a threshold varies more from sample to sample than
that of independent ones: by the design effect of cluster sampling (Kish, "Survey Sampling", 1965).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Where enough queries lie beyond to tell; groups agree more here than in the far tail, which errs on the safe side.
_SHARE = 0.2
_ROUNDING = 1e-6  # so that n queries that are all different are worth n


def independent_queries(scores: NDArray[np.float64], groups: Sequence[int]) -> int:
    """Return how many independent queries would know a high quantile of the scores as well, 1 to n.

    Args:
        scores: Shape (n,), n at least 1.
        groups: The group of each.
    """
    beyond = scores > np.quantile(scores, 1 - _SHARE, method="lower")
    share = float(beyond.mean())
    if not 0 < share < 1:
        return len(scores)
    return max(1, int(len(scores) / design_effect(beyond, groups) + _ROUNDING))


def design_effect(values: NDArray[np.generic], groups: Sequence[int] | NDArray[np.integer]) -> float:
    """Return how much more the mean of grouped values varies than that of as many independent ones, 1 or more.

    Args:
        values: Numbers, shape (n,), not all the same.
        groups: The group of each.
    """
    numbers = np.asarray(values, dtype=np.float64)
    apart = numbers - numbers.mean()
    _, place = np.unique(np.asarray(groups), return_inverse=True)
    return max(1.0, float(np.square(np.bincount(place, weights=apart)).sum()) / float(np.square(apart).sum()))
