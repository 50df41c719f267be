"""Detect queries that do not belong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from embedtune.config.settings import AnomalySettings
from embedtune.vocabulary.ports import Encoder

if TYPE_CHECKING:
    from embedtune.anomaly.detector import AnomalyDetector


def train_anomaly_detector(
    encoder: Encoder, normal_queries: Sequence[str], *, settings: AnomalySettings | None = None, seed: int = 42
) -> AnomalyDetector:
    """Fit a detector of queries that are unlike the normal ones.

    Args:
        encoder: The model whose vectors will be scored, such as a `VersionedEmbeddings`.
        normal_queries: Queries as users write them; a third of them sets the threshold.
        settings: The share of normal queries that may be flagged, and the training of the autoencoder.
        seed: Seed of the split and the training.

    Raises:
        InputError: Too few distinct queries.
    """
    from embedtune.anomaly.fitting import train_anomaly_detector as fit

    return fit(encoder, normal_queries, settings=settings or AnomalySettings(), seed=seed)
