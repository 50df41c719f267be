"""Fit the detector of queries that do not belong, and find the one of a version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.errors import InputError, ModelError
from embedtune.events import Alert
from embedtune.files import replaced_folder
from embedtune.pipeline.project import Project
from embedtune.pipeline.query_lines import QueryLine
from embedtune.pipeline.stored_vectors import stored_vectors
from embedtune.vocabulary.ports import Encoder

if TYPE_CHECKING:
    from embedtune.anomaly.detector import AnomalyDetector
    from embedtune.anomaly.preparation import KnownPassages, NormalQueries

DETECTOR = "detector"


def fit_to_folder(
    project: Project, encoder: Encoder, queries: Sequence[QueryLine], folder: Path, place: str | Path | None = None
) -> AnomalyDetector:
    """Fit a detector on queries and keep it in a folder, replacing an older one.

    Args:
        project: The project; its settings say how.
        encoder: The model.
        queries: Normal queries, as users write them, with their domains and groups where they are known.
        folder: Where the detector is kept.
        place: The index that is searched, a folder or a server's address, by default the project's own; its passages
            and their vectors are known to the detector.

    Raises:
        InputError: Too few distinct queries, too many that meet a written rule, or some of them have a group and
            others none.
    """
    from embedtune.anomaly.fitting import fit_detector
    from embedtune.anomaly.preparation import NO_PASSAGES

    passages = _known_passages(project, encoder, place) or NO_PASSAGES
    settings = project.config.anomaly
    detector = fit_detector(encoder, _normal(queries), settings=settings, seed=project.seed, passages=passages)
    report_weaker(project, detector, settings.confidence)
    with replaced_folder(folder) as staging:
        detector.save(staging / DETECTOR)
    return detector


def report_weaker(project: Project, detector: AnomalyDetector, confidence: float) -> None:
    """Report where a detector promises or asks less than the settings want.

    Args:
        project: The project; its settings say which rules are wanted.
        detector: The detector that was fitted.
        confidence: The confidence that it was fitted with.
    """
    card, guarantee = detector.card, detector.thresholds.guarantee
    if not guarantee.given:
        project.report(Alert(f"The detector advises without a promise: {guarantee.sentence}."))
    elif card.confidence < confidence:
        project.report(
            Alert(
                f"The queries that calibrate are too few, or too many of them ask for the same, for a confidence of "
                f"{confidence:g}: the detector keeps to its rate of false positives on average only "
                f"({guarantee.sentence})."
            )
        )
    unwanted = [name for name in card.left_out_rules if name not in project.config.anomaly.left_out_rules]
    if unwanted:
        project.report(Alert(f"Honest queries meet these written rules, which are not asked: {', '.join(unwanted)}."))
    if 2 * detector.thresholds.met_rules > guarantee.beyond:
        project.report(
            Alert(
                f"{detector.thresholds.met_rules} of the {guarantee.queries} queries that calibrate meet a written "
                f"rule, and {guarantee.beyond} may lie beyond the threshold, so less is found. Remove attacks from "
                "the queries, or leave the rule out (anomaly.left_out_rules)."
            )
        )


def version_detector(project: Project, version: str, encoder: Encoder) -> AnomalyDetector:
    """Return the detector of a version: the one fitted later in the project, else the version's own.

    Raises:
        ModelError: There is none, or it was fitted on another model.
        VerificationError: The version was tampered with.
    """
    from embedtune.anomaly.loading import load_detector

    return load_detector(_find_detector(project, version), encoder)


def detector_folder(project: Project, version: str) -> Path:
    """Return where a detector that is fitted after publishing is kept: versions never change."""
    return project.workspace.folder("anomaly-fitted") / project.registry.find(version).label


def _normal(queries: Sequence[QueryLine]) -> NormalQueries:
    from embedtune.anomaly.preparation import NormalQueries

    without = sum(not query.group for query in queries)
    if 0 < without < len(queries):
        raise InputError(
            f"{without} of {len(queries)} queries have no group.", "Name what each asks about, or leave all groups out."
        )
    return NormalQueries(
        [query.text for query in queries],
        domains=[query.domain for query in queries],
        groups=None if without else [query.group for query in queries],
    )


def _find_detector(project: Project, version: str) -> Path:
    own = detector_folder(project, version) / DETECTOR
    if own.is_dir():
        return own
    published = project.models.copy_of(project.registry.find(version)) / "anomaly"
    if published.is_dir():
        return published
    raise ModelError(
        f"{version} has no anomaly detector.", f"Fit one: embedtune anomaly fit --queries FILE --model {version}"
    )


def _known_passages(project: Project, encoder: Encoder, place: str | Path | None) -> KnownPassages | None:
    """Return the passages of the index that a model made; ``None`` where there is no such index."""
    from embedtune.anomaly.preparation import KnownPassages

    try:
        stored = stored_vectors(project, place)
    except InputError:
        if place is not None:
            raise
        project.report(Alert("There is no index: the detector knows the domain by the queries alone."))
        return None
    if stored.collection.description.model_digest != encoder.digest:
        project.report(
            Alert("The index was made with another model: the detector knows the domain by the queries alone.")
        )
        return None
    return KnownPassages([passage.text for passage in stored.collection.passages], stored.vectors)
