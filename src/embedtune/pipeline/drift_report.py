"""What a log of judged queries shows, as figures and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.files import write_text
from embedtune.pipeline.anomaly import version_detector
from embedtune.pipeline.project import Project

if TYPE_CHECKING:
    from embedtune.anomaly.drift.assessment import Drift
    from embedtune.report.drift_content import DriftContent, DriftTest


@dataclass(frozen=True, slots=True)
class AssessedLog:
    """A log and what it shows.

    Attributes:
        version: Whose detector judged.
        drift: What the log shows.
    """

    version: str
    drift: Drift


def assess_logs(
    project: Project, version: str, logs: Sequence[Path], last: int | None = None, since: str | None = None
) -> AssessedLog:
    """Compare logs with the queries that calibrated a version's detector.

    Args:
        project: The project; its settings say how seldom a false alarm may be.
        version: The version whose detector judged.
        logs: The logs, together one, each with what was set aside of it.
        last: Only so many of the newest queries; by default as many as are compared at most, which is reported.
        since: Only those from this time on, ISO 8601.

    Raises:
        FormatError: A log cannot be read.
        InputError: Too few queries that this detector judged, ``last`` is below 1 or too many, or ``since`` no time.
    """
    from embedtune.anomaly.drift.assessment import assess
    from embedtune.anomaly.drift.period import chosen_period
    from embedtune.anomaly.log_reading import read_log

    detector = version_detector(project, version, project.models.named(version))
    period = chosen_period(read_log(*logs), since, last, project.report)
    drift = assess(detector, period.entries, project.config.query_log.alarm, project.seed, before=period.before)
    return AssessedLog(version, drift)


def write_drift_page(assessed: AssessedLog, path: Path) -> None:
    """Write the page about a log.

    Raises:
        InputError: It cannot be written.
    """
    from embedtune.report.drift_page import render_drift

    write_text(path, render_drift(_content(assessed)))


def _content(assessed: AssessedLog) -> DriftContent:
    from embedtune.report.drift_content import DriftCluster, DriftContent, DriftDomain, DriftPart

    drift = assessed.drift
    named = any(domain.domain for domain in drift.domains)
    return DriftContent(
        version=assessed.version,
        begin=drift.begin,
        end=drift.end,
        queries=drift.queries,
        distinct=drift.distinct,
        promise=drift.guarantee.sentence,
        alarms=drift.alarms,
        tests=_tests(drift),
        parts=tuple(
            DriftPart(part.begin, part.flagged / part.queries, part.unusual / part.queries, part.expected_high)
            for part in drift.stretches
        ),
        expected=drift.rate.expected,
        p_values=drift.p_values,
        domains=tuple(DriftDomain(d.domain, d.usual, d.before, d.share, d.flagged) for d in drift.domains)
        if named
        else (),
        rules=drift.rules,
        clusters=tuple(DriftCluster(c.queries, c.distinct, c.share, c.examples) for c in drift.clusters),
        with_texts=drift.with_texts,
    )


def _tests(drift: Drift) -> tuple[DriftTest, ...]:
    from embedtune.report.drift_content import DriftTest

    rate, vocabulary, embedding = drift.rate, drift.vocabulary, drift.embedding
    rows: tuple[tuple[str, str, str, float], ...] = (
        (
            "flagged of the different queries",
            f"{rate.expected:.1%}, seldom above {rate.expected_high:.1%}",
            f"{rate.share:.1%} ({rate.low:.1%} to {rate.high:.1%})",
            rate.p_value,
        ),
        ("vectors (energy test)", "0", f"{embedding.distance:.3g}, {embedding.compared} queries", embedding.p_value),
        ("new words", f"{vocabulary.usual:.1%}", f"{vocabulary.share:.1%}", vocabulary.p_value),
    )
    if drift.mix_p_value is not None:
        rows = (*rows, ("domains (chi-square)", "those asked about before", "see below", drift.mix_p_value))
    return tuple(DriftTest(name, usual, found, p_value, p_value <= drift.bound) for name, usual, found, p_value in rows)
