"""How telling the words of a corpus are: what a question about one section may be made of."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from embedtune.memo import Memo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from embedtune.vocabulary.corpus import Section

AROUND = ".,;:!?()[]{}<>\"'`|*_#\u201c\u201d\u2018\u2019"
# Function words, and the words that a text on anything uses: alone they ask for nothing.
_COMMON = frozenset(
    "a about above across after again against all almost along already also although always am among an and "
    "another any anything are around as at away back be because been before behind being below between both but "
    "by can cannot could did do does doing done down due during each either else enough etc even ever every "
    "example few for from further get gets getting give given gives go goes going got had has have having he "
    "hence her here hers him his how however i if in instead into is it its itself just keep kept let like likely "
    "lot lots made make makes making many may maybe me might mine more most much must my near need needed needs "
    "neither never no none nor not nothing now of off often on once one ones only onto or other others otherwise "
    "our out over own per perhaps please possible put quite rather really respectively said same say see seem "
    "seems seen several shall she should shown since so some something sometimes soon still such sure take taken "
    "takes than that the their them then there these they thing things think this those though through thus to "
    "together too toward two under unless until up upon us use used uses using usually various very via want "
    "wants was way ways we well went were what whatever when where whether which while who whole whom whose why "
    "will with within without would yes yet you your yours".split()
)


@dataclass(frozen=True, slots=True)
class CorpusTerms:
    """Inverse document frequencies of the words of a corpus.

    Attributes:
        weights: Lower-case word to ``ln((n + 1) / (df + 0.5))`` over ``n`` sections; 0 for common words.
        rare: The weight of a word that no section holds.
    """

    weights: Mapping[str, float]
    rare: float
    _known: Memo[str, float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Remember the weights of words as they are written."""
        object.__setattr__(self, "_known", Memo(self._weight))

    def weight(self, word: str) -> float:
        """Return how telling a word is, as it stands in a text; 0 for a word without content."""
        return self._known[word]

    def weights_of(self, words: Iterable[str]) -> list[float]:
        """Return the weight of each word."""
        return list(map(self._known.__getitem__, words))

    def _weight(self, word: str) -> float:
        return self.weights.get(plain_word(word), self.rare) if is_content_word(word) else 0.0


def corpus_terms(sections: Iterable[Section]) -> CorpusTerms:
    """Count in how many sections each word stands (Spärck Jones 1972, inverse document frequency).

    Args:
        sections: All sections; headings count as text.
    """
    counts: Counter[str] = Counter()
    total = 0
    for section in sections:
        counts.update({word.strip(AROUND) for word in section.full_text.lower().split()})
        total += 1
    weights = {word: max(0.0, math.log((total + 1) / (count + 0.5))) for word, count in counts.items()}
    return CorpusTerms(weights, math.log((total + 1) / 0.5))


@lru_cache(1 << 17)
def plain_word(word: str) -> str:
    """Return a word in lower case without the punctuation around it."""
    return word.strip(AROUND).lower()


@lru_cache(1 << 17)
def is_content_word(word: str) -> bool:
    """Tell whether a word, as it stands in a text, says something by itself: a letter or digit, and not common."""
    plain = plain_word(word)
    contracted = "'" in plain or "\u2019" in plain
    return plain not in _COMMON and not contracted and any(map(str.isalnum, plain))
