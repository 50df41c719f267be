"""``sections``, ``generate`` and ``mine``: from documents to training pairs."""

from __future__ import annotations

from pathlib import Path

import click

from embedtune.cli.options import ANY_PATH, FILE, Session, common, example


@click.command(epilog=example("embedtune sections docs/ -o sections.jsonl"))
@click.argument("corpus", type=ANY_PATH)
@click.option("-o", "--output", type=FILE, required=True, help="JSON lines file to write.")
@common
def sections(session: Session, corpus: Path, output: Path) -> None:
    """Find the sections of a folder of documents, or of one document."""
    from embedtune.pipeline.corpus import extract_to_file

    found = extract_to_file(corpus, output, session.console.report)
    kinds = {kind: sum(section.kind == kind for section in found) for kind in sorted({s.kind for s in found})}
    session.console.result(
        {"sections": len(found), "kinds": kinds, "output": str(output)},
        f"{len(found)} sections ({', '.join(f'{count} {kind}' for kind, count in kinds.items())}) in {output}",
    )


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


@click.command(epilog=example("embedtune mine pairs.jsonl -o mined.jsonl"))
@click.argument("pairs_file", type=FILE)
@click.option("-o", "--output", type=FILE, required=True, help="Pairs with negatives to write (JSON lines).")
@click.option("--negatives", type=click.IntRange(1, 8), help="Hard negatives per pair.")
@click.option("--skip-bad-lines", is_flag=True, help="Go on after a malformed line.")
@common
def mine(session: Session, *, pairs_file: Path, output: Path, negatives: int | None, skip_bad_lines: bool) -> None:
    """Add hard negatives from BM25 and the base model to a file of pairs."""
    from embedtune.pairs.formats.training_pairs import write_training_pairs
    from embedtune.pipeline import pairs

    project = session.project(("negatives", "per_pair", negatives))
    read = pairs.read_pairs(pairs_file, skip_bad_lines=skip_bad_lines, report=session.console.report)
    mined = pairs.add_negatives(project, read, pairs.pairs_pool(read))
    write_training_pairs(output, mined)
    found = sum(len(pair.negatives) for pair in mined)
    session.console.result(
        {"pairs": len(mined), "negatives": found, "output": str(output)},
        f"{found} hard negatives for {len(mined)} pairs in {output}",
    )


COMMANDS = (sections, generate, mine)
