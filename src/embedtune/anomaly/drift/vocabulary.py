"""Do the queries use more words that are known from nowhere?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.calibration.design_effect import design_effect


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The share of new words.

    Attributes:
        usual: Their mean share in the normal queries.
        share: Their mean share in the log.
        p_value: The chance of shares as high where nothing has changed (Mann and Whitney 1947, one-sided; the
            statistic is shrunk by the design effect, since queries about one thing share their new words).
    """

    usual: float
    share: float
    p_value: float


def compare_vocabulary(
    normal: NDArray[np.generic], groups: NDArray[np.integer], logged: NDArray[np.floating]
) -> Vocabulary:
    """Compare the shares of new words.

    Args:
        normal: Of normal queries, shape (n,).
        groups: What each of these is about, as a number, shape (n,).
        logged: Of logged queries, shape (m,), m at least 1.
    """
    from scipy.stats import mannwhitneyu, norm, rankdata

    usual = np.asarray(normal, dtype=np.float64)
    together = np.concatenate([usual, logged])
    p_value = 1.0
    if together.min() < together.max():
        p_value = float(mannwhitneyu(logged, usual, alternative="greater").pvalue)
    if usual.min() < usual.max():
        p_value = float(norm.sf(norm.isf(p_value) / design_effect(rankdata(usual), groups) ** 0.5))
    return Vocabulary(float(usual.mean()), float(logged.mean()), p_value)
