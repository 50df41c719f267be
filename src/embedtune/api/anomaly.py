"""Detect queries that do not belong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.config.anomaly_settings import AnomalySettings, QueryLogSettings
from embedtune.events import Report, silent
from embedtune.vocabulary.ports import Encoder

if TYPE_CHECKING:
    from embedtune.anomaly.detector import AnomalyDetector
    from embedtune.anomaly.drift.assessment import Drift
    from embedtune.anomaly.query_log import QueryLog


def train_anomaly_detector(
    encoder: Encoder,
    normal_queries: Sequence[str],
    *,
    settings: AnomalySettings | None = None,
    seed: int = 42,
    domains: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    passages: Sequence[str] = (),
) -> AnomalyDetector:
    """Fit a detector of queries that are unlike the normal ones.

    Args:
        encoder: The model whose vectors will be scored, such as a `VersionedEmbeddings`.
        normal_queries: Queries as users write them; half of them set the threshold.
        settings: The share of normal queries that may be flagged, with which confidence, and by which detectors.
        seed: Seed of the division and the fitting.
        domains: The domain of each query; domains with enough queries get a threshold of their own.
        groups: What each query asks about, such as a section's id, so that paraphrases stay on one side; by default
            queries that are near each other are a group.
        passages: Texts of the documents that are searched; with them the detector knows more of the domain.

    Returns:
        The detector; its `score_texts` gives an advisory a query.

    Raises:
        InputError: Too few distinct queries for the promise that the settings ask for.
    """
    from embedtune.anomaly.fitting import fit_detector
    from embedtune.anomaly.preparation import KnownPassages, NormalQueries

    normal = NormalQueries(normal_queries, domains, groups)
    return fit_detector(
        encoder, normal, settings=settings or AnomalySettings(), seed=seed, passages=KnownPassages(passages)
    )


def load_anomaly_detector(folder: str | Path, encoder: Encoder) -> AnomalyDetector:
    """Read a detector that was saved, or the ``anomaly`` folder of a version.

    Args:
        folder: The detector's folder.
        encoder: The model whose vectors it is to score.

    Raises:
        ModelError: It is missing, altered, damaged, or was fitted on another model.
    """
    from embedtune.anomaly.loading import load_detector

    return load_detector(Path(folder), encoder)


def open_query_log(path: str | Path, settings: QueryLogSettings | None = None) -> QueryLog:
    """Open a log of judged queries; `QueryLog.append` writes to it.

    Args:
        path: The log; its key and the logs set aside lie beside it.
        settings: Whether texts are logged, when a log is set aside and how many are kept; older
            ones are removed.

    Raises:
        InputError: The log or its key cannot be written or read.
    """
    from embedtune.anomaly.query_log import QueryLog

    return QueryLog(Path(path), settings or QueryLogSettings())


def assess_query_log(
    detector: AnomalyDetector,
    logs: Sequence[str | Path],
    *,
    level: float = 0.05,
    seed: int = 42,
    since: str | None = None,
    last: int | None = None,
    report: Report = silent,
) -> Drift:
    """Compare logs with the normal queries that calibrated the detector which judged them.

    Args:
        detector: The detector.
        logs: The logs, together one, each with what was set aside of it.
        level: The chance of an alarm where nothing has changed, in one look.
        seed: Decides samples and permutations.
        since: Only queries from this time on, ISO 8601, in UTC unless it says otherwise. The domains that are asked
            about are compared with those of the queries before.
        last: Only so many of the newest queries; 100,000 at most, which is also the default.
        report: Told where older queries than the newest 100,000 are left out.

    Raises:
        FormatError: A log cannot be read.
        InputError: Too few queries that this detector judged, ``since`` is no time, or ``last`` is below 1 or too many.
    """
    from embedtune.anomaly.drift.assessment import assess
    from embedtune.anomaly.drift.period import chosen_period
    from embedtune.anomaly.log_reading import read_log

    period = chosen_period(read_log(*map(Path, logs)), since, last, report)
    return assess(detector, period.entries, level, seed, before=period.before)


def write_drift_page(drift: Drift, page: str | Path, *, name: str = "detector") -> None:
    """Write what a log shows as an HTML page with plots, which loads nothing.

    Args:
        drift: What `assess_query_log` found.
        page: The file.
        name: What the page calls the detector.

    Raises:
        InputError: The file cannot be written.
    """
    from embedtune.pipeline.drift_report import AssessedLog
    from embedtune.pipeline.drift_report import write_drift_page as write

    write(AssessedLog(name, drift), Path(page))
