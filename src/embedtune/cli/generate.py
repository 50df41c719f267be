"""``generate``: from documents to training pairs."""

from __future__ import annotations

from pathlib import Path

import click

from embedtune.cli.options import ANY_PATH, FILE, Session, common, example


@click.command(epilog=example("embedtune generate docs/ -o data/pairs.jsonl --include-hard-negatives"))
@click.argument("corpus", type=ANY_PATH)
@click.option(
    "-o", "--output", type=FILE, required=True, help="Pairs to write (JSON lines); stats.json goes beside it."
)
@click.option("--pairs-per-domain", type=click.IntRange(1), help="Training pairs per domain, at most.")
@click.option("--include-hard-negatives", is_flag=True, help="Mine hard negatives with BM25 and the base model.")
@click.option("--queries", help="Who writes questions: template,extractive.")
@click.option("--test-suite", "suites", type=FILE, multiple=True, help="Questions that must not be generated.")
@common
def generate(
    session: Session,
    *,
    corpus: Path,
    output: Path,
    pairs_per_domain: int | None,
    include_hard_negatives: bool,
    queries: str | None,
    suites: tuple[Path, ...],
) -> None:
    """Write questions for a folder of documents, with the passages that answer them."""
    from embedtune.corpus.folder import read_corpus
    from embedtune.files import write_json
    from embedtune.pairs.formats.training_pairs import write_training_pairs
    from embedtune.pipeline import pairs
    from embedtune.pipeline.corpus import split_corpus
    from embedtune.pipeline.questions import read_suites, suite_texts

    writers = [name.strip() for name in queries.split(",")] if queries else None
    project = session.project(("questions", "pairs_per_domain", pairs_per_domain), ("questions", "writers", writers))
    forbidden = suite_texts(read_suites(suites))
    divided = split_corpus(project, read_corpus(corpus, session.console.report))
    generated = pairs.generate_pairs(project, divided, forbidden)
    made = generated.pairs
    if include_hard_negatives:
        made = pairs.add_negatives(project, made, pairs.corpus_pool(project, divided))
    statistics = pairs.statistics_of(generated, divided, made).to_json()
    write_training_pairs(output, made)
    write_json(output.parent / pairs.STATS, statistics)
    session.console.result(
        {"pairs": len(made), "output": str(output), "stats": statistics},
        f"{len(made)} pairs from {len(divided.sections)} sections in {output}",
    )


COMMANDS = (generate,)
