"""``duplicates``: sections that say nearly the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from embedtune.cli.options import ANY_PATH, FILE, Session, common, example

if TYPE_CHECKING:
    from embedtune.pipeline.duplicates import DuplicateSections

_LEAST_COSINE = 0.95
_SHOWN_CHARACTERS = 80


@click.command(epilog=example("embedtune duplicates docs/ --threshold 0.8"))
@click.argument("corpus", type=ANY_PATH, required=False)
@click.option("--store", help="Index folder or http://HOST:6333 instead of documents: passages compared by vectors.")
@click.option("-o", "--output", type=FILE, help="JSON file to write.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="Least Jaccard similarity of word triples (0.7 by default), or with --store the least cosine (0.95).",
)
@click.option("--skip-bad-files", is_flag=True, help="Report a file that cannot be read and go on.")
@common
def duplicates(
    session: Session,
    *,
    corpus: Path | None,
    store: str | None,
    output: Path | None,
    threshold: float | None,
    skip_bad_files: bool,
) -> None:
    """List the clusters of sections that say nearly the same, within and across documents.

    Documents are compared word by word; the passages of an index (--store) by what they mean.
    """
    from embedtune.files import write_json
    from embedtune.pipeline.duplicates import find_duplicates

    if corpus is None:
        if store is None:
            raise click.UsageError("Give a folder of documents, or --store INDEX.")
        _of_index(session, store, output, threshold)
        return
    if store is not None:
        raise click.UsageError("Give documents or --store, not both.")

    project = session.project(
        ("corpus", "near_duplicate_threshold", threshold), ("corpus", "skip_bad_files", skip_bad_files or None)
    )
    found = find_duplicates(corpus, project.config.corpus, session.console.report)
    value = found.to_json()
    if output:
        write_json(output, value)
    session.console.result(value, f"{_summary(found)} in {output}" if output else _listed(found))


def _of_index(session: Session, store: str, output: Path | None, threshold: float | None) -> None:
    from embedtune.files import write_json
    from embedtune.pipeline.uses import near_passages

    found = near_passages(session.project(), store, _LEAST_COSINE if threshold is None else threshold)
    value: dict[str, object] = {
        "passages": found.passage_count,
        "threshold": found.threshold,
        "clusters": [[{"id": one.id, "section": one.section_id} for one in cluster] for cluster in found.clusters],
    }
    summary = (
        f"{len(found.clusters)} clusters of {sum(map(len, found.clusters))} near-duplicates "
        f"among {found.passage_count} passages"
    )
    lines = [summary]
    for cluster in found.clusters:
        lines += ["", *(f"{one.id}  {_shown(one.body)}" for one in cluster)]
    if output:
        write_json(output, value)
    session.console.result(value, f"{summary} in {output}" if output else "\n".join(lines))


def _shown(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _SHOWN_CHARACTERS else f"{words[:_SHOWN_CHARACTERS]}…"


def _summary(found: DuplicateSections) -> str:
    repeated = sum(map(len, found.clusters))
    return f"{len(found.clusters)} clusters of {repeated} near-duplicates among {found.section_count} sections"


def _listed(found: DuplicateSections) -> str:
    lines = [_summary(found)]
    for cluster in found.clusters:
        lines.append("")
        lines += [
            f"{section.id}  {found.paths[section.document_id]}  {' > '.join(section.heading_path)}"
            for section in cluster
        ]
    return "\n".join(lines)


COMMANDS = (duplicates,)
