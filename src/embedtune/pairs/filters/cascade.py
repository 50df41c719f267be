"""Run the filters over generated questions, the cheap ones first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from heapq import nsmallest
from typing import TYPE_CHECKING

import numpy as np

from embedtune.errors import InputError
from embedtune.events import Report, silent, tracked
from embedtune.pairs.filters.batch import QuestionBatch, question_batch
from embedtune.pairs.filters.duplicates import ambiguous, exact_duplicate, near_duplicate
from embedtune.pairs.filters.generic import too_generic
from embedtune.pairs.filters.length import empty, too_long, too_short
from embedtune.pairs.filters.markup import marked_up
from embedtune.pairs.filters.model_ranks import ModelOwnRanks
from embedtune.pairs.filters.round_trip import OwnRanks, lost
from embedtune.pairs.statistics import Rejections
from embedtune.wording.near_equal import near_equal
from embedtune.wording.word_sets import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from embedtune.config.data_settings import FilterSettings
    from embedtune.pairs.split import CorpusSplit
    from embedtune.vocabulary.corpus import Section
    from embedtune.vocabulary.pairs import GeneratedQuery
    from embedtune.vocabulary.ports import Encoder

    Filter = Callable[[QuestionBatch], NDArray[np.bool_]]

_EXAMPLES = 5
_EXAMPLE_LENGTH = 120


class FilterName(StrEnum):
    """Why a question was turned away, in the order in which the filters run.

    Attributes:
        EMPTY: No letter and no digit.
        TOO_SHORT: Too few words, or function words alone.
        TOO_LONG: Too many words.
        MARKUP: Markup, links, hidden characters, encoded blobs, or orders to a language model.
        LEAK: Near-equal to a test question.
        AMBIGUOUS: Asked of several clusters of sections in the same words; all copies go.
        NEAR_DUPLICATE: Asked of the same cluster in the same words; the first one stays.
        TOO_GENERIC: All its words stand together in many clusters.
        ROUND_TRIP: It does not find its own section.
    """

    EMPTY = "empty"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    MARKUP = "markup"
    LEAK = "leak"
    AMBIGUOUS = "ambiguous"
    NEAR_DUPLICATE = "near_duplicate"
    TOO_GENERIC = "too_generic"
    ROUND_TRIP = "round_trip"


@dataclass(frozen=True, slots=True)
class Filtered:
    """What the filters left, and what they took.

    Attributes:
        kept: The questions that passed all filters, in their order.
        rejections: Every filter with its count, and up to five of its questions, those with the
            smallest ids.
    """

    kept: tuple[GeneratedQuery, ...]
    rejections: Rejections


def filter_questions(
    drafts: Sequence[GeneratedQuery],
    sections: Sequence[Section],
    split: CorpusSplit,
    settings: FilterSettings,
    *,
    test_questions: Sequence[str] = (),
    ranker: Callable[[], OwnRanks] | None = None,
    encoder: Encoder | None = None,
    report: Report = silent,
) -> Filtered:
    """Turn away the questions that should not be trained on or evaluated with.

    Every rejected question counts for one filter, the first that rejects it. The kept ones pass all
    filters again. The order of the questions decides only which of near-equal ones of a cluster stays;
    the order of the sections does not matter.

    Args:
        drafts: Generated questions, their ids all different.
        sections: All sections.
        split: Their clusters and parts.
        settings: The filters' limits.
        test_questions: Questions of the test suites; nothing near-equal to them is kept.
        ranker: Makes BM25 over all sections, for the round trip by ``bm25`` and ``either``; asked once it is needed,
            so that an index of a large corpus is not held while the other filters run.
        encoder: The base model, for the round trip by ``base`` and ``either``.
        report: Where progress goes.

    Raises:
        InputError: The settings ask for a round trip by what was not given.
    """
    vocabulary = Vocabulary()
    batch = question_batch(drafts, split, vocabulary)
    references = vocabulary.read(test_questions)
    same = settings.duplicate_threshold
    filters: dict[FilterName, Filter] = {
        FilterName.EMPTY: empty,
        FilterName.TOO_SHORT: partial(too_short, min_words=settings.min_words),
        FilterName.TOO_LONG: partial(too_long, max_words=settings.max_words),
        FilterName.MARKUP: lambda batch: marked_up(batch.texts),
        FilterName.LEAK: lambda batch: near_equal(batch.sets, references, vocabulary, settings.leak_threshold),
        FilterName.AMBIGUOUS: partial(ambiguous, threshold=same),
        FilterName.NEAR_DUPLICATE: (
            exact_duplicate if settings.keep_rephrasings else partial(near_duplicate, threshold=same)
        ),
        FilterName.TOO_GENERIC: partial(
            too_generic,
            sections=sections,
            split=split,
            most=settings.generic_clusters,
            share=settings.generic_share,
        ),
    }
    rankers = _rankers(settings, sections, split, ranker, encoder)
    if rankers:
        filters[FilterName.ROUND_TRIP] = lambda batch: lost(
            batch, (make() for make in rankers), settings.round_trip_top
        )
    counts: dict[str, int] = {}
    examples: dict[str, tuple[str, ...]] = {}
    for name, rejects in tracked(filters.items(), "Filtering questions", "filters", report):
        rejected = rejects(batch)
        counts[name.value] = int(rejected.sum())
        if counts[name.value]:
            examples[name.value] = _examples(batch.only(rejected).drafts)
        batch = batch.only(~rejected)
    return Filtered(tuple(batch.drafts), Rejections(counts[FilterName.NEAR_DUPLICATE], counts, examples))


def _rankers(
    settings: FilterSettings,
    sections: Sequence[Section],
    split: CorpusSplit,
    ranker: Callable[[], OwnRanks] | None,
    encoder: Encoder | None,
) -> list[Callable[[], OwnRanks]]:
    """Return what makes those who are asked, the cheaper one first."""
    rankers: list[Callable[[], OwnRanks]] = []
    if settings.round_trip in {"bm25", "either"}:
        if ranker is None:
            raise _missing(settings, "a BM25 ranker")
        rankers.append(ranker)
    if settings.round_trip in {"base", "either"}:
        if encoder is None:
            raise _missing(settings, "a base model")
        rankers.append(partial(ModelOwnRanks, encoder, sections, split))
    return rankers


def _missing(settings: FilterSettings, what: str) -> InputError:
    return InputError(
        f'The round trip by "{settings.round_trip}" was given no {what.removeprefix("a ")}.',
        f'Pass {what}, or set filters.round_trip to "off".',
    )


def _examples(drafts: Sequence[GeneratedQuery]) -> tuple[str, ...]:
    """Return a few texts; ids are digests, so the smallest are a random choice that never changes."""
    chosen = nsmallest(_EXAMPLES, drafts, key=lambda draft: draft.query.id)
    return tuple(_shown(draft.query.text) for draft in chosen)


def _shown(text: str) -> str:
    plain = "".join(character if character.isprintable() else "\ufffd" for character in text[: _EXAMPLE_LENGTH + 1])
    return plain if len(plain) <= _EXAMPLE_LENGTH else f"{plain[: _EXAMPLE_LENGTH - 1]}\u2026"
