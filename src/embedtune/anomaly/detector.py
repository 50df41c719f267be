"""The detector: an autoencoder and its calibration, bound to one model, frozen after fitting.

What it finds are queries about something else. A normal question with an injected instruction
appended keeps most of its meaning, hence of its vector, and mostly passes: this is no defence
against an attacker.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from embedtune.anomaly.autoencoder import Autoencoder, Layout, Vectors
from embedtune.anomaly.autoencoder_training import check_fit_size, train_autoencoder
from embedtune.anomaly.conformal import (
    Scores,
    ascending,
    check_calibration_size,
    conformal_p_values,
    conformal_threshold,
    flagged,
)
from embedtune.anomaly.storage import DetectorCard, read_detector, write_detector
from embedtune.errors import InputError, ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from embedtune.config.settings import AnomalySettings

# Queries with a p-value up to this many times alpha are worth a look, though not flagged.
UNUSUAL_FACTOR = 2

_CALIBRATION = "calibration"


class Verdict(StrEnum):
    """What the p-value of a query means at the detector's alpha.

    ``anomalous``: p <= alpha, the same as a score above the threshold; at most a share alpha of
    normal queries is called so. ``unusual``: p <= 2 alpha, at the edge of what is normal; for a
    log, not for a refusal. ``normal``: the rest.
    """

    NORMAL = "normal"
    UNUSUAL = "unusual"
    ANOMALOUS = "anomalous"


@dataclass(frozen=True, slots=True)
class AnomalyScore:
    """How one query compares with the normal ones.

    Attributes:
        score: The reconstruction error, at least 0, in units of the normal queries' variance.
        p_value: How many normal queries in all are at least as strange, as a share.
        verdict: What that means at the detector's alpha.
    """

    score: float
    p_value: float
    verdict: Verdict


@dataclass(frozen=True, slots=True, eq=False)
class AnomalyDetector:
    """Tells which queries are unlike the normal ones of one model's users.

    Attributes:
        card: What it is: the model's digest, the dimension, alpha, and how it was fitted.
        autoencoder: Scores a vector.
        calibration: Scores of held-out normal queries, ascending, shape (n,), float64, read-only.
    """

    card: DetectorCard
    autoencoder: Autoencoder
    calibration: Scores

    @classmethod
    def fit(
        cls,
        encoder_digest: str,
        dimension: int,
        fit_vectors: Vectors,
        calibration_vectors: Vectors,
        settings: AnomalySettings,
        seed: int,
        *,
        widths: tuple[int, int] = (128, 64),
    ) -> AnomalyDetector:
        """Train the autoencoder on some normal queries and calibrate it on others.

        Args:
            encoder_digest: Digest of the model that made the vectors.
            dimension: Length of a vector.
            fit_vectors: Unit vectors of distinct normal queries, shape (n, dimension), float32.
            calibration_vectors: Unit vectors of other normal *queries* (passages are another
                population and give many false alarms), shape (m, dimension), float32.
            settings: The room's settings.
            seed: Decides everything random; one seed gives the same bytes on one machine.
            widths: The autoencoder's hidden width and bottleneck.

        Raises:
            InputError: Too few queries, or vectors of another shape or not of norm 1.
        """
        check_fit_size(len(fit_vectors))
        check_calibration_size(len(calibration_vectors), settings.alpha)
        layout = Layout(dimension, *widths)
        autoencoder = train_autoencoder(fit_vectors, layout, settings, seed)
        card = DetectorCard(
            encoder_digest=encoder_digest,
            dimension=dimension,
            hidden=layout.hidden,
            code=layout.code,
            alpha=settings.alpha,
            epochs=settings.epochs,
            learning_rate=settings.learning_rate,
            seed=seed,
            fit_queries=len(fit_vectors),
            calibration_queries=len(calibration_vectors),
        )
        return cls(card, autoencoder, _frozen(autoencoder.errors(calibration_vectors)))

    @property
    def threshold(self) -> float:
        """The score above which a query is anomalous."""
        return conformal_threshold(self.calibration, self.card.alpha)

    def check_digest(self, digest: str) -> None:
        """Check that vectors of the model with this digest may be scored.

        Raises:
            ModelError: The detector was fitted on the vectors of another model.
        """
        if digest != self.card.encoder_digest:
            raise ModelError(
                f"The anomaly detector was fitted on the model {self.card.encoder_digest}, not on {digest}.",
                "Fit it again for this model (`embedtune anomaly fit`): each model has a space of its own.",
            )

    def score(self, vectors: Vectors) -> list[AnomalyScore]:
        """Score queries by their vectors.

        Args:
            vectors: Unit vectors of the model that `check_digest` accepts, shape (n, dimension), float32.

        Returns:
            One result per vector, in their order.

        Raises:
            InputError: The vectors have another dimension, or are not finite unit vectors.
        """
        scores = self.autoencoder.errors(vectors)
        p_values = conformal_p_values(scores, self.calibration)
        count = len(self.calibration)
        anomalous = flagged(p_values, self.card.alpha, count)
        unusual = flagged(p_values, UNUSUAL_FACTOR * self.card.alpha, count)
        verdicts = np.select([anomalous, unusual], [Verdict.ANOMALOUS, Verdict.UNUSUAL], Verdict.NORMAL)
        return [
            AnomalyScore(float(score), float(p_value), Verdict(verdict))
            for score, p_value, verdict in zip(scores, p_values, verdicts, strict=True)
        ]

    def save(self, folder: Path) -> None:
        """Write the detector to ``folder``, which must be absent or empty; wholly or not at all.

        Raises:
            InputError: The folder holds something already, or cannot be written.
        """
        write_detector(folder, self.card, {**self.autoencoder.arrays, _CALIBRATION: self.calibration})

    @classmethod
    def load(cls, folder: Path) -> AnomalyDetector:
        """Read a detector that `save` wrote.

        Raises:
            ModelError: A file is missing, altered, damaged or foreign.
        """
        card, arrays = read_detector(folder)
        calibration = _checked_calibration(arrays.pop(_CALIBRATION, None), card, folder)
        layout = Layout(card.dimension, card.hidden, card.code)
        return cls(card, Autoencoder.from_arrays(layout, arrays), calibration)


def _frozen(scores: Scores) -> Scores:
    ordered = ascending(scores)
    ordered.flags.writeable = False
    return ordered


def _checked_calibration(array: NDArray[np.generic] | None, card: DetectorCard, folder: Path) -> Scores:
    remedy = "Fit the detector again (`embedtune anomaly fit`)."
    if array is None or array.dtype != np.float64 or array.shape != (card.calibration_queries,):
        raise ModelError(f"{folder} does not hold the {card.calibration_queries} calibration scores it names.", remedy)
    try:
        check_calibration_size(len(array), card.alpha)
        return _frozen(array.astype(np.float64))
    except InputError as error:
        raise ModelError(f"{folder} holds a calibration that cannot be used: {error.message}", remedy) from error
