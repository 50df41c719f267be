"""Cut text into the tokens BM25 counts: words, numbers and part numbers.

Manuals are asked about by part number, thread size and fault code, and the asker rarely writes them
as the manual does. So an identifier counts as a whole (``10w-30``), by its parts (``10w``, ``30``)
and joined (``10w30``): whichever form the question uses, one of them meets the document.
"""

from __future__ import annotations

import re
import unicodedata

# Hyphens, the minus sign and the en dash of ranges are one character to a reader; the em dash is punctuation.
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-") | {"\u2044": "/", "\u00ad": None})
# Compatibility normalisation would glue "3½" into "31/2".
_VULGAR_FRACTION = re.compile(r"(?<=\d)(?=[\u00bc-\u00be\u2150-\u215e])")
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_COMPOUND = re.compile(r"[^\W_]+(?:(?:[-/_]|(?<=\d)\.(?=\d))[^\W_]+)*")
_SEPARATORS = re.compile(r"[-/_]")


def tokens(text: str) -> list[str]:
    """Return the tokens of a text, in order; questions and documents are cut alike.

    Lower-cased words and numbers of any length, nothing stopped, nothing stemmed. Words joined by
    ``-``, ``/`` or ``_`` give their parts and the joined form; those with a digit (identifiers, thread
    sizes) give the whole as well. A decimal point stays inside its number; a comma between thousands
    is dropped.

    Examples:
        >>> tokens("SAE 10W-30, 12.5 mm")
        ['sae', '10w-30', '10w', '30', '10w30', '12.5', 'mm']
    """
    spaced = _VULGAR_FRACTION.sub(" ", text)
    plain = unicodedata.normalize("NFKC", spaced).translate(_DASHES).lower()
    plain = _THOUSANDS.sub(lambda number: number.group().replace(",", ""), plain)
    return [token for match in _COMPOUND.finditer(plain) for token in _forms(match.group())]


def _forms(compound: str) -> list[str]:
    parts = _SEPARATORS.split(compound)
    if len(parts) == 1:
        return parts
    joined = "".join(parts)
    if any(character.isdigit() for character in compound):
        return [compound, *parts, joined]
    return [*parts, joined]
