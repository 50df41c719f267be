"""Questions cut from the body of a section: the cheapest ones that teach a corpus's own words.

A stretch of a sentence behind the opening of a question ("How do I" + 4 to 9 words) is no good
question for a person, and yet the pairs move a model towards the vocabulary of the corpus (the idea
of the inverse cloze task, Lee et al. 2019, made easier to match by keeping the stretch in the
passage).
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from embedtune.vocabulary.corpus import Section

_OPENINGS = ("How do I", "How to", "What is", "Where is", "Can I", "Why", "When", "")
_WEIGHTS = (6, 3, 2, 1, 2, 1, 1, 3)
_SENTENCE_END = re.compile(r"[.!?:;]['\")\]]?$")
_LAST = frozenset(".!?:;'\")]")
_MARKER = re.compile(r"^(?:[-*•▪|]+|\(?[0-9A-Za-z]{1,2}[.)])$")
_MIN_WORDS = 4
_MAX_WORDS = 9
_EDGE_WORDS = re.compile(
    r"a|an|and|are|as|at|be|been|but|by|can|do|for|from|has|have|if|in|into|is|it|its|may|must|of|on|or|shall|should|"
    r"so|than|that|the|their|then|these|this|those|to|was|were|when|where|which|while|will|with|you|your"
)


@dataclass(frozen=True, slots=True)
class ExtractiveWriter:
    """Writes about one question for every ``words_per_question`` words of a section's body."""

    words_per_question: int = 24

    def write(self, section: Section, seed: int) -> Iterable[tuple[str, int | None]]:
        """Yield questions with the index of the body word at the middle of the stretch each one quotes.

        A stretch stays within a sentence and within a line: rows and list items seldom end with a stop.
        Where no line holds a stretch, the sentences of the whole text do.
        """
        words = section.text.split()
        choices = random.Random(f"{seed}:{section.id}:extractive")  # noqa: S311 - not for secrets
        sentences = _long_enough(_spans_in_lines(section.text)) or _long_enough(sentence_spans(words))
        if not sentences:
            return
        wanted = max(1, round(len(words) / self.words_per_question))
        for start, end in _chosen(sentences, wanted, choices):
            length = choices.randint(_MIN_WORDS, min(_MAX_WORDS, end - start))
            begin = choices.randint(start, end - length)
            stretch = _trimmed(words[begin : begin + length])
            if len(stretch) < _MIN_WORDS - 1:
                continue
            opening = choices.choices(_OPENINGS, _WEIGHTS)[0]
            yield _question(opening, stretch), begin + length // 2


def sentence_spans(words: Sequence[str]) -> list[tuple[int, int]]:
    """Return (start, end) of the sentences in a list of words, without list markers at their head."""
    spans: list[tuple[int, int]] = []
    start = 0
    for position, word in enumerate(words):
        if position == start and not word.isalpha() and _MARKER.match(word):
            start = position + 1
        elif (word[-1] in _LAST and _SENTENCE_END.search(word)) or position == len(words) - 1:
            spans.append((start, position + 1))
            start = position + 1
    return spans


def _spans_in_lines(text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    offset = 0
    for line in text.split("\n"):
        words = line.split()
        spans += [(offset + start, offset + end) for start, end in sentence_spans(words)]
        offset += len(words)
    return spans


def _long_enough(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(start, end) for start, end in spans if end - start >= _MIN_WORDS]


def _chosen(sentences: Sequence[tuple[int, int]], wanted: int, choices: random.Random) -> list[tuple[int, int]]:
    """Choose sentences in rounds, so that each is used once before any is used again."""
    chosen: list[tuple[int, int]] = []
    while len(chosen) < wanted:
        chosen += choices.sample(sentences, min(len(sentences), wanted - len(chosen)))
    return sorted(chosen)


def _trimmed(stretch: Sequence[str]) -> list[str]:
    """Drop words without a letter or digit, punctuation around words, and function words at the end."""
    words = [word.strip(",.;:!?()[]\"'|") for word in stretch]
    words = [word for word in words if any(map(str.isalnum, word))]
    while words and _EDGE_WORDS.fullmatch(words[-1].lower()):
        words.pop()
    return words


def _question(opening: str, stretch: Sequence[str]) -> str:
    first = stretch[0]
    begins_lower = first.lower() if first[1:].islower() or len(first) == 1 else first
    text = " ".join([begins_lower, *stretch[1:]])
    if not opening:
        return text
    return f"{opening} {text}?"
