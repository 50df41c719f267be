"""From normal queries to a detector: which queries it learns from and which set its threshold."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from embedtune.anomaly.autoencoder_training import SMALLEST_FIT
from embedtune.anomaly.conformal import smallest_calibration
from embedtune.anomaly.detector import AnomalyDetector
from embedtune.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from embedtune.config.settings import AnomalySettings
    from embedtune.vocabulary.ports import Encoder

# One query in so many calibrates.
CALIBRATION_PART = 3


@dataclass(frozen=True, slots=True)
class QuerySplit:
    """Distinct normal queries: those the autoencoder learns from, and those that set the threshold."""

    fit: tuple[str, ...]
    calibration: tuple[str, ...]


def train_anomaly_detector(
    encoder: Encoder,
    normal_queries: Sequence[str],
    *,
    settings: AnomalySettings,
    seed: int,
    calibration_queries: Sequence[str] | None = None,
) -> AnomalyDetector:
    """Fit a detector of queries that are unlike the normal ones.

    Args:
        encoder: The model whose vectors will be scored.
        normal_queries: Queries as users write them; blank ones and repetitions are left out.
        settings: The room's settings.
        seed: Decides the split and the training.
        calibration_queries: Normal queries that set the threshold; ``None`` takes a third of
            ``normal_queries``. What stands in both lists is used for calibration only.

    Raises:
        InputError: Too few distinct queries for fitting, or for the settings' alpha.
    """
    split = split_queries(normal_queries, calibration_queries, alpha=settings.alpha, seed=seed)
    return AnomalyDetector.fit(
        encoder.digest,
        encoder.dimension,
        encoder.encode(split.fit),
        encoder.encode(split.calibration),
        settings,
        seed,
    )


def split_queries(
    normal_queries: Sequence[str],
    calibration_queries: Sequence[str] | None = None,
    *,
    alpha: float,
    seed: int,
) -> QuerySplit:
    """Divide queries by a hash of their text, so that the order they came in does not matter.

    Queries that differ only in case, white space or Unicode form count as one: a query on both
    sides would make the calibration scores look better than fresh ones. Without
    ``calibration_queries`` a third calibrates, or as many as ``alpha`` needs where that is more,
    and of few queries less than a third, so that enough are left to fit on.

    Raises:
        InputError: Too few distinct queries; the message has the numbers.
    """
    ordered = _distinct(normal_queries, seed)
    needed = smallest_calibration(alpha)
    if calibration_queries is None:
        spare = len(ordered) - SMALLEST_FIT
        count = max(min(len(ordered) // CALIBRATION_PART, spare), needed)
        calibration = dict(islice(ordered.items(), count))
    else:
        calibration = _distinct(calibration_queries, seed)
    fit = [text for key, text in ordered.items() if key not in calibration]
    if len(fit) < SMALLEST_FIT or len(calibration) < needed:
        raise InputError(
            f"{len(fit)} distinct queries to fit on and {len(calibration)} to calibrate with are too few: "
            f"fitting needs {SMALLEST_FIT}, and alpha = {alpha:g} needs {needed} for calibration.",
            "Give more normal queries (a few hundred are better), or a larger alpha.",
        )
    return QuerySplit(tuple(fit), tuple(calibration.values()))


def _distinct(queries: Iterable[str], seed: int) -> dict[str, str]:
    """Return the queries by their normal form, in the order of their hash."""
    distinct: dict[str, str] = {}
    for query in queries:
        key = " ".join(unicodedata.normalize("NFKC", query).casefold().split())
        if key:
            distinct.setdefault(key, query)
    return dict(sorted(distinct.items(), key=lambda item: hashlib.sha256(f"{seed}:{item[0]}".encode()).digest()))
