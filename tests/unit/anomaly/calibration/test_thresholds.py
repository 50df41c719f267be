import numpy as np
import pytest

from embedtune.anomaly.calibration.thresholds import ALL, Thresholds
from embedtune.errors import InputError

SCORES = np.concatenate([np.arange(30.0), 100 + np.arange(10.0)])
DOMAINS = ["pump"] * 30 + ["hose"] * 10


def test_a_domain_with_enough_queries_has_a_threshold_of_its_own():
    thresholds = Thresholds.of(SCORES, DOMAINS, 0.05, 0)
    assert set(thresholds.scores) == {ALL, "pump"}
    assert thresholds.threshold("pump") == 29
    assert thresholds.threshold() == thresholds.threshold("hose") == thresholds.threshold("unheard of") == 108
    assert thresholds.own("hose") == thresholds.own(None) == ALL


def test_the_same_score_means_something_else_in_another_domain():
    thresholds = Thresholds.of(SCORES, DOMAINS, 0.05, 0)
    assert thresholds.anomalous(np.array([50.0]), "pump").tolist() == [True]
    assert thresholds.anomalous(np.array([50.0]), ALL).tolist() == [False]
    assert thresholds.p_values(np.array([50.0]), "pump").tolist() == [1 / 31]
    assert thresholds.p_values(np.array([50.0]), ALL).tolist() == [11 / 41]


def test_with_one_domain_it_is_that_of_all():
    assert set(Thresholds.of(SCORES, ["pump"] * 40, 0.05, 0).scores) == {ALL}


def test_threshold_and_flag_say_the_same():
    scores = np.random.default_rng(1).integers(0, 9, 80).astype(float)
    thresholds = Thresholds.of(scores, (), 0.05, 0.95)
    asked = np.arange(-1, 10, 0.5)
    assert thresholds.anomalous(asked, ALL).tolist() == (asked > thresholds.threshold()).tolist()


def test_too_few_for_the_promise_are_refused():
    with pytest.raises(InputError, match="at least 59"):
        Thresholds.of(SCORES, DOMAINS, 0.05, 0.95)
