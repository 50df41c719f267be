"""``evaluate``: systems side by side on questions that no one trained on."""

from __future__ import annotations

from pathlib import Path

import click

from embedtune.cli.options import ANY_PATH, FILE, FOLDER, Session, common, example


@click.command(epilog=example("embedtune evaluate --beir data/tv --system base --system bm25 --system runs/first"))
@click.option("--beir", type=FOLDER, help="BEIR folder (corpus.jsonl, queries.jsonl, qrels/).")
@click.option("--split", default="test", show_default=True, help="Split of the BEIR folder to report.")
@click.option("--test-suite", "suites", type=FILE, multiple=True, help="Test suite (JSON) over --corpus.")
@click.option("--corpus", type=ANY_PATH, help="Documents that a test suite asks about.")
@click.option("--map", "names", multiple=True, metavar="FIELD=NAME", help="What the suite calls a field: query=Q.")
@click.option(
    "--system", "systems", multiple=True, help="base, bm25, a run, a version, a model folder, or hybrid: before one."
)
@click.option("-o", "--output", type=FILE, help="Result to write (JSON); rankings go to runs/ beside it.")
@click.option("--max-queries", type=click.IntRange(1), help="Ask at most so many questions.")
@common
def evaluate(  # noqa: PLR0913 - one parameter an option
    session: Session,
    *,
    beir: Path | None,
    split: str,
    suites: tuple[Path, ...],
    corpus: Path | None,
    names: tuple[str, ...],
    systems: tuple[str, ...],
    output: Path | None,
    max_queries: int | None,
) -> None:
    """Compare systems on judged questions, with intervals, per domain, difficulty and category.

    What is tuned (passage size, fusion) is tuned on the dev split of a BEIR folder, never on the split
    that is reported.
    """
    if (beir is None) == (not suites):
        raise click.UsageError("Give --beir DIR, or --test-suite FILE with --corpus DIR.")
    if suites and corpus is None:
        raise click.UsageError("--test-suite needs --corpus: the documents that the questions are about.")
    mapping = _mapping(names)

    from embedtune.evaluation.result import record_as_json
    from embedtune.pipeline import questions as sets
    from embedtune.pipeline.evaluation import evaluate as compare
    from embedtune.pipeline.evaluation import write_evaluation
    from embedtune.pipeline.systems import SystemSpec

    project = session.project()
    specs = [SystemSpec.parse(name) for name in systems or ("base", "bm25", "hybrid:base")]
    questions = (
        sets.beir_questions(beir, split)
        if beir
        else sets.suite_over_folder(suites, corpus or Path(), mapping, session.console.report)
    )
    questions = sets.limited(questions, max_queries)
    record = compare(project, questions, specs)
    if output:
        write_evaluation(record, questions, output)

    from embedtune.cli.tables import report_text

    text = "" if session.console.as_json else report_text(session.console, record)
    session.console.result(record_as_json(record), text)


def _mapping(names: tuple[str, ...]) -> dict[str, str]:
    pairs = [name.partition("=") for name in names]
    bad = ["".join(pair) for pair in pairs if not all(pair)]
    if bad:
        raise click.UsageError(f"--map {bad[0]!r} names no field and its name: write it as --map query=NAME.")
    return {field: name for field, _, name in pairs}


COMMANDS = (evaluate,)
