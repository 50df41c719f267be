"""Plain text: lines as they stand, without page furniture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from embedtune.corpus.line_breaks import goes_on
from embedtune.corpus.readers.decoding import read_text
from embedtune.corpus.readers.page_furniture import without_furniture
from embedtune.vocabulary.corpus import TextBlock


@dataclass(frozen=True, slots=True)
class TextReader:
    """Reads ``.txt``: one block for each run of lines between blank lines."""

    suffixes: frozenset[str] = frozenset({".txt"})

    def read(self, path: Path) -> tuple[TextBlock, ...]:
        """Return the blocks of a text file, page furniture left out (see `without_furniture`).

        A page break between two halves of a paragraph does not end the paragraph.

        Raises:
            DocumentError: The file cannot be read as text.
        """
        return blocks_of(read_text(path))


def blocks_of(text: str) -> tuple[TextBlock, ...]:
    """Return the runs of non-blank lines of a text, with the number of each run's first line."""
    blocks: list[TextBlock] = []
    lines: list[str] = []
    first = 0
    ended = True
    for line in without_furniture(text):
        if line.blank:
            ended = True
            continue
        if ended and lines and not (line.after_break and goes_on(lines[-1], line.text)):
            blocks.append(TextBlock("\n".join(lines), first))
            lines = []
        if not lines:
            first = line.number
        lines.append(line.text.rstrip())
        ended = False
    if lines:
        blocks.append(TextBlock("\n".join(lines), first))
    return tuple(blocks)
