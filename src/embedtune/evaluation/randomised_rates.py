"""What a randomised treatment does to a rate, while the share that is treated and the rate itself change.

Whoever widens a roll-out in a week with fewer clicks has most treated units from that week and most others from
the week before; pooled, the weeks' difference looks like the treatment's. So each unit is weighed by the share p
that was in force when it came, p * (1 - p): both arms then speak of the same mixture of weeks, and a period in which
nobody or everybody was treated counts for nothing. Of all weights these give the least variance where units are alike
(Li, Morgan and Zaslavsky 2018, "Balancing covariates via propensity score weighting", theorem 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from embedtune.evaluation.confidence_sequences import SequentialMean, deviation, interval, mean_before

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class RandomisedRates:
    """The rates with and without the treatment, over the same weighed units, and what lies between them.

    Attributes:
        untreated: The rate if none were treated.
        treated: The rate if all were.
        difference: Treated less untreated, from -1 to 1.
    """

    untreated: SequentialMean
    treated: SequentialMean
    difference: SequentialMean


def randomised_rates(
    treated: Sequence[bool], shares: Sequence[float], outcomes: Sequence[float], alpha: float
) -> RandomisedRates:
    """Return the weighed rates, each with an interval that misses with a probability of alpha at any time.

    With a prediction m of the outcome Y from earlier units, the score (A - p) * (Y - m) of a unit that is treated
    (A = 1) with probability p has the expectation p * (1 - p) * (its outcome treated less untreated), whatever m
    is; likewise (1 - p) * A * (Y - m) and p * (1 - A) * (Y - m) for each arm. All lie from -1 to 1, so their sums
    have the confidence sequences of `deviation` (Howard et al. 2021, section 4.2, for randomised experiments). It
    asks for nothing but the coin: outcomes may differ from unit to unit and drift.

    Args:
        treated: Whether each unit was treated, in the order in which they came.
        shares: The probability with which it was to be, 0 to 1.
        outcomes: What came of it, 0 to 1.
        alpha: How often an interval may miss at any time.
    """
    arm, share, seen = (np.asarray(column, dtype=np.float64) for column in (treated, shares, outcomes))
    before = mean_before(seen)
    weights = share * (1 - share)
    whole, expected = float(weights.sum()), float((weights * before).sum())
    with_, without = (1 - share) * arm * (seen - before), share * (1 - arm) * (seen - before)
    decided = weights > 0
    return RandomisedRates(
        untreated=_mean(without, expected, whole, (0.0, 1.0), int(((arm == 0) & decided).sum()), alpha),
        treated=_mean(with_, expected, whole, (0.0, 1.0), int(((arm == 1) & decided).sum()), alpha),
        difference=_mean(with_ - without, 0.0, whole, (-1.0, 1.0), int(decided.sum()), alpha),
    )


def _mean(
    scores: NDArray[np.float64],
    expected: float,
    whole: float,
    bounds: tuple[float, float],
    n: int,
    alpha: float,
) -> SequentialMean:
    if not n:
        return SequentialMean(0.0, *bounds, 0)
    radius = float(deviation(np.sum(scores**2), alpha)) / whole
    return interval((float(scores.sum()) + expected) / whole, radius, bounds, n)
