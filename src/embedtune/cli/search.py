"""``index`` and ``search``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from embedtune.cli.anomaly import judged_text, judged_values
from embedtune.cli.options import ANY_PATH, FOLDER, STORE, Session, common, example, field_names
from embedtune.errors import EmbedtuneError
from embedtune.events import Alert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedtune.pipeline.index_command import IndexedCorpus
    from embedtune.pipeline.judging import JudgedQuery
    from embedtune.pipeline.project import Project
    from embedtune.pipeline.searching import OpenedIndex
    from embedtune.vocabulary.retrieval import Hit

_PASSAGE_CHARACTERS = 400
_COLLECTION = click.option("--collection", help="What names on the server begin with; by default index.collection.")


@click.command(epilog=example("embedtune index docs/ --model v1.0"))
@click.argument("corpus", type=ANY_PATH, required=False)
@click.option("--beir", type=FOLDER, help="BEIR folder instead of documents.")
@click.option("--model", "model", help="A version, a run, a model folder, or base.")
@click.option("--from", "source", help="Copy this index to --store instead, without encoding, and compare both.")
@STORE
@_COLLECTION
@click.option(
    "--engine", type=click.Choice(["exact", "qdrant"]), help="What holds the vectors; by default chosen by size."
)
@click.option("--baseline/--no-baseline", default=None, help="Index the base model too, to fall back to.")
@common
def index(  # noqa: PLR0913 - one parameter an option
    session: Session,
    *,
    corpus: Path | None,
    beir: Path | None,
    model: str | None,
    source: str | None,
    store: str | None,
    collection: str | None,
    engine: str | None,
    baseline: bool | None,
) -> None:
    """Index documents, or bring their index up to date: only what changed is encoded.

    With --from an index is copied instead, such as from a folder to a server.
    """
    project = session.project(("index", "baseline", baseline), ("index", "collection", collection))
    if source is not None:
        if corpus is not None or beir is not None or model is not None or store is None:
            raise click.UsageError("--from copies an index: give --store, and neither documents nor --model.")
        _move(session, project, source, store, engine)
        return
    if (corpus is None) == (beir is None):
        raise click.UsageError("Give a folder of documents, or --beir DIR.")
    if model is None:
        raise click.UsageError("Missing option '--model': a version, a run, a model folder, or base.")

    from embedtune.pipeline.index_command import index_corpus

    _tell(session, index_corpus(project, corpus=corpus, beir=beir, model=model, place=store, engine=engine))


def _tell(session: Session, made: IndexedCorpus) -> None:
    described, counts = made.current.description, made.current.counts
    standing_by = made.baseline.description.model_digest if made.baseline else None
    session.console.result(
        {"store": made.store, **asdict(described), "update": asdict(counts), "baseline": standing_by},
        f"{described.section_count} sections as {described.passage_count} passages ({described.passages.label}, "
        f"{described.engine.value} engine, {described.version}) in {made.store}: {counts.added} added, "
        f"{counts.changed} changed, {counts.removed} removed, {counts.unchanged} as before",
    )


def _move(session: Session, project: Project, source: str, store: str, engine: str | None) -> None:
    from embedtune.pipeline.moving import move_index

    moved = move_index(project, source, store, engine)
    lines = [
        f"{one.description.version}: {one.description.section_count} sections and {one.description.passage_count} "
        f"vectors in {store}, the same as in {source}"
        for one in moved
    ]
    rows = [
        {**asdict(one.description), "update": asdict(one.counts), "greatest_difference": one.greatest_difference}
        for one in moved
    ]
    session.console.result({"from": source, "store": store, "collections": rows}, "\n".join(lines))


@click.command(epilog=example('embedtune search "how do I bleed the brakes" --limit 5'))
@click.argument("query")
@click.option("--limit", type=int, default=10, show_default=True, help="Results, at most.")
@click.option("--threshold", type=float, help="Leave out results with a lower confidence, 0 to 1.")
@click.option("--mode", type=click.Choice(["hybrid", "dense", "bm25"]), default="hybrid", show_default=True)
@click.option("--domain", help="Search one domain alone.")
@click.option("--kind", help="Search sections of one kind alone, such as procedure.")
@click.option("--meta", multiple=True, help="Search sections with this fact alone: NAME=VALUE, such as path=a/b.md.")
@click.option("--strict", is_flag=True, help="Fail where the model or its vectors do, instead of answering with less.")
@click.option("--advise", is_flag=True, help="Tell too whether the query belongs (query_log.advise always does).")
@click.option("--rerank", type=FOLDER, help="A cross-encoder on this machine that puts the first results in order.")
@STORE
@_COLLECTION
@common
def search(  # noqa: PLR0913 - one parameter an option
    session: Session,
    *,
    query: str,
    limit: int,
    threshold: float | None,
    mode: str,
    domain: str | None,
    kind: str | None,
    meta: tuple[str, ...],
    strict: bool,
    store: str | None,
    collection: str | None,
    rerank: Path | None,
    advise: bool,
) -> None:
    """Search an index and show heading, passage, score and both ranks."""
    from embedtune.encoders.cross_encoder import load_cross_encoder
    from embedtune.pipeline.searching import OpenedIndex
    from embedtune.retrieval.reranking import rerank as reranked
    from embedtune.vocabulary.retrieval import Mode, Where

    where = Where(domain, kind, tuple(field_names(meta, "--meta", "path=a/b.md").items()))
    project = session.project(("index", "collection", collection))
    scorer = load_cross_encoder(rerank) if rerank else None
    depth = max(limit, project.config.retrieval.rerank_depth) if scorer and limit > 0 else limit
    opened = OpenedIndex(project, store, mode=Mode(mode), strict=strict)
    try:
        hits = opened.search(query, depth, threshold, Mode(mode), where=where)
        wanted = advise or project.config.query_log.advise
        judged = _advice(session, opened, query, domain, strict=strict) if wanted else []
    finally:
        opened.close()
    if scorer:
        hits = reranked(query, hits, scorer, limit)
    session.console.result(
        {
            "query": query,
            "version": opened.description.version,
            "degraded": hits[0].degraded if hits else opened.degraded,
            "hits": [asdict(h) for h in hits],
            **({"advisory": judged_values(judged[0]) if judged else None} if wanted else {}),
        },
        "\n".join([hits_text(hits) or "Nothing found.", *map(judged_text, judged)]),
    )


def _advice(
    session: Session, opened: OpenedIndex, query: str, domain: str | None, *, strict: bool
) -> list[JudgedQuery]:
    """Return what the detector says; where it cannot, the results are shown all the same."""
    try:
        return opened.advise([query], domain)
    except EmbedtuneError as error:
        if strict:
            raise
        session.console.report(Alert(f"No advice on the query: {error}"))
        return []


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
        figures = f"score {hit.score:.3f}  confidence {hit.confidence:.2f}"
        lines += [f"{place}. {heading}", f"   {figures}  {ranks}  [{hit.domain}]", f"   {shown}", ""]
    return "\n".join(lines)


COMMANDS = (index, search)
