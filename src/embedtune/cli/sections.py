"""``sections``: from documents to sections."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from embedtune.cli.options import ANY_PATH, FILE, Session, common, example


@click.command(epilog=example("embedtune sections docs/ -o sections.jsonl"))
@click.argument("corpus", type=ANY_PATH)
@click.option("-o", "--output", type=FILE, required=True, help="JSON lines file to write.")
@click.option("--skip-bad-files", is_flag=True, help="Report a file that cannot be read and go on.")
@click.option("--min-words", type=click.IntRange(1), help="Join shorter sections to the one above them.")
@click.option("--max-words", type=click.IntRange(50), help="Cut longer sections between paragraphs.")
@common
def sections(
    session: Session,
    *,
    corpus: Path,
    output: Path,
    skip_bad_files: bool,
    min_words: int | None,
    max_words: int | None,
) -> None:
    """Find the sections of a folder of documents, or of one document."""
    from embedtune.pipeline.corpus import extract_to_file

    project = session.project(
        ("corpus", "skip_bad_files", skip_bad_files or None),
        ("corpus", "min_words", min_words),
        ("corpus", "max_words", max_words),
    )
    read = extract_to_file(corpus, output, project.config.corpus, session.console.report)
    kinds = dict(sorted(Counter(section.kind.value for section in read.sections).items()))
    session.console.result(
        {
            "sections": len(read.sections),
            "documents": read.document_count,
            "kinds": kinds,
            "skipped": [{"path": file.path, "reason": file.reason} for file in read.skipped],
            "unread": [{"path": file.path, "reason": file.reason} for file in read.unread],
            "output": str(output),
        },
        f"{len(read.sections)} sections ({', '.join(f'{count} {kind}' for kind, count in kinds.items())}) in {output}",
    )


COMMANDS = (sections,)
