"""The same question in other words: synonyms, and another language around the technical terms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from random import Random

from embedtune.evaluation.robustness.cases import replaced
from embedtune.evaluation.robustness.lexicons import LANGUAGES, SYNONYMS, TRANSLATIONS

_MOST_SYNONYMS = 2
_FEWEST_TRANSLATED = 2
_TERM = 4


def _whole_words(phrases: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern of phrases as whole words, the longest first; a hyphen joins two words into another one."""
    longest_first = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])", re.IGNORECASE)


_INSTEAD = {word.lower(): others for word, others in SYNONYMS.items()}
_KNOWN = _whole_words(_INSTEAD)
_FOREIGN = {language: _whole_words(TRANSLATIONS[language]) for language in LANGUAGES}


def synonyms(text: str, rng: Random) -> str | None:
    """Put words of like meaning in the place of one or two."""
    known = list(_KNOWN.finditer(text))
    if not known:
        return None
    for match in sorted(rng.sample(known, min(_MOST_SYNONYMS, len(known))), key=re.Match.start, reverse=True):
        word = match.group()
        text = replaced(text, match, _cased_like(word, rng.choice(_INSTEAD[word.lower()])))
    return text


def languages(text: str, rng: Random) -> str | None:
    """Ask in German, French or Spanish, word by word, with the terms that the lexicon lacks left in English.

    Of the question at least two entries must be known, and a word of four letters must stay: without a term in
    common the case would test a translation, which most models do not promise.
    """
    language = rng.choice(LANGUAGES)
    pattern, lexicon = _FOREIGN[language], TRANSLATIONS[language]
    changed, count = pattern.subn(lambda match: _cased_like(match.group(), lexicon[match.group().lower()]), text)
    left = pattern.sub(" ", text)
    stays = any(len(word) >= _TERM for word in re.findall(r"\w+", left))
    return changed if count >= _FEWEST_TRANSLATED and stays else None


def _cased_like(word: str, other: str) -> str:
    return other[:1].upper() + other[1:] if word[:1].isupper() else other
