"""Fit and use the detector of queries that do not belong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.corpus.readers.decoding import read_text
from embedtune.encoders.digests import model_digest
from embedtune.encoders.locate import model_folder
from embedtune.errors import InputError, ModelError
from embedtune.events import Alert
from embedtune.files import digest_file, replaced_folder
from embedtune.pipeline.pairs import read_pairs
from embedtune.pipeline.project import Project
from embedtune.pipeline.workspace import Plan
from embedtune.vocabulary.pairs import Split
from embedtune.vocabulary.ports import Encoder

if TYPE_CHECKING:
    from embedtune.anomaly.detector import AnomalyDetector, AnomalyScore

STAGE = "anomaly"
DETECTOR = "detector"


@dataclass(frozen=True, slots=True)
class ScoredQuery:
    """A query with its anomaly score."""

    text: str
    result: AnomalyScore


def fit_detector(
    project: Project, encoder: Encoder, queries: Sequence[str], calibration: Sequence[str] | None = None
) -> AnomalyDetector:
    """Fit a detector for a model on normal queries.

    Raises:
        InputError: Too few distinct queries.
    """
    from embedtune.anomaly.fitting import train_anomaly_detector

    return train_anomaly_detector(
        encoder, queries, settings=project.config.anomaly, seed=project.seed, calibration_queries=calibration
    )


def fit_to_folder(project: Project, encoder: Encoder, queries: Sequence[str], folder: Path) -> AnomalyDetector:
    """Fit a detector and keep it in a folder, replacing an older one."""
    detector = fit_detector(project, encoder, queries)
    with replaced_folder(folder) as staging:
        detector.save(staging / DETECTOR)
    return detector


def score_queries(queries: Sequence[str], folder: Path, encoder: Encoder) -> list[ScoredQuery]:
    """Score queries with the detector of a folder.

    Raises:
        ModelError: There is no detector, or it was fitted for another model.
    """
    from embedtune.anomaly.detector import AnomalyDetector

    if not queries:
        raise InputError("There is no query to score.", "Give at least one.")
    detector = AnomalyDetector.load(folder)
    detector.check_digest(encoder.digest)
    return [ScoredQuery(*scored) for scored in zip(queries, detector.score(encoder.encode(queries)), strict=True)]


def find_detector(project: Project, version: str) -> Path:
    """Return the detector of a version: the one fitted later in the project, else the version's own.

    Raises:
        ModelError: There is none.
        VerificationError: The version was tampered with.
    """
    own = detector_folder(project, version) / DETECTOR
    if own.is_dir():
        return own
    published = project.models.copy_of(project.registry.find(version)) / "anomaly"
    if published.is_dir():
        return published
    raise ModelError(
        f"{version} has no anomaly detector.", f"Fit one: embedtune anomaly fit --queries FILE --model {version}"
    )


def detector_folder(project: Project, version: str) -> Path:
    """Return where a detector that is fitted after publishing is kept: versions never change."""
    return project.workspace.folder("anomaly-fitted") / project.registry.find(version).label


def anomaly_stage(project: Project, run: Path, pairs_file: Path) -> Path | None:
    """Fit a detector on the training questions, calibrated on the held-out ones.

    Returns:
        The detector's folder, ``None`` where the corpus gives too few questions.
    """
    folder = model_folder(run)
    plan = Plan(
        STAGE,
        "fitting the detector of queries that do not belong",
        {"model": model_digest(folder), "pairs": digest_file(pairs_file)},
        (project.config.anomaly, project.seed),
        (DETECTOR,),
    )

    def fit(stage: Path) -> str:
        pairs = read_pairs(pairs_file)
        normal = [pair.query.text for pair in pairs if pair.provenance.split is Split.TRAIN]
        held_out = [pair.query.text for pair in pairs if pair.provenance.split is not Split.TRAIN]
        try:
            detector = fit_detector(project, project.models.named(str(run)), normal, held_out)
        except ModelError:
            raise
        except InputError as error:
            project.report(Alert(f"No anomaly detector: {error}"))
            return f"skipped: {error.message}"
        detector.save(stage / DETECTOR)
        return f"{detector.card.fit_queries} questions, threshold from {detector.card.calibration_queries} others"

    detector_place = project.workspace.run_stage(plan, fit, project.report) / DETECTOR
    return detector_place if detector_place.is_dir() else None


def read_queries(path: Path) -> list[str]:
    """Return the queries of a text file, one a line, blank lines left out.

    Raises:
        DocumentError: The file cannot be read as text.
    """
    return [line.strip() for line in read_text(path).split("\n") if line.strip()]
