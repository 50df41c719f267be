import numpy as np
import pytest

from embedtune.evaluation.paired import ScoredPair, paired_comparison, paired_comparisons
from embedtune.vocabulary.evaluation import Scores

IDS = [f"q{i:02d}" for i in range(24)]


def scores(seed, metric="mrr"):
    values = np.random.default_rng(seed).random(len(IDS))
    return Scores(metric, dict(zip(IDS, values.tolist(), strict=True)))


def rng():
    return np.random.default_rng(9)


def test_the_values_are_the_means_and_the_interval_holds_the_difference():
    before, after = scores(1), scores(2)
    found = paired_comparison(before, after, ("base", "tuned"), None, 500, rng(), "domain=hvac")
    assert (found.metric, found.baseline, found.candidate, found.slice, found.n) == (
        "mrr",
        "base",
        "tuned",
        "domain=hvac",
        24,
    )
    assert (found.baseline_value, found.candidate_value) == (before.mean, after.mean)
    assert found.ci_low < found.delta < found.ci_high
    assert found.detectable is not None
    assert found.detectable > (found.ci_high - found.ci_low) / 2
    assert found.p_adjusted is None


def test_a_pair_is_compared_the_same_alone_and_among_others():
    groups = [str(i // 2) for i in range(24)]
    pairs = [ScoredPair(("base", name), scores(1), scores(seed)) for name, seed in (("tuned", 2), ("other", 3))]
    together = paired_comparisons(pairs, groups, 500, rng())
    for pair, found in zip(pairs, together, strict=True):
        alone = paired_comparison(pair.before, pair.after, pair.names, groups, 500, rng())
        assert (found.ci_low, found.ci_high) == pytest.approx((alone.ci_low, alone.ci_high))
        assert (found.p_value, found.detectable) == (alone.p_value, pytest.approx(alone.detectable))


def test_questions_are_matched_by_id_not_by_place():
    before = scores(1)
    after = Scores("mrr", dict(reversed(scores(1).per_query.items())))
    found = paired_comparison(before, after, ("base", "double"), None, 200, rng())
    assert (found.delta, found.ci_low, found.ci_high, found.p_value, found.detectable) == (
        pytest.approx(0.0),
        0.0,
        0.0,
        1.0,
        None,
    )


def test_no_difference_of_a_metric_is_beyond_1():
    before, after = Scores("mrr", {"a": 0.0, "b": 0.0}), Scores("mrr", {"a": 1.0, "b": 0.1})
    found = paired_comparison(before, after, ("base", "tuned"), None, 200, rng())
    assert (found.ci_low, found.ci_high) == (-1.0, 1.0)
