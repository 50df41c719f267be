"""``index`` and ``search``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from embedtune.cli.options import ANY_PATH, FOLDER, Session, common, example

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedtune.vocabulary.retrieval import Hit

_PASSAGE_CHARACTERS = 400


@click.command(epilog=example("embedtune index docs/ --model v1.0"))
@click.argument("corpus", type=ANY_PATH, required=False)
@click.option("--beir", type=FOLDER, help="BEIR folder instead of documents.")
@click.option("--model", "model", required=True, help="A version, a run, a model folder, or base.")
@click.option("--store", type=FOLDER, help="Index folder; by default the project's own.")
@click.option(
    "--engine", type=click.Choice(["exact", "qdrant"]), help="What holds the vectors; by default chosen by size."
)
@common
def index(
    session: Session, corpus: Path | None, beir: Path | None, model: str, store: Path | None, engine: str | None
) -> None:
    """Encode documents into an index that `search` opens."""
    if (corpus is None) == (beir is None):
        raise click.UsageError("Give a folder of documents, or --beir DIR.")

    from embedtune.pipeline.index_command import index_corpus
    from embedtune.pipeline.indexing import default_store

    project = session.project()
    folder = store or default_store(project)
    made = index_corpus(project, corpus=corpus, beir=beir, model=model, folder=folder, engine=engine)
    session.console.result(
        {"store": str(folder), **asdict(made)},
        f"{made.section_count} sections as {made.passage_count} passages ({made.passages.label}, {made.engine.value} "
        f"engine, {made.version}) in {folder}",
    )


@click.command(epilog=example('embedtune search "how do I bleed the brakes" --limit 5'))
@click.argument("query")
@click.option("--limit", type=int, default=10, show_default=True, help="Results, at most.")
@click.option("--threshold", type=float, help="Leave out results with a lower score.")
@click.option("--mode", type=click.Choice(["hybrid", "dense", "bm25"]), default="hybrid", show_default=True)
@click.option("--domain", help="Search one domain alone.")
@click.option("--store", type=FOLDER, help="Index folder; by default the project's own.")
@click.option("--rerank", type=FOLDER, help="A cross-encoder on this machine that puts the first results in order.")
@common
def search(
    session: Session,
    *,
    query: str,
    limit: int,
    threshold: float | None,
    mode: str,
    domain: str | None,
    store: Path | None,
    rerank: Path | None,
) -> None:
    """Search an index and show heading, passage, score and both ranks."""
    from embedtune.encoders.cross_encoder import load_cross_encoder
    from embedtune.pipeline.searching import OpenedIndex
    from embedtune.retrieval.reranking import rerank as reranked
    from embedtune.vocabulary.retrieval import Mode

    project = session.project()
    scorer = load_cross_encoder(rerank) if rerank else None
    depth = max(limit, project.config.retrieval.rerank_depth) if scorer and limit > 0 else limit
    opened = OpenedIndex(project, store)
    try:
        hits = opened.search(query, depth, threshold, Mode(mode), domain)
    finally:
        opened.close()
    if scorer:
        hits = reranked(query, hits, scorer, limit)
    session.console.result(
        {
            "query": query,
            "version": opened.description.version,
            "degraded": opened.degraded,
            "hits": [asdict(h) for h in hits],
        },
        hits_text(hits) or "Nothing found.",
    )


def hits_text(hits: Sequence[Hit]) -> str:
    """Return hits as text: score and ranks, the heading path, the passage."""
    lines: list[str] = []
    for place, hit in enumerate(hits, start=1):
        ranks = "  ".join(f"{name} #{rank}" for name, rank in sorted(hit.component_ranks.items()))
        heading = " > ".join(hit.heading_path) or hit.section_id
        passage = " ".join(hit.passage.split())
        shown = (
            passage if len(passage) <= _PASSAGE_CHARACTERS else f"{passage[:_PASSAGE_CHARACTERS].rsplit(' ', 1)[0]} …"
        )
        lines += [f"{place}. {heading}", f"   score {hit.score:.3f}  {ranks}  [{hit.domain}]", f"   {shown}", ""]
    return "\n".join(lines)


COMMANDS = (index, search)
