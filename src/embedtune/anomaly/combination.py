"""Several detectors as one: how rare their scores are together.

Two questions are asked of a query, what it is about and how it is worded (`Aspect`). Within an aspect evidence adds up:
the rarities of its detectors are summed (Fisher 1932). Between them one objection is enough: the combined score is the
rarity of the rarer aspect, so that an honest subject does not excuse an order, nor honest words a foreign subject. That
the score is no p-value does no harm: it is calibrated anew, on other queries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.detectors.kinds import KINDS, Aspect, check_kinds, fit_all
from embedtune.anomaly.detectors.port import Asked, Detector, Material, Scores
from embedtune.anomaly.detectors.tail_scale import TailScale
from embedtune.errors import InputError

FOLDS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Combination:
    """Fitted detectors with the scales that make them comparable.

    Attributes:
        detectors: By name.
        reference: By the same names, scores of normal queries that the detector was not fitted on, of the same queries
            in the same order, shape (n,).
        scales: The scales of the detectors, by name.
        aspect_scales: The scales of the aspects.
    """

    detectors: Mapping[str, Detector]
    reference: Mapping[str, Scores]
    scales: Mapping[str, TailScale]
    aspect_scales: Mapping[Aspect, TailScale]

    @classmethod
    def of(cls, detectors: Mapping[str, Detector], reference: Mapping[str, Scores]) -> Combination:
        """Combine detectors by their scores of reference queries."""
        scales = {name: TailScale.of(reference[name]) for name in detectors}
        rarities = {name: scales[name].rarity(reference[name]) for name in detectors}
        sums = _by_aspect(rarities)
        return cls(detectors, reference, scales, {aspect: TailScale.of(total) for aspect, total in sums.items()})

    def only(self, names: Sequence[str]) -> Combination:
        """Return the combination of some of the detectors."""
        return Combination.of({name: self.detectors[name] for name in names}, self.reference)

    def rarities(self, asked: Asked) -> dict[str, Scores]:
        """Return by detector how rare each query is, in nats, shape (n,)."""
        return {name: self.scales[name].rarity(detector.scores(asked)) for name, detector in self.detectors.items()}

    def combined(self, rarities: Mapping[str, Scores]) -> Scores:
        """Return the combined score of each query from the rarities of the detectors, shape (n,), in nats."""
        sums = _by_aspect({name: rarities[name] for name in self.detectors})
        rarest: Scores = np.max([self.aspect_scales[aspect].rarity(total) for aspect, total in sums.items()], axis=0)
        return rarest

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what is stored, by detector and part."""
        stored: dict[str, NDArray[np.generic]] = {}
        for name, detector in self.detectors.items():
            stored |= {f"{name}.{part}": array for part, array in detector.arrays().items()}
            stored[f"{name}.reference"] = self.reference[name]
        return stored


def fit_combination(names: Sequence[str], material: Material, groups: Sequence[int]) -> Combination:
    """Fit detectors, and their scales on queries that each of them was not fitted on.

    The queries are dealt into `FOLDS` parts by group; every detector is fitted on all parts but one and scores that
    one, by turns. What is kept is fitted on all.

    Args:
        names: The detectors wanted; those whose needs are not met are left out, be it in one of the parts.
        material: What to fit on.
        groups: The group of each query; paraphrases are in one.

    Raises:
        InputError: There is no such detector, or nothing is left to combine.
    """
    check_kinds(names)
    # Of one group alone nothing could be left out: then each query counts as one.
    part = _parts(groups if len(set(groups)) > 1 else range(len(groups)), material.seed)
    fewest = len(part) - int(np.bincount(part).max())
    detectors = fit_all([name for name in names if KINDS[name].smallest <= fewest], material)
    if not detectors:
        raise InputError(
            f"None of the detectors {', '.join(names)} can be fitted here.",
            "Give more queries, or add wording or topic to anomaly.detectors.",
        )
    reference: dict[str, list[Scores]] = {name: [] for name in detectors}
    for fold in sorted(set(part.tolist())):
        rest, own = np.flatnonzero(part != fold), np.flatnonzero(part == fold)
        asked = material.queries.some(own)
        fitted = fit_all(list(detectors), material.on(rest))
        for name, detector in fitted.items():
            reference[name].append(detector.scores(asked))
    return Combination.of(detectors, {name: np.concatenate(scores) for name, scores in reference.items()})


def _by_aspect(rarities: Mapping[str, Scores]) -> dict[Aspect, Scores]:
    """Return the sum of the rarities of each aspect's detectors, shape (n,)."""
    sums: dict[Aspect, Scores] = {}
    for name, rarity in rarities.items():
        aspect = KINDS[name].aspect
        sums[aspect] = sums[aspect] + rarity if aspect in sums else rarity
    return sums


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
