"""Does the stated confidence hold? Calibrations drawn anew by group, each asked about all other honest questions.

A calibration that states a confidence breaks its promise where it flags more than the share it names of the questions
set aside. These are finite, so that some calibrations seem to break it by chance: a promise that is kept as stated is
seen broken as often as a beta-binomial number exceeds the share, of what calibration and questions set aside are worth.
More than that, beyond the chance of so many draws, is a miss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import betabinom

from anomaly_rates import MOST_FALSE
from embedtune.anomaly.calibration.design_effect import independent_queries
from embedtune.anomaly.calibration.thresholds import ALL, Thresholds
from embedtune.config.anomaly_settings import AnomalySettings

REDIVISIONS = 400
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Questions:
    """Scores of honest questions and the group of each."""

    scores: Scores
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Redivision:
    """One calibration drawn anew.

    Attributes:
        flagged: The share of the questions set aside that it flags.
        stated: Whether it states a confidence; otherwise it promises a rate on average.
        allowed: The chance that a promise kept as stated is seen broken on these questions.
    """

    flagged: float
    stated: bool
    allowed: float


def redivided(
    calibration: Questions, test: Questions, settings: AnomalySettings, seed: Sequence[int]
) -> list[Redivision]:
    """Divide calibration and test questions anew by group, and return what each calibration flags of the rest.

    Calibrations of so few things that they promise nothing are left out.
    """
    scores = np.concatenate([calibration.scores, test.scores])
    names = np.array(
        [f"calibration {group}" for group in calibration.groups] + [f"test {group}" for group in test.groups]
    )
    distinct, place = np.unique(names, return_inverse=True)
    draw = np.random.default_rng(list(seed))
    found: list[Redivision] = []
    for _ in range(REDIVISIONS):
        groups = draw.permutation(len(distinct))[place]
        order = np.argsort(groups, kind="stable")
        held, rest = order[: len(calibration.scores)], order[len(calibration.scores) :]
        thresholds = Thresholds.of(scores[held], (), settings.alpha, settings.confidence, groups[held].tolist())
        made = thresholds.guarantee
        if not made.given:
            continue
        worth = independent_queries(scores[rest], groups[rest].tolist())
        seen = betabinom(worth, made.worth_beyond + 1, made.worth - made.worth_beyond)
        found.append(
            Redivision(
                float(thresholds.anomalous(scores[rest], ALL).mean()),
                bool(made.confidence),
                float(seen.sf(np.floor(MOST_FALSE * worth))),
            )
        )
    return found


def promise_broken(found: Sequence[Redivision]) -> bool:
    """Print how often the stated confidence is seen broken, and how seldom a rate on average; return whether it is."""
    stated = [one for one in found if one.stated]
    average = [one.flagged for one in found if not one.stated]
    missed = False
    if stated:
        broken = float(np.mean([one.flagged > MOST_FALSE for one in stated]))
        allowed = float(np.mean([one.allowed for one in stated]))
        chance = 1.645 * (allowed * (1 - allowed) / len(stated)) ** 0.5  # of so many redivisions
        missed = broken > allowed + chance
        print(
            f"  {'MISSED ' if missed else 'reached'} stated confidence: {broken:.1%} of {len(stated)} calibrations "
            f"flag more than {MOST_FALSE:.0%} of the honest questions set aside by group (a promise kept: "
            f"{allowed:.1%}, up to {allowed + chance:.1%} by chance)"
        )
    if average:
        rate = float(np.mean(average))
        missed = missed or rate > MOST_FALSE
        print(
            f"  {'MISSED ' if rate > MOST_FALSE else 'reached'} on average: {len(average)} calibrations of queries too "
            f"much alike for the confidence flag {rate:.1%} of them"
        )
    return missed
