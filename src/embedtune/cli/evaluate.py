"""``evaluate``: systems side by side on questions that no one trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from embedtune.cli.invocation import invocation
from embedtune.cli.options import ANY_PATH, FILE, FOLDER, Session, common, example, field_names

if TYPE_CHECKING:
    from embedtune.evaluation.result import EvaluationRecord
    from embedtune.files import JsonValue
    from embedtune.report.content import ReportContent

_NOT_WITH_FROM = {
    "systems": "--system",
    "trained_on": "--trained-on",
    "output": "-o",
    "max_queries": "--max-queries",
    "robustness": "--robustness",
}


@click.command(epilog=example("embedtune evaluate --beir data/tv --system base --system bm25 --system runs/first"))
@click.option("--beir", type=FOLDER, help="BEIR folder (corpus.jsonl, queries.jsonl, qrels/).")
@click.option("--split", default="test", show_default=True, help="Split of the BEIR folder to report.")
@click.option(
    "--test-suite",
    "suites",
    type=FILE,
    multiple=True,
    help="Test suite (JSON, JSON lines, CSV, TSV, Parquet) over --corpus.",
)
@click.option("--corpus", type=ANY_PATH, help="Documents that a test suite asks about.")
@click.option("--map", "names", multiple=True, metavar="FIELD=NAME", help="What the suite calls a field: query=Q.")
@click.option(
    "--min-difficulty",
    type=click.Choice(["easy", "medium", "hard"]),
    help="Leave easier questions out; those of unknown difficulty stay.",
)
@click.option("--skip-category", "skipped", multiple=True, help="Leave the questions of a category out.")
@click.option("--skip-bad-lines", is_flag=True, help="Go on after a malformed case of a test suite.")
@click.option(
    "--system",
    "systems",
    multiple=True,
    help="base, bm25, a run, a version, a model folder, remote:URL#model, or hybrid: before a model.",
)
@click.option(
    "--trained-on",
    type=FILE,
    multiple=True,
    help="Pairs that the systems were trained on: test questions among them are leaks. Must be a run's own file.",
)
@click.option("-o", "--output", type=FILE, help="Result to write (JSON); rankings go to runs/ beside it.")
@click.option(
    "--max-queries", type=click.IntRange(1), help="Ask so many at most, drawn by domain, difficulty and category."
)
@click.option("--report", "report_file", type=FILE, help="Report to write: one HTML file that opens in any browser.")
@click.option("--from", "saved", type=FILE, help="With --report: show this result (-o) again, without evaluating.")
@click.option("--no-texts", is_flag=True, help="Leave questions, headings and excerpts out of the report.")
@click.option("--robustness", is_flag=True, help="Ask variants of the questions too: typos, other units, markup, ….")
@common
def evaluate(  # noqa: PLR0913 - one parameter an option
    session: Session,
    *,
    beir: Path | None,
    split: str,
    suites: tuple[Path, ...],
    corpus: Path | None,
    names: tuple[str, ...],
    min_difficulty: str | None,
    skipped: tuple[str, ...],
    skip_bad_lines: bool,
    systems: tuple[str, ...],
    trained_on: tuple[Path, ...],
    output: Path | None,
    max_queries: int | None,
    report_file: Path | None,
    saved: Path | None,
    no_texts: bool,
    robustness: bool,
) -> None:
    """Compare systems on judged questions, with intervals, per domain, difficulty and category.

    What is tuned (passage size, fusion) is tuned on the dev split of a BEIR folder, never on the split
    that is reported. With --from and --report a saved result is shown again; its questions and documents,
    if they are given, must be those it was made with.
    """
    if saved:
        _refuse_beside_from(report_file)
    elif (beir is None) == (not suites):
        raise click.UsageError("Give --beir DIR, or --test-suite FILE with --corpus DIR.")
    if suites and corpus is None:
        raise click.UsageError("--test-suite needs --corpus: the documents that the questions are about.")
    mapping = field_names(names)

    from embedtune.pairs.formats.case_selection import Difficulty, Selection
    from embedtune.pipeline.evaluation_command import EvaluationRequest, report_saved, run_evaluation
    from embedtune.pipeline.questions import beir_questions, selected_questions, suite_over_folder
    from embedtune.pipeline.systems import SystemSpec
    from embedtune.report.content import content_as_json

    specs = tuple(SystemSpec.parse(name) for name in systems or ("base", "bm25", "hybrid:base"))
    project, report = session.project(), session.console.report
    selection = Selection(Difficulty(min_difficulty) if min_difficulty else None, skipped)
    questions = None
    if beir:
        questions = selected_questions(beir_questions(beir, split), selection, report)
    elif suites:
        questions = suite_over_folder(
            suites,
            corpus or Path(),
            mapping,
            report,
            project.config.corpus,
            selection=selection,
            skip_bad_lines=skip_bad_lines,
        )
    if saved and report_file:
        content = report_saved(project, saved, report_file, questions, with_texts=not no_texts)
        session.console.result({"report": content_as_json(content)}, f"{content.verdict.headline}\n{report_file}")
    elif questions:
        request = EvaluationRequest(
            systems=specs,
            trained_on=trained_on,
            robustness=robustness,
            max_queries=max_queries,
            output=output,
            page=report_file,
            with_texts=not no_texts,
            command=invocation(click.get_current_context(), project.seed, ("output", "report_file", "no_texts")),
        )
        _show(session, *run_evaluation(project, questions, request))


def _refuse_beside_from(report_file: Path | None) -> None:
    """Refuse what would need an evaluation: a saved one says what it asked, and of which systems."""
    context = click.get_current_context()
    for name, option in _NOT_WITH_FROM.items():
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option} is for an evaluation; --from shows one that was made.")
    if report_file is None:
        raise click.UsageError("--from needs --report: the page to write.")


def _show(session: Session, record: EvaluationRecord, content: ReportContent | None) -> None:
    from embedtune.cli.robustness_table import robustness_table
    from embedtune.cli.tables import report_text
    from embedtune.evaluation.result import record_as_json
    from embedtune.report.content import content_as_json

    text = "" if session.console.as_json else report_text(session.console, record)
    if text and record.robustness:
        text = f"{text}\n{robustness_table(session.console, record.robustness)}"
    shown: dict[str, JsonValue] = {"report": content_as_json(content)} if content else {}
    session.console.result(record_as_json(record) | shown, text)


COMMANDS = (evaluate,)
