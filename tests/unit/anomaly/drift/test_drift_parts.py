import numpy as np
import pytest
from scipy.stats import betabinom, binomtest

from embedtune.anomaly.calibration.guarantee import promise
from embedtune.anomaly.drift.domain_mix import domain_mix, mix_p_value
from embedtune.anomaly.drift.embedding_shift import embedding_shift as grouped_shift
from embedtune.anomaly.drift.rates import Judged
from embedtune.anomaly.drift.rates import flag_rate as rate_by_threshold
from embedtune.anomaly.drift.vocabulary import compare_vocabulary


def flag_rate(flagged, queries, guarantee):
    """Compare queries that met one threshold."""
    return rate_by_threshold([Judged(flagged, queries, guarantee)])


def test_a_flag_rate_that_is_usual_and_one_that_is_not():
    guarantee = promise(181, 0.05, 0.95)
    usual, high = flag_rate(14, 500, guarantee), flag_rate(60, 500, guarantee)
    assert usual.share == 0.028
    assert usual.low < 0.028 < usual.high
    assert usual.p_value > 0.2
    assert high.p_value < 0.001
    assert high.share > high.expected_high > high.expected == 5 / 182


def test_a_small_calibration_is_less_sure_what_is_usual():
    small, large = (flag_rate(40, 500, promise(n, 0.05, 0)) for n in (39, 3999))
    assert small.p_value > 10 * large.p_value


def test_the_p_value_of_the_rate_is_honest():
    # The threshold's own rate is Beta(beyond + 1, n - beyond); flags are binomial given it.
    guarantee = promise(99, 0.05, 0)
    generator = np.random.default_rng(1)
    rates = generator.beta(guarantee.beyond + 1, guarantee.queries - guarantee.beyond, 2000)
    p_values = [flag_rate(int(generator.binomial(200, rate)), 200, guarantee).p_value for rate in rates[:400]]
    assert np.mean(np.array(p_values) <= 0.1) <= 0.14


def test_queries_of_two_thresholds_are_expected_by_both():
    strict, loose = promise(181, 0.05, 0.95), promise(40, 0.2, 0)
    both = rate_by_threshold([Judged(0, 100, strict), Judged(15, 100, loose)])
    assert (both.flagged, both.queries) == (15, 200)
    assert both.expected == pytest.approx((strict.expected_rate + loose.expected_rate) / 2)
    assert both.p_value > 0.2
    assert flag_rate(15, 200, strict).p_value < 0.05
    # The chance of a sum, by all the ways to reach it.
    parts = [betabinom(3, g.worth_beyond + 1, g.worth - g.worth_beyond) for g in (strict, loose)]
    by_hand = sum(parts[0].pmf(i) * parts[1].pmf(j) for i in range(4) for j in range(4) if i + j >= 2)
    assert rate_by_threshold([Judged(1, 3, strict), Judged(1, 3, loose)]).p_value == pytest.approx(by_hand)


def test_paraphrases_in_a_log_count_as_what_they_are_worth():
    """Groups of ten that are flagged all or none, in calibration and in the log alike, seldom raise the alarm."""
    guarantee = promise(400, 0.05, 0, worth=40)
    generator = np.random.default_rng(2)
    rates = generator.beta(guarantee.worth_beyond + 1, guarantee.worth - guarantee.worth_beyond, 1000)
    p_values = np.array([flag_rate(10 * int(generator.binomial(50, rate)), 500, guarantee).p_value for rate in rates])
    assert np.mean(p_values <= 0.05) <= 0.06
    assert flag_rate(30, 500, guarantee).p_value > 0.3
    assert flag_rate(200, 500, guarantee).p_value < 0.001


def test_interval_and_expectation_follow_the_same_law_as_the_p_value():
    alone, alike = promise(400, 0.05, 0), promise(400, 0.05, 0, worth=40)
    wide, narrow = flag_rate(30, 500, alike), flag_rate(30, 500, alone)
    interval = binomtest(30, 500).proportion_ci(0.95, "exact")
    assert (narrow.low, narrow.high) == pytest.approx((interval.low, interval.high))
    assert wide.low < narrow.low < 0.06 < narrow.high < wide.high
    assert wide.expected == pytest.approx(2 / 41)
    assert (flag_rate(0, 40, alone).low, flag_rate(40, 40, alone).high) == (0, 1)


def sketches(count, seed, shift=0.0):
    return np.random.default_rng(seed).normal(size=(count, 4)) + shift


def embedding_shift(normal, logged, seed):
    """Compare queries each of which is about a thing of its own."""
    return grouped_shift(normal, np.arange(len(normal)), logged, seed)


def about_things(things, seed):
    """Ten queries about each of some things, which lie apart."""
    draw = np.random.default_rng(seed)
    return np.repeat(draw.normal(size=(things, 4)), 10, axis=0) + 0.2 * draw.normal(size=(10 * things, 4))


def test_questions_about_other_things_of_the_same_kind_are_no_drift():
    groups = np.repeat(np.arange(15), 10)
    alone = [embedding_shift(about_things(15, seed), about_things(30, seed + 50), 7).p_value for seed in range(10)]
    grouped = [
        grouped_shift(about_things(15, seed), groups, about_things(30, seed + 50), 7).p_value for seed in range(10)
    ]
    assert np.mean(np.array(alone) < 0.0125) > 0.5
    assert min(grouped) > 0.0125
    assert grouped_shift(about_things(15, 1), groups, about_things(30, 51) + 3, 7).p_value == 0.001
    assert grouped_shift(about_things(15, 1), groups * 0, about_things(30, 51) + 3, 7).p_value == 1


def test_one_pair_among_the_normal_queries_costs_no_power():
    """Groups are drawn at the real sizes: halves of the normal queries lie twice as far from each other."""
    alone, paired = np.arange(150), np.array([0, *range(149)])
    p_values = np.array(
        [
            [grouped_shift(sketches(150, seed), groups, sketches(150, seed + 50, 0.2), 7).p_value for seed in range(12)]
            for groups in (alone, paired)
        ]
    )
    assert np.mean(p_values[0] < 0.05) > 0.4
    assert np.abs(np.mean(p_values[1] < 0.05) - np.mean(p_values[0] < 0.05)) <= 0.2


def test_with_groups_the_energy_test_is_conservative():
    groups = np.repeat(np.arange(30), 10)
    p_values = [
        grouped_shift(about_things(30, seed), groups, about_things(15, seed + 500), 7).p_value for seed in range(60)
    ]
    assert np.mean(np.array(p_values) <= 0.1) <= 0.1 + 1.645 * 0.0388


def test_the_energy_test_sees_a_shift_and_no_other():
    assert embedding_shift(sketches(150, 1), sketches(150, 2, 0.6), 7).p_value == 0.001
    p_values = [embedding_shift(sketches(60, seed), sketches(60, seed + 100), 7).p_value for seed in range(20)]
    assert 0.2 < np.mean(p_values) < 0.8


def test_the_energy_distance_by_hand():
    # Points 0, 0 against 1, 1: 2 * 1 - 0 - 0.
    found = embedding_shift(np.array([[0.0], [0.0]]), np.array([[1.0], [1.0]]), 1)
    assert found.distance == pytest.approx(2.0)
    assert found.p_value > 0.1  # 6 divisions only
    assert embedding_shift(np.zeros((3, 1)), np.zeros((1, 1)), 1).p_value == 1


def test_more_queries_than_are_compared_are_sampled():
    found = embedding_shift(sketches(900, 1), sketches(900, 2), 7)
    assert found.compared == 500
    assert embedding_shift(sketches(900, 1), sketches(900, 2), 7) == found


def test_new_words_are_compared():
    usual = np.repeat([0.0, 0.1], [90, 10])
    alone = np.arange(100)
    assert compare_vocabulary(usual, alone, usual).p_value > 0.4
    more = compare_vocabulary(usual, alone, np.repeat([0.0, 0.5], [50, 50]))
    assert more.p_value < 1e-6
    assert (more.usual, more.share) == (pytest.approx(0.01), 0.25)
    assert compare_vocabulary(np.zeros(5), alone[:5], np.zeros(9)).p_value == 1


def test_new_words_that_come_in_groups_prove_less():
    usual = np.repeat([0.0, 0.1] * 10, 5)
    logged = np.repeat([0.0, 0.1], [40, 60])
    alone, grouped = (
        compare_vocabulary(usual, groups, logged).p_value for groups in (np.arange(100), np.repeat(np.arange(20), 5))
    )
    assert alone < grouped < 0.5


def test_the_mix_of_domains_is_told():
    normal = {"pump": 60, "hose": 40}
    mix = domain_mix(normal, [("pump", False)] * 30 + [("hose", True)] * 20)
    assert [(d.domain, d.usual, d.share, d.flagged) for d in mix] == [("hose", 0.4, 0.4, 1.0), ("pump", 0.6, 0.6, 0.0)]
    assert [d.domain for d in domain_mix({"pump": 60}, [("", False)] * 50)] == ["", "pump"]


def test_domains_asked_about_as_before_and_others():
    draw = np.random.default_rng(3)
    names = ["pump", "valve", "boiler", "rare", "rarer"]
    usual, other = [0.4, 0.3, 0.28, 0.01, 0.01], [0.2, 0.3, 0.48, 0.01, 0.01]
    same = [mix_p_value(draw.choice(names, 400, p=usual), draw.choice(names, 200, p=usual), 1) for _ in range(300)]
    assert 0.02 <= np.mean(np.array(same) <= 0.05) <= 0.09
    assert mix_p_value(draw.choice(names, 400, p=usual), draw.choice(names, 200, p=other), 1) < 0.001


def test_bursts_of_questions_are_no_other_mix():
    draw = np.random.default_rng(3)
    bursts = [[np.repeat(draw.choice(["pump", "valve", "boiler"], 40), 10) for _ in range(2)] for _ in range(200)]
    assert np.mean([mix_p_value(*pair, 1) <= 0.05 for pair in bursts]) > 0.4
    assert np.mean([mix_p_value(*pair, 10) <= 0.05 for pair in bursts]) <= 0.09


@pytest.mark.parametrize("domains", [(["pump"] * 40, ["pump"] * 30), (["a", "b"], ["c"]), ([""] * 30, [""] * 30)])
def test_one_domain_or_few_queries_tell_no_change(domains):
    assert mix_p_value(*domains, 1) == 1.0


def test_shares_before_are_told_where_there_are_any():
    shares = domain_mix({"pump": 3, "valve": 1}, [("pump", True), ("lid", False)], ["pump", "pump", "hose", "lid"])
    assert [(share.domain, share.usual, share.share, share.before) for share in shares] == [
        ("hose", 0.0, 0.0, 0.25),
        ("lid", 0.0, 0.5, 0.25),
        ("pump", 0.75, 0.5, 0.5),
        ("valve", 0.25, 0.0, 0.0),
    ]
    assert all(share.before is None for share in domain_mix({}, [("pump", True)]))
