"""Two questions in the same words: equal but for case and punctuation, or but for the order as well."""

from __future__ import annotations

import unicodedata

from embedtune.wording.stems import content_stem
from embedtune.wording.word_sets import WORD

# Function words to `content_stem`, but "where is the fuse?" and "what is the fuse?" do not ask the same.
_QUESTION_WORDS = frozenset("what which who whom whose when where why how".split())
_SPOKEN = frozenset("LNM")


def folded(text: str) -> str:
    """Return a text case folded and in Unicode's compatible normal form: full-width letters become plain ones."""
    # Folding may leave forms that are not normal; the second pass makes the result one that both agree on.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def spoken_text(text: str) -> str:
    """Return the letters, digits and marks of a text, case folded: what no punctuation or spacing changes."""
    return "".join(character for character in folded(text) if unicodedata.category(character)[0] in _SPOKEN)


def asked_words(text: str) -> frozenset[frozenset[str]]:
    """Return the sets of words that a question may be read as; questions that share one are in the same words.

    A set holds the content words by their stems, and the question words: order, function words and endings do
    not count. Punctuation within words parts them in one reading and is left out in the other, so that 10W-30
    is both "10W 30" and "10W30", and "doesn't" also "doesnt". A text without a content word has no reading: its
    question words alone say nothing.
    """
    plain = folded(text)
    parted = WORD.findall(plain.replace("\u2019", "'"))
    joined = [spoken_text(word) for word in plain.split()]
    return frozenset(filter(None, (_asked(parted), _asked(joined))))


def _asked(words: list[str]) -> frozenset[str]:
    content = {stem for stem in map(content_stem, words) if stem}
    asked = {word.split("'", 1)[0] for word in words} & _QUESTION_WORDS
    # No stem holds a blank, so a question word is never taken for a content word.
    return frozenset(content | {f"{word} " for word in asked}) if content else frozenset()
