"""A detector read back from its folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from embedtune.anomaly.calibration.guarantee import promise
from embedtune.anomaly.calibration.thresholds import ALL, Thresholds
from embedtune.anomaly.combination import Combination
from embedtune.anomaly.detector import AnomalyDetector
from embedtune.anomaly.detectors.kinds import KINDS, check_kinds
from embedtune.anomaly.detectors.port import Detector, Scores
from embedtune.anomaly.detectors.stored import REFIT, Stored, taken
from embedtune.anomaly.reference import Reference
from embedtune.anomaly.rules.matching import chosen_rules
from embedtune.anomaly.storage import DetectorCard, read_detector
from embedtune.errors import InputError, ModelError
from embedtune.vocabulary.ports import Encoder, tokens_of


def load_detector(folder: Path, encoder: Encoder) -> AnomalyDetector:
    """Read a detector that its `save` wrote.

    Args:
        folder: The detector's folder.
        encoder: The model whose vectors it is to score.

    Raises:
        ModelError: A file is missing, altered, damaged or foreign, or the detector was fitted on another model.
    """
    card, arrays = read_detector(folder)
    card.check_encoder(encoder.digest)
    try:
        return _assembled(card, arrays, encoder)
    except InputError as error:
        raise ModelError(f"{folder} holds a detector that cannot be used: {error.message}", REFIT) from error


def _assembled(card: DetectorCard, arrays: Stored, encoder: Encoder) -> AnomalyDetector:
    check_kinds(card.detectors)
    tokens = tokens_of(encoder)
    detectors: dict[str, Detector] = {}
    reference: dict[str, Scores] = {}
    for name in card.detectors:
        own = {key.removeprefix(f"{name}."): arrays.pop(key) for key in sorted(arrays) if key.startswith(f"{name}.")}
        length = len(next(iter(reference.values()))) if reference else None
        reference[name] = taken(own, "reference", np.float64, (length,))
        detectors[name] = KINDS[name].load(own, card.dimension, tokens)
    count = card.calibration_queries
    known = taken(arrays, "known", np.float16, (len(card.known_queries), card.dimension))
    return AnomalyDetector(
        card,
        Combination.of(detectors, reference),
        chosen_rules(card.left_out_rules),
        _thresholds(card, arrays),
        Reference.from_arrays(arrays, card.dimension, count),
        known.astype(np.float32),
    )


def _thresholds(card: DetectorCard, arrays: Stored) -> Thresholds:
    counts = {ALL: card.calibration_queries, **{name: card.domains.get(name, 0) for name in card.calibrated_domains}}
    scores = {name: _calibration(arrays, name, count) for name, count in counts.items()}
    return Thresholds(
        scores, {name: promise(n, card.alpha, card.confidence, card.worth.get(name)) for name, n in counts.items()}
    )


def _calibration(arrays: Stored, name: str, count: int) -> Scores:
    """Take calibration scores, of which infinite ones are right: a written rule held for them."""
    stored = arrays.pop(f"calibration.{name}", None)
    if stored is None or stored.dtype != np.float64 or stored.shape != (count,) or np.isnan(stored).any():
        raise ModelError(f"The detector does not hold the {count} calibration scores that it names.", REFIT)
    scores = np.sort(stored.astype(np.float64))
    scores.flags.writeable = False
    return scores
