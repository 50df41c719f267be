"""How many queries were flagged, and how many would be if nothing had changed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.calibration.guarantee import Guarantee

_SELDOM = 0.025
_ROUNDING = 1e-9


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
        low: Lower end of the 95 % interval of the share (Korn and Graubard 1998: that of Clopper and Pearson with
            as many queries as these are worth).
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
    where one stands on queries of the other. A log has its paraphrases too, thirty wordings of one new question say:
    so its queries count as what as many calibration queries would be worth.

    Args:
        judged: Different queries by threshold, at least one query in all.
    """
    from scipy.stats import beta

    flagged, queries = sum(part.flagged for part in judged), sum(part.queries for part in judged)
    worth = sum(part.queries / part.guarantee.effect for part in judged)
    worth_flagged = sum(part.flagged / part.guarantee.effect for part in judged)
    chances = _usual(judged)
    expected = sum(part.queries * (part.guarantee.worth_beyond + 1) / (part.guarantee.worth + 1) for part in judged)
    return FlagRate(
        flagged,
        queries,
        float(beta.ppf(_SELDOM, worth_flagged, worth - worth_flagged + 1)) if flagged else 0.0,
        float(beta.ppf(1 - _SELDOM, worth_flagged + 1, worth - worth_flagged)) if flagged < queries else 1.0,
        expected / queries,
        int(np.searchsorted(chances.cumsum(), 1 - _SELDOM)) / (len(chances) - 1),
        min(1.0, float(chances[math.floor(worth_flagged + _ROUNDING) :].sum())),
    )


def _usual(judged: Sequence[Judged]) -> NDArray[np.float64]:
    """Return the chance of each number of flagged queries where nothing has changed, shape (worth + 1,)."""
    from scipy.signal import fftconvolve
    from scipy.stats import betabinom

    chances = np.ones(1)
    for part in judged:
        held, worth = part.guarantee, math.ceil(part.queries / part.guarantee.effect - _ROUNDING)
        usual = betabinom(worth, held.worth_beyond + 1, held.worth - held.worth_beyond)
        own = np.asarray(usual.pmf(np.arange(worth + 1)), dtype=np.float64)
        # A transform leaves rounding errors, some of them below zero.
        chances = own if len(chances) == 1 else np.maximum(fftconvolve(chances, own), 0.0)
    return chances
