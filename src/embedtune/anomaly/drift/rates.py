"""How many queries were flagged, and how many would be if nothing had changed."""

from __future__ import annotations

from dataclasses import dataclass

from embedtune.anomaly.calibration.guarantee import Guarantee


@dataclass(frozen=True, slots=True)
class FlagRate:
    """The share of flagged queries, beside what the calibration lets expect.

    Attributes:
        flagged: How many were flagged.
        queries: Of how many.
        low: Lower end of the 95 % interval of the share (Clopper and Pearson 1934).
        high: Upper end.
        expected: The share that is flagged where nothing has changed, on average over calibrations.
        expected_high: What the share exceeds with 2.5 % chance where nothing has changed.
        p_value: The chance of as many flagged ones, or more, where nothing has changed.
    """

    flagged: int
    queries: int
    low: float
    high: float
    expected: float
    expected_high: float
    p_value: float

    @property
    def share(self) -> float:
        """The share of flagged queries."""
        return self.flagged / self.queries


def flag_rate(flagged: int, queries: int, guarantee: Guarantee) -> FlagRate:
    """Compare the number of flagged queries with the calibration.

    Where nothing has changed it has a beta-binomial distribution: the threshold's own rate is only known to be
    Beta(beyond + 1, n - beyond), n being what the calibration queries are worth. Leaving that out would raise false
    alarms with small calibrations.

    Args:
        flagged: How many were flagged.
        queries: Of how many, at least 1.
        guarantee: The calibration behind the threshold.
    """
    from scipy.stats import betabinom, binomtest

    interval = binomtest(flagged, queries).proportion_ci(0.95, "exact")
    usual = betabinom(queries, guarantee.worth_beyond + 1, guarantee.worth - guarantee.worth_beyond)
    return FlagRate(
        flagged,
        queries,
        float(interval.low),
        float(interval.high),
        guarantee.expected_rate,
        float(usual.ppf(0.975)) / queries,
        float(usual.sf(flagged - 1)),
    )
