"""Watch a training on the dev set: is it still getting better, and does the space of vectors stay wide?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedtune.events import Alert, Report

_ROOM_LOST = 0.5


def mean_cosine(vectors: NDArray[np.float32]) -> float | None:
    """Return the expected cosine of two random rows, over all pairs of different rows; ``None`` without a pair.

    The mean over all pairs of n unit vectors is (‖Σv‖² - n) / (n(n - 1)), so that nothing need be drawn.

    Args:
        vectors: Unit vectors, shape (n, dimension).
    """
    count = len(vectors)
    if count < 2:  # noqa: PLR2004 - a pair
        return None
    total = vectors.sum(axis=0, dtype=np.float64)
    return float((total @ total - count) / (count * (count - 1)))


@dataclass(slots=True)
class CollapseWatch:
    """Tells once when a model's vectors crowd together.

    The expected squared distance of two random passages is 2 - 2·(mean cosine); it is the first-order term of the
    uniformity that contrastive training should improve (Wang & Isola 2020, "Understanding contrastive
    representation learning through alignment and uniformity on the hypersphere"). A space has collapsed where
    that distance is less than half of the base model's: where the mean cosine has lost half of its room up to 1.

    Attributes:
        base: Mean cosine of the base model; ``None`` where there is no pair of passages.
        report: Where the alert goes.
    """

    base: float | None
    report: Report
    _told: bool = False

    @property
    def limit(self) -> float:
        """The mean cosine above which a space has collapsed."""
        return 1.0 if self.base is None else self.base + _ROOM_LOST * (1.0 - self.base)

    def look(self, cosine: float | None, step: int) -> None:
        """Take in the mean cosine of a dev evaluation."""
        if self._told or self.base is None or cosine is None or cosine <= self.limit:
            return
        self._told = True
        self.report(
            Alert(
                f"The vectors are collapsing: at step {step} random passages have a mean cosine of {cosine:.2f}, with "
                f"the base model {self.base:.2f}. Lower training.learning_rate, or train with another loss."
            )
        )


@dataclass(slots=True)
class Patience:
    """Counts dev evaluations that brought nothing.

    Attributes:
        most: After how many of them in a row training stops; 0: it never does.
        waited: How many there were since the best one; a resumed run passes its own.
    """

    most: int = 0
    waited: int = 0

    @property
    def over(self) -> bool:
        """Whether there were too many."""
        return 0 < self.most <= self.waited

    def take(self, *, better: bool) -> None:
        """Count an evaluation."""
        self.waited = 0 if better else self.waited + 1
