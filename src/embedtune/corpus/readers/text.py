"""Plain text: lines as they stand, without page furniture."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from embedtune.corpus.line_breaks import goes_on
from embedtune.corpus.readers.decoding import read_text
from embedtune.corpus.readers.page_furniture import without_furniture
from embedtune.vocabulary.corpus import TextBlock

if TYPE_CHECKING:
    from pathlib import Path


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
    for blank, group in groupby(without_furniture(text), key=lambda line: line.blank):
        if blank:
            continue
        run = list(group)
        texts = [line.text.rstrip() for line in run]
        if lines and run[0].after_break and goes_on(lines, texts):
            lines += texts
            blocks[-1] = TextBlock("\n".join(lines), blocks[-1].line)
        else:
            lines = texts
            blocks.append(TextBlock("\n".join(lines), run[0].number))
    return tuple(blocks)
