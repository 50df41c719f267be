"""``cluster``, ``similarity`` and ``answers``: what else a model's vectors are good for."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from embedtune.cli.options import FILE, STORE, Session, common, example

_MODEL = click.option("--model", default="base", show_default=True, help="A version, a run, a model folder, or base.")
_HEADINGS = 5


@click.command(epilog=example("embedtune cluster --store index/ --clusters 20 -o clusters.json"))
@STORE
@click.option("--clusters", "count", type=click.IntRange(1), help="How many; by default the root of half the sections.")
@click.option("-o", "--output", type=FILE, help="JSON file to write.")
@common
def cluster(session: Session, *, store: str | None, count: int | None, output: Path | None) -> None:
    """Divide the sections of an index into clusters, each named by the words that tell it from the others."""
    from embedtune.files import write_json
    from embedtune.pipeline.uses import cluster_sections

    found = cluster_sections(session.project(), store, count)
    value: dict[str, object] = {
        "sections": len(found.sections),
        "clusters": [
            {
                "label": list(one.label),
                "size": len(one.members),
                "coherence": one.coherence,
                "sections": [
                    {"id": found.sections[row].id, "heading_path": list(found.sections[row].heading_path)}
                    for row in one.members
                ],
            }
            for one in found.clusters
        ],
    }
    summary = f"{len(found.sections)} sections in {len(found.clusters)} clusters"
    lines = [summary]
    for one in found.clusters:
        lines += ["", f"{', '.join(one.label) or 'no words'}  ({len(one.members)} sections, {one.coherence:.2f})"]
        nearest = [found.sections[row] for row in one.members[:_HEADINGS]]
        lines += [f"  {' > '.join(section.heading_path) or section.id}" for section in nearest]
    if output:
        write_json(output, value)
    session.console.result(value, f"{summary} in {output}" if output else "\n".join(lines))


@click.command(epilog=example('embedtune similarity "bleed the brakes" "remove air from the brake line" --model v1.0'))
@click.argument("left")
@click.argument("right")
@_MODEL
@common
def similarity(session: Session, *, left: str, right: str, model: str) -> None:
    """Show how near two texts are: the cosine of their vectors, -1 to 1."""
    from embedtune.pipeline.uses import similarity as cosine

    value = cosine(session.project(), model, left, right)
    session.console.result({"similarity": value, "model": model}, f"{value:.4f}")


@click.command(epilog=example('embedtune answers faq.jsonl "how long is the warranty" --model v1.0'))
@click.argument("file", type=FILE)
@click.argument("question")
@_MODEL
@click.option("--limit", type=int, default=3, show_default=True, help="Answers, at most.")
@common
def answers(session: Session, *, file: Path, question: str, model: str, limit: int) -> None:
    """Find the answers of a file of questions and answers (JSON lines, CSV, TSV, Parquet) that fit a question."""
    from embedtune.cli.search import hits_text
    from embedtune.pipeline.uses import find_answers

    hits = find_answers(session.project(), file, model, question, limit)
    session.console.result({"question": question, "hits": [asdict(hit) for hit in hits]}, hits_text(hits))


COMMANDS = (cluster, similarity, answers)
