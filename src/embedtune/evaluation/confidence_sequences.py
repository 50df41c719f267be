"""Intervals and tests that hold however often one looks, and whenever one stops.

An interval of fixed sample size is right for one look at a number fixed beforehand; whoever looks every day and
stops when it excludes 0 errs far more often. A confidence sequence holds at all times together (Howard, Ramdas,
McAuliffe and Sekhon 2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_LARGEST_BET = 0.5
_BALANCE_PRIOR = 25.0  # variance at which the test of balance is sharpest: some hundred units


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


def sequential_mean(observations: Sequence[float], alpha: float) -> SequentialMean:
    """Return the mean of bounded observations with its confidence sequence at the last of them.

    The empirical-Bernstein sequence with predictable plug-ins (Waudby-Smith and Ramdas 2024, "Estimating means of
    bounded random variables by betting", theorem 2): with probability 1 - alpha the true mean lies in all of the
    intervals, so that of all so far their intersection is taken. It asks no more of the observations than that each
    has the same mean whatever came before.

    Args:
        observations: From 0 to 1, in the order in which they came.
        alpha: How often the sequence may miss the true mean at any time.
    """
    if not observations:
        return SequentialMean(0.0, 0.0, 1.0, 0)
    lows, highs = confidence_sequence(np.asarray(observations, dtype=np.float64), alpha)
    low, high = float(lows.max()), float(highs.min())
    return SequentialMean(float(np.mean(observations)), min(low, high), max(low, high), len(observations))


def confidence_sequence(
    observations: NDArray[np.float64], alpha: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and upper ends after each observation, each of shape (n,), from 0 to 1.

    Args:
        observations: From 0 to 1, shape (n,).
        alpha: How often the sequence may miss the true mean at any time.
    """
    times = np.arange(1, len(observations) + 1)
    means = (0.5 + observations.cumsum()) / (times + 1)
    variances = (0.25 + ((observations - means) ** 2).cumsum()) / (times + 1)
    # What is bet on an observation may depend on those before it alone.
    before_means, before_variances = np.r_[0.5, means[:-1]], np.r_[0.25, variances[:-1]]
    confidence = math.log(2 / alpha)
    bets = np.minimum(np.sqrt(2 * confidence / (before_variances * times * np.log1p(times))), _LARGEST_BET)
    spread = (4 * (observations - before_means) ** 2 * (-np.log1p(-bets) - bets) / 4).cumsum()
    staked = bets.cumsum()
    centre, radius = (bets * observations).cumsum() / staked, (confidence + spread) / staked
    return np.clip(centre - radius, 0, 1), np.clip(centre + radius, 0, 1)


def balance_evidence(assigned: Sequence[bool], shares: Sequence[float]) -> float:
    """Return the greatest evidence, at any time, that units were not assigned with the shares that were set.

    An e-value: under the right shares it exceeds 1 / alpha at any time with a probability of alpha at most. The
    normal mixture of Robbins (Howard et al. 2021, proposition 5), for indicators less their shares, which are
    sub-Gaussian with variance 1/4.

    Args:
        assigned: Whether each unit got the candidate, in the order in which they came.
        shares: The share that was set for the candidate when it came.
    """
    if not assigned:
        return 1.0
    sums = (np.asarray(assigned, dtype=np.float64) - np.asarray(shares, dtype=np.float64)).cumsum()
    variance = np.arange(1, len(sums) + 1) / 4 + _BALANCE_PRIOR
    evidence = 0.5 * np.log(_BALANCE_PRIOR / variance) + sums**2 / (2 * variance)
    return float(math.exp(min(float(evidence.max()), 700.0)))
