"""Cut text into the tokens BM25 counts: words, numbers and part numbers.

Manuals are asked about by part number, thread size and fault code, and the asker rarely writes them
as the manual does. So an identifier counts as a whole (``10w-30``), by its parts (``10w``, ``30``)
and joined (``10w30``): whichever form the question uses, one of them meets the document.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from embedtune.wording.stems import word_stem

# Hyphens, the minus sign and the en dash of ranges are one character to a reader; the em dash is punctuation.
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-") | {"\u2044": "/", "\u00ad": None})
# Compatibility normalisation would glue "3½" into "31/2".
_VULGAR_FRACTION = re.compile(r"(?<=\d)(?=[\u00bc-\u00be\u2150-\u215e])")
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_COMPOUND = re.compile(r"[^\W_]+(?:(?:[-/_]|(?<=\d)\.(?=\d))[^\W_]+)*")
_SEPARATORS = re.compile(r"[-/_]")
_WITH_UNIT = re.compile(r"(\d+(?:\.\d+)?)([^\W\d_]{1,3})")
_LEAST_LENGTH = 4  # of fewer characters ("4k", "m8") too many are near each other by chance
_LEAST_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Identifier:
    """A part number, thread size or fault code, as a reader would recognise it.

    Attributes:
        whole: As written, in lower case: ``tm-9-803``.
        joined: Without separators: ``tm9803``.
    """

    whole: str
    joined: str


def tokens(text: str, *, stemming: bool = False) -> list[str]:
    """Return the tokens of a text, in order; questions and documents are cut alike.

    Lower-cased words and numbers of any length, nothing stopped. Words joined by ``-``, ``/`` or ``_`` give their
    parts and the joined form; those with a digit (identifiers, thread sizes) give the whole as well. A number
    with its unit (``12.5V``) gives both as well. A decimal point stays inside its number; a comma between
    thousands is dropped.

    Args:
        text: Any text.
        stemming: Give words of letters alone without plural and tense.

    Examples:
        >>> tokens("SAE 10W-30, 12.5 mm")
        ['sae', '10w-30', '10w', '30', '10w30', '12.5', 'mm']
    """
    found = [token for compound in compounds(text) for token in _forms(compound)]
    return [word_stem(token) for token in found] if stemming else found


def identifiers(text: str) -> list[Identifier]:
    """Return the part numbers and the like in a text, in order.

    They mix digits with letters or separators, and have at least four characters, two of them digits.
    """
    return [found for compound in compounds(text) if (found := identifier(compound))]


def identifier(compound: str) -> Identifier | None:
    """Return a lower-case word as an identifier, ``None`` if it is none; a plain number is none."""
    joined = _SEPARATORS.sub("", compound)
    digits = sum(character.isdigit() for character in joined)
    plain = compound.replace(".", "").isdigit()
    if plain or digits < _LEAST_DIGITS or len(joined) < _LEAST_LENGTH or _WITH_UNIT.fullmatch(compound):
        return None
    return Identifier(compound, joined)


def compounds(text: str) -> list[str]:
    """Return the words of a text in lower case, with what joins them inside."""
    spaced = _VULGAR_FRACTION.sub(" ", text)
    plain = unicodedata.normalize("NFKC", spaced).translate(_DASHES).lower()
    plain = _THOUSANDS.sub(lambda number: number.group().replace(",", ""), plain)
    return _COMPOUND.findall(plain)


def _forms(compound: str) -> list[str]:
    parts = _SEPARATORS.split(compound)
    if len(parts) == 1:
        measure = _WITH_UNIT.fullmatch(compound)
        return [compound, *measure.groups()] if measure else parts
    joined = "".join(parts)
    if any(character.isdigit() for character in compound):
        return [compound, *parts, joined]
    return [*parts, joined]
