"""Split-conformal calibration: thresholds and p-values whose false-positive rate is known.

The calibration scores are those of *normal queries* that had no part in fitting. If a fresh normal
query is exchangeable with them, then whatever the score is and however it is distributed::

    P(p_value <= alpha) = P(score > threshold) <= alpha

The probability is marginal: over the draw of the calibration queries and of the fresh one together.
The rate that one fixed calibration realises is itself random, with the Beta distribution behind
`confidence_of`. Nothing is promised about normal queries that differ from the calibration ones
(another kind of user, a new topic), nor about the share of anomalies that are found.

Sources: Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World" (2005) and Vovk,
"Conditional validity of inductive conformal predictors" (2012); Lei, G'Sell, Rinaldo, Tibshirani and
Wasserman, "Distribution-free predictive inference for regression" (JASA 2018); Bates, Candès, Lei,
Romano and Sesia, "Testing for outliers with conformal p-values" (Annals of Statistics 2023).
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from embedtune.errors import InputError

Scores = NDArray[np.float64]


def smallest_calibration(alpha: float) -> int:
    """Return the fewest calibration scores with which ``alpha`` can be given: ceil(1 / alpha) - 1.

    With n scores the smallest p-value is 1 / (n + 1), so fewer could never flag anything.

    Raises:
        InputError: ``alpha`` is not between 0 and 1.
    """
    return math.ceil(1 / _exact(alpha)) - 1


def check_calibration_size(count: int, alpha: float) -> None:
    """Check that ``count`` calibration scores are enough for ``alpha``.

    Raises:
        InputError: They are too few, or ``alpha`` is not between 0 and 1.
    """
    needed = smallest_calibration(alpha)
    if count < needed:
        raise InputError(
            f"{count} calibration queries cannot give alpha = {alpha:g}: at least {needed} are needed.",
            f"Give {needed - count} more normal queries, or an alpha of at least {1 / (count + 1):.4g}.",
        )


def threshold_rank(count: int, alpha: float) -> int:
    """Return which of ``count`` ascending scores (1-based) is the threshold: ceil((count + 1) (1 - alpha)).

    Computed with fractions of the decimal ``alpha`` that was written, because in floating point
    10 * (1 - 0.9) is not 1 and the rank would be one off.

    Raises:
        InputError: ``count`` is too small for ``alpha``, or ``alpha`` is not between 0 and 1.
    """
    check_calibration_size(count, alpha)
    return math.ceil((count + 1) * (1 - _exact(alpha)))


def conformal_threshold(calibration: Scores, alpha: float) -> float:
    """Return the score above which a query is flagged; a fresh normal one is with probability <= ``alpha``.

    Args:
        calibration: Scores of held-out normal queries, shape (n,), in any order.
        alpha: The false-positive rate that is allowed, between 0 and 1.

    Raises:
        InputError: Too few scores for ``alpha``, or scores that are not finite.
    """
    ordered = ascending(calibration)
    return float(ordered[threshold_rank(len(ordered), alpha) - 1])


def conformal_p_values(scores: Scores, calibration: Scores) -> Scores:
    """Return (1 + number of calibration scores >= s) / (n + 1) for each score s.

    Small means unlike the calibration queries. Ties count against flagging, which keeps the
    guarantee when scores are discrete.

    Args:
        scores: Scores of the queries asked about, shape (m,).
        calibration: Scores of held-out normal queries, ascending, shape (n,).

    Returns:
        The p-values, shape (m,), each between 1 / (n + 1) and 1.
    """
    count = len(calibration)
    at_least = count - np.searchsorted(calibration, scores, side="left")
    return np.asarray((1 + at_least) / (count + 1), dtype=np.float64)


def confidence_of(bound: float, n: int, alpha: float) -> float:
    """Return the probability that the realised false-positive rate stays at or below ``bound``.

    Given its n calibration scores, a threshold at rank k has a false-positive rate distributed as
    Beta(n + 1 - k, k) (Vovk 2012; Bates et al. 2023); exact for continuous scores, conservative
    with ties. For "at most 5 % with 95 % confidence" an ``alpha`` of 0.03 is enough with 500
    calibration queries, and 0.04 with 2,000.

    Args:
        bound: The rate that must not be exceeded, 0 to 1.
        n: How many calibration scores there are.
        alpha: The nominal rate of the threshold.

    Raises:
        InputError: ``n`` is too small for ``alpha``, or a rate is out of its range.
    """
    if not 0 <= bound <= 1:
        raise InputError(f"A false-positive rate of {bound:g} cannot be.", "Give a bound from 0 to 1, such as 0.05.")
    rank = threshold_rank(n, alpha)
    from scipy.stats import beta

    return float(beta.cdf(bound, n + 1 - rank, rank))


def ascending(scores: Scores) -> Scores:
    """Return the scores sorted, shape (n,), float64.

    Raises:
        InputError: The scores are not one row of finite numbers.
    """
    ordered = np.sort(np.asarray(scores, dtype=np.float64))
    if ordered.ndim != 1 or not np.isfinite(ordered).all():
        raise InputError(
            f"Calibration scores must be one row of finite numbers, not an array of shape {ordered.shape}.",
            "Check the vectors that were scored for missing or infinite values.",
        )
    return ordered


def flagged(p_values: Scores, alpha: float, count: int) -> NDArray[np.bool_]:
    """Return which p-values are at most ``alpha``, exactly as `conformal_threshold` would decide.

    Args:
        p_values: What `conformal_p_values` returned, shape (m,).
        alpha: The allowed rate; 1 or more flags everything.
        count: How many calibration scores the p-values stand on.

    Returns:
        One truth value per p-value, shape (m,).
    """
    # Compared as whole numbers: 3/60 <= 0.05 must not hang on the last bit of a division.
    most = math.floor((count + 1) * Fraction(str(alpha)))
    return np.asarray(np.rint(p_values * (count + 1)) <= most, dtype=np.bool_)


def _exact(alpha: float) -> Fraction:
    if not 0 < alpha < 1:
        raise InputError(f"alpha = {alpha:g} is not a rate.", "Give a value between 0 and 1, such as 0.05.")
    return Fraction(str(alpha))
