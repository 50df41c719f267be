import pytest

from embedtune.config.settings import EvaluationSettings
from embedtune.evaluation.gates import AllOf, NoDomainWorse, OverallGain
from embedtune.evaluation.outcome import Evaluation, SliceResult, SystemResult
from embedtune.vocabulary.evaluation import Comparison

GAIN = OverallGain("recall@5", "base", "tuned")
GUARD = NoDomainWorse("recall@5", "base", "tuned")


def compared(low, high, where="all"):
    return Comparison("recall@5", "base", "tuned", 0.6, 0.6 + (low + high) / 2, low, high, 0.012, 80, where)


def evaluation(*comparisons, domains=("hvac", "engine")):
    slices = tuple(SliceResult("domain", domain, 7, 7, {}) for domain in domains)
    slices += (SliceResult("difficulty", "hard", 7, 7, {}),)
    systems = (SystemResult("base", {}, slices), SystemResult("tuned", {}, slices))
    return Evaluation(systems, comparisons, 80, 5, "c", "q", 0, EvaluationSettings())


def test_a_gain_needs_the_whole_interval_above_zero():
    result = GAIN.check(evaluation(compared(0.02, 0.1)))
    assert result.passed
    assert result.gate == "recall@5: tuned better than base"
    assert result.reason == (
        "recall@5 is 0.660 for tuned and 0.600 for base: +0.060 (95 % interval +0.020 to +0.100, p = 0.0120, "
        "n = 80); the interval lies above 0."
    )


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.1), (-0.01, 0.2), (-0.2, -0.1)])
def test_no_proof_is_no_gain(low, high):
    result = GAIN.check(evaluation(compared(low, high)))
    assert not result.passed
    assert result.reason.endswith("the interval does not lie above 0.")


def test_a_gain_on_a_slice_is_not_an_overall_gain():
    result = GAIN.check(evaluation(compared(0.1, 0.2, "domain=hvac")))
    assert not result.passed
    assert "5 independent questions were asked and 10 are needed" in result.reason


def test_no_domain_may_be_clearly_worse():
    result = GUARD.check(evaluation(compared(0.1, 0.2, "domain=hvac"), compared(-0.3, -0.1, "domain=engine")))
    assert not result.passed
    assert "on domain=engine is 0.400 for tuned and 0.600 for base: -0.200" in result.reason
    assert "hvac" not in result.reason


def test_an_unclear_loss_passes_and_small_domains_are_named():
    result = GUARD.check(evaluation(compared(-0.3, 0.0, "domain=hvac")))
    assert result.passed
    assert result.reason == (
        "No interval of recall@5 lies below 0 in the 1 domain with an interval. Without an interval: engine (n = 7)."
    )


def test_other_slices_and_other_pairs_do_not_concern_the_domains():
    worse = compared(-0.3, -0.1, "difficulty=hard")
    other = Comparison("recall@5", "bm25", "tuned", 0.9, 0.6, -0.4, -0.2, 0.01, 80, "domain=hvac")
    assert GUARD.check(evaluation(worse, other)).passed


def test_all_of_passes_when_all_do_and_puts_failures_first():
    good = evaluation(compared(0.1, 0.2), compared(0.1, 0.2, "domain=hvac"))
    assert AllOf((GAIN, GUARD)).check(good).passed
    bad = evaluation(compared(0.1, 0.2), compared(-0.2, -0.1, "domain=hvac"))
    result = AllOf((GAIN, GUARD)).check(bad)
    assert not result.passed
    assert result.reason.startswith("recall@5 on domain=hvac")
    assert GAIN.check(bad).reason in result.reason
