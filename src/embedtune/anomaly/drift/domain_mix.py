"""Are the domains asked about in other proportions?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LEAST_EXPECTED = 5.0


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


@dataclass(frozen=True, slots=True)
class DomainMix:
    """The domains, and the chance of such a difference where nothing has changed (chi-square; 1 with one domain)."""

    domains: tuple[DomainShare, ...]
    p_value: float


def domain_mix(normal: Mapping[str, int], logged: Sequence[tuple[str, bool]]) -> DomainMix:
    """Compare the domains of normal and of logged queries.

    Args:
        normal: Normal queries by domain.
        logged: The domain of each logged query and whether it was flagged, at least one.
    """
    counts = Counter(domain for domain, _ in logged)
    flagged = Counter(domain for domain, flag in logged if flag)
    names = sorted(normal.keys() | counts.keys())
    all_normal = max(1, sum(normal.values()))
    shares = tuple(
        DomainShare(
            name,
            normal.get(name, 0) / all_normal,
            counts[name] / len(logged),
            flagged[name] / counts[name] if counts[name] else 0.0,
        )
        for name in names
    )
    named = [name for name in names if name]  # a search of all domains says nothing of their mix
    table = np.array([[normal.get(name, 0) for name in named], [counts[name] for name in named]], dtype=np.float64)
    return DomainMix(shares, _p_value(table))


def _p_value(table: NDArray[np.float64]) -> float:
    """Return the p-value of the chi-square test; domains too rare for it are counted as one."""
    from scipy.stats import chi2_contingency

    if not table.size:
        return 1.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / max(1.0, table.sum())
    rare = expected.min(axis=0) < _LEAST_EXPECTED
    merged = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)]) if rare.any() else table
    merged = merged[:, merged.sum(axis=0) > 0]
    if merged.shape[1] < 2 or (merged.sum(axis=1) == 0).any():  # noqa: PLR2004 - nothing to compare
        return 1.0
    return float(chi2_contingency(merged).pvalue)
