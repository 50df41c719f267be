"""Settings of the detector of queries that do not belong."""

from __future__ import annotations

from pydantic import Field

from embedtune.config.base import Positive, Settings


class AnomalySettings(Settings):
    """How queries that do not belong are detected."""

    alpha: float = Field(0.05, gt=0, lt=1, description="Share of normal queries that may be flagged.")
    confidence: float = Field(
        0.95, ge=0, lt=1, description="Probability with which a detector keeps to alpha; 0 keeps to it on average only."
    )
    detectors: tuple[str, ...] = Field(
        ("wording", "intent", "topic", "passages"),
        min_length=1,
        description="What is combined: of wording, intent, topic, passages, mahalanobis, nearest, autoencoder.",
    )
    left_out_rules: tuple[str, ...] = Field((), description="Names of the written rules that are not to be asked.")
    keep_queries: bool = Field(
        default=True, description="Keep the normal queries' texts in the detector, to name the nearest as a reason."
    )
    epochs: Positive = Field(200, description="Passes of the autoencoder over its queries, at most.")
    learning_rate: float = Field(1e-3, gt=0, description="Learning rate of the autoencoder.")


class QueryLogSettings(Settings):
    """What becomes of the queries that users ask: advice, a log, and the watch over it."""

    advise: bool = Field(default=False, description="Judge every query that is searched for; nothing is blocked.")
    file: str = Field("", description="File that judged queries are logged to; empty logs nothing.")
    text: bool = Field(
        default=False,
        description="Log the queries' texts; otherwise a keyed hash stands for each, and the rest is veiled.",
    )
    megabytes: float = Field(64.0, gt=0, description="Size at which a log is set aside and a new one begun.")
    files: int = Field(5, ge=1, le=999, description="Logs that are kept, the current one included.")
    alarm: float = Field(
        0.05,
        ge=0.004,
        lt=1,
        description="Chance of an alarm where nothing has changed, in each report.",
    )
