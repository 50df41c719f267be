"""What is known to answer a question, and what says the same as a known text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedtune.corpus.near_duplicates import Shingle, shingles
from embedtune.vocabulary.corpus import Passage

if TYPE_CHECKING:
    from embedtune.pairs.negatives.pool import PassagePool
    from embedtune.vocabulary.pairs import TrainingPair

_NEAR_EQUAL = 0.8
_HELD_OUT_SHARE = 0.5


@dataclass(slots=True)
class Answers:
    """What is known to answer a question.

    Attributes:
        clusters: Clusters of sections.
        texts: Passages.
    """

    clusters: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)

    def near(self, text: str) -> bool:
        """Tell whether a text says the same as a passage that answers.

        It does where four fifths of the word triples of the shorter one stand in the other: a copy with
        another heading, a window over the same lines, a template with one word changed.
        """
        words = shingles(text)
        return any(_overlap(words, shingles(answer)) >= _NEAR_EQUAL for answer in self.texts)


def known_answers(pairs: Iterable[TrainingPair], pool: PassagePool) -> dict[str, Answers]:
    """Return for each question, as `asked` writes it, all that some pair says answers it."""
    known: dict[str, Answers] = defaultdict(Answers)
    for pair in pairs:
        source = pair.provenance
        answers = known[asked(pair)]
        answers.texts.add(pair.positive)
        answers.clusters |= {source.cluster, pool.clusters.get(source.section_id, "")} - {""}
    return dict(known)


def asked(pair: TrainingPair) -> str:
    """Return a pair's question without regard to case and spaces."""
    return " ".join(pair.query.text.lower().split())


def without_held_out(passages: Iterable[Passage], held_out: Iterable[str]) -> tuple[Passage, ...]:
    """Return the passages less than half of whose word triples stand in a held-out text.

    Args:
        passages: Passages that may or may not come from held-out sections.
        held_out: Texts that must not be trained on, not even as negatives.
    """
    forbidden = {shingle for text in held_out for shingle in shingles(text)}
    if not forbidden:
        return tuple(passages)
    return tuple(
        passage
        for passage in passages
        if not (words := shingles(passage.body)) or len(words & forbidden) < _HELD_OUT_SHARE * len(words)
    )


def _overlap(left: frozenset[Shingle], right: frozenset[Shingle]) -> float:
    """Return the share of the smaller set that stands in the other (Szymkiewicz-Simpson)."""
    smaller = min(len(left), len(right))
    return len(left & right) / smaller if smaller else 0.0
