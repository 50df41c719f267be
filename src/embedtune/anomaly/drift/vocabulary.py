"""Do the queries use more words that are known from nowhere?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The share of new words.

    Attributes:
        usual: Their mean share in the normal queries.
        share: Their mean share in the log.
        p_value: The chance of shares as high where nothing has changed (Mann and Whitney 1947, one-sided).
    """

    usual: float
    share: float
    p_value: float


def compare_vocabulary(normal: NDArray[np.generic], logged: NDArray[np.floating]) -> Vocabulary:
    """Compare the shares of new words of normal queries, shape (n,), and of logged ones, shape (m,), m at least 1."""
    from scipy.stats import mannwhitneyu

    usual = np.asarray(normal, dtype=np.float64)
    together = np.concatenate([usual, logged])
    p_value = 1.0
    if together.min() < together.max():
        p_value = float(mannwhitneyu(logged, usual, alternative="greater").pvalue)
    return Vocabulary(float(usual.mean()), float(logged.mean()), p_value)
