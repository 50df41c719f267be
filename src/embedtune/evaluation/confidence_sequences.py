"""Intervals that hold however often one looks, whenever one stops, and while the truth moves.

An interval of fixed sample size is right for one look at a number fixed beforehand; whoever looks every day and
stops when it excludes 0 errs far more often. A confidence sequence holds at all times together (Howard, Ramdas,
McAuliffe and Sekhon 2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences").

The sequences here are of the mean so far, which may move: what is asked in one week need not be what is asked in the
next. So an earlier interval says nothing of a later mean, and intervals are never intersected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_BETS = 0.75 * 0.5 ** np.arange(10)  # each is sharpest at four times the variance of the one before: 20 to 5 million
_COSTS = -np.log1p(-_BETS) - _BETS
_STEPS = 6  # to the last bit


@dataclass(frozen=True, slots=True)
class SequentialMean:
    """A mean with an interval that holds at all times.

    Attributes:
        value: The mean; 0 without observations.
        low: Lower end of the interval.
        high: Upper end.
        n: Number of observations.
    """

    value: float
    low: float
    high: float
    n: int


def deviation(squares: NDArray[np.float64] | float, alpha: float) -> NDArray[np.float64]:
    """Return how far a sum of observations may be from the sum of what was to be expected, either way, at any time.

    For observations X and predictions P of them made from earlier ones, with X - P from -1 to 1, and each bet b
    from 0 to below 1,

        exp(b * sum(X - E[X | past]) - (-log(1 - b) - b) * sum((X - P) ** 2))

    is a supermartingale that begins at 1 (Fan, Grama and Liu 2015, "Exponential inequalities for martingales with
    applications", inequality 4.12; Howard et al. 2021, theorem 4). So is the mean over several bets, which exceeds
    2 / alpha at any time with a probability of alpha / 2 at most (Ville's inequality); the same holds below.

    Args:
        squares: Sum of the squares of X - P so far, any shape, at least 0.
        alpha: How often the sum may be farther off at any time.

    Returns:
        The same shape: where the mean over the bets reaches 2 / alpha.
    """
    limit = np.log(2 / alpha) + np.log(len(_BETS))
    variance = np.asarray(squares, dtype=np.float64)[..., None]
    # One bet alone reaches the limit here; from above, Newton's steps on a convex function do not overshoot.
    reached: NDArray[np.float64] = ((limit + _COSTS * variance) / _BETS).min(axis=-1)
    for _ in range(_STEPS):
        exponents = _BETS * reached[..., None] - _COSTS * variance
        greatest = exponents.max(axis=-1)
        parts = np.exp(exponents - greatest[..., None])
        slope = (parts * _BETS).sum(axis=-1) / parts.sum(axis=-1)
        reached = reached - (np.log(parts.sum(axis=-1)) + greatest - limit) / slope
    return reached


def sequential_mean(observations: Sequence[float], alpha: float) -> SequentialMean:
    """Return the mean of bounded observations with its confidence sequence at the last of them.

    What is covered is the mean, over the observations so far, of what each had to be expected to be given those
    before it. Nothing more is asked of them; where all have the same mean it is that one.

    Args:
        observations: From 0 to 1, in the order in which they came.
        alpha: How often the sequence may miss at any time.
    """
    seen = np.asarray(observations, dtype=np.float64)
    if not len(seen):
        return SequentialMean(0.0, 0.0, 1.0, 0)
    squares = np.sum((seen - mean_before(seen)) ** 2)
    return interval(float(seen.mean()), float(deviation(squares, alpha)) / len(seen), (0.0, 1.0), len(seen))


def mean_before(seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, for each observation from 0 to 1, the mean of those before it and one of a half; shape (n,)."""
    return (0.5 + seen.cumsum() - seen) / np.arange(1, len(seen) + 1)


def interval(value: float, radius: float, bounds: tuple[float, float], n: int) -> SequentialMean:
    """Return a mean with the interval around it, both within the bounds of what is possible."""
    least, most = bounds
    centre, low, high = (min(max(end, least), most) for end in (value, value - radius, value + radius))
    return SequentialMean(centre, low, high, n)
