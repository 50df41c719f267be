"""Turn scores that are only comparable within one list into shares from 0 to 1 that a threshold can be set on.

A fused score says how a section stands among the others of its list: the best of a bad list scores as high
as the best of a good one. How good the list is, the question's best cosine and best BM25 score tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from embedtune.vocabulary.retrieval import Calibration, Mode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FEWEST_QUESTIONS = 20
"""Dev questions from which on a calibration is fitted."""

_HALF_SHARE = 8.0
_PENALTY = 1e-4


@dataclass(frozen=True, slots=True)
class Evidence:
    """How well a question was met at all.

    Attributes:
        cosine: The best cosine of any passage, 0 where vectors were not asked.
        bm25: The best BM25 score of any section, 0 where words were not asked.
    """

    cosine: float
    bm25: float

    @property
    def words(self) -> float:
        """The best BM25 score as a share."""
        return word_share(self.bm25)


def word_share(score: float) -> float:
    """Return a BM25 score (0 or more) as a share below 1; a score of 8, three rare words, is one half."""
    return score / (score + _HALF_SHARE)


def confidence(score: float, evidence: Evidence, mode: Mode, calibration: Calibration | None) -> float:
    """Return the calibrated score of a hit, 0 to 1; within one list it falls with the score.

    With a calibration it is the chance that a section with such a score answers the question, as dev
    questions had it. Without one it is a convention: the cosine (`Mode.DENSE`), `word_share`
    (`Mode.BM25`), and the fused score times the better of the question's best cosine and best word share
    (`Mode.HYBRID`).

    Args:
        score: The hit's own.
        evidence: How well its question was met.
        mode: How the list was ranked.
        calibration: That of the mode.
    """
    share = word_share(score) if mode is Mode.BM25 else score
    if calibration is not None:
        logit = float(_features(share, evidence) @ _weights(calibration)) + calibration.intercept
        return 1 / (1 + float(np.exp(-np.clip(logit, -500, 500))))
    strength = max(evidence.cosine, evidence.words) if mode is Mode.HYBRID else 1.0
    return min(1.0, max(0.0, share * strength))


@dataclass(frozen=True, slots=True)
class JudgedScore:
    """A hit of a dev question: its score, the question's evidence, and whether the section answers it."""

    score: float
    evidence: Evidence
    relevant: bool


def fit_calibration(judged: Sequence[JudgedScore], mode: Mode, questions: int) -> Calibration | None:
    """Fit a calibration; ``None`` where there are too few questions, or all hits are alike.

    Platt 1999, "Probabilistic outputs for support vector machines", with its smoothed targets, a slight
    penalty on the weights, and no weight below 0.

    Args:
        judged: Hits of dev questions.
        mode: How they were ranked.
        questions: How many questions they are of.
    """
    from scipy.optimize import minimize

    right = sum(one.relevant for one in judged)
    if questions < FEWEST_QUESTIONS or not 0 < right < len(judged):
        return None
    shares = [word_share(one.score) if mode is Mode.BM25 else one.score for one in judged]
    raw = np.stack([_features(share, one.evidence) for share, one in zip(shares, judged, strict=True)])
    spread = raw.std(axis=0)
    spread[spread == 0] = 1
    centre = raw.mean(axis=0)
    rows = (raw - centre) / spread
    wrong = len(judged) - right
    high, low = (right + 1) / (right + 2), 1 / (wrong + 2)
    targets = np.where([one.relevant for one in judged], high, low)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = rows @ weights[1:] + weights[0]
        error = 1 / (1 + np.exp(-np.clip(logits, -500, 500))) - targets
        value = np.logaddexp(0, logits) - targets * logits
        slope = np.concatenate([[error.mean()], rows.T @ error / len(rows) + _PENALTY * weights[1:]])
        return float(value.mean() + _PENALTY / 2 * (weights[1:] ** 2).sum()), slope

    found = minimize(loss, np.zeros(4), jac=True, method="L-BFGS-B", bounds=[(None, None), *[(0, None)] * 3])
    weights = found.x[1:] / spread
    intercept = float(found.x[0] - centre @ weights)
    score, cosine, words = weights.tolist()
    return Calibration(intercept, score, cosine, words, questions)


def _features(share: float, evidence: Evidence) -> NDArray[np.float64]:
    return np.array([share, evidence.cosine, evidence.words])


def _weights(calibration: Calibration) -> NDArray[np.float64]:
    return np.array([calibration.score, calibration.cosine, calibration.words])
