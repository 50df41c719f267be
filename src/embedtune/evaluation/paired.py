"""The difference between two systems on the same questions, with how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedtune.evaluation.significance import GroupedDifferences, bootstrap_interval, randomisation_p_value
from embedtune.evaluation.slices import ALL
from embedtune.vocabulary.evaluation import Comparison, Scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np


def paired_comparison(
    before: Scores,
    after: Scores,
    names: tuple[str, str],
    groups: Sequence[str] | None,
    samples: int,
    generator: np.random.Generator,
    slice_name: str = ALL,
) -> Comparison:
    """Compare the scores of two systems question by question.

    Args:
        before: The baseline's scores.
        after: The candidate's, on the same questions.
        names: The baseline's name and the candidate's.
        groups: The group of each question, in the order of ``before``; ``None`` makes each its own.
        samples: Resamples for the interval, and for the p-value.
        generator: Draws them.
        slice_name: The slice that the questions are.
    """
    differences = GroupedDifferences.of([after.per_query[q] - value for q, value in before.per_query.items()], groups)
    low, high = bootstrap_interval(differences, samples, generator)
    p_value = randomisation_p_value(differences, samples, generator)
    asked = len(before.per_query)
    return Comparison(before.metric, *names, before.mean, after.mean, low, high, p_value, asked, slice=slice_name)
