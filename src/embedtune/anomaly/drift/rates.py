"""How many queries were flagged, and how many would be if nothing had changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.calibration.guarantee import Guarantee

_SELDOM = 0.025


@dataclass(frozen=True, slots=True)
class Judged:
    """Queries that met one threshold.

    Attributes:
        flagged: How many were flagged.
        queries: Of how many.
        guarantee: The calibration behind the threshold.
    """

    flagged: int
    queries: int
    guarantee: Guarantee


@dataclass(frozen=True, slots=True)
class FlagRate:
    """The share of flagged queries, beside what the calibration lets expect.

    Attributes:
        flagged: How many were flagged.
        queries: Of how many.
        low: Lower end of the 95 % interval of the share (Clopper and Pearson 1934).
        high: Upper end.
        expected: The share that is flagged where nothing has changed, on average over calibrations.
        expected_high: What the share exceeds with 2.5 % chance where nothing has changed.
        p_value: The chance of as many flagged ones, or more, where nothing has changed.
    """

    flagged: int
    queries: int
    low: float
    high: float
    expected: float
    expected_high: float
    p_value: float

    @property
    def share(self) -> float:
        """The share of flagged queries."""
        return self.flagged / self.queries


def flag_rate(judged: Sequence[Judged]) -> FlagRate:
    """Compare the number of flagged queries with the calibration.

    Where nothing has changed it is a sum of beta-binomial numbers, one for each threshold: a threshold's own rate is
    only known to be Beta(beyond + 1, n - beyond), n being what the calibration queries are worth. Leaving that out
    would raise false alarms with small calibrations. Thresholds are taken as independent, which they are not quite
    where one stands on queries of the other.

    Args:
        judged: Different queries by threshold, at least one query in all.
    """
    from scipy.stats import binomtest

    flagged, queries = sum(part.flagged for part in judged), sum(part.queries for part in judged)
    interval = binomtest(flagged, queries).proportion_ci(0.95, "exact")
    chances = _usual(judged)
    return FlagRate(
        flagged,
        queries,
        float(interval.low),
        float(interval.high),
        sum(part.guarantee.expected_rate * part.queries for part in judged) / queries,
        int(np.searchsorted(chances.cumsum(), 1 - _SELDOM)) / queries,
        min(1.0, float(chances[flagged:].sum())),
    )


def _usual(judged: Sequence[Judged]) -> NDArray[np.float64]:
    """Return the chance of each number of flagged queries where nothing has changed, shape (queries + 1,)."""
    from scipy.signal import fftconvolve
    from scipy.stats import betabinom

    chances = np.ones(1)
    for part in judged:
        held = part.guarantee
        usual = betabinom(part.queries, held.worth_beyond + 1, held.worth - held.worth_beyond)
        own = np.asarray(usual.pmf(np.arange(part.queries + 1)), dtype=np.float64)
        # A transform leaves rounding errors, some of them below zero.
        chances = own if len(chances) == 1 else np.maximum(fftconvolve(chances, own), 0.0)
    return chances
