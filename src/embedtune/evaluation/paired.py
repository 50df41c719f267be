"""The difference between two systems on the same questions, with how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.evaluation.power import detectable_difference
from embedtune.evaluation.significance import GroupedDifferences, bootstrap_intervals, randomisation_p_values
from embedtune.evaluation.slices import ALL
from embedtune.vocabulary.evaluation import Comparison, Scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """One metric of two systems on the same questions.

    Attributes:
        names: The baseline's name and the candidate's.
        before: The baseline's scores.
        after: The candidate's.
    """

    names: tuple[str, str]
    before: Scores
    after: Scores

    @property
    def differences(self) -> list[float]:
        """Candidate minus baseline, in the order of ``before``."""
        return [self.after.per_query[query] - value for query, value in self.before.per_query.items()]


def paired_comparisons(
    pairs: Sequence[ScoredPair],
    groups: Sequence[str] | None,
    samples: int,
    generator: np.random.Generator,
    slice_name: str = ALL,
) -> list[Comparison]:
    """Compare systems question by question; all pairs meet the same resamples.

    Args:
        pairs: What is compared: one or more, all on the same questions in the same order.
        groups: The group of each question, in that order; ``None`` makes each its own.
        samples: Resamples for the intervals, and for the p-values.
        generator: Draws them.
        slice_name: The slice that the questions are.
    """
    differences = [GroupedDifferences.of(pair.differences, groups) for pair in pairs]
    intervals = bootstrap_intervals(differences, samples, generator)
    p_values = randomisation_p_values(differences, samples, generator)
    return [
        Comparison(
            metric=pair.before.metric,
            baseline=pair.names[0],
            candidate=pair.names[1],
            baseline_value=pair.before.mean,
            candidate_value=pair.after.mean,
            # Metrics lie between 0 and 1, which Student's t does not know.
            ci_low=max(low, -1.0),
            ci_high=min(high, 1.0),
            p_value=p_value,
            n=len(pair.before.per_query),
            slice=slice_name,
            detectable=detectable_difference(difference),
        )
        for pair, difference, (low, high), p_value in zip(pairs, differences, intervals, p_values, strict=True)
    ]


def paired_comparison(
    before: Scores,
    after: Scores,
    names: tuple[str, str],
    groups: Sequence[str] | None,
    samples: int,
    generator: np.random.Generator,
    slice_name: str = ALL,
) -> Comparison:
    """Compare two systems by one metric; the arguments are those of `ScoredPair` and `paired_comparisons`."""
    return paired_comparisons([ScoredPair(names, before, after)], groups, samples, generator, slice_name)[0]
