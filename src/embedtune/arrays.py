"""What ranking and filtering need of arrays of scores and costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STRETCH = 64


def reached_score(scores: NDArray[np.float32], limit: int) -> float:
    """Return a score that at least ``limit`` entries reach, and few more; minus infinity where that is not known.

    Of the best entry of each stretch, the one in place ``limit``: so many stretches hold an entry that is as
    good. To sort what reaches it is a fraction of the work of partitioning all scores.

    Args:
        scores: The scores, shape (n,).
        limit: How many entries are wanted, at least 1.
    """
    stretches = len(scores) // _STRETCH
    if stretches <= limit:
        return -np.inf
    best = scores[: stretches * _STRETCH].reshape(stretches, _STRETCH).max(axis=1)
    return float(np.partition(best, -limit)[-limit])


def bounded_runs(costs: NDArray[np.float64] | NDArray[np.int64], most: float) -> Iterator[tuple[int, int]]:
    """Yield (begin, end) of runs of entries that cost no more than ``most`` together, or of one dear entry.

    The runs follow each other and cover all entries; each is as long as its bound allows.

    Args:
        costs: What each entry costs, 0 or more; shape (n,).
        most: The most that a run of several entries may cost.
    """
    ends = costs.cumsum()
    begin = 0
    while begin < len(costs):
        before = float(ends[begin - 1]) if begin else 0.0
        end = max(int(np.searchsorted(ends, before + most, side="right")), begin + 1)
        yield begin, end
        begin = end
