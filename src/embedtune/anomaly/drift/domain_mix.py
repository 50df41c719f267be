"""Which domains are asked about.

There is no test: the normal queries of a domain are as many as its documents gave, and a search names a domain where
the user filters, so that the two differ from the first day on. A change from one log to the next is for people to see.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DomainShare:
    """A domain's share of the queries.

    Attributes:
        domain: Its name, empty for queries without one.
        usual: Its share of the normal queries.
        share: Its share of the log.
        flagged: The share of its logged queries that were flagged.
    """

    domain: str
    usual: float
    share: float
    flagged: float


def domain_mix(normal: Mapping[str, int], logged: Sequence[tuple[str, bool]]) -> tuple[DomainShare, ...]:
    """Return the domains of normal and of logged queries, by name.

    Args:
        normal: Normal queries by domain.
        logged: The domain of each logged query and whether it was flagged, at least one.
    """
    counts = Counter(domain for domain, _ in logged)
    flagged = Counter(domain for domain, flag in logged if flag)
    all_normal = max(1, sum(normal.values()))
    return tuple(
        DomainShare(
            name,
            normal.get(name, 0) / all_normal,
            counts[name] / len(logged),
            flagged[name] / counts[name] if counts[name] else 0.0,
        )
        for name in sorted(normal.keys() | counts.keys())
    )
