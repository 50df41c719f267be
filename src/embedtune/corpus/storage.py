"""Sections as JSON lines."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING

from embedtune.errors import FormatError
from embedtune.files import write_json_lines
from embedtune.vocabulary.corpus import Section, SectionKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def write_sections(path: Path, sections: Iterable[Section]) -> None:
    """Write sections, one JSON object a line."""
    write_json_lines(path, map(section_row, sections))


def section_row(section: Section) -> dict[str, object]:
    """Return a section as a JSON object; metadata stands in it where there is some."""
    row: dict[str, object] = {
        "id": section.id,
        "document_id": section.document_id,
        "domain": section.domain,
        "heading_path": list(section.heading_path),
        "kind": section.kind.value,
        "text": section.text,
        "span": list(section.span),
    }
    if section.metadata:
        row["metadata"] = [list(pair) for pair in section.metadata]
    return row


def section_of_row(row: object) -> Section:
    """Return the section of a JSON object made by `section_row`.

    Raises:
        KeyError: A field is missing.
        TypeError: A field is of another kind.
        ValueError: A field has an impossible value.
    """
    if not isinstance(row, dict):
        raise TypeError("not a JSON object")
    first, last = row["span"]
    if not isinstance(row["heading_path"], list):
        raise TypeError("heading_path is not a list")
    metadata = tuple((name, value) for name, value in row.get("metadata", ()))
    texts = (row["id"], row["document_id"], row["domain"], row["text"], *row["heading_path"], *chain(*metadata))
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a text is not a string")
    return Section(
        id=row["id"],
        document_id=row["document_id"],
        domain=row["domain"],
        heading_path=tuple(row["heading_path"]),
        kind=SectionKind(row["kind"]),
        text=row["text"],
        span=(int(first), int(last)),
        metadata=metadata,
    )


def read_sections(path: Path) -> tuple[Section, ...]:
    """Read sections written by `write_sections`; blank lines are passed over.

    Raises:
        FormatError: The file is missing or a line is malformed; the message names the line.
    """
    remedy = "`embedtune sections` writes the file anew."
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"{path} cannot be read: {error}.", remedy) from error
    sections: list[Section] = []
    for number, line in enumerate(text.split("\n"), start=1):  # other line separators may stand in a text
        if not line.strip():
            continue
        try:
            sections.append(section_of_row(json.loads(line)))
        except KeyError as error:
            raise FormatError(f"{path}, line {number}: a section without {error}.", remedy) from error
        except (ValueError, TypeError) as error:
            raise FormatError(f"{path}, line {number}: not a section ({error}).", remedy) from error
    return tuple(sections)
