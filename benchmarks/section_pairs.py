"""Pairs of generated questions and whole sections, several questions a section, for benchmarks of training."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from embedtune.config.settings import EmbedtuneConfig
from embedtune.corpus.folder import read_folder
from embedtune.pairs.extractive import ExtractiveWriter
from embedtune.pairs.templates import TemplateWriter
from embedtune.vocabulary.corpus import Section
from embedtune.vocabulary.pairs import Origin, Provenance, Query, TrainingPair

QUESTIONS = 5
MIN_WORDS = 30


def section_pairs(folder: Path, count: int | None = None) -> list[TrainingPair]:
    """Return pairs with the sections of a folder's documents, five questions a section, in a shuffled order.

    Args:
        folder: The documents.
        count: How many pairs; by default all that there are.
    """
    sections = [s for s in read_folder(folder, EmbedtuneConfig().corpus).sections if len(s.text.split()) >= MIN_WORDS]
    shuffled = [sections[number] for number in np.random.default_rng(42).permutation(len(sections))]
    pairs = list(_pairs(shuffled, len(sections) * QUESTIONS if count is None else count))
    if count is not None and len(pairs) < count:
        sys.exit(f"{folder} has sections for {len(pairs)} pairs only")
    return pairs


def _pairs(sections: Sequence[Section], most: int) -> Iterator[TrainingPair]:
    """Yield pairs of the sections that have enough different questions, so many at most."""
    made = 0
    for section in sections:
        asked = [
            text for writer in (TemplateWriter(QUESTIONS), ExtractiveWriter(8)) for text, _ in writer.write(section, 1)
        ]
        distinct = list(dict.fromkeys(asked))[:QUESTIONS]
        if len(distinct) < QUESTIONS:
            continue
        place = Provenance(section.id, cluster=section.id)
        for number, text in enumerate(distinct[: most - made]):
            made += 1
            yield TrainingPair(Query(f"{section.id}-{number}", text, Origin.TEMPLATE), section.full_text, (), place)
        if made == most:
            return
