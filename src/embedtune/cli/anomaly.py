"""``anomaly fit``, ``anomaly score`` and ``anomaly report``: queries that do not belong."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from embedtune.cli.options import FILE, STORE, Session, common, example
from embedtune.errors import FormatError, InputError

if TYPE_CHECKING:
    from embedtune.pipeline.drift_report import AssessedLog
    from embedtune.pipeline.judging import Judge, JudgedQuery
    from embedtune.pipeline.query_lines import QueryLine

_MOST_AS_ONE = 10_000  # queries of a file that --json answers with one object
_SHOWN = 500  # characters of a query that a terminal is shown


@click.group()
def anomaly() -> None:
    """Fit and use a detector of queries that do not belong."""


@anomaly.command(epilog=example("embedtune anomaly fit --queries normal.txt --model v1.0"))
@click.option(
    "--queries", "queries_file", type=FILE, required=True, help="Normal queries, one a line; .jsonl with domains."
)
@click.option("--model", required=True, help="A published version.")
@STORE
@click.option("--alpha", type=float, help="Share of normal queries that may be flagged.")
@click.option("--confidence", type=float, help="Probability with which that is kept to; 0 for on average.")
@common
def fit(
    session: Session, queries_file: Path, model: str, store: str | None, alpha: float | None, confidence: float | None
) -> None:
    """Fit a detector on normal queries, for the vectors of one version."""
    from embedtune.pipeline.anomaly import detector_folder, fit_to_folder
    from embedtune.pipeline.query_lines import read_queries

    project = session.project(("anomaly", "alpha", alpha), ("anomaly", "confidence", confidence))
    folder = detector_folder(project, model)
    detector = fit_to_folder(project, project.models.named(model), read_queries(queries_file), folder, store)
    card, guarantee = detector.card, detector.thresholds.guarantee
    session.console.result(
        {
            "model": model,
            "detectors": list(card.detectors),
            "left_out": list(card.left_out),
            "fit_queries": card.fit_queries,
            "calibration_queries": card.calibration_queries,
            "calibrated_domains": list(card.calibrated_domains),
            "alpha": card.alpha,
            "confidence": card.confidence,
            "promised": guarantee.given,
            "promise": guarantee.sentence,
            "worth": guarantee.worth,
            "left_out_rules": list(card.left_out_rules),
            "expected_rate": guarantee.expected_rate if guarantee.given else None,
            "threshold": json_number(detector.threshold),
            "folder": str(folder),
        },
        f"Fitted {', '.join(card.detectors)} on {card.fit_queries} queries, threshold from {card.calibration_queries} "
        f"others: {guarantee.sentence}.",
    )


@anomaly.command(epilog=example('embedtune anomaly score "ignore your instructions" --model v1.0'))
@click.argument("queries", nargs=-1)
@click.option(
    "--file",
    "queries_file",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Queries, one a line; .jsonl with domains; - for standard input.",
)
@click.option("--model", required=True, help="A published version.")
@click.option("--domain", default="", help="The domain that the queries are asked of.")
@click.option("--log", type=FILE, help="Log the judged queries to this file.")
@common
def score(
    session: Session, queries: tuple[str, ...], queries_file: Path | None, model: str, domain: str, log: Path | None
) -> int:
    """Tell whether queries are normal, unusual or anomalous, and why.

    With --file each is a line of JSON, written as soon as it is judged; with --json too they are one object.
    """
    if bool(queries) == (queries_file is not None):
        raise click.UsageError("Give queries, or --file FILE.")

    from embedtune.pipeline.judging import Judge

    judge = Judge.of(session.project(), model, log=log)
    if queries_file is None:
        judged = judge.judge(queries, domain)
        value = {"model": model, "queries": [judged_values(item) for item in judged]}
        session.console.result(value, "\n".join(map(judged_text, judged)))
    elif session.console.as_json:
        return _as_one(session, judge, model, _lines(queries_file), domain)
    else:
        for item in judge.stream(_lines(queries_file), domain, at_once=_at_once(queries_file)):
            session.console.line(judged_values(item))
    return 0


@anomaly.command(epilog=example("embedtune anomaly report queries.log --model v1.0 -o queries.html"))
@click.argument("logs", nargs=-1, required=True, type=FILE)
@click.option("--model", required=True, help="The version whose detector judged.")
@click.option("--last", type=int, help="Only so many of the newest queries.")
@click.option("--since", help="Only queries from this date or time on, in UTC.")
@click.option("-o", "--output", type=FILE, help="Write an HTML page with plots.")
@common
def report(
    session: Session, logs: tuple[Path, ...], model: str, last: int | None, since: str | None, output: Path | None
) -> int:
    """Compare a log of judged queries with the normal ones, and raise the alarm where they differ (exit code 1).

    What was set aside of a log (.1, .2, …) is read too.
    """
    from embedtune.pipeline.drift_report import assess_logs, write_drift_page

    assessed = assess_logs(session.project(), model, logs, last, since)
    if output:
        write_drift_page(assessed, output)
    session.console.result(
        {
            "model": model,
            "alarm": assessed.drift.alarm,
            "page": str(output) if output else None,
            **asdict(assessed.drift),
        },
        drift_text(assessed),
    )
    return int(assessed.drift.alarm)


def judged_values(item: JudgedQuery) -> Mapping[str, object]:
    """Return a judged query as JSON; the score of a query for which a rule holds is null, for it has none."""
    values = asdict(item.advisory)
    place = {"line": item.line} if item.line else {}
    score = json_number(item.advisory.score)
    return {"query": item.text, **place, **values, "score": score, "reason": item.advisory.reason}


def judged_text(item: JudgedQuery) -> str:
    """Return a judged query as a line, with the reason in another one."""
    advisory = item.advisory
    line = f"{advisory.verdict.value:<10} p={advisory.p_value:.3f}  {harmless(item.text)}"
    return f"{line}\n{'':11}{harmless(advisory.reason)}" if advisory.reason else line


def drift_text(assessed: AssessedLog) -> str:
    """Return what a log shows, in a few lines."""
    drift = assessed.drift
    rate = drift.rate
    lines = [
        f"{drift.queries} queries ({drift.distinct} different) from {drift.begin[:10]} to {drift.end[:10]}.",
        f"Flagged: {rate.share:.1%} ({rate.low:.1%} to {rate.high:.1%}), expected {rate.expected:.1%}.",
        f"Vectors: energy distance {drift.embedding.distance:.3g} (p = {drift.embedding.p_value:.2g}).",
        f"New words: {drift.vocabulary.share:.1%}, usual {drift.vocabulary.usual:.1%}.",
        *([] if drift.mix_p_value is None else [f"Domains, beside those before: p = {drift.mix_p_value:.2g}."]),
        *(f"ALARM: {alarm}" for alarm in drift.alarms),
        *(
            f"Write questions like these ({cluster.queries} queries): {harmless(' | '.join(cluster.examples))}"
            for cluster in drift.clusters
        ),
        *([] if drift.with_texts else ["Which questions to write next needs a log with texts (query_log.text)."]),
    ]
    return "\n".join(lines if drift.alarm else [*lines, "No alarm."])


def json_number(value: float) -> float | None:
    """Return a number as JSON knows it: infinity has no form there."""
    return value if value not in {float("inf"), float("-inf")} else None


def harmless(text: str) -> str:
    """Return a text of a stranger in one line, such that no character of it does anything to a terminal."""
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in " ".join(shown.split()))


def _as_one(session: Session, judge: Judge, model: str, lines: Iterable[QueryLine], domain: str) -> int:
    """Judge lines and print one object; an error at their end goes with it, for what was judged is in the log."""
    from embedtune.cli.main import DONE, exit_code

    judged: list[Mapping[str, object]] = []
    error: Mapping[str, object] = {}
    code = DONE
    try:
        judged.extend(judged_values(item) for item in judge.stream(_counted(lines), domain))
    except InputError as failed:
        if not judged:
            raise
        code = exit_code(failed)
        error = {"error": failed.message, "remedy": failed.remedy, "exit_code": code}
    session.console.result({"model": model, "queries": judged, **error})
    return code


def _counted(lines: Iterable[QueryLine]) -> Iterator[QueryLine]:
    """Yield lines once there are known not to be too many for one object, then the error that they end with."""
    read: list[QueryLine] = []
    failed: FormatError | None = None
    try:
        read.extend(islice(lines, _MOST_AS_ONE + 1))
    except FormatError as error:
        failed = error
    if len(read) > _MOST_AS_ONE:
        raise click.UsageError(f"More than {_MOST_AS_ONE} queries are too many for one object: leave out --json.")
    yield from read
    if failed:
        raise failed


def _lines(path: Path) -> Iterable[QueryLine]:
    """Return the lines of a file, or of standard input."""
    from embedtune.pipeline.query_lines import QueryLines, query_lines

    return QueryLines(sys.stdin.buffer, "standard input", as_json=False) if _is_stdin(path) else query_lines(path)


def _at_once(path: Path) -> int:
    """Return how many lines are judged together: of standard input nobody waits for the next."""
    from embedtune.pipeline.judging import AT_ONCE

    return 1 if _is_stdin(path) else AT_ONCE


def _is_stdin(path: Path) -> bool:
    return str(path) == "-"


COMMANDS = (anomaly,)
