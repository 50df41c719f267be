"""The stage of the flow that fits the detector which is published with the version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.corpus.passages import cut_passages
from embedtune.encoders.digests import model_digest
from embedtune.encoders.locate import model_folder
from embedtune.encoders.onnx_files import exported_digest
from embedtune.errors import InputError, ModelError
from embedtune.events import Alert
from embedtune.files import digest_file
from embedtune.pipeline.anomaly import DETECTOR, report_weaker
from embedtune.pipeline.corpus import SplitCorpus
from embedtune.pipeline.pairs import read_pairs
from embedtune.pipeline.project import Project
from embedtune.pipeline.wiring import cached, served_name, served_precision
from embedtune.pipeline.workspace import Plan
from embedtune.vocabulary.pairs import Origin, Split, TrainingPair
from embedtune.vocabulary.retrieval import PassageSettings

if TYPE_CHECKING:
    from embedtune.anomaly.detector import AnomalyDetector
    from embedtune.anomaly.preparation import KnownPassages, NormalQueries
    from embedtune.config.anomaly_settings import AnomalySettings
    from embedtune.vocabulary.ports import Encoder

STAGE = "anomaly"


def anomaly_stage(project: Project, run: Path, pairs_file: Path, corpus: SplitCorpus) -> Path | None:
    """Fit a detector on the questions that the model was trained on, calibrated on those that it was not.

    It is fitted on the vectors that the version will serve, so with 8-bit weights where these are published.

    People's questions alone are used where there are enough of them; otherwise generated ones too.

    Returns:
        The detector's folder, ``None`` where the corpus gives too few questions.
    """
    precision = served_precision(project.config.publish)
    model = exported_digest(model_digest(model_folder(run)), precision)
    plan = Plan(
        STAGE,
        "fitting the detector of queries that do not belong",
        {"model": model, "pairs": digest_file(pairs_file), "sections": corpus.digest},
        (project.config.anomaly, project.seed),
        (DETECTOR,),
    )

    def fit(stage: Path) -> str:
        try:
            detector = _fitted(project, run, list(read_pairs(pairs_file)), corpus)
        except ModelError:
            raise
        except InputError as error:
            project.report(Alert(f"No anomaly detector: {error}"))
            return f"skipped: {error.message}"
        detector.save(stage / DETECTOR)
        return f"{detector.card.fit_queries} {detector.card.origin}; {detector.thresholds.guarantee.sentence}"

    place = project.workspace.run_stage(plan, fit, project.report) / DETECTOR
    return place if place.is_dir() else None


def _fitted(project: Project, run: Path, pairs: Sequence[TrainingPair], corpus: SplitCorpus) -> AnomalyDetector:
    wanted = project.config.anomaly
    choices = tuple(_choices(pairs, wanted))
    if not choices:
        raise InputError(
            f"{len({pair.query.text for pair in pairs})} questions are too few for a detector.",
            "Fit one on queries of users: embedtune anomaly fit --queries FILE.",
        )
    cache = project.vector_cache()
    encoder = cached(project.models.named(served_name(run, project.config.publish)), cache)
    passages = _known_passages(project, encoder, corpus)
    for normal, settings in choices:
        detector = _without_noisy_rules(encoder, normal, settings, project.seed, passages)
        if detector.thresholds.guarantee.given:
            break
    report_weaker(project, detector, wanted.confidence)
    return detector


def _known_passages(project: Project, encoder: Encoder, corpus: SplitCorpus) -> KnownPassages:
    """Return passages as the evaluation cuts them by default: what is encoded here waits for it in the cache."""
    from embedtune.anomaly.detectors.nearest import MOST_KNOWN
    from embedtune.anomaly.preparation import KnownPassages

    cut = PassageSettings(overlap=project.config.retrieval.overlap)
    texts = [passage.text for passage in cut_passages(corpus.sections, cut)]
    return KnownPassages(texts, encoder.encode(texts) if len(texts) <= MOST_KNOWN else None)


def _without_noisy_rules(
    encoder: Encoder, normal: NormalQueries, settings: AnomalySettings, seed: int, passages: KnownPassages
) -> AnomalyDetector:
    """Fit a detector without the rules that would blind it: these questions are no attacks, so the rules do not fit."""
    from embedtune.anomaly.fitting import fit_detector
    from embedtune.anomaly.rules.honest import BlindingRulesError

    while True:
        try:
            return fit_detector(encoder, normal, settings=settings, seed=seed, passages=passages)
        except BlindingRulesError as error:
            left_out = (*settings.left_out_rules, *error.rules)
            settings = settings.model_copy(update={"left_out_rules": left_out})


def _choices(
    pairs: Sequence[TrainingPair], settings: AnomalySettings
) -> Iterator[tuple[NormalQueries, AnomalySettings]]:
    """Yield the questions that may be used, each with the strongest promise that their number allows, best first.

    A promise made on people's questions goes before a stronger one on generated questions, which say little of people.
    """
    from embedtune.anomaly.calibration.guarantee import smallest_calibration
    from embedtune.anomaly.preparation import SMALLEST_FIT

    average = settings.model_copy(update={"confidence": 0.0})
    human = [pair for pair in pairs if pair.query.origin is Origin.HUMAN]
    for some, origin in ((human, "questions from people"), (pairs, "generated questions")):
        normal, fit, calibration = _queries(some, origin)
        for promised in (settings, average):
            if fit >= SMALLEST_FIT and calibration >= smallest_calibration(settings.alpha, promised.confidence):
                yield normal, promised
                break


def _queries(pairs: Sequence[TrainingPair], origin: str) -> tuple[NormalQueries, int, int]:
    """Return the questions, how many different ones there are to fit on, and how many to calibrate.

    A question that the model was trained on, in whatever pair, is not held out.
    """
    from embedtune.anomaly.preparation import NormalQueries
    from embedtune.anomaly.windows import normal_form

    texts = [normal_form(pair.query.text) for pair in pairs]
    trained = {text for text, pair in zip(texts, pairs, strict=True) if pair.provenance.split is Split.TRAIN}
    normal = NormalQueries(
        [pair.query.text for pair in pairs],
        domains=[pair.query.domain for pair in pairs],
        groups=[pair.provenance.cluster or pair.provenance.section_id for pair in pairs],
        held_out=[text not in trained for text in texts],
        origin=origin,
    )
    return normal, len(trained), len(set(texts) - trained)
