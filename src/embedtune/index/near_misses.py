"""Keep sections with a part number that only looks like the one asked for below those that hold it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Sections that one part number of a question tells apart.

    Attributes:
        exact: Those that hold it, in any spelling, and no near miss of the question's.
        near: Those that hold another one much like it, and not it.
    """

    exact: frozenset[str]
    near: frozenset[str]


def near_misses_last(ranking: Sequence[tuple[str, float]], told_apart: Iterable[NearMiss]) -> list[tuple[str, float]]:
    """Return a ranking in which no section with a near-miss part number stands before one with the exact one.

    Args:
        ranking: (section id, score), best first.
        told_apart: For each part number of the question the sections that hold it, and those that hold one much
            like it.
    """
    scores = dict(ranking)
    for one in told_apart:
        bound = min((scores[id_] for id_ in one.exact if id_ in scores), default=-math.inf)
        above = [id_ for id_, score in best_first(scores) if id_ in one.near and score >= bound]
        for id_ in above if bound > -math.inf else ():
            scores[id_] = bound = math.nextafter(bound, -math.inf)
    return best_first(scores)


def best_first(scores: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return (id, score) by falling score, ties by id."""
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
