"""Thresholds from held-out normal queries: one for all, and one for each domain that has enough of them.

A threshold of a domain keeps its promise within that domain (Mondrian conformal prediction: Vovk 2003); where a domain
has too few queries for the promise, or their threshold would flag nothing at all, the one for all is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.calibration.conformal import Scores, ascending, at_least, conformal_p_values
from embedtune.anomaly.calibration.design_effect import independent_queries
from embedtune.anomaly.calibration.guarantee import Guarantee, promise, smallest_calibration, strongest_confidence

ALL = ""


@dataclass(frozen=True, slots=True, eq=False)
class Thresholds:
    """Calibration scores with the promise made on each set of them.

    Attributes:
        scores: By domain, ascending; all together under `ALL`.
        guarantees: By the same names.
    """

    scores: Mapping[str, Scores]
    guarantees: Mapping[str, Guarantee]

    @classmethod
    def of(
        cls,
        scores: Scores,
        domains: Sequence[str],
        alpha: float,
        confidence: float,
        groups: Sequence[int] | None = None,
    ) -> Thresholds:
        """Calibrate on the scores of held-out normal queries.

        Args:
            scores: Shape (n,).
            domains: The domain of each query, empty where it has none.
            alpha: The share of normal queries that may be flagged.
            confidence: With which probability; 0 for on average. Where the queries are too much alike for it, the
                promise holds on average, or none is given.
            groups: The group of each query; ``None`` takes them as independent.

        Raises:
            InputError: Too few scores.
        """
        promise(len(scores), alpha, confidence)  # refuses too few
        group = np.arange(len(scores)) if groups is None else np.asarray(groups)
        worth = independent_queries(scores, group.tolist())
        kept = strongest_confidence(worth, alpha, confidence)
        sets = {ALL: ascending(scores)}
        guarantees = {ALL: promise(len(scores), alpha, kept, worth)}
        for domain in sorted(set(domains) - {ALL}):
            rows = np.flatnonzero([name == domain for name in domains])
            worth = independent_queries(scores[rows], group[rows].tolist())
            if len(rows) == len(scores) or worth < smallest_calibration(alpha, kept):
                continue
            own, made = ascending(scores[rows]), promise(len(rows), alpha, kept, worth)
            if np.isfinite(own[-1 - made.beyond]):
                sets[domain], guarantees[domain] = own, made
        return cls(sets, guarantees)

    @property
    def guarantee(self) -> Guarantee:
        """The promise for all queries together."""
        return self.guarantees[ALL]

    @property
    def met_rules(self) -> int:
        """How many calibration queries meet a written rule, and so score infinity."""
        return int(np.isinf(self.scores[ALL]).sum())

    def own(self, domain: str | None) -> str:
        """Return whose threshold a query of a domain meets: the domain's, or `ALL`."""
        return domain if domain and domain in self.scores else ALL

    def threshold(self, domain: str | None = None) -> float:
        """Return the score above which a query of a domain is anomalous."""
        name = self.own(domain)
        return float(self.scores[name][-1 - self.guarantees[name].beyond])

    def p_values(self, scores: Scores, name: str) -> Scores:
        """Return the conformal p-values of scores among the calibration scores of ``name``, shape (m,)."""
        return conformal_p_values(scores, self.scores[name])

    def anomalous(self, scores: Scores, name: str) -> NDArray[np.bool_]:
        """Return which scores lie beyond the threshold of ``name``, shape (m,)."""
        return np.asarray(at_least(scores, self.scores[name]) <= self.guarantees[name].beyond)
