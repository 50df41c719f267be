"""``evaluate``: systems side by side on questions that no one trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from embedtune.cli.invocation import invocation
from embedtune.cli.options import ANY_PATH, FILE, FOLDER, Session, common, example, field_names

if TYPE_CHECKING:
    from embedtune.files import JsonValue


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
    "--trained-on", type=FILE, multiple=True, help="Training pairs of the systems: test questions among them are leaks."
)
@click.option("-o", "--output", type=FILE, help="Result to write (JSON); rankings go to runs/ beside it.")
@click.option(
    "--max-queries", type=click.IntRange(1), help="Ask so many at most, drawn by domain, difficulty and category."
)
@click.option("--report", "report_file", type=FILE, help="Report to write: one HTML file that opens in any browser.")
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
    no_texts: bool,
    robustness: bool,
) -> None:
    """Compare systems on judged questions, with intervals, per domain, difficulty and category.

    What is tuned (passage size, fusion) is tuned on the dev split of a BEIR folder, never on the split
    that is reported.
    """
    if (beir is None) == (not suites):
        raise click.UsageError("Give --beir DIR, or --test-suite FILE with --corpus DIR.")
    if suites and corpus is None:
        raise click.UsageError("--test-suite needs --corpus: the documents that the questions are about.")
    mapping = field_names(names)

    from embedtune.evaluation.result import record_as_json
    from embedtune.pairs.formats.case_selection import Difficulty, Selection
    from embedtune.pipeline import questions as sets
    from embedtune.pipeline.evaluation import evaluate as compare
    from embedtune.pipeline.evaluation import write_evaluation
    from embedtune.pipeline.sampling import sample_questions
    from embedtune.pipeline.systems import SystemSpec
    from embedtune.pipeline.verdicts import trained_pairs

    project = session.project()
    specs = [SystemSpec.parse(name) for name in systems or ("base", "bm25", "hybrid:base")]
    selection = Selection(Difficulty(min_difficulty) if min_difficulty else None, skipped)
    report = session.console.report
    questions = (
        sets.selected_questions(sets.beir_questions(beir, split), selection, report)
        if beir
        else sets.suite_over_folder(
            suites,
            corpus or Path(),
            mapping,
            report,
            project.config.corpus,
            selection=selection,
            skip_bad_lines=skip_bad_lines,
        )
    )
    sample = sample_questions(questions, max_queries, project.seed, report)
    trained = trained_pairs(trained_on, report)
    record = compare(project, sample.questions, specs, trained_on=trained, robustness=robustness, sample=sample)
    if output:
        write_evaluation(record, sample.questions, output)
    shown: dict[str, JsonValue] = {}
    if report_file:
        from embedtune.pipeline.reporting import report_content, write_report
        from embedtune.report.content import content_as_json

        command = invocation(click.get_current_context(), project.seed)
        content = report_content(project, record, sample.questions, specs, command, with_texts=not no_texts)
        write_report(content, report_file)
        shown = {"report": content_as_json(content)}

    from embedtune.cli.robustness_table import robustness_table
    from embedtune.cli.tables import report_text

    text = "" if session.console.as_json else report_text(session.console, record)
    if text and record.robustness:
        text = f"{text}\n{robustness_table(session.console, record.robustness)}"
    session.console.result(record_as_json(record) | shown, text)


COMMANDS = (evaluate,)
