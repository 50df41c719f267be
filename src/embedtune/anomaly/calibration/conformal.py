"""Split-conformal p-values: how strange a query is among queries that had no part in fitting.

If a fresh normal query is exchangeable with the calibration queries, then whatever the score is and however it is
distributed, P(p-value <= a) <= a for every a. Nothing is promised about normal queries that differ from the
calibration ones (another kind of user, a new topic), nor about the share of anomalies that are found.

Sources: Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World" (2005); Lei, G'Sell, Rinaldo,
Tibshirani and Wasserman, "Distribution-free predictive inference for regression" (JASA 2018).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from embedtune.errors import InputError

Scores = NDArray[np.float64]


def conformal_p_values(scores: Scores, calibration: Scores) -> Scores:
    """Return (1 + number of calibration scores >= s) / (n + 1) for each score s.

    Small means unlike the calibration queries. Ties count against flagging, which keeps the promise when scores
    are discrete.

    Args:
        scores: Scores of the queries asked about, shape (m,); infinity is more than any calibration score.
        calibration: Scores of held-out normal queries, ascending, shape (n,).

    Returns:
        The p-values, shape (m,), each between 1 / (n + 1) and 1.
    """
    return np.asarray((1 + at_least(scores, calibration)) / (len(calibration) + 1), dtype=np.float64)


def at_least(scores: Scores, calibration: Scores) -> NDArray[np.int64]:
    """Return how many calibration scores (ascending, shape (n,)) reach each score; shape (m,)."""
    return np.asarray(len(calibration) - np.searchsorted(calibration, scores, side="left"), dtype=np.int64)


def ascending(scores: Scores) -> Scores:
    """Return the scores sorted, shape (n,), float64, read-only.

    Raises:
        InputError: The scores are not one row of numbers.
    """
    ordered = np.sort(np.asarray(scores, dtype=np.float64))
    if ordered.ndim != 1 or np.isnan(ordered).any():
        raise InputError(
            f"Calibration scores must be one row of numbers, not an array of shape {ordered.shape}.",
            "Check the vectors that were scored for missing or infinite values.",
        )
    ordered.flags.writeable = False
    return ordered
