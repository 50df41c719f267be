"""The same question as fingers, keyboards and copied documents spell it."""

from __future__ import annotations

import re
from random import Random

from embedtune.evaluation.robustness.cases import first_change, replaced

_TYPED_WORD = re.compile(r"(?<![\w-])[^\W\d_]{5,}(?![\w-])")
_PUNCTUATION = re.compile(r"(?<=\w)(?=[?!.,;:](?:\s|$))")
_SECOND_TYPO = 8  # words of a question from which on two slips are as likely as one in a short question
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BESIDE = {
    key: row[max(0, place - 1) : place] + row[place + 1 : place + 2] for row in _ROWS for place, key in enumerate(row)
}
# Letters of other scripts that most fonts draw alike (Unicode's confusables.txt, the common ones).
_CYRILLIC = str.maketrans("aceopxyiABCEHKMOPTX", "асеорхуіАВСЕНКМОРТХ")  # noqa: RUF001 - that is the point
_LIGATURES = (("ffi", "\ufb03"), ("fi", "\ufb01"), ("fl", "\ufb02"), ("ff", "\ufb00"))
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def typos(text: str, rng: Random) -> str | None:
    """Slip on the keyboard in one word of five letters or more, in a long question in two.

    The four slips of Damerau (1964): a letter left out, doubled, swapped with the next, or its neighbour hit.
    The first letter and words with digits stay, since people and part numbers seldom lose those.
    """
    words = list(_TYPED_WORD.finditer(text))
    if not words:
        return None
    wanted = 2 if len(text.split()) >= _SECOND_TYPO else 1
    for match in sorted(rng.sample(words, min(wanted, len(words))), key=re.Match.start, reverse=True):
        text = replaced(text, match, _mistyped(match.group(), rng))
    return text


def _mistyped(word: str, rng: Random) -> str:
    place = rng.randrange(1, len(word) - 1)
    before, letter, after = word[:place], word[place], word[place + 1 :]
    slips = [before + after, before + letter + letter + after]
    if letter != after[0]:
        slips.append(before + after[0] + letter + after[1:])
    slips += [before + key + after for key in _BESIDE.get(letter.lower(), "")]
    return rng.choice(slips)


def casing(text: str, rng: Random) -> str | None:
    """Write it all in capitals, all small, with a capital for every word, or in alternating letters."""
    return first_change(text, (_upper, _lower, _title, _alternating), rng)


def _upper(text: str, _: Random) -> str:
    return text.upper()


def _lower(text: str, _: Random) -> str:
    return text.lower()


def _title(text: str, _: Random) -> str:
    return " ".join(word[:1].upper() + word[1:].lower() for word in text.split(" "))


def _alternating(text: str, _: Random) -> str:
    return "".join(letter.upper() if place % 2 else letter.lower() for place, letter in enumerate(text))


def spacing(text: str, rng: Random) -> str | None:
    """Space it as pasted text is: double blanks, tabs, line ends, no-break and zero-width spaces, two words in one."""
    return first_change(text, (_blanks, _line_ends, _zero_width, _joined, _apart_from_punctuation), rng)


def _blanks(text: str, rng: Random) -> str:
    return text.replace(" ", rng.choice(("  ", "\t", "\u00a0", "\u2009", " \u00a0 ")))


def _line_ends(text: str, rng: Random) -> str:
    spaces = [place for place, letter in enumerate(text) if letter == " "]
    if not spaces:
        return f"\n  {text}\n"
    place = rng.choice(spaces)
    return f"\n{text[:place]}\r\n{text[place + 1 :]}  \n"


def _zero_width(text: str, rng: Random) -> str:
    return text.replace(" ", rng.choice((" \u200b", "\u200b ", " \ufeff")))


def _joined(text: str, rng: Random) -> str:
    pairs = list(re.finditer(r"(?<=[^\W\d_]{3}) (?=[^\W\d_]{3})", text))
    return replaced(text, rng.choice(pairs), "") if pairs else text


def _apart_from_punctuation(text: str, _: Random) -> str:
    return _PUNCTUATION.sub(" ", text)


def look_alikes(text: str, rng: Random) -> str | None:
    """Write letters as other characters that look the same: Cyrillic, full-width, ligatures, soft hyphens."""
    return first_change(text, (_cyrillic, _full_width, _ligatures, _soft_hyphen), rng)


def _cyrillic(text: str, rng: Random) -> str:
    words = [match for match in _TYPED_WORD.finditer(text) if match.group().translate(_CYRILLIC) != match.group()]
    if not words:
        return text
    match = rng.choice(words)
    return replaced(text, match, match.group().translate(_CYRILLIC))


def _full_width(text: str, _: Random) -> str:
    return text.translate(_FULL_WIDTH)


def _ligatures(text: str, _: Random) -> str:
    for letters, ligature in _LIGATURES:
        text = text.replace(letters, ligature)
    return text


def _soft_hyphen(text: str, rng: Random) -> str:
    words = list(_TYPED_WORD.finditer(text))
    if not words:
        return text
    match = rng.choice(words)
    place = len(match.group()) // 2
    return replaced(text, match, f"{match.group()[:place]}\u00ad{match.group()[place:]}")
