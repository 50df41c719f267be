"""Gather what a report is made from, and write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from embedtune.evaluation.result import EvaluationRecord
from embedtune.files import write_text
from embedtune.pipeline.project import Project
from embedtune.pipeline.questions import QuestionSet
from embedtune.pipeline.report_lineage import lineage_facts, reproduction_facts, training_logs, training_statistics
from embedtune.pipeline.systems import BASE, SystemSpec, default_comparisons
from embedtune.report.building import build_content
from embedtune.report.content import ReportContent, Reproduction
from embedtune.report.html import render
from embedtune.report.source import ReportSource
from embedtune.vocabulary.corpus import Section
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Query
from embedtune.vocabulary.retrieval import Mode

_METRIC = "ndcg@10"


def report_content(
    project: Project,
    record: EvaluationRecord,
    questions: QuestionSet,
    specs: Sequence[SystemSpec],
    *,
    with_texts: bool = True,
) -> ReportContent:
    """Return what a report says of an evaluation.

    Args:
        project: Where trainings, versions and data are looked for.
        record: The evaluation, with its runs.
        questions: The questions it asked.
        specs: The systems it compared.
        with_texts: Whether questions, headings and excerpts are shown.
    """
    return content_of(
        project,
        record,
        specs,
        questions.test.queries,
        judgements(record, questions),
        {section.id: section for section in questions.sections},
        with_texts=with_texts,
    )


def content_of(
    project: Project,
    record: EvaluationRecord,
    specs: Sequence[SystemSpec],
    queries: Sequence[Query],
    qrels: Qrels,
    sections: Mapping[str, Section],
    *,
    with_texts: bool,
) -> ReportContent:
    """Return what a report says, from its parts.

    Args:
        project: Where trainings, versions and data are looked for.
        record: The evaluation, with its runs.
        specs: The systems it compared.
        queries: The questions, those that were scored at least.
        qrels: The judgements that they were scored by.
        sections: The corpus by section id, empty where it is not at hand.
        with_texts: Whether questions, headings and excerpts are shown.
    """
    return build_content(
        ReportSource(
            record=record,
            queries=tuple(queries),
            qrels=qrels,
            sections=sections,
            reproduction=Reproduction(str(record.details.get("command", "")), reproduction_facts(record)),
            metric=_METRIC,
            headline=headline(specs),
            trainings=training_logs(project, specs),
            statistics=training_statistics(project, specs),
            lineage=lineage_facts(project, record, specs),
            with_texts=with_texts,
        )
    )


def write_report(content: ReportContent, path: Path) -> None:
    """Write a report as an HTML file, wholly or not at all.

    Raises:
        InputError: The file cannot be written.
    """
    write_text(path, render(content))


def judgements(record: EvaluationRecord, questions: QuestionSet) -> Qrels:
    """Return the judgements that an evaluation's runs were scored by: where equal sections count as one, theirs."""
    qrels = questions.test.qrels
    return qrels if qrels.digest == record.evaluation.qrels_digest else questions.scored_qrels


def headline(specs: Sequence[SystemSpec]) -> tuple[str, str] | None:
    """Return the comparison that a reader wants to know first; ``None`` where nothing is compared.

    That is a tuned model by its vectors alone against the base, since a hybrid's gain may be BM25's; without one
    a tuned model's hybrid, then the base's own, then BM25.
    """
    known = {spec.name: spec for spec in specs}

    def place(pair: tuple[str, str]) -> tuple[bool, bool, int]:
        candidate = known[pair[1]]
        order = (Mode.DENSE, Mode.HYBRID, Mode.BM25)
        return pair[0] != BASE, candidate.model in {BASE, ""}, order.index(candidate.mode)

    return min(default_comparisons(specs), key=place, default=None)
