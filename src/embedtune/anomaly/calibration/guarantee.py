"""What a threshold promises: at most so many false positives, on average or with a stated confidence.

With n calibration queries and the threshold below the ``beyond`` + 1 highest of their scores, the rate at which
fresh normal queries are flagged is itself random, over the draw of the calibration queries: it has the
distribution Beta(beyond + 1, n - beyond), whatever the scores are (exactly for continuous scores, and smaller
with ties). Two promises follow:

- on average over such draws the rate is (beyond + 1) / (n + 1);
- with probability P(Beta(beyond + 1, n - beyond) <= most) the rate of *this* detector is at most ``most``. This is
  the stronger one, and what "at most 5 % false positives with 95 % confidence" means here.

Both stand on fresh normal queries coming from where the calibration queries came from, one by one. Paraphrases do not:
they come in groups, and n of them are worth fewer (`independent_queries`), by which either promise is made. Where they
are worth too few for the second promise, the first one is made, and where too few for that, none: the threshold is then
the highest calibration score. What they are worth is an estimate, and with it the confidence.

Sources: Wilks, "Determination of sample sizes for setting tolerance limits" (1941); Vovk, "Conditional validity of
inductive conformal predictors" (2012), proposition 2a; Dunn, Wasserman and Ramdas, "Distribution-free prediction sets
for two-layer hierarchical models" (JASA 2023), for groups on average; Bates, Candès, Lei, Romano and Sesia, "Testing
for outliers with conformal p-values" (Annals of Statistics 2023).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from embedtune.errors import InputError


@dataclass(frozen=True, slots=True)
class Guarantee:
    """A promise about false positives.

    Attributes:
        most: The share of normal queries that may be flagged.
        confidence: With which probability this detector keeps to it; 0 promises it on average only.
        queries: How many queries calibrate.
        beyond: How many of their scores lie beyond the threshold.
        worth: How many independent queries they are worth; paraphrases say less than as many different questions.
        worth_beyond: How many of so many would lie beyond it.
    """

    most: float
    confidence: float
    queries: int
    beyond: int
    worth: int
    worth_beyond: int

    @property
    def expected_rate(self) -> float:
        """The share of normal queries that is flagged on average over calibrations."""
        return (self.beyond + 1) / (self.queries + 1)

    @property
    def effect(self) -> float:
        """How many queries are worth an independent one."""
        return self.queries / self.worth

    @property
    def given(self) -> bool:
        """Whether the queries are worth enough for any promise."""
        return self.worth >= smallest_calibration(self.most, self.confidence)

    @property
    def sentence(self) -> str:
        """The promise in words, or that there is none."""
        if not self.given:
            return (
                f"no rate is promised: so many of the {self.queries} calibration queries ask for the same that they "
                f"are worth {self.worth} independent ones, and "
                f"{smallest_calibration(self.most, self.confidence)} are needed"
            )
        alike = self.worth < self.queries
        sure = f"an estimated confidence of {self.confidence:.0%}" if alike else f"{self.confidence:.0%} confidence"
        strength = f"with {sure}" if self.confidence else "on average"
        worth = f", worth {self.worth} independent ones" if alike else ""
        return f"at most {self.most:.3g} of normal queries are flagged, {strength} (n = {self.queries}{worth})"


def smallest_calibration(most: float, confidence: float = 0.0) -> int:
    """Return the fewest calibration queries with which a promise can be given.

    On average that is ceil(1 / most) - 1, 19 for 5 %; with a confidence c it is the smallest n with
    (1 - most)^n <= 1 - c: 59 for 5 % with 95 % confidence.

    Raises:
        InputError: A rate is not between 0 and 1.
    """
    share = _rate(most, "alpha")
    if not confidence:
        return math.ceil(1 / share) - 1
    _rate(confidence, "confidence")
    count = max(1, math.floor(math.log(1 - confidence) / math.log(1 - most)))
    while _confidence(most, count, 0) < confidence:
        count += 1
    return count


def promise(count: int, most: float, confidence: float = 0.0, worth: int | None = None) -> Guarantee:
    """Return the promise that ``count`` calibration queries allow, with as many beyond the threshold as it permits.

    Args:
        count: How many queries calibrate.
        most: The share of normal queries that may be flagged.
        confidence: With which probability; 0 for on average.
        worth: How many independent queries those are worth, ``None`` for all; where they are worth too few for a
            promise on average, none is given (`Guarantee.given`).

    Raises:
        InputError: ``count``, or with a confidence ``worth``, is too small, or a rate is not between 0 and 1.
    """
    needed = smallest_calibration(most, confidence)
    independent = count if worth is None else min(count, worth)
    if (independent if confidence else count) < needed:
        with_confidence = f" with a confidence of {confidence:g}" if confidence else ""
        alike = f", worth {independent} independent ones since many ask for the same," if independent < count else ""
        raise InputError(
            f"{count} calibration queries{alike} cannot give alpha = {most:g}{with_confidence}: at least {needed} are "
            "needed.",
            f"Give {needed - independent} more normal queries about other things, or a larger alpha or a lower "
            "confidence.",
        )
    basis = max(independent, needed)
    beyond = _most_beyond(basis, most, confidence)
    if confidence:
        actual = (beyond + 1) * (count + 1) // (independent + 1) - 1
    else:  # a fresh query is of a fresh group, which may be the strangest: it has the weight of a group
        actual = math.floor(count * ((basis + 1) * _rate(most, "alpha") - 1) / basis)
    return Guarantee(most, confidence, count, actual, independent, beyond)


def strongest_confidence(worth: int, most: float, confidence: float) -> float:
    """Return the confidence that was asked for, or 0, a promise on average, where too few queries are too alike for it.

    Args:
        worth: How many independent queries calibrate.
        most: The share of normal queries that may be flagged.
        confidence: The probability that was asked for.

    Raises:
        InputError: A rate is not between 0 and 1.
    """
    return confidence if worth >= smallest_calibration(most, confidence) else 0.0


def worthwhile(count: int, most: float, confidence: float = 0.0) -> int:
    """Return the fewest calibration queries, at least ``count``, with which one more may lie beyond the threshold.

    Between such numbers further queries only make the threshold stricter than was asked for: 176 and 181 queries allow
    3 and 4 beyond it for 5 % with 95 % confidence.

    Raises:
        InputError: A rate is not between 0 and 1.
    """
    needed = smallest_calibration(most, confidence)
    if count <= needed:
        return needed
    before = promise(count - 1, most, confidence).beyond
    while promise(count, most, confidence).beyond <= before:
        count += 1
    return count


def _most_beyond(count: int, most: float, confidence: float) -> int:
    """Return how many of ``count`` independent queries may lie beyond the threshold."""
    if not confidence:
        return math.floor((count + 1) * _rate(most, "alpha")) - 1
    from scipy.stats import binom

    # The rate stays below m with the probability that more than b of n lie above its border.
    beyond = int(binom.ppf(1 - confidence, count, most))
    while _confidence(most, count, beyond) < confidence:
        beyond -= 1
    return beyond


def _confidence(bound: float, count: int, beyond: int) -> float:
    from scipy.special import betainc

    return float(betainc(beyond + 1, count - beyond, bound))


def _rate(value: float, name: str) -> Fraction:
    """Return the decimal that was written: in floating point 10 * (1 - 0.9) is not 1, and a rank would be one off."""
    if not 0 < value < 1:
        raise InputError(f"{name} = {value:g} is not a rate.", "Give a value between 0 and 1, such as 0.05.")
    return Fraction(str(value))
