"""The stage of the flow that fits the detector which is published with the version."""

from __future__ import annotations

from collections.abc import Sequence
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
from embedtune.pipeline.wiring import served_name, served_precision
from embedtune.pipeline.workspace import Plan
from embedtune.vocabulary.pairs import Origin, Split, TrainingPair
from embedtune.vocabulary.retrieval import PassageSettings

if TYPE_CHECKING:
    from embedtune.anomaly.detector import AnomalyDetector
    from embedtune.anomaly.preparation import NormalQueries
    from embedtune.config.anomaly_settings import AnomalySettings

STAGE = "anomaly"
_PASSAGE_WORDS = 96


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
    from embedtune.anomaly.fitting import fit_detector
    from embedtune.anomaly.preparation import KnownPassages

    settings = project.config.anomaly
    normal, used = _normal(pairs, settings)
    if used.confidence < settings.confidence:
        project.report(
            Alert(
                "Too few questions were held out for a confidence: the detector keeps to its rate of false positives "
                "on average only."
            )
        )
    passages = [passage.text for passage in cut_passages(corpus.sections, PassageSettings(words=_PASSAGE_WORDS))]
    encoder = project.models.named(served_name(run, project.config.publish))
    known = KnownPassages(passages)
    detector = fit_detector(encoder, normal, settings=used, seed=project.seed, passages=known)
    report_weaker(project, detector, used.confidence)
    return detector


def _normal(pairs: Sequence[TrainingPair], settings: AnomalySettings) -> tuple[NormalQueries, AnomalySettings]:
    """Return the questions to use, and the settings with the strongest promise that they allow.

    A promise made on people's questions goes before a stronger one on generated questions, which say little of people.
    """
    human = [pair for pair in pairs if pair.query.origin is Origin.HUMAN]
    average = settings.model_copy(update={"confidence": 0.0})
    for some, origin in ((human, "questions from people"), (pairs, "generated questions")):
        for promised in (settings, average):
            if _enough(some, promised):
                return _queries(some, origin), promised
    return _queries(pairs, "generated questions"), average


def _enough(pairs: Sequence[TrainingPair], settings: AnomalySettings) -> bool:
    from embedtune.anomaly.calibration.guarantee import smallest_calibration
    from embedtune.anomaly.preparation import SMALLEST_FIT

    trained = {pair.query.text for pair in pairs if pair.provenance.split is Split.TRAIN}
    held_out = {pair.query.text for pair in pairs if pair.provenance.split is not Split.TRAIN} - trained
    return len(trained) >= SMALLEST_FIT and len(held_out) >= smallest_calibration(settings.alpha, settings.confidence)


def _queries(pairs: Sequence[TrainingPair], origin: str) -> NormalQueries:
    from embedtune.anomaly.preparation import NormalQueries

    return NormalQueries(
        [pair.query.text for pair in pairs],
        domains=[pair.query.domain for pair in pairs],
        groups=[pair.provenance.cluster or pair.provenance.section_id for pair in pairs],
        held_out=[pair.provenance.split is not Split.TRAIN for pair in pairs],
        origin=origin,
    )
