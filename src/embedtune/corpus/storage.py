"""Sections as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from embedtune.errors import FormatError
from embedtune.files import write_json_lines
from embedtune.vocabulary.corpus import Section, SectionKind


def write_sections(path: Path, sections: Iterable[Section]) -> None:
    """Write sections, one JSON object a line."""
    write_json_lines(path, map(section_row, sections))


def section_row(section: Section) -> dict[str, object]:
    """Return a section as a JSON object."""
    return {
        "id": section.id,
        "document_id": section.document_id,
        "domain": section.domain,
        "heading_path": list(section.heading_path),
        "kind": section.kind.value,
        "text": section.text,
        "span": list(section.span),
    }


def read_sections(path: Path) -> tuple[Section, ...]:
    """Read sections written by `write_sections`.

    Raises:
        FormatError: The file is missing or a line is malformed; the message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror}.", "`embedtune sections` writes it.") from error
    sections: list[Section] = []
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            first, last = row["span"]
            sections.append(
                Section(
                    id=row["id"],
                    document_id=row["document_id"],
                    domain=row["domain"],
                    heading_path=tuple(row["heading_path"]),
                    kind=SectionKind(row["kind"]),
                    text=row["text"],
                    span=(first, last),
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise FormatError(
                f"{path}, line {number}: not a section ({error!r}).", "`embedtune sections` writes the file anew."
            ) from error
    return tuple(sections)
