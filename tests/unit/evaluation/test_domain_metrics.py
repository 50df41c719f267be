import pytest

from embedtune.evaluation.domain_metrics import Quality, dev_metrics
from embedtune.vocabulary.evaluation import Qrels, Ranked

QRELS = Qrels({"q1": {"a": 1}, "q2": {"b": 1}, "q3": {"c": 1}, "q4": {"a": 1, "b": 1}})
RANKINGS = {
    "q1": [Ranked("a", 0.9), Ranked("b", 0.5)],
    "q2": [Ranked("x", 0.9), Ranked("b", 0.5)],
    "q4": [Ranked(section, 1.0 - i / 10) for i, section in enumerate("uvwxyab")],
}
DOMAINS = {"q1": "hvac", "q2": "hvac", "q3": "avionics", "q4": ""}


def test_quality_overall_and_by_domain():
    metrics = dev_metrics(RANKINGS, QRELS, DOMAINS)
    assert metrics.overall == Quality(pytest.approx(2 / 4), pytest.approx((1 + 1 / 2 + 0 + 1 / 6) / 4), 4)
    assert list(metrics.by_domain) == ["avionics", "hvac"]
    assert metrics.by_domain["avionics"] == Quality(0.0, 0.0, 1)
    assert metrics.by_domain["hvac"] == Quality(1.0, 0.75, 2)


def test_the_json_has_the_names_of_the_metrics_file():
    assert dev_metrics({"q1": RANKINGS["q1"]}, QRELS.restricted_to(["q1"]), DOMAINS).as_json() == {
        "recall@5": 1.0,
        "mrr": 1.0,
        "by_domain": {"hvac": {"recall@5": 1.0, "mrr": 1.0, "n": 1}},
    }


def test_no_dev_question_gives_zeros():
    metrics = dev_metrics({}, Qrels({}), {})
    assert metrics.overall == Quality(0.0, 0.0, 0)
    assert metrics.by_domain == {}
