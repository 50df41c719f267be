"""Questions of a few telling words, as people type them into a search box."""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.memo import Memo
from embedtune.pairs.terms import AROUND, CorpusTerms, is_content_word, plain_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from embedtune.vocabulary.corpus import Section

_ENDS_PHRASE = re.compile(r"[.,;:!?)\]|]['\"\u2019\u201d]?$")
_OPENING = frozenset("([\"'\u2018\u201c")
# A content word (c) may be the first of its phrase (o), the last (e) or both (b); a phrase has four at most.
_RUN = re.compile(r"[be]|[co]c{0,2}[ce]?")
_NEIGHBOURHOOD = 40
_PHRASES = (1, 2, 2, 3)
_MIN_WORDS = 2


@dataclass(frozen=True, slots=True)
class KeyphraseWriter:
    """Writes one question for about every ``words_per_question`` words of a section's body.

    Each is made of one to three phrases that stand near each other, drawn by how telling their words
    are. Phrases are runs of content words, as in RAKE (Rose et al. 2010, "Automatic keyword extraction
    from individual documents").
    """

    terms: CorpusTerms
    words_per_question: int = 48

    def write(self, section: Section, seed: int) -> Iterable[tuple[str, int | None]]:
        """Yield questions, each with the index of the body word where its middle phrase begins."""
        words = section.text.split()
        phrases = content_phrases(words)
        if not phrases:
            return
        telling = self.terms.weights_of(words)
        weights = [(sum(telling[start:end]) / math.sqrt(end - start)) ** 2 for start, end in phrases]
        choices = random.Random(f"{seed}:{section.id}:keyphrase")  # noqa: S311 - not for secrets
        for _ in range(max(1, round(len(words) / self.words_per_question))):
            chosen = _drawn_near(phrases, weights, choices)
            text = [word for start, end in chosen for word in _bare(words[start:end])]
            if len(text) >= _MIN_WORDS:
                yield " ".join(text), chosen[len(chosen) // 2][0]


def content_phrases(words: Sequence[str]) -> list[tuple[int, int]]:
    """Return (start, end) of the runs of content words, of at most four words each."""
    return [run.span() for run in _RUN.finditer("".join(map(_MARKS.__getitem__, words)))]


def _mark(word: str) -> str:
    """Return what a word can be in a phrase: one letter (see `_RUN`)."""
    if not is_content_word(word):
        return " "
    opens, ends = word[0] in _OPENING, bool(_ENDS_PHRASE.search(word))
    return "b" if opens and ends else "o" if opens else "e" if ends else "c"


_MARKS = Memo(_mark)


def _drawn_near(
    phrases: Sequence[tuple[int, int]], weights: Sequence[float], choices: random.Random
) -> list[tuple[int, int]]:
    """Draw a phrase, and others of its neighbourhood, in the order of the text."""
    first = choices.choices(range(len(phrases)), [weight + 1e-9 for weight in weights])[0]
    place = phrases[first][0]
    near = [i for i, (start, _) in enumerate(phrases) if i != first and abs(start - place) <= _NEIGHBOURHOOD]
    chosen = [first]
    for _ in range(min(choices.choice(_PHRASES) - 1, len(near))):
        other = choices.choices(near, [weights[i] + 1e-9 for i in near])[0]
        near.remove(other)
        chosen.append(other)
    return [phrases[i] for i in sorted(chosen)]


def _bare(words: Sequence[str]) -> list[str]:
    """Return words without punctuation around them; a capital that only begins a sentence is lowered."""
    bare = [word.strip(AROUND) for word in words]
    return [plain_word(word) if word[1:].islower() else word for word in bare if word]
