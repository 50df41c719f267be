"""How small a difference a set of questions can show: without it, "no clear difference" says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedtune.evaluation.significance import GroupedDifferences

POWER = 0.80
LEVEL = 0.05


def detectable_difference(differences: GroupedDifferences) -> float | None:
    """Return the smallest true difference that questions like these show as significant in 80 % of draws.

    The two-sided test is at 5 %. The minimum detectable effect is the standard error times the sum of both
    quantiles of Student's t (Bloom, "Minimum Detectable Effects", Evaluation Review 19(5), 1995). It depends
    on the spread that was seen, not on the difference that was seen.

    Args:
        differences: The paired differences, at least two groups.

    Returns:
        A difference of the metric above 0; ``None`` where the groups do not differ among themselves, so
        that their spread is unknown.
    """
    from scipy.special import stdtrit

    error = differences.standard_error
    if not error:
        return None
    freedom = differences.degrees_of_freedom
    return error * float(stdtrit(freedom, 1 - LEVEL / 2) + stdtrit(freedom, POWER))
