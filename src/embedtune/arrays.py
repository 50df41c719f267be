"""What ranking and filtering need of arrays of scores and costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GROUP = 64


def reached_score(scores: NDArray[np.float32], limit: int) -> float:
    """Return a score that at least ``limit`` entries reach, and few more; minus infinity where that is not known.

    The entries are dealt out to groups; of the best of each group, the one in place ``limit``: so many groups
    hold an entry that is as good. Neighbours, which often score alike, come to different groups. To sort what
    reaches it is a fraction of the work of partitioning all scores.

    Args:
        scores: The scores, shape (n,).
        limit: How many entries are wanted, at least 1.
    """
    groups = len(scores) // _GROUP
    if groups <= limit:
        return -np.inf
    best = scores[: groups * _GROUP].reshape(_GROUP, groups).max(axis=0)
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
