"""How sure the mean of one system is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedtune.evaluation.draws import generator_for
from embedtune.evaluation.significance import GroupedDifferences, bootstrap_interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedtune.vocabulary.evaluation import Scores


def mean_interval(
    system: str, scores: Scores, group_of: Mapping[str, str], samples: int, seed: int
) -> tuple[float, float]:
    """Return the ends of the 95 % interval of a system's mean, within 0 and 1.

    Every system and metric draws from a generator of its own, so that another system changes no interval.

    Args:
        system: The system's name.
        scores: One metric of it, on all questions.
        group_of: Query id to group; questions of one group are one piece of evidence. At least two groups.
        samples: Resamples of the bootstrap.
        seed: Seed of the resampling.
    """
    drawn = generator_for(seed, [system, scores.metric])
    values = GroupedDifferences.of(list(scores.per_query.values()), [group_of[query] for query in scores.per_query])
    low, high = bootstrap_interval(values, samples, drawn)
    return max(low, 0.0), min(high, 1.0)
