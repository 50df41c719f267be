"""Where the words of a question stand in a passage."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from embedtune.index.identifiers import tokens
from embedtune.memo import Memo
from embedtune.wording.stems import STOP_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_EDGES = re.compile(r"^[\W_]*|[\W_]*$")


class MatchedWords:
    """Finds words as BM25 finds them: in any spelling of a part number, and stemmed where it stems.

    Args:
        stemming: Whether plural and tense make no difference.
    """

    def __init__(self, *, stemming: bool = False) -> None:
        self._tokens: Memo[str, frozenset[str]] = Memo(lambda word: frozenset(tokens(word, stemming=stemming)))

    def wanted(self, question: str) -> frozenset[str]:
        """Return what to look for: the tokens of the words with a meaning; of all, where none has one."""
        words = question.split()
        found = self._all(words)
        return found - STOP_WORDS or found

    def spans(self, wanted: frozenset[str], passage: str) -> tuple[tuple[int, int], ...]:
        """Return (first character, one past the last) of each matching word, without punctuation around it."""
        matching = [word for word in set(passage.split()) if not wanted.isdisjoint(self._tokens[word])]
        return tuple(sorted(span for word in matching for span in _places(word, passage)))

    def held(self, wanted: frozenset[str], passage: str) -> int:
        """Return how many different wanted tokens a passage holds."""
        return len(wanted & self._all(passage.split()))

    def _all(self, words: Iterable[str]) -> frozenset[str]:
        return frozenset().union(*map(self._tokens.__getitem__, words))


def _places(word: str, passage: str) -> Iterator[tuple[int, int]]:
    """Yield where a word stands between spaces, without punctuation around it."""
    before, after = (edge.end() - edge.start() for edge in list(_EDGES.finditer(word))[:2])
    start = passage.find(word)
    while start >= 0:
        end = start + len(word)
        if (not start or passage[start - 1].isspace()) and (end == len(passage) or passage[end].isspace()):
            yield start + before, end - after
        start = passage.find(word, start + 1)
