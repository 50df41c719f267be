"""What a question's own words say of how hard it is: how long it is, and how much of its answer it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embedtune.wording.word_sets import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedtune.vocabulary.evaluation import Qrels
    from embedtune.vocabulary.pairs import Query

SHORT_WORDS = 6
MEDIUM_WORDS = 12
LOW_OVERLAP = 1 / 3
MEDIUM_OVERLAP = 2 / 3


def length_label(text: str) -> str:
    """Return ``short`` (up to 6 words), ``medium`` (up to 12) or ``long``; empty for a text without words."""
    words = len(text.split())
    if not words:
        return ""
    if words <= SHORT_WORDS:
        return "short"
    return "medium" if words <= MEDIUM_WORDS else "long"


def overlap_labels(queries: Sequence[Query], qrels: Qrels, text_of: Mapping[str, str]) -> dict[str, str]:
    """Say for each question how many of its words its answer shares: ``low``, ``medium`` or ``high``.

    Counted are distinct content words in one form each (see `wording.stems`); of several answers, the one that
    shares most counts. Up to a third is low, up to two thirds is medium. Words alone find the answers
    of high overlap; what a model understands shows at low overlap.

    Args:
        queries: The questions.
        qrels: The judgements.
        text_of: Section id to its text, heading included; sections that are absent say nothing.

    Returns:
        Query id to label; without questions that have no content word, or no answer with a text.
    """
    answers = {q.id: sorted(s for s in qrels.relevant(q.id) if s in text_of) for q in queries}
    sections = sorted({section for found in answers.values() for section in found})
    vocabulary = Vocabulary()
    section_sets = vocabulary.read(text_of[section] for section in sections)
    query_sets = vocabulary.read(query.text for query in queries)
    words_of = dict(zip(sections, np.split(section_sets.words, section_sets.starts[1:-1]), strict=False))
    labels: dict[str, str] = {}
    for query, words in zip(queries, np.split(query_sets.words, query_sets.starts[1:-1]), strict=False):
        if words.size and answers[query.id]:
            shares = [np.isin(words, words_of[section]).mean() for section in answers[query.id]]
            labels[query.id] = _overlap_label(float(max(shares)))
    return labels


def _overlap_label(share: float) -> str:
    if share <= LOW_OVERLAP:
        return "low"
    return "medium" if share <= MEDIUM_OVERLAP else "high"
