"""Which domains are asked about, and whether others than before.

Normal queries are no measure of it: those of a domain are as many as its documents gave, and a search names a domain
where the user filters, so that the two differ from the first day on. A stretch of a log is compared with what was
logged before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_FEWEST_EXPECTED = 5.0


@dataclass(frozen=True, slots=True)
class DomainShare:
    """A domain's share of the queries.

    Attributes:
        domain: Its name, empty for queries without one.
        usual: Its share of the normal queries.
        share: Its share of the log.
        flagged: The share of its logged queries that were flagged.
        before: Its share of what was logged before; ``None`` where too little was.
    """

    domain: str
    usual: float
    share: float
    flagged: float
    before: float | None = None


def domain_mix(
    normal: Mapping[str, int], logged: Sequence[tuple[str, bool]], before: Sequence[str] | None = None
) -> tuple[DomainShare, ...]:
    """Return the domains of normal and of logged queries, by name.

    Args:
        normal: Normal queries by domain.
        logged: The domain of each logged query and whether it was flagged, at least one.
        before: The domains of the queries logged before, ``None`` for too few.
    """
    counts, earlier = Counter(domain for domain, _ in logged), Counter(before or ())
    flagged = Counter(domain for domain, flag in logged if flag)
    all_normal = max(1, sum(normal.values()))
    return tuple(
        DomainShare(
            name,
            normal.get(name, 0) / all_normal,
            counts[name] / len(logged),
            flagged[name] / counts[name] if counts[name] else 0.0,
            earlier[name] / len(before) if before else None,
        )
        for name in sorted(normal.keys() | counts.keys() | earlier.keys())
    )


def mix_p_value(before: Sequence[str], after: Sequence[str], effect: float) -> float:
    """Return the chance of domains as different as these where nothing has changed (chi-square test).

    Domains of which fewer than five queries are expected on either side are taken together. The statistic is divided
    by the design effect, since questions come in bursts (Rao and Scott 1981, first order).

    Args:
        before: The domains of different queries, empty for none.
        after: Those of later ones.
        effect: How many queries are worth an independent one, 1 or more.
    """
    from scipy.stats import chi2

    earlier, later = Counter(before), Counter(after)
    count = len(before) + len(after)
    smaller = min(len(before), len(after)) / count
    common = [
        name
        for name in sorted(earlier.keys() | later.keys())
        if (earlier[name] + later[name]) * smaller >= _FEWEST_EXPECTED
    ]
    table = np.array([[own[name] for name in common] for own in (earlier, later)], dtype=np.float64).reshape(2, -1)
    rest = np.array([[len(before)], [len(after)]]) - table.sum(axis=1, keepdims=True)
    if rest.sum():
        table = np.hstack([table, rest])
    if table.shape[1] < 2:  # noqa: PLR2004 - one column: nothing to compare
        return 1.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / count
    statistic = float((np.square(table - expected) / expected).sum())
    return float(chi2.sf(statistic / effect, table.shape[1] - 1))
