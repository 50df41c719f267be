"""From normal queries to a detector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embedtune.anomaly.calibration.guarantee import promise
from embedtune.anomaly.calibration.thresholds import ALL, Thresholds
from embedtune.anomaly.combination import Combination, fit_combination
from embedtune.anomaly.detector import AnomalyDetector, new_words, stored_arrays, with_rules
from embedtune.anomaly.detectors.kinds import check_kinds
from embedtune.anomaly.detectors.nearest import sampled_rows
from embedtune.anomaly.preparation import NO_PASSAGES, KnownPassages, NormalQueries, Prepared, prepare
from embedtune.anomaly.reference import Reference
from embedtune.anomaly.rules.honest import counted_rules, fitting_rules
from embedtune.anomaly.rules.matching import RULES, chosen_rules, rule_hits
from embedtune.anomaly.rules.rule import Rule
from embedtune.anomaly.storage import DetectorCard, arrays_digest
from embedtune.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from embedtune.config.anomaly_settings import AnomalySettings
    from embedtune.vocabulary.ports import Encoder

_RULES_SHARE = 0.5  # of the queries that may lie beyond the threshold: what rules may use up of them


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
            calibration queries meet a written rule that nothing could be flagged.
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
    rules = _rules(prepared)
    scores = with_rules(
        combination.combined(combination.rarities(calibration.asked)),
        [rule_hits(text, rules) for text in calibration.asked.texts],
    )
    thresholds = Thresholds.of(scores, calibration.domains, settings.alpha, settings.confidence, calibration.groups)
    _check_threshold(thresholds, calibration.asked.texts, rules)
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


def _rules(prepared: Prepared) -> tuple[Rule, ...]:
    """Return the rules to ask: those wanted, without what the queries that are fitted on meet too often."""
    settings, count = prepared.material.settings, len(prepared.calibration.domains)
    beyond = promise(count, settings.alpha, settings.confidence).beyond
    most = int(_RULES_SHARE * beyond / count * len(prepared.fit.domains))
    return fitting_rules(prepared.fit.asked.texts, chosen_rules(settings.left_out_rules), most)


def _check_threshold(thresholds: Thresholds, texts: Sequence[str], rules: Collection[Rule]) -> None:
    """Check that anything can be flagged.

    Raises:
        InputError: Rules hold for more calibration queries than may lie beyond the threshold.
    """
    if np.isfinite(thresholds.threshold()):
        return
    met = counted_rules(texts, rules)
    named = ", ".join(f"{name} ({count})" for name, count in sorted(met.items(), key=lambda item: (-item[1], item[0])))
    raise InputError(
        f"Written rules hold for more of the {len(texts)} calibration queries than the "
        f"{thresholds.guarantee.beyond} that may lie beyond the threshold, so that nothing would be flagged: {named}.",
        "Leave these rules out (anomaly.left_out_rules), or the queries if they are no honest ones.",
    )
