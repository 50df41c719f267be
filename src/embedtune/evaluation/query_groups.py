"""Which questions hang together: those about the same text succeed and fail together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedtune.vocabulary.evaluation import Qrels


def query_groups(qrels: Qrels, section_groups: Mapping[str, str] | None) -> dict[str, str]:
    """Put queries that share a relevant group of sections into one group.

    Sharing is transitive: if A and B share a section and B and C another, all three are one group.

    Args:
        qrels: The judgements.
        section_groups: Section id to the name of its group, such as its near-duplicate cluster; a
            section that is absent is a group of its own. ``None``: every query is independent.

    Returns:
        For each judged query the name of its group, which is the smallest query id in it.
    """
    group_of = {query: query for query in qrels.query_ids}
    if section_groups is None:
        return group_of

    def root(query: str) -> str:
        while group_of[query] != query:
            group_of[query] = group_of[group_of[query]]
            query = group_of[query]
        return query

    first_asker: dict[tuple[bool, str], str] = {}
    for query in qrels.query_ids:
        for section in sorted(qrels.relevant(query)):
            # The flag keeps the name of a group apart from an equal id of an ungrouped section.
            key = (section in section_groups, section_groups.get(section, section))
            one, other = sorted((root(first_asker.setdefault(key, query)), root(query)))
            group_of[other] = one
    return {query: root(query) for query in group_of}
