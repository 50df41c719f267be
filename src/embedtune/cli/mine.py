"""``mine``: hard negatives for training pairs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from embedtune.cli.options import ANY_PATH, FILE, FOLDER, Session, common, example


@click.command(epilog=example("embedtune mine pairs.jsonl -o mined.jsonl --corpus docs/ --source bm25 --source hybrid"))
@click.argument("pairs_file", type=FILE)
@click.option("-o", "--output", type=FILE, required=True, help="Pairs with negatives to write.")
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="NAME[:N]",
    help="Whose wrong results are taken: bm25, base, current, hybrid, qdrant; bm25:1 takes at most 1 a pair from bm25.",
)
@click.option("--model", help="Run, version or model folder: the source current, which replaces base by default.")
@click.option("--corpus", type=ANY_PATH, help="Take negatives from the sections of these documents.")
@click.option("--beir", type=FOLDER, help="Take negatives from the documents of a BEIR folder.")
@click.option("--qdrant", "qdrant_url", metavar="URL", help="Qdrant server; its key is read from QDRANT_API_KEY.")
@click.option("--collection", "qdrant_collection", help="The collection searched there.")
@click.option("--text-field", "qdrant_text_field", help="The payload field that holds the passage.  [default: text]")
@click.option("--negatives", "per_pair", type=click.IntRange(1, 8), help="Hard negatives per pair.")
@click.option("--skip-top", type=click.IntRange(0, 1000), help="First wrong results passed over as too likely right.")
@click.option("--depth", type=click.IntRange(1, 1000), help="Results of each source that are looked at.")
@click.option("--margin", type=click.FloatRange(0, 1), help="Share below the right passage's cosine that is safe.")
@click.option("--max-score", type=click.FloatRange(-1, 1), help="Cosine above which no candidate is taken.")
@click.option("--replace", is_flag=True, help="Drop the negatives that the pairs have.")
@click.option("--skip-bad-lines", is_flag=True, help="Go on after a malformed line.")
@common
def mine(  # noqa: PLR0913 - one parameter an option
    session: Session,
    *,
    pairs_file: Path,
    output: Path,
    sources: tuple[str, ...],
    model: str | None,
    corpus: Path | None,
    beir: Path | None,
    qdrant_url: str | None,
    qdrant_collection: str | None,
    qdrant_text_field: str | None,
    per_pair: int | None,
    skip_top: int | None,
    depth: int | None,
    margin: float | None,
    max_score: float | None,
    replace: bool,
    skip_bad_lines: bool,
) -> None:
    """Add hard negatives to a file of pairs: high results of BM25 and models that do not answer."""
    if corpus and beir:
        raise click.UsageError("Give --corpus or --beir, not both.")
    given = {
        "qdrant_url": qdrant_url,
        "qdrant_collection": qdrant_collection,
        "qdrant_text_field": qdrant_text_field,
        "per_pair": per_pair,
        "skip_top": skip_top,
        "depth": depth,
        "margin": margin,
        "max_score": max_score,
        "sources": sources or None,
    }
    project = session.project(*(("negatives", key, value) for key, value in given.items()))

    from embedtune.pairs.formats.pairs_file import write_pairs_file
    from embedtune.pipeline.mining import MiningRequest, mine_pairs
    from embedtune.pipeline.pairs import read_pairs

    read = read_pairs(pairs_file, skip_bad_lines=skip_bad_lines, report=session.console.report)
    request = MiningRequest(
        pairs=read, corpus=corpus, beir=beir, model=model or "", default_sources=not sources, replace=replace
    )
    mined = mine_pairs(project, request)
    write_pairs_file(output, mined)
    found = Counter(negative.source for pair in mined for negative in pair.negatives)
    shares = ", ".join(f"{count} {source}" for source, count in sorted(found.items()))
    session.console.result(
        {
            "pairs": len(mined),
            "negatives": found.total(),
            "sources": dict(sorted(found.items())),
            "output": str(output),
        },
        f"{found.total()} hard negatives ({shares or 'none'}) for {len(mined)} pairs in {output}",
    )


COMMANDS = (mine,)
