"""The text of a PDF page as PDFium gives it: runs of characters with place, size and weight.

PDFium keeps global state and must not be called from two threads at a time; `pdf.PdfReader` holds a
lock for as long as it has a document open.
"""

from __future__ import annotations

import ctypes
import math
import re
import sys
import unicodedata
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pypdfium2 import PdfTextPage

_BOLD = re.compile(r"bold|black|heavy|demi|cmbx|cmssbx|[-,]bd\b", re.IGNORECASE)
_BOLD_WEIGHT = 600
_NAME_BYTES = 256
_LINE_HYPHENS = frozenset({"\x02", "\ufffe"})  # what PDFium puts for a hyphen at a line end
_BULLETS = frozenset("\uf0b7\uf0a7\uf0d8\uf0fc\uf076\u2023\u25cf\u25e6\u25a0\u25aa\u2043")
_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
_UNSEEN = dict.fromkeys((0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xFFFD), "")
_SURROGATES = range(0xD800, 0xE000)
_QUARTER = 90
_BOX_PER_SIZE = 3.0
_SAME_BASELINE = 0.35
_SAME_HEIGHT = 0.1
_WORD_GAP = 0.2
_RUN_GAP = 1.5
_OVERLAP = 1.2  # the letters of a ligature share one place


@dataclass(frozen=True, slots=True)
class Run:
    """Characters side by side, in points from the lower left corner of the upright page.

    Attributes:
        text: The characters, with spaces between words.
        left: Where the first begins.
        right: Where the last ends.
        baseline: The height they stand at.
        size: The size of the font as it is seen.
        letters: How many letters and digits there are.
        bold_letters: How many of these are bold.
        spaced: Whether a space came before.
    """

    text: str
    left: float
    right: float
    baseline: float
    size: float
    letters: int
    bold_letters: int
    spaced: bool = False


def page_runs(text_page: PdfTextPage, count: int) -> list[Run]:
    """Return the runs of a page in the order of its content, gaps of words closed.

    Only text of the page's main direction is returned: a stamp along the edge is left out.

    Args:
        text_page: An open text page.
        count: How many characters it has.
    """
    turned = list(_styled_runs(text_page, count))
    letters: Counter[int] = Counter()
    for quarter, run in turned:
        letters[quarter] += run.letters
    main = max(letters, key=lambda quarter: (letters[quarter], -quarter), default=0)
    return _joined([run for quarter, run in turned if quarter == main])


def same_row(first: Run, second: Run) -> bool:
    """Tell whether two runs stand at one height; a superscript does."""
    return abs(first.baseline - second.baseline) <= _SAME_BASELINE * max(first.size, second.size)


def merged(runs: Sequence[Run], text: str) -> Run:
    """Return one run in the place of several on one row, with the size that most of their letters have."""
    sizes: Counter[float] = Counter()
    for run in runs:
        sizes[run.size] += run.letters
    size = max(sizes, key=lambda size: (sizes[size], size))
    return Run(
        text=text,
        left=min(run.left for run in runs),
        right=max(run.right for run in runs),
        baseline=next(run.baseline for run in runs if run.size == size),
        size=size,
        letters=sum(run.letters for run in runs),
        bold_letters=sum(run.bold_letters for run in runs),
        spaced=runs[0].spaced,
    )


@dataclass(frozen=True, slots=True)
class _Style:
    size: float
    bold: bool
    quarter: int


@dataclass(slots=True)
class _Pen:
    """A run that is being written, and the place of its last character."""

    style: _Style
    left: float
    right: float
    baseline: float
    spaced: bool
    characters: list[str]
    last: int

    def run(self) -> tuple[int, Run]:
        text = clean("".join(self.characters))
        letters = sum(map(str.isalnum, text))
        bold = letters if self.style.bold else 0
        return self.style.quarter, Run(
            text, self.left, self.right, self.baseline, self.style.size, letters, bold, self.spaced
        )


def clean(text: str) -> str:
    """Return text with ligatures as letters, bullets of symbol fonts as ``•``, unseen characters left out."""
    text = text.translate(_LIGATURES).translate(_UNSEEN)
    text = "".join("•" if character in _BULLETS else character for character in text)
    return unicodedata.normalize("NFC", "".join(c for c in text if c == " " or (c.isprintable() and not c.isspace())))


def _styled_runs(text_page: PdfTextPage, count: int) -> Iterator[tuple[int, Run]]:
    """Yield runs of one style and one row, each with the quarter turn it is written at.

    Only the first and the last character of a word are measured: PDFium puts a space into every gap.
    """
    glyphs = _Glyphs(text_page)
    pen: _Pen | None = None
    owner, spaced = b"", False
    for index in range(count):
        character = glyphs.character(index)
        if character.isspace() or not character:
            spaced = spaced or bool(character)
            continue
        before, owner = owner, glyphs.owner(index)
        if pen and owner == before and not spaced:
            pen.characters.append(character)
            pen.last = index
            continue
        style = pen.style if pen and owner == before else glyphs.style(index)
        left, right, baseline = glyphs.place(index, style.quarter)
        if pen:
            pen.right = max(pen.right, glyphs.place(pen.last, pen.style.quarter)[1])
        if not math.isfinite(left + right + baseline + style.size):
            continue
        if pen and pen.style == style and _follows(pen, left, baseline):
            pen.characters += [" ", character] if spaced or left - pen.right > _WORD_GAP * style.size else [character]
            pen.right, pen.last = max(pen.right, right), index
        else:
            if pen:
                yield pen.run()
            pen = _Pen(style, left, right, baseline, spaced, [character], index)
        spaced = False
    if pen:
        pen.right = max(pen.right, glyphs.place(pen.last, pen.style.quarter)[1])
        yield pen.run()


class _Glyphs:
    """The characters of a text page, by PDFium's functions in C."""

    def __init__(self, text_page: PdfTextPage) -> None:
        import pypdfium2.raw

        self._pdfium: Any = pypdfium2.raw
        self._handle: Any = text_page.raw  # the wrapper would look it up once a call
        self._box, self._matrix = self._pdfium.FS_RECTF(), self._pdfium.FS_MATRIX()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._name = ctypes.create_string_buffer(_NAME_BYTES)

    def character(self, index: int) -> str:
        """Return a character; half of a pair, which has no place of its own, is empty."""
        code = self._pdfium.FPDFText_GetUnicode(self._handle, index)
        character = chr(code) if 0 < code <= sys.maxunicode and code not in _SURROGATES else ""
        return "-" if character in _LINE_HYPHENS else character

    def owner(self, index: int) -> bytes:
        """Return the address of the text object that a character stands in."""
        return bytes(self._pdfium.FPDFText_GetTextObject(self._handle, index))

    def place(self, index: int, quarter: int) -> tuple[float, float, float]:
        """Return left, right and baseline of a character on the page turned so that it reads upright."""
        box = self._box
        if not self._pdfium.FPDFText_GetLooseCharBox(self._handle, index, box):
            return math.nan, math.nan, math.nan
        self._pdfium.FPDFText_GetCharOrigin(self._handle, index, self._x, self._y)
        match quarter:
            case 0:
                return box.left, box.right, self._y.value
            case 1:
                return box.bottom, box.top, -self._x.value
            case 2:
                return -box.right, -box.left, -self._y.value
            case _:
                return -box.top, -box.bottom, self._x.value

    def style(self, index: int) -> _Style:
        """Return how a character is set.

        The height of its box stands in for a size that does not fit it, as those of Type 3 fonts.
        """
        pdfium, handle, box, matrix = self._pdfium, self._handle, self._box, self._matrix
        known = pdfium.FPDFText_GetMatrix(handle, index, matrix)
        a, b, c, d = (matrix.a, matrix.b, matrix.c, matrix.d) if known else (1.0, 0.0, 0.0, 1.0)
        quarter = round(math.degrees(math.atan2(b, a)) / _QUARTER) % 4 if math.isfinite(a + b) else 0
        size = abs(pdfium.FPDFText_GetFontSize(handle, index)) * math.hypot(c, d)
        pdfium.FPDFText_GetLooseCharBox(handle, index, box)
        height = box.right - box.left if quarter % 2 else box.top - box.bottom
        if not height / _BOX_PER_SIZE <= size <= height * _BOX_PER_SIZE:
            size = height
        self._name.value = b""
        pdfium.FPDFText_GetFontInfo(handle, index, self._name, _NAME_BYTES, ctypes.c_int())
        bold = bool(_BOLD.search(self._name.value.decode("utf-8", "replace")))
        bold = bold or pdfium.FPDFText_GetFontWeight(handle, index) >= _BOLD_WEIGHT
        return _Style(round(size, 1), bold, quarter)


def _follows(pen: _Pen, left: float, baseline: float) -> bool:
    size = pen.style.size
    return (
        abs(baseline - pen.baseline) <= _SAME_HEIGHT * size and -_OVERLAP * size <= left - pen.right <= _RUN_GAP * size
    )


def _joined(runs: Sequence[Run]) -> list[Run]:
    """Return the runs with those that continue one another (a bold word in a sentence) made one."""
    groups: list[list[Run]] = []
    right = 0.0
    for run in runs:
        if groups and same_row(groups[-1][-1], run) and -_OVERLAP * run.size <= run.left - right <= _RUN_GAP * run.size:
            groups[-1].append(run)
        else:
            groups.append([run])
            right = run.right
        right = max(right, run.right)
    return [merged(group, _spelled(group)) for group in groups]


def _spelled(runs: Sequence[Run]) -> str:
    text = runs[0].text
    for before, run in pairwise(runs):
        space = run.spaced or run.left - before.right > _WORD_GAP * min(before.size, run.size)
        text += f" {run.text}" if space else run.text
    return text
