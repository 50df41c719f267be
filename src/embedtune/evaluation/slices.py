"""Named parts of the questions: by domain, difficulty, category, origin, length, and what else is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.evaluation.question_traits import length_label
from embedtune.vocabulary.pairs import Query, Split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedtune.vocabulary.evaluation import Qrels

ALL = "all"
SECTION_SPLIT = "section_split"
LENGTH = "length"
OVERLAP = "overlap"
_ATTRIBUTES = ("domain", "difficulty", "category", "origin", SECTION_SPLIT, LENGTH, OVERLAP)
_SCALE = ("easy", "short", "low", "medium", "hard", "long", "high", *Split)


@dataclass(frozen=True, slots=True)
class QuerySlice:
    """The queries that share one label of one attribute, in the order they were given."""

    attribute: str
    value: str
    query_ids: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name in comparisons, such as ``domain=hvac``."""
        return slice_name(self.attribute, self.value)


def slice_name(attribute: str, value: str) -> str:
    """Return the name of a slice in comparisons, such as ``domain=hvac``."""
    return f"{attribute}={value}"


def slice_order(attribute: str, value: str) -> tuple[int, str, int, str]:
    """Return the sort key of a slice.

    Domain, difficulty, category, origin, section split, length and overlap come first, other attributes
    after them by name; values go by name, but easy, medium, hard, the bands of length and overlap, and
    train, dev, test keep their order.
    """
    known = _ATTRIBUTES.index(attribute) if attribute in _ATTRIBUTES else len(_ATTRIBUTES)
    step = _SCALE.index(value) if value in _SCALE else len(_SCALE)
    return known, attribute, step, value


def slice_queries(
    queries: Sequence[Query], attributes: Mapping[str, Mapping[str, str]] | None = None
) -> tuple[QuerySlice, ...]:
    """Divide queries by each thing known about them.

    Args:
        queries: The queries; those with an empty label are in no slice of that attribute.
        attributes: More labels: attribute name to (query id to label), such as
            ``{"section_split": section_splits(…), "overlap": overlap_labels(…)}``.

    Returns:
        The slices in the order of `slice_order`.
    """
    members: dict[tuple[str, str], list[str]] = {}
    for query in queries:
        labels = {
            "domain": query.domain,
            "difficulty": query.difficulty,
            "category": query.category,
            "origin": str(query.origin),
            LENGTH: length_label(query.text),
        }
        labels |= {attribute: known.get(query.id, "") for attribute, known in (attributes or {}).items()}
        for attribute, value in labels.items():
            if value:
                members.setdefault((attribute, value), []).append(query.id)
    ordered = sorted(members.items(), key=lambda item: slice_order(*item[0]))
    return tuple(QuerySlice(attribute, value, tuple(ids)) for (attribute, value), ids in ordered)


def section_splits(qrels: Qrels, split_of: Mapping[str, Split]) -> dict[str, str]:
    """Say for each query in which part of the corpus its answer was while training.

    A query with answers in several parts belongs to the most exposed one: train before dev before test.

    Args:
        qrels: The judgements.
        split_of: Section id to part; sections that are absent say nothing.

    Returns:
        Query id to ``train``, ``dev`` or ``test``, for the queries of which it is known.
    """
    exposure = list(Split)
    labels: dict[str, str] = {}
    for query in qrels.query_ids:
        parts = {split_of[section] for section in qrels.relevant(query) if section in split_of}
        if parts:
            labels[query] = str(min(parts, key=exposure.index))
    return labels
