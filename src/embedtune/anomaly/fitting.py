"""From normal queries to a detector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embedtune.anomaly.calibration.thresholds import ALL, Thresholds
from embedtune.anomaly.combination import Combination, fit_combination
from embedtune.anomaly.detector import AnomalyDetector, new_words, stored_arrays, with_rules
from embedtune.anomaly.detectors.kinds import check_kinds
from embedtune.anomaly.detectors.nearest import sampled_rows
from embedtune.anomaly.preparation import NO_PASSAGES, KnownPassages, NormalQueries, Prepared, prepare
from embedtune.anomaly.reference import Reference
from embedtune.anomaly.rules.honest import check_rules
from embedtune.anomaly.rules.matching import RULES, chosen_rules, rule_hits
from embedtune.anomaly.storage import DetectorCard, arrays_digest

if TYPE_CHECKING:
    from embedtune.config.anomaly_settings import AnomalySettings
    from embedtune.vocabulary.ports import Encoder


def fit_detector(
    encoder: Encoder,
    normal: NormalQueries,
    *,
    settings: AnomalySettings,
    seed: int,
    passages: KnownPassages = NO_PASSAGES,
) -> AnomalyDetector:
    """Fit a detector of queries that are unlike the normal ones.

    Half of the queries are fitted on, the other half sets the threshold, divided by group.

    Args:
        encoder: The model whose vectors will be scored.
        normal: The normal queries.
        settings: The room's settings.
        seed: Decides the division and the fitting; the order of the queries decides nothing.
        passages: Those of the documents that are searched; without them less is known of the domain.

    Raises:
        InputError: Too few distinct queries for fitting, or for the promise that the settings ask for, or so many
            calibration queries meet a written rule that nothing could be flagged (`BlindingRulesError`).
    """
    check_kinds(settings.detectors)
    chosen_rules(settings.left_out_rules)
    prepared = prepare(encoder, normal, settings, seed, passages)
    combination = fit_combination(settings.detectors, prepared.material, prepared.fit.groups)
    return assembled(prepared, combination, origin=normal.origin)


def assembled(prepared: Prepared, combination: Combination, origin: str) -> AnomalyDetector:
    """Calibrate fitted detectors and put the detector together.

    Args:
        prepared: The queries they were fitted on, and those that calibrate.
        combination: The detectors.
        origin: Where the queries came from, for the card.

    Raises:
        InputError: As `fit_detector`.
    """
    fit, calibration, settings = prepared.fit, prepared.calibration, prepared.material.settings
    rules = chosen_rules(settings.left_out_rules)
    hits = [rule_hits(text, rules) for text in calibration.asked.texts]
    scores = with_rules(combination.combined(combination.rarities(calibration.asked)), hits)
    thresholds = Thresholds.of(scores, calibration.domains, settings.alpha, settings.confidence, calibration.groups)
    check_rules(calibration.asked.texts, hits, thresholds.guarantee.beyond)
    novelty = np.array([new_words(combination, words) for words in calibration.asked.words])
    rows = sampled_rows(len(fit.domains), prepared.material.seed)
    known = fit.asked.some(rows if settings.keep_queries else rows[:0])
    reference = Reference.of(fit.asked.vectors, calibration.asked.vectors, novelty, calibration.groups)
    card = DetectorCard(
        arrays_sha256=arrays_digest(stored_arrays(combination, thresholds, reference, known.vectors)),
        encoder_digest=prepared.material.encoder_digest,
        dimension=fit.asked.vectors.shape[1],
        alpha=settings.alpha,
        confidence=thresholds.guarantee.confidence,
        detectors=tuple(combination.detectors),
        left_out=tuple(name for name in settings.detectors if name not in combination.detectors),
        left_out_rules=tuple(rule.name for rule in RULES if rule not in rules),
        seed=prepared.material.seed,
        fit_queries=len(fit.domains),
        calibration_queries=len(calibration.domains),
        origin=origin,
        domains={name: calibration.domains.count(name) for name in sorted(set(calibration.domains))},
        calibrated_domains=tuple(name for name in thresholds.scores if name != ALL),
        worth={name: guarantee.worth for name, guarantee in thresholds.guarantees.items()},
        known_queries=known.texts,
    )
    return AnomalyDetector(card, combination, rules, thresholds, reference, known.vectors)
