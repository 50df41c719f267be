"""Which normal queries are fitted on and which set the threshold, when nobody has said.

Whole groups are drawn in a random order, whatever their sizes, so that calibration queries and later ones come from the
same groups: large groups on one side would make the promise one about other queries.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def drawn_groups(groups: Sequence[int], wanted: int, most: int, seed: int) -> list[int]:
    """Return the rows of whole groups, taken in a random order until there are as many rows as wanted.

    Args:
        groups: The group of each row.
        wanted: How many rows to return, at least, where that can be.
        most: How many at most: the last group is left out where it holds too many.
        seed: Decides the order of the groups.

    Returns:
        The rows, ascending.
    """
    members: dict[int, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    names = list(members)
    taken: list[int] = []
    for place in np.random.default_rng(seed).permutation(len(names)).tolist():
        own = members[names[place]]
        if len(taken) >= wanted or len(taken) + len(own) > most:
            break
        taken += own
    return sorted(taken)
