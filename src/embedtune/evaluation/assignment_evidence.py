"""Whether units were divided as they were meant to be, asked at any time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

_SIZES = 2.0 ** np.arange(-7, 4)
_SHIFTS = np.concatenate([-_SIZES, _SIZES])  # of the log odds: from 1 % more or less to 3000 times
_MOST = 700.0


def assignment_evidence(assigned: Sequence[bool], shares: Sequence[float]) -> float:
    """Return the greatest evidence, at any time, that units were not assigned with the shares that were set.

    An e-value: under the right shares it exceeds 1 / alpha at any time with a probability of alpha at most (Ville's
    inequality). It is the mean likelihood ratio of shares with other odds, several times greater and smaller ones,
    to those that were set (a mixture as in Robbins 1970, "Statistical methods related to the law of the iterated
    logarithm"; for sample ratios Lindon and Malek 2022, "Anytime-valid inference for multinomial count data"). A
    likelihood ratio knows the variance p * (1 - p) of each share p, so that small shares are tested sharply; and
    odds can be shifted alike under shares that change.

    Args:
        assigned: Whether each unit got the candidate, in the order in which they came.
        shares: The share that was set for the candidate when it came.

    Returns:
        From 1 to e^700, which stands for what cannot be: a candidate at share 0, or none at share 1.
    """
    if not assigned:
        return 1.0
    got, share = np.asarray(assigned, dtype=np.float64), np.asarray(shares, dtype=np.float64)
    if ((got > share) & (share == 0)).any() or ((got < share) & (share == 1)).any():
        return math.exp(_MOST)
    total = np.full(len(got), -np.inf)
    for shift in _SHIFTS:
        total = np.logaddexp(total, (shift * got - np.log1p(share * np.expm1(shift))).cumsum())
    return math.exp(min(max(float(total.max()) - math.log(len(_SHIFTS)), 0.0), _MOST))
