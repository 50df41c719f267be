"""Several detectors as one: how rare their scores are together.

The combined score is the root of the sum of the squared rarities: between the sum, which asks many detectors to agree
(Fisher 1932), and the maximum, which asks one to be sure. That it is no p-value does no harm: it is calibrated anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.detectors.kinds import check_kinds, fit_all
from embedtune.anomaly.detectors.port import Asked, Detector, Material, Scores
from embedtune.anomaly.detectors.tail_scale import TailScale
from embedtune.errors import InputError

FOLDS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Combination:
    """Fitted detectors with the scales that make them comparable.

    Attributes:
        detectors: By name.
        scales: By the same names.
    """

    detectors: Mapping[str, Detector]
    scales: Mapping[str, TailScale]

    def rarities(self, asked: Asked) -> dict[str, Scores]:
        """Return by detector how rare each query is, in nats, shape (n,)."""
        return {name: self.scales[name].rarity(detector.scores(asked)) for name, detector in self.detectors.items()}

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what is stored, by detector and part."""
        stored: dict[str, NDArray[np.generic]] = {}
        for name, detector in self.detectors.items():
            stored |= {f"{name}.{part}": array for part, array in detector.arrays().items()}
            stored[f"{name}.reference"] = self.scales[name].reference
        return stored


def combined(rarities: Mapping[str, Scores]) -> Scores:
    """Return the combined score of each query from its rarities, shape (n,)."""
    return np.asarray(np.sqrt(sum(np.square(rarity) for rarity in rarities.values())))


def fit_combination(names: Sequence[str], material: Material, groups: Sequence[int]) -> Combination:
    """Fit detectors, and their scales on queries that each of them was not fitted on.

    The queries are dealt into `FOLDS` parts by group; every detector is fitted on all parts but one and scores that
    one, by turns. What is kept is fitted on all.

    Args:
        names: The detectors wanted; those whose needs are not met are left out.
        material: What to fit on.
        groups: The group of each query; paraphrases are in one.

    Raises:
        InputError: There is no such detector, or nothing is left to combine.
    """
    check_kinds(names)
    detectors = fit_all(names, material)
    if not detectors:
        raise InputError(
            f"None of the detectors {', '.join(names)} can be fitted here.",
            "Add wording or topic to anomaly.detectors.",
        )
    # Of one group alone nothing could be left out: then each query counts as one.
    part = _parts(groups if len(set(groups)) > 1 else range(len(groups)), material.seed)
    reference: dict[str, list[Scores]] = {name: [] for name in detectors}
    for fold in sorted(set(part.tolist())):
        rest, own = np.flatnonzero(part != fold), np.flatnonzero(part == fold)
        asked = material.queries.some(own)
        fitted = fit_all(list(detectors), material.on(rest))
        for name, detector in fitted.items():
            reference[name].append(detector.scores(asked))
    return Combination(detectors, {name: TailScale.of(np.concatenate(scores)) for name, scores in reference.items()})


def _parts(groups: Sequence[int], seed: int) -> NDArray[np.intp]:
    """Deal groups out to the folds, the largest first, each to the fold with the fewest queries."""
    names, sizes = np.unique(np.asarray(groups), return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    held = [0] * FOLDS
    fold_of: dict[int, int] = {}
    for row in sorted(order.tolist(), key=lambda row: -sizes[row]):
        fold = held.index(min(held))
        fold_of[int(names[row])] = fold
        held[fold] += int(sizes[row])
    return np.array([fold_of[int(group)] for group in groups], dtype=np.intp)
