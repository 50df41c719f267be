"""Choose among settings that were tried on dev questions, with a guard against over-fitting few of them.

1. The *best* setting has the highest mean; among equals the fewest components (dense only or BM25
   only before both), then the longest windows, then min-max, then the weight nearest to one half.
2. Normalisation by z-score is taken only if it is better than the best of min-max by more than one
   standard error of the mean per-question difference.
3. If the best is a single component, or the fusion of ranks, it is chosen.
4. Otherwise the weights *as good as the best*, with the same passages and normalisation, are those whose mean
   lies below the best mean by no more than one standard error. The middle one of them is chosen (of two middle
   ones the one with the higher mean): the centre of the plateau carries over to new questions better than the
   luckiest point on it.

The paired error is that of the one-standard-error rule (Breiman et al. 1984, "Classification and
regression trees"). On two corpora of people's questions, with 25 to 200 of them as dev, step 4 did as
well as the plain maximum or better on the rest; preferring the simplest setting within one error lost
up to .02 nDCG@10.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.vocabulary.retrieval import FusionMethod, FusionSettings, Normalisation, PassageSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Setting = tuple[PassageSettings, FusionSettings]


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting and how it did on the dev questions.

    Attributes:
        passages: How the sections were cut.
        fusion: How the rankings were combined.
        value: The mean metric.
        behind: By how much the best mean is higher, 0 or more.
        error: Standard error of that difference.
    """

    passages: PassageSettings
    fusion: FusionSettings
    value: float
    behind: float
    error: float

    @property
    def as_good_as_best(self) -> bool:
        """Whether the difference to the best is within one standard error."""
        return self.behind <= self.error

    @property
    def components(self) -> int:
        """How many components rank: 1 for dense only or BM25 only, else 2."""
        return _components(self.fusion)


@dataclass(frozen=True, slots=True)
class TuningResult:
    """What to search with, and why.

    Attributes:
        passages: The chosen passages.
        fusion: The chosen fusion.
        dev_value: The mean metric of the choice on dev; ``None`` if nothing was tuned.
        trials: All settings tried, in the order of the grid.
        n: Number of dev questions.
        reason: Why this choice, in one sentence.
    """

    passages: PassageSettings
    fusion: FusionSettings
    dev_value: float | None
    trials: tuple[Trial, ...]
    n: int
    reason: str


def standard_error(differences: NDArray[np.float64]) -> float:
    """Return the standard error of the mean of per-question differences, shape (n,) of at least 2."""
    return float(differences.std(ddof=1)) / math.sqrt(len(differences))


def chosen(scores: Mapping[Setting, NDArray[np.float64]]) -> TuningResult:
    """Return the choice of the rule above.

    Args:
        scores: The metric of each dev question, shape (n,), for each setting, in the order of the grid.
    """
    best_setting = _best(scores)
    best_values = scores[best_setting]
    trials = tuple(
        Trial(
            passages,
            fusion,
            value=float(values.mean()),
            behind=float((best_values - values).mean()),
            error=standard_error(best_values - values),
        )
        for (passages, fusion), values in scores.items()
    )
    best = next(trial for trial in trials if (trial.passages, trial.fusion) == best_setting)
    alone = best.components == 1 or best.fusion.method is FusionMethod.RRF
    choice = best if alone else _middle(best, trials)
    reason = f"best of {len(trials)} settings on {len(best_values)} dev questions"
    if choice is not best:
        reason = (
            f"the middle of the weights within one standard error of the {reason}, "
            f"{choice.behind:.4f} behind it (error {choice.error:.4f})"
        )
    return TuningResult(choice.passages, choice.fusion, choice.value, trials, len(best_values), reason)


def preference(setting: Setting, values: NDArray[np.float64]) -> tuple[float, ...]:
    """Return the sort key of step 1: the smallest is the best."""
    passages, fusion = setting
    words = math.inf if passages.words is None else passages.words
    return (
        -float(values.mean()),
        _components(fusion),
        -words,
        passages.overlap,
        fusion.normalisation is Normalisation.Z_SCORE,
        fusion.method is FusionMethod.RRF,
        abs(fusion.dense_weight - 0.5),
    )


def _best(scores: Mapping[Setting, NDArray[np.float64]]) -> Setting:
    best = min(scores, key=lambda setting: preference(setting, scores[setting]))
    plain = [setting for setting in scores if setting[1].normalisation is Normalisation.MIN_MAX]
    if best in plain or not plain:
        return best
    plain_best = min(plain, key=lambda setting: preference(setting, scores[setting]))
    gain = scores[best] - scores[plain_best]
    return best if float(gain.mean()) > standard_error(gain) else plain_best


def _middle(best: Trial, trials: Sequence[Trial]) -> Trial:
    alike = (best.passages, best.fusion.method, best.fusion.normalisation)
    plateau = sorted(
        (
            trial
            for trial in trials
            if trial.as_good_as_best and (trial.passages, trial.fusion.method, trial.fusion.normalisation) == alike
        ),
        key=lambda trial: trial.fusion.dense_weight,
    )
    last = len(plateau) - 1
    return max(plateau[last // 2], plateau[last - last // 2], key=lambda trial: trial.value)


def _components(fusion: FusionSettings) -> int:
    return 1 if fusion.method is FusionMethod.CONVEX and fusion.dense_weight in {0.0, 1.0} else 2
