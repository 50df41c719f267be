import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from embedtune.anomaly.calibration.conformal import ascending, at_least
from embedtune.anomaly.calibration.guarantee import (
    promise,
    smallest_calibration,
    strongest_confidence,
    worthwhile,
)
from embedtune.errors import InputError

rates = st.integers(1, 60).map(lambda percent: percent / 100)


@pytest.mark.parametrize(
    ("alpha", "needed"), [(0.05, 19), (0.01, 99), (0.1, 9), (0.03, 33), (0.5, 1), (0.3, 3), (0.001, 999)]
)
def test_on_average_the_smallest_p_value_must_reach_alpha(alpha, needed):
    assert smallest_calibration(alpha) == needed
    assert Fraction(1, needed + 1) <= Fraction(str(alpha)) < Fraction(1, needed)


@pytest.mark.parametrize(
    ("alpha", "confidence", "needed"), [(0.05, 0.95, 59), (0.05, 0.99, 90), (0.1, 0.9, 22), (0.01, 0.95, 299)]
)
def test_the_smallest_number_for_a_confidence_is_that_of_wilks(alpha, confidence, needed):
    # All of n scores lie below the rate's border with probability (1 - alpha) ** n.
    assert smallest_calibration(alpha, confidence) == needed
    assert (1 - alpha) ** needed <= 1 - confidence < (1 - alpha) ** (needed - 1)


@pytest.mark.parametrize(("n", "beyond"), [(59, 0), (92, 0), (93, 1), (124, 2), (153, 3), (181, 4)])
def test_how_many_may_lie_beyond_by_the_tables_of_wilks(n, beyond):
    assert promise(n, 0.05, 0.95).beyond == beyond


@given(st.integers(20, 400), rates, st.sampled_from([0.0, 0.5, 0.9, 0.99]))
def test_a_promise_is_kept_and_one_more_would_break_it(n, most, confidence):
    if n < smallest_calibration(most, confidence):
        with pytest.raises(InputError, match="at least"):
            promise(n, most, confidence)
        return
    made = promise(n, most, confidence)
    assert 0 <= made.beyond < n
    if confidence:
        # P(Beta(b + 1, n - b) <= m) = P(Bin(n, m) > b)
        assert binom.sf(made.beyond, n, most) >= confidence - 1e-9
        assert binom.sf(made.beyond + 1, n, most) < confidence
    else:
        assert Fraction(made.beyond + 1, n + 1) <= Fraction(str(most)) < Fraction(made.beyond + 2, n + 1)


@pytest.mark.parametrize(("count", "enough"), [(1, 59), (59, 59), (60, 93), (170, 181), (181, 181), (182, 208)])
def test_more_queries_are_worth_while_where_one_more_may_lie_beyond(count, enough):
    assert worthwhile(count, 0.05, 0.95) == enough


def test_the_share_of_calibrations_that_keep_the_promise_is_the_stated_confidence():
    generator = np.random.default_rng(5)
    made = promise(124, 0.05, 0.95)
    # Uniform scores: the rate of a threshold t is 1 - t.
    kept = [1 - ascending(generator.uniform(size=124))[-1 - made.beyond] <= 0.05 for _ in range(4000)]
    assert np.mean(kept) == pytest.approx(binom.sf(made.beyond, 124, 0.05), abs=0.015)
    assert np.mean(kept) >= 0.94


def test_the_average_rate_is_the_expected_one():
    generator = np.random.default_rng(6)
    made = promise(99, 0.05, 0)
    flags = [
        at_least(generator.uniform(size=1), ascending(generator.uniform(size=99)))[0] <= made.beyond
        for _ in range(8000)
    ]
    assert np.mean(flags) == pytest.approx(made.expected_rate, abs=0.008)


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, math.nan])
def test_alpha_must_be_a_rate(rate):
    with pytest.raises(InputError, match="not a rate"):
        smallest_calibration(rate)


def test_too_few_are_refused_with_the_numbers():
    with pytest.raises(InputError, match=r"58 calibration .*alpha = 0\.05 with a confidence of 0\.95: at least 59"):
        promise(58, 0.05, 0.95)
    with pytest.raises(InputError, match=r"18 calibration .*alpha = 0\.05: at least 19.*1 more"):
        promise(18, 0.05)


def test_the_promise_in_words():
    assert promise(181, 0.05, 0.95).sentence == (
        "at most 0.05 of normal queries are flagged, with 95% confidence (n = 181)"
    )
    assert "on average" in promise(19, 0.05).sentence


def test_paraphrases_allow_fewer_beyond():
    made = promise(181, 0.05, 0.95, worth=93)
    assert (made.worth, made.worth_beyond, made.beyond) == (93, 1, 2)
    assert "n = 181, worth 93 independent ones" in made.sentence
    assert promise(181, 0.05, 0.95, worth=500) == promise(181, 0.05, 0.95)


def test_too_few_different_ones_promise_nothing():
    with pytest.raises(InputError, match=r"181 calibration queries, worth 58 .*: at least 59 are needed") as caught:
        promise(181, 0.05, 0.95, worth=58)
    assert "Give 1 more normal queries about other things" in caught.value.remedy
    none = promise(181, 0.05, 0, worth=18)
    assert not none.given
    assert (none.beyond, none.worth) == (0, 18)
    assert "no rate is promised" in none.sentence
    assert "worth 18 independent ones, and 19 are needed" in none.sentence
    assert promise(181, 0.05, 0, worth=19).given


def test_where_the_confidence_cannot_be_had_the_promise_is_on_average():
    assert strongest_confidence(59, 0.05, 0.95) == 0.95
    assert strongest_confidence(58, 0.05, 0.95) == 0.0


@pytest.mark.parametrize("worth", [19, 20, 33, 40, 181])
def test_on_average_a_fresh_group_has_the_weight_of_a_group(worth):
    # Of w groups alike within, a fresh one is the strangest with chance 1 / (w + 1).
    made = promise(181, 0.05, 0, worth=worth)
    assert (1 + worth * made.beyond / 181) / (worth + 1) <= 0.05 + 1e-12
    assert (1 + worth * (made.beyond + 1) / 181) / (worth + 1) > 0.05
