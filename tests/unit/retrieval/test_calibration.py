from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.retrieval.calibration import (
    FEWEST_QUESTIONS,
    Evidence,
    JudgedScore,
    confidence,
    fit_calibration,
    word_share,
)
from embedtune.vocabulary.retrieval import Calibration, Mode

SCORES = st.floats(0, 50)
SHARES = st.floats(0, 1)
EVIDENCE = st.builds(Evidence, st.floats(-1, 1), SCORES)
CALIBRATIONS = st.none() | st.builds(
    Calibration, st.floats(-20, 20), st.floats(0, 50), st.floats(0, 50), st.floats(0, 50), st.just(30)
)


def drawn(mode, count=60, seed=4):
    """Ten hits of each of some questions; the chance of each to be right is known."""
    generator = np.random.default_rng(seed)
    judged, chances = [], []
    for _ in range(count):
        evidence = Evidence(float(generator.uniform(0.1, 0.9)), float(generator.uniform(0, 30)))
        for score in sorted(generator.uniform(0, 1 if mode is not Mode.BM25 else 30, 10), reverse=True):
            share = word_share(score) if mode is Mode.BM25 else score
            chance = 1 / (1 + np.exp(6 - 5 * share - 3 * evidence.cosine))
            judged.append(JudgedScore(float(score), evidence, bool(generator.random() < chance)))
            chances.append(chance)
    return judged, np.array(chances)


@given(st.lists(SHARES, min_size=2, max_size=5), EVIDENCE, st.sampled_from(list(Mode)), CALIBRATIONS)
def test_lies_from_0_to_1_and_falls_with_the_score(scores, evidence, mode, calibration):
    found = [confidence(score, evidence, mode, calibration) for score in sorted(scores)]
    assert found == sorted(found)
    assert all(0 <= one <= 1 for one in found)


@given(SCORES, SCORES)
def test_share_of_a_bm25_score_rises_and_stays_below_1(one, other):
    low, high = sorted([word_share(one), word_share(other)])
    assert 0 <= low <= high < 1
    assert (one < other) <= (word_share(one) <= word_share(other))


def test_without_a_calibration_it_is_what_the_documentation_says():
    evidence = Evidence(0.4, 8.0)
    assert confidence(0.8, evidence, Mode.HYBRID, None) == pytest.approx(0.8 * 0.5)
    assert confidence(0.8, Evidence(0.7, 8.0), Mode.HYBRID, None) == pytest.approx(0.8 * 0.7)
    assert confidence(0.35, evidence, Mode.DENSE, None) == 0.35
    assert confidence(-0.2, evidence, Mode.DENSE, None) == 0
    assert confidence(8.0, evidence, Mode.BM25, None) == 0.5


@pytest.mark.parametrize("mode", list(Mode))
def test_fitted_shares_are_the_chances_that_the_hits_had(mode):
    judged, chances = drawn(mode, count=400)
    calibration = fit_calibration(judged, mode, 400)
    found = np.array([confidence(one.score, one.evidence, mode, calibration) for one in judged])
    assert np.abs(found - chances).mean() < 0.03
    assert calibration.questions == 400
    assert min(calibration.score, calibration.cosine, calibration.words) >= 0


def test_scores_that_hardly_differ_are_told_apart():
    judged = [
        JudgedScore(1.0 - 0.01 * rank, Evidence(0.5, 9.0), relevant=rank == 0) for _ in range(30) for rank in range(10)
    ]
    calibration = fit_calibration(judged, Mode.HYBRID, 30)
    assert confidence(1.0, Evidence(0.5, 9.0), Mode.HYBRID, calibration) > 0.5
    assert confidence(0.97, Evidence(0.5, 9.0), Mode.HYBRID, calibration) < 0.2


def test_no_calibration_from_too_little():
    judged, _ = drawn(Mode.HYBRID)
    assert fit_calibration(judged, Mode.HYBRID, FEWEST_QUESTIONS - 1) is None
    wrong = [JudgedScore(one.score, one.evidence, relevant=False) for one in judged]
    assert fit_calibration(wrong, Mode.HYBRID, 60) is None
    assert fit_calibration([], Mode.HYBRID, 60) is None
