"""``duplicates``: sections that say nearly the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from embedtune.cli.options import ANY_PATH, FILE, Session, common, example

if TYPE_CHECKING:
    from embedtune.pipeline.duplicates import DuplicateSections


@click.command(epilog=example("embedtune duplicates docs/ --threshold 0.8"))
@click.argument("corpus", type=ANY_PATH)
@click.option("-o", "--output", type=FILE, help="JSON file to write.")
@click.option(
    "--threshold", type=click.FloatRange(0, 1), help="Least Jaccard similarity of word triples; 0.7 by default."
)
@click.option("--skip-bad-files", is_flag=True, help="Report a file that cannot be read and go on.")
@common
def duplicates(
    session: Session, *, corpus: Path, output: Path | None, threshold: float | None, skip_bad_files: bool
) -> None:
    """List the clusters of sections that say nearly the same, within and across documents."""
    from embedtune.files import write_json
    from embedtune.pipeline.duplicates import find_duplicates

    project = session.project(
        ("corpus", "near_duplicate_threshold", threshold), ("corpus", "skip_bad_files", skip_bad_files or None)
    )
    found = find_duplicates(corpus, project.config.corpus, session.console.report)
    value = found.to_json()
    if output:
        write_json(output, value)
    session.console.result(value, f"{_summary(found)} in {output}" if output else _listed(found))


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
