from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from embedtune.encoders.fake import FakeEncoder
from embedtune.encoders.sentence_transformer import load_model
from embedtune.evaluation.domain_metrics import DevMetrics, Quality
from embedtune.training.dev.dev_set import DevSet
from embedtune.training.dev.domain_evaluator import DomainAwareEvaluator, flat_metrics, measure_dev, measure_domains
from embedtune.vocabulary.corpus import Passage
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Origin, Query


@dataclass(frozen=True)
class TableEncoder:
    """Encodes by looking up an angle, so that every cosine is known."""

    angles: dict
    name: str = "table"
    digest: str = ""
    dimension: int = 2

    def encode(self, texts):
        radians = np.radians([self.angles[text] for text in texts]).astype(np.float32)
        return np.stack([np.cos(radians), np.sin(radians)], axis=1)


def query(name, domain=""):
    return Query(name, name, Origin.HUMAN, domain=domain)


def passage(section, text):
    return Passage(f"{section}#{text}", section, text)


def test_sections_rank_by_their_best_passage():
    encoder = TableEncoder({"q": 0, "far": 80, "near": 5, "middle": 20})
    dev = DevSet(
        (query("q"),), Qrels({"q": {"a": 1}}), (passage("a", "far"), passage("b", "middle"), passage("a", "near"))
    )

    assert measure_domains(encoder, dev).overall == Quality(recall_at_5=1.0, mrr=1.0, n=1)


def test_reciprocal_rank_and_recall_per_domain():
    angles = {f"p{number}": 10 * number for number in range(8)} | {"first": 0, "third": 0, "seventh": 0}
    passages = tuple(passage(f"s{number}", f"p{number}") for number in range(8))
    dev = DevSet(
        (query("first", "brakes"), query("third", "engine"), query("seventh", "engine")),
        Qrels({"first": {"s0": 1}, "third": {"s2": 1}, "seventh": {"s6": 1}}),
        passages,
    )

    metrics = measure_domains(TableEncoder(angles), dev)

    assert metrics.by_domain["brakes"] == Quality(1.0, 1.0, 1)
    assert metrics.by_domain["engine"].recall_at_5 == 0.5
    assert metrics.by_domain["engine"].mrr == pytest.approx((1 / 3 + 1 / 7) / 2)
    assert metrics.overall.mrr == pytest.approx((1 + 1 / 3 + 1 / 7) / 3)
    assert metrics.overall.n == 3


def test_equal_scores_rank_by_section_id():
    encoder = TableEncoder({"q": 0, "same": 30})
    dev = DevSet((query("q"),), Qrels({"q": {"b": 1}}), (passage("b", "same"), passage("a", "same")))

    assert measure_domains(encoder, dev).overall.mrr == 0.5


def test_a_section_without_passages_is_not_found():
    dev = DevSet((query("q"),), Qrels({"q": {"gone": 1}}), (passage("a", "text"),))

    assert measure_domains(FakeEncoder(), dev).overall == Quality(0.0, 0.0, 1)


def test_no_passages_find_nothing():
    dev = DevSet((query("q"),), Qrels({"q": {"a": 1}}), ())

    assert measure_domains(FakeEncoder(), dev).overall.mrr == 0.0


def test_the_mean_cosine_is_that_of_the_passages_alone():
    encoder = TableEncoder({"q": 0, "a": 0, "b": 60, "c": 180})
    dev = DevSet((query("q"),), Qrels({"q": {"a": 1}}), tuple(passage(text, text) for text in "abc"))

    measured = measure_dev(encoder, dev)

    assert measured.quality == measure_domains(encoder, dev)
    assert measured.mean_cosine == pytest.approx((0.5 - 1 - 0.5) / 3)
    assert measured.flat == {**flat_metrics(measured.quality), "mean_cosine": measured.mean_cosine}


def test_one_passage_has_no_mean_cosine():
    dev = DevSet((query("q"),), Qrels({"q": {"a": 1}}), (passage("a", "a"),))

    assert "mean_cosine" not in measure_dev(TableEncoder({"q": 0, "a": 0}), dev).flat


def test_flat_names():
    metrics = DevMetrics(Quality(0.5, 0.25, 4), {"hvac": Quality(1.0, 0.75, 2)})

    assert flat_metrics(metrics) == {"recall@5": 0.5, "mrr": 0.25, "hvac_recall@5": 1.0, "hvac_mrr": 0.75}


def test_the_trainers_evaluator_measures_a_model_and_writes_nothing(tiny_model, tmp_path):
    texts = ("brake pads", "engine oil", "tire valve")
    dev = DevSet(
        tuple(query(text, "vehicle") for text in texts),
        Qrels({text: {text: 1} for text in texts}),
        tuple(passage(text, text) for text in texts),
    )
    evaluator = DomainAwareEvaluator(dev)

    values = evaluator(load_model(tiny_model), str(tmp_path))

    cosine = values.pop("mean_cosine")
    assert values == {"recall@5": 1.0, "mrr": 1.0, "vehicle_recall@5": 1.0, "vehicle_mrr": 1.0}
    assert -1 < cosine < 1
    assert evaluator.primary_metric in values
    assert list(tmp_path.iterdir()) == []
