"""``sections``: from documents to sections."""

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


COMMANDS = (sections,)
