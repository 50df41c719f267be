"""Join a question with the passage that answers it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from embedtune.corpus.passages import cut_passages, heading_text, window_around
from embedtune.vocabulary.pairs import GeneratedQuery, Provenance, TrainingPair

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedtune.pairs.split import CorpusSplit
    from embedtune.vocabulary.corpus import Section
    from embedtune.vocabulary.retrieval import PassageSettings


def join_positives(
    questions: Sequence[GeneratedQuery],
    sections: Mapping[str, Section],
    split: CorpusSplit,
    passages: PassageSettings,
    *,
    heading_share: float,
    seed: int,
) -> tuple[TrainingPair, ...]:
    """Return a pair without negatives for each question.

    The positive is the window around the words a question was cut from, or the section's first
    window where the heading asked. It carries its heading in only a share of the pairs: a model that
    always sees the heading learns to read nothing else.

    Args:
        questions: The questions.
        sections: Section id to section.
        split: Clusters and parts of the sections.
        passages: How windows are cut.
        heading_share: Share of positives with the heading in front.
        seed: Seed of that choice.
    """
    return tuple(
        _pair(question, sections[question.section_id], split, passages, heading_share, seed) for question in questions
    )


def _pair(
    question: GeneratedQuery,
    section: Section,
    split: CorpusSplit,
    passages: PassageSettings,
    heading_share: float,
    seed: int,
) -> TrainingPair:
    if question.answer_word is None:
        body = cut_passages([section], passages)[0].body
    else:
        body = window_around(section, question.answer_word, passages)
    choice = random.Random(f"{seed}:{question.query.id}:heading").random()  # noqa: S311 - not for secrets
    head = heading_text(section)
    positive = f"{head}\n{body}" if head and choice < heading_share else body
    provenance = Provenance(section.id, section.heading, split.cluster_of[section.id], question.split)
    return TrainingPair(question.query, positive, (), provenance)
