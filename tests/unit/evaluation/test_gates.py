import numpy as np
import pytest

from embedtune.config.settings import EvaluationSettings, GateSettings
from embedtune.evaluation.claim import Claim
from embedtune.evaluation.compare import evaluate_runs
from embedtune.evaluation.gates import (
    NoDomainWorse,
    NoGeneralLoss,
    NoLeak,
    NotBelowHybridBaseline,
    OverallGain,
    RobustnessKept,
    gates_of,
)
from embedtune.evaluation.outcome import Benchmark, Evaluation, SliceResult, SystemResult
from embedtune.evaluation.robustness.cases import Expectation
from embedtune.evaluation.robustness.outcome import FamilyOutcome, Robustness, SystemRobustness
from embedtune.vocabulary.evaluation import Comparison, Qrels, Ranked, Run
from embedtune.vocabulary.pairs import Origin, Query

METRIC = "recall@5"
GAIN = OverallGain(METRIC)
GUARD = NoDomainWorse(METRIC)
HYBRID = NotBelowHybridBaseline(METRIC)


def compared(low, high, where="all", names=("base", "tuned"), adjusted=None):
    middle = 0.6 + (low + high) / 2
    return Comparison(METRIC, *names, 0.6, middle, low, high, 0.012, 80, where, p_adjusted=adjusted)


def claim(*comparisons, domains=("hvac", "engine"), systems=("base", "tuned"), **evidence):
    slices = tuple(SliceResult("domain", domain, 7, 7, {}) for domain in domains)
    slices += (SliceResult("difficulty", "hard", 7, 7, {}),)
    results = tuple(SystemResult(name, {}, slices) for name in systems)
    evaluation = Evaluation(results, comparisons, 80, 5, "c", "q", 0, EvaluationSettings())
    return Claim(evaluation, "base", "tuned", "hybrid:base", "hybrid:tuned", **evidence)


def robustness(*passed):
    systems = [
        SystemRobustness(name, (FamilyOutcome("typos", Expectation.SAME_ANSWER, count, 120),), ())
        for name, count in zip(("base", "tuned"), passed, strict=False)
    ]
    return Robustness(1, "sha256:x", tuple(systems))


def test_a_gain_needs_the_whole_interval_above_zero():
    result = GAIN.check(claim(compared(0.02, 0.1)))
    assert (result.passed, result.value, result.bound) == (True, 0.02, 0.0)
    assert result.gate == "recall@5: tuned better than base"
    assert result.reason == (
        "recall@5 is 0.660 for tuned and 0.600 for base: +0.060 (95 % interval +0.020 to +0.100, p = 0.0120, "
        "n = 80); the interval lies above 0."
    )


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.1), (-0.01, 0.2), (-0.2, -0.1)])
def test_no_proof_is_no_gain(low, high):
    result = GAIN.check(claim(compared(low, high)))
    assert not result.passed
    assert result.reason.endswith("the interval does not lie above 0.")


def test_the_gain_wanted_can_be_larger():
    assert OverallGain(METRIC, 0.01).check(claim(compared(0.02, 0.1))).passed
    result = OverallGain(METRIC, 0.05).check(claim(compared(0.02, 0.1)))
    assert (result.passed, result.bound) == (False, 0.05)
    assert result.reason.endswith("the interval does not lie above 0.05.")


def test_a_gain_on_a_slice_is_not_an_overall_gain():
    result = GAIN.check(claim(compared(0.1, 0.2, "domain=hvac")))
    assert (result.passed, result.value) == (False, None)
    assert "5 independent questions were asked and" in result.reason


def test_no_domain_may_be_clearly_worse():
    result = GUARD.check(claim(compared(0.1, 0.2, "domain=hvac"), compared(-0.3, -0.1, "domain=engine")))
    assert (result.passed, result.bound) == (False, 0.0)
    assert result.value == pytest.approx(-0.2)
    assert "on domain=engine is 0.400 for tuned and 0.600 for base: -0.200" in result.reason
    assert "hvac" not in result.reason


def test_one_of_many_slices_is_worse_only_by_its_corrected_p_value():
    clear = GUARD.check(claim(compared(-0.3, -0.1, "domain=hvac", adjusted=0.048)))
    assert not clear.passed
    assert "p = 0.0120, 0.0480 corrected for all slices" in clear.reason
    unclear = GUARD.check(claim(compared(-0.3, -0.1, "domain=hvac", adjusted=0.052)))
    assert (unclear.passed, unclear.value) == (True, 0.0)


def test_a_clear_loss_can_be_accepted_up_to_a_bound():
    worse = claim(compared(-0.3, -0.1, "domain=hvac"), compared(0.1, 0.2, "domain=engine"))
    assert NoDomainWorse(METRIC, 0.25).check(worse).passed
    assert not NoDomainWorse(METRIC, 0.15).check(worse).passed


def test_an_unclear_loss_passes_and_small_domains_are_named():
    result = GUARD.check(claim(compared(-0.3, 0.0, "domain=hvac")))
    assert result.passed
    assert result.reason == (
        "recall@5 is clearly worse in none of the 1 domain judged. Too few questions to judge: engine (n = 7)."
    )
    assert GUARD.check(claim()).value is None


def test_other_slices_and_other_pairs_do_not_concern_the_domains():
    worse = compared(-0.3, -0.1, "difficulty=hard")
    other = compared(-0.4, -0.2, "domain=hvac", names=("bm25", "tuned"))
    assert GUARD.check(claim(worse, other)).passed


@pytest.mark.parametrize(("delta", "passed"), [(0.1, True), (-0.02, True), (-0.021, False)])
def test_general_retrieval_may_lose_up_to_a_bound(delta, passed):
    change = Comparison("ndcg@10", "base", "tuned", 0.5, 0.5 + delta, delta - 0.1, delta + 0.1, 0.5, 43)
    result = NoGeneralLoss(0.0200001).check(claim(general=change))
    assert result.passed is passed
    assert result.value == pytest.approx(delta)
    assert "On general questions ndcg@10 is" in result.reason


def test_leaks_are_counted_and_named():
    result = NoLeak().check(claim(leaked=("q1", "q2", "q3", "q4")))
    assert (result.passed, result.value, result.bound) == (False, 0.05, 0.0)
    assert result.reason == "4 of 80 test questions were trained on (q1, q2, q3, …)."
    assert NoLeak(0.05).check(claim(leaked=("q1", "q2", "q3", "q4"))).passed
    assert NoLeak().check(claim(leaked=())).reason == "0 of 80 test questions were trained on."


@pytest.mark.parametrize(("base", "tuned", "passed"), [(90, 90, True), (90, 96, True), (90, 89, False)])
def test_robustness_may_not_fall_below_the_base(base, tuned, passed):
    result = RobustnessKept().check(claim(robustness=robustness(base, tuned)))
    assert (result.passed, result.value, result.bound) == (passed, tuned / 120, base / 120)
    assert result.reason == f"tuned passes {tuned} of 120 robustness cases, base {base} of 120."
    assert RobustnessKept(0.01).check(claim(robustness=robustness(base, tuned))).passed


def test_the_hybrid_of_the_base_may_not_be_clearly_better():
    rivals = ("hybrid:base", "hybrid:tuned")
    both = {"systems": ("base", "tuned", *rivals)}
    assert HYBRID.check(claim(compared(-0.1, 0.01, names=rivals), **both)).passed
    result = HYBRID.check(claim(compared(-0.1, -0.01, names=rivals), **both))
    assert (result.passed, result.value, result.bound) == (False, -0.01, 0.0)
    assert result.gate == "recall@5: hybrid:tuned not below hybrid:base"
    assert result.reason.endswith("the interval lies below 0.")
    assert NotBelowHybridBaseline(METRIC, 0.02).check(claim(compared(-0.1, -0.01, names=rivals), **both)).passed


def test_without_its_own_hybrid_the_candidate_itself_meets_that_of_the_base():
    alone = claim(compared(-0.1, -0.01, names=("hybrid:base", "tuned")), systems=("base", "tuned", "hybrid:base"))
    assert not HYBRID.check(alone).passed


@pytest.mark.parametrize("gate", [NoGeneralLoss(0.02), NoLeak(), RobustnessKept(), HYBRID])
def test_what_was_not_measured_is_a_remark_and_no_failure(gate):
    result = gate.check(claim())
    assert (result.passed, result.value) == (True, None)
    assert "not" in result.reason
    assert RobustnessKept().check(claim(robustness=robustness(90))).value is None


def test_gates_are_switched_off_and_bounded_by_the_settings():
    assert len(gates_of(GateSettings(), METRIC)) == 6
    settings = GateSettings(domains=False, general=False, robustness=False, hybrid=False, leaked_share=0.5)
    assert gates_of(settings, METRIC) == (OverallGain(METRIC, 0.0), NoLeak(0.5))
    off = dict.fromkeys(("gain", "domains", "general", "leaks", "robustness", "hybrid"), False)
    assert gates_of(GateSettings(**off), METRIC) == ()


def planted(loss_in_hvac):
    """60 questions a domain: right at rank 1 or 4 by chance, the candidate better but for one domain."""
    generator = np.random.default_rng(3)
    queries, grades, runs = [], {}, {"base": {}, "tuned": {}}
    for domain in ("hvac", "engine", "radio", "marine"):
        for number in range(60):
            name = f"{domain}-{number}"
            queries.append(Query(name, f"{name}?", Origin.HUMAN, domain=domain))
            grades[name] = {name: 1}
            worse = domain == "hvac" and loss_in_hvac
            for system, chance in (("base", 0.5), ("tuned", 0.15 if worse else 0.8)):
                wrong = [f"{name}-wrong-{n}" for n in range(3 * (generator.random() >= chance))]
                ranking = [*wrong, name]
                runs[system][name] = tuple(Ranked(s, float(-rank)) for rank, s in enumerate(ranking))
    benchmark = Benchmark(tuple(queries), Qrels(grades), "c")
    made = [Run(system, "c", rankings) for system, rankings in runs.items()]
    evaluation = evaluate_runs(made, benchmark, [("base", "tuned")], EvaluationSettings(bootstrap_samples=1000), 1)
    return Claim(evaluation, "base", "tuned", "hybrid:base", "hybrid:tuned")


def test_a_regression_in_one_domain_is_caught_while_the_mean_rises():
    damaged = planted(loss_in_hvac=True)
    assert OverallGain("ndcg@10").check(damaged).passed
    result = NoDomainWorse("ndcg@10").check(damaged)
    assert not result.passed
    assert "domain=hvac" in result.reason
    assert "engine" not in result.reason
    assert NoDomainWorse("ndcg@10").check(planted(loss_in_hvac=False)).passed
