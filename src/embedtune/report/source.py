"""What a report is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from embedtune.evaluation.result import EvaluationRecord
from embedtune.files import JsonValue
from embedtune.report.content import Fact, Reproduction, TrainingLog
from embedtune.vocabulary.corpus import Section
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Query


@dataclass(frozen=True, slots=True)
class ReportSource:
    """An evaluation with what it was about.

    Attributes:
        record: The evaluation, with its runs.
        queries: The questions that were asked.
        qrels: The sections that answer them.
        sections: The corpus, by section id; those that are missing are shown by their id.
        metric: The metric that slices, differences and moved questions are about.
        headline: (baseline, candidate) that the verdict is about; ``None`` with a single system.
        trainings: Logs of the models that were trained.
        statistics: The ``stats.json`` of the training data; empty without one.
        lineage: What models and data were made from.
        reproduction: How to make the evaluation again.
        with_texts: Whether questions, headings and excerpts are shown.
    """

    record: EvaluationRecord
    queries: tuple[Query, ...]
    qrels: Qrels
    sections: Mapping[str, Section]
    reproduction: Reproduction
    metric: str
    headline: tuple[str, str] | None = None
    trainings: tuple[TrainingLog, ...] = ()
    statistics: Mapping[str, JsonValue] = field(default_factory=dict)
    lineage: tuple[Fact, ...] = ()
    with_texts: bool = True
