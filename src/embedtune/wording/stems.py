"""Content words in a form that plural, tense and a trailing apostrophe do not change."""

from __future__ import annotations

import re

# Words of direction and negation (off, up, out, before, not) are content: "turn on" is not "turn off".
STOP_WORDS = frozenset(
    "a an the this that these those there here it its they them their he she his her we us our you your yours i me my "
    "mine am is are was were be been being do does did doing done have has had having can could may might must shall "
    "should will would ought and or but if then than so as at by for from in into of on onto to with within about "
    "what which who whom whose when where why how while because please tell know need want help explain say let's "
    "i'm i've i'd i'll it's that's what's where's how's who's there's you're we're they're s d ll re ve m".split()
)
_NEGATION = re.compile(r"\w+n't|cannot")
_VOWEL = re.compile(r"[aeiouy]")
_DOUBLE = re.compile(r"([^aeioulszy])\1$")
_SHORTEST = 3


def content_stem(word: str) -> str:
    """Return the stem of a lower-case word, empty for a word without content of its own.

    The first step of Porter 1980, "An algorithm for suffix stripping" (plurals, -ed, -ing), and its
    final -e and -y; digits stay as they are.

    Args:
        word: Letters with apostrophes within, or digits.
    """
    plain = word.replace("\u2019", "'")
    if _NEGATION.fullmatch(plain):
        return "not"
    if plain in STOP_WORDS:
        return ""
    plain = plain.split("'", 1)[0] or plain
    return word_stem(plain)


def word_stem(word: str) -> str:
    """Return a lower-case word without plural and tense, whatever it means; short words and others stay.

    The same steps as `content_stem`, for letters of the English alphabet alone: numbers and part numbers
    are never changed.
    """
    if len(word) <= _SHORTEST or not word.isascii() or not word.isalpha():
        return word
    return _without_final(_without_tense(_singular(word)))


def _singular(word: str) -> str:
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith("ies"):
        return word[:-2] if len(word) > _SHORTEST + 1 else word[:-1]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _without_tense(word: str) -> str:
    if word.endswith("eed"):
        return word
    for suffix in ("ing", "ed"):
        base = word.removesuffix(suffix)
        if base != word and len(base) > 1 and _VOWEL.search(base):
            return _DOUBLE.sub(r"\1", base)
    return word


def _without_final(word: str) -> str:
    if len(word) > _SHORTEST and word.endswith("e"):
        return word[:-1]
    if len(word) > _SHORTEST and word.endswith("y") and not _VOWEL.match(word[-2]):
        return f"{word[:-1]}i"
    return word
