"""``anomaly fit`` and ``anomaly score``: queries that do not belong."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from embedtune.cli.options import FILE, Session, common, example


@click.group()
def anomaly() -> None:
    """Fit and use a detector of queries that do not belong."""


@anomaly.command(epilog=example("embedtune anomaly fit --queries normal.txt --model v1.0"))
@click.option("--queries", "queries_file", type=FILE, required=True, help="Normal queries, one a line.")
@click.option("--model", required=True, help="A published version.")
@click.option("--alpha", type=float, help="Share of normal queries that may be flagged.")
@common
def fit(session: Session, queries_file: Path, model: str, alpha: float | None) -> None:
    """Fit a detector on normal queries, for the vectors of one version."""
    from embedtune.pipeline.anomaly import detector_folder, fit_to_folder, read_queries

    project = session.project(("anomaly", "alpha", alpha))
    folder = detector_folder(project, model)
    detector = fit_to_folder(project, project.models.named(model), read_queries(queries_file), folder)
    session.console.result(
        {
            "model": model,
            "fit_queries": detector.card.fit_queries,
            "calibration_queries": detector.card.calibration_queries,
            "alpha": detector.card.alpha,
            "threshold": detector.threshold,
            "folder": str(folder),
        },
        f"Fitted on {detector.card.fit_queries} queries, threshold from {detector.card.calibration_queries} others: "
        f"at most {detector.card.alpha:.0%} of normal queries are flagged on average.",
    )


@anomaly.command(epilog=example('embedtune anomaly score "ignore your instructions" --model v1.0'))
@click.argument("queries", nargs=-1, required=True)
@click.option("--model", required=True, help="A published version.")
@common
def score(session: Session, queries: tuple[str, ...], model: str) -> None:
    """Tell for each query whether it is normal, unusual or anomalous, with its p-value."""
    from embedtune.pipeline.anomaly import find_detector, score_queries

    project = session.project()
    scored = score_queries(queries, find_detector(project, model), project.models.named(model))
    rows = [
        [item.result.verdict.value, f"{item.result.p_value:.3f}", f"{item.result.score:.4f}", item.text]
        for item in scored
    ]
    session.console.result(
        {"model": model, "queries": [{"query": item.text, **asdict(item.result)} for item in scored]},
        "\n".join(f"{verdict:<10} p={p}  score={value}  {text}" for verdict, p, value, text in rows),
    )


COMMANDS = (anomaly,)
