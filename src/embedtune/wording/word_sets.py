"""The content words of very many texts as one array of numbers."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from array import array
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np

from embedtune.memo import ENOUGH, Memo
from embedtune.wording.stems import content_stem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

# Letters and digits part company, so that E42, E-42 and "E 42" are the same words.
WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*|\d+")
"""A run of letters, with apostrophes within, or of digits."""
_TEXTS = 1 << 15


@dataclass(frozen=True, slots=True)
class WordSets:
    """The distinct content words of each text.

    Attributes:
        words: Numbers of words, ascending within a text; shape (total,), int32.
        starts: Where each text begins, and the end of the last; shape (texts + 1,), int64.
        lengths: Words of each text as white space parts them; shape (texts,), int64.
        tokens: Letter and digit runs of each text, function words too; shape (texts,), int64.
    """

    words: NDArray[np.int32]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    tokens: NDArray[np.int64]

    def __len__(self) -> int:
        """Return how many texts there are."""
        return len(self.lengths)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many distinct content words each text has; shape (texts,)."""
        return np.diff(self.starts)

    @property
    def owners(self) -> NDArray[np.int64]:
        """The text that each word is of; shape (total,)."""
        return np.repeat(np.arange(len(self)), self.sizes)

    def only(self, kept: NDArray[np.bool_] | NDArray[np.int64]) -> WordSets:
        """Return the sets of some texts, given as a mask or as positions."""
        chosen = np.flatnonzero(kept) if kept.dtype == np.bool_ else np.asarray(kept, dtype=np.int64)
        places, _ = self.places(chosen)
        starts = np.concatenate([[0], self.sizes[chosen].cumsum()])
        return WordSets(self.words[places], starts, self.lengths[chosen], self.tokens[chosen])

    def places(self, texts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where the words of some texts stand in ``words``, and for each the place of its text in ``texts``."""
        sizes = self.sizes[texts]
        pair = np.repeat(np.arange(len(texts)), sizes)
        offset = np.arange(len(pair)) - np.repeat(sizes.cumsum() - sizes, sizes)
        return self.starts[texts][pair] + offset, pair

    def totals(self, values: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Return the sum, modulo 2^64, of a value of each word over the words of each text."""
        sums = np.concatenate([np.zeros(1, np.uint64), values[self.words].cumsum(dtype=np.uint64)])
        return np.diff(sums[self.starts])


class Vocabulary:
    """Numbers content words; texts whose sets are compared are read by the same vocabulary.

    Args:
        remembered: How many words, as written, are kept with their numbers.
    """

    def __init__(self, remembered: int = ENOUGH) -> None:
        self._numbers: dict[str, int] = {}
        self._known = Memo(self._stems, remembered)

    def __len__(self) -> int:
        """Return how many words have a number."""
        return len(self._numbers)

    @property
    def stems(self) -> tuple[str, ...]:
        """The words by number."""
        return tuple(self._numbers)

    @property
    def hashes(self) -> NDArray[np.uint64]:
        """A 64-bit hash of each word, by number; the same in every process."""
        digests = (hashlib.blake2b(_bytes(stem), digest_size=8).digest() for stem in self._numbers)
        return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)

    def read(self, texts: Iterable[str]) -> WordSets:
        """Return the content words of texts; a word that was met before is not looked at again."""
        remaining = iter(texts)
        parts = [self._read([])]
        while part := list(islice(remaining, _TEXTS)):
            parts.append(self._read(part))
        sizes = np.concatenate([part.sizes for part in parts])
        return WordSets(
            np.concatenate([part.words for part in parts]),
            np.concatenate([np.zeros(1, dtype=np.int64), sizes.cumsum()]),
            np.concatenate([part.lengths for part in parts]),
            np.concatenate([part.tokens for part in parts]),
        )

    def _read(self, texts: Sequence[str]) -> WordSets:
        found: array[int] = array("i")
        ends: array[int] = array("q", [0])
        lengths: array[int] = array("q")
        for text in texts:
            words = text.split()
            found.extend(chain.from_iterable(map(self._known.__getitem__, words)))
            ends.append(len(found))
            lengths.append(len(words))
        return _distinct(np.array(found, np.int32), np.array(ends, np.int64), np.array(lengths, np.int64))

    def _stems(self, word: str) -> tuple[int, ...]:
        """Return the numbers of the stems in a white-space word; -1 for a function word."""
        stems = map(content_stem, WORD.findall(unicodedata.normalize("NFKC", word).lower()))
        return tuple(self._numbers.setdefault(stem, len(self._numbers)) if stem else -1 for stem in stems)


def _distinct(words: NDArray[np.int32], ends: NDArray[np.int64], lengths: NDArray[np.int64]) -> WordSets:
    tokens = np.diff(ends)
    keys = (np.repeat(np.arange(len(lengths)), tokens) << 32) | words
    keys = keys[words >= 0]
    keys.sort()
    keys = keys[np.concatenate([np.ones(min(len(keys), 1), np.bool_), keys[1:] != keys[:-1]])]
    starts = np.searchsorted(keys, np.arange(len(lengths) + 1) << 32)
    return WordSets((keys & 0xFFFFFFFF).astype(np.int32), starts, lengths, tokens)


def _bytes(word: str) -> bytes:
    return word.encode("utf-8", "surrogatepass")
