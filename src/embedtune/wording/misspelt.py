"""Texts that are the same but for a slip of the keyboard in one word."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from embedtune.wording.same_words import folded
from embedtune.wording.typos import one_slip_apart
from embedtune.wording.word_sets import WORD

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

_FEWEST_WORDS = 3
Words = tuple[str, ...]


def misspelt_pairs(left: Sequence[str], right: Sequence[str], written: Callable[[], Iterable[str]]) -> dict[int, int]:
    """Return the positions of the left texts that are a right one but for a typo, each with the first such.

    Both have the same words in the same order, three at least, but for one, and one of its two spellings stands
    nowhere else, neither in these texts nor in what else was written: where both are in use ("pump" and "sump")
    they are two words. Texts that share what is left without one word are looked at alone, so the time grows
    with the number of words, not of pairs.

    Args:
        left: Texts, kept in memory by their words.
        right: Texts.
        written: Other texts in which words are spelt right; asked for only if there is something to decide.
    """
    candidates = list(_one_word_apart([words_of(text) for text in left], right))
    doubtful = {word for _, _, spellings in candidates for word in spellings}
    if not doubtful:
        return {}
    once = _written_once(doubtful, {*left, *right}) - _found_in(doubtful, written())
    found: dict[int, int] = {}
    for one, other, spellings in candidates:
        if once.intersection(spellings):
            found.setdefault(one, other)
    return found


def words_of(text: str) -> Words:
    """Return the words of a text, case folded, in their order."""
    return tuple(WORD.findall(folded(text)))


def _one_word_apart(left: Sequence[Words], right: Sequence[str]) -> Iterator[tuple[int, int, tuple[str, str]]]:
    """Yield (left, right, the two spellings) of texts that differ in one word by one slip, by position on the right."""
    by_rest: dict[tuple[int, int], list[tuple[int, str]]] = defaultdict(list)
    for position, words in enumerate(left):
        for place, rest in _rests(words):
            by_rest[place, rest].append((position, words[place]))
    for position, text in enumerate(right):
        words = words_of(text)
        for place, rest in _rests(words):
            for other, word in by_rest.get((place, rest), ()):
                same_rest = left[other][:place] == words[:place] and left[other][place + 1 :] == words[place + 1 :]
                if same_rest and one_slip_apart(word, words[place]):
                    yield other, position, (word, words[place])


def _rests(words: Words) -> Iterator[tuple[int, int]]:
    """Yield each place of a word with the hash of the words around it."""
    if len(words) >= _FEWEST_WORDS:
        for place in range(len(words)):
            yield place, hash((words[:place], words[place + 1 :]))


def _written_once(words: Collection[str], texts: Iterable[str]) -> set[str]:
    count = Counter(word for text in texts for word in set(words_of(text)).intersection(words))
    return {word for word in words if count[word] <= 1}


def _found_in(words: Collection[str], texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in set(words_of(text)).intersection(words)}
