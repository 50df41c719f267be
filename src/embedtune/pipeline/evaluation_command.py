"""Evaluate as the command line and the Python API ask for it: draw, compare, write the result and its report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from embedtune.evaluation.result import EvaluationRecord
from embedtune.pipeline.evaluation import evaluate, write_evaluation
from embedtune.pipeline.project import Project
from embedtune.pipeline.questions import QuestionSet
from embedtune.pipeline.reporting import report_content, write_report
from embedtune.pipeline.sampling import sample_questions
from embedtune.pipeline.saved_report import saved_content
from embedtune.pipeline.systems import SystemSpec
from embedtune.pipeline.trained_on import trained_pairs
from embedtune.report.content import ReportContent


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What to compare, and what to write of it.

    Attributes:
        systems: The systems.
        trained_on: Files of the pairs that the systems were trained on; without any, leaks are not examined.
        robustness: Ask variants of the questions too.
        max_queries: Ask so many questions at most; ``None`` for all.
        output: The result's file; ``None`` writes none.
        page: The report's file; ``None`` writes none.
        with_texts: Whether the report shows questions, headings and excerpts.
        command: What makes the same evaluation again; empty if nothing does.
    """

    systems: tuple[SystemSpec, ...]
    trained_on: tuple[Path, ...] = ()
    robustness: bool = False
    max_queries: int | None = None
    output: Path | None = None
    page: Path | None = None
    with_texts: bool = True
    command: str = ""


def run_evaluation(
    project: Project, questions: QuestionSet, request: EvaluationRequest
) -> tuple[EvaluationRecord, ReportContent | None]:
    """Evaluate; returns the record, and what its report says if one was written.

    Raises:
        InputError: A system is not one, was trained on other pairs than those named, or a file cannot be written.
        ModelError: A system's model cannot be had.
    """
    trained = trained_pairs(project, request.systems, request.trained_on)
    sample = sample_questions(questions, request.max_queries, project.seed, project.report)
    record = evaluate(
        project,
        sample.questions,
        request.systems,
        trained_on=trained,
        robustness=request.robustness,
        sample=sample,
        command=request.command,
    )
    if request.output:
        write_evaluation(record, sample.questions, request.output)
    if request.page is None:
        return record, None
    content = report_content(project, record, sample.questions, request.systems, with_texts=request.with_texts)
    write_report(content, request.page)
    return record, content


def report_saved(
    project: Project, result: Path, page: Path, questions: QuestionSet | None = None, *, with_texts: bool = True
) -> ReportContent:
    """Write the report of an evaluation that was written earlier; see `saved_content`."""
    content = saved_content(project, result, questions, with_texts=with_texts)
    write_report(content, page)
    return content
