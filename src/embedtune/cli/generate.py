"""``generate``: from documents to training pairs."""

from __future__ import annotations

from pathlib import Path

import click

from embedtune.cli.options import ANY_PATH, FILE, FOLDER, Session, common, example, field_names


@click.command(epilog=example("embedtune generate docs/ -o data/pairs.jsonl --include-hard-negatives"))
@click.argument("corpus", type=ANY_PATH, required=False)
@click.option("--beir", type=FOLDER, help="A BEIR folder whose documents are the sections, in place of CORPUS.")
@click.option(
    "-o",
    "--output",
    type=FILE,
    required=True,
    help="Pairs to write (.jsonl, .json, .csv, .tsv or .parquet); stats.json goes beside it.",
)
@click.option("--pairs-per-domain", type=click.IntRange(1), help="Training pairs per domain, at most.")
@click.option("--include-hard-negatives", is_flag=True, help="Mine hard negatives with BM25 and the base model.")
@click.option("--queries", help="Who writes questions: template,extractive,keyphrase,llm.")
@click.option(
    "--questions",
    type=ANY_PATH,
    multiple=True,
    help="Questions from people that may be trained on: pairs, questions with answers, test suites, BEIR folders.",
)
@click.option("--test-suite", "suites", type=FILE, multiple=True, help="Questions that must not be generated.")
@click.option("--map", "names", multiple=True, metavar="FIELD=NAME", help="What a --test-suite calls a field: query=Q.")
@click.option("--min-difficulty", type=click.Choice(["easy", "medium", "hard"]), help="Leave easier --questions out.")
@click.option("--skip-category", "skipped", multiple=True, help="Leave --questions of a category out.")
@click.option("--skip-bad-files", is_flag=True, help="Report a document that cannot be read and go on.")
@click.option("--skip-bad-lines", is_flag=True, help="Go on after a malformed row of questions.")
@common
def generate(  # noqa: PLR0913 - one parameter an option
    session: Session,
    *,
    corpus: Path | None,
    beir: Path | None,
    output: Path,
    pairs_per_domain: int | None,
    include_hard_negatives: bool,
    queries: str | None,
    questions: tuple[Path, ...],
    suites: tuple[Path, ...],
    names: tuple[str, ...],
    min_difficulty: str | None,
    skipped: tuple[str, ...],
    skip_bad_files: bool,
    skip_bad_lines: bool,
) -> None:
    """Write questions for a folder of documents, with the passages that answer them."""
    if (corpus is None) == (beir is None):
        raise click.UsageError("Give the documents, or --beir DIR: embedtune generate docs/ -o pairs.jsonl")
    if (min_difficulty or skipped) and not questions:
        raise click.UsageError("--min-difficulty and --skip-category choose among --questions, and none are given.")
    mapping = field_names(names)

    from embedtune.pairs.formats.case_selection import Difficulty, Selection
    from embedtune.pipeline.pairs import GenerationRequest, generate_file

    writers = None if queries is None else [name.strip() for name in queries.split(",")]
    project = session.project(
        ("questions", "pairs_per_domain", pairs_per_domain),
        ("questions", "writers", writers),
        ("corpus", "skip_bad_files", skip_bad_files or None),
    )
    request = GenerationRequest(
        output=output,
        corpus=corpus,
        beir=beir,
        questions=questions,
        suites=suites,
        selection=Selection(Difficulty(min_difficulty) if min_difficulty else None, skipped),
        mapping=tuple(mapping.items()),
        hard_negatives=include_hard_negatives,
        skip_bad_lines=skip_bad_lines,
    )
    made = generate_file(project, request)
    session.console.result(
        {"pairs": made.pairs, "output": str(output), "stats": made.statistics.to_json()},
        f"{made.pairs} pairs from {made.sections} sections in {output}",
    )


COMMANDS = (generate,)
