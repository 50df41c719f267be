from __future__ import annotations

import numpy as np
import pytest

from embedtune.config.data_settings import NegativeSettings
from embedtune.pairs.negatives.judges import EncodedPool
from embedtune.pairs.negatives.pool import PassagePool, PoolRows
from embedtune.vocabulary.corpus import Passage
from embedtune.vocabulary.pairs import Origin, Provenance, Query, TrainingPair


class Directions:
    """Encodes a text as the direction its last word names."""

    name, digest, dimension = "directions", "sha256:0", 2

    def encode(self, texts):
        angles = np.radians([float(text.split()[-1]) for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def judged(angles, right, **settings):
    """Judge passages, given as (cluster, angle), for a question at 0 degrees."""
    passages = tuple(Passage(f"p{n}", f"s{n}", f"{angle}") for n, (_, angle) in enumerate(angles))
    clusters = {f"s{n}": cluster for n, (cluster, _) in enumerate(angles)}
    rows = PoolRows(PassagePool(passages, dict.fromkeys(clusters, "d"), clusters))
    pair = TrainingPair(Query("q", "q 0", Origin.HUMAN), f"right {right}", (), Provenance())
    encoded = EncodedPool(Directions(), rows, [pair])
    return encoded.allowed(0, range(len(angles)), NegativeSettings(**settings)).tolist()


def test_the_margin_is_a_share_of_the_right_passages_cosine():
    angles = [("a", 40), ("b", 50), ("c", 60)]  # cosines .77, .64, .5
    assert judged(angles, 30, margin=0.0) == [True, True, True]  # right: .87
    assert judged(angles, 30, margin=0.2) == [False, True, True]
    assert judged(angles, 30, margin=0.4) == [False, False, True]


def test_a_negative_cosine_of_the_right_passage_lowers_the_ceiling_too():
    assert judged([("a", 100), ("b", 140)], 95, margin=0.5) == [True, True]
    assert judged([("a", 96), ("b", 140)], 95, margin=0.5) == [False, True]


@pytest.mark.parametrize(("ceiling", "allowed"), [(1.0, [True, True]), (0.6, [False, True]), (0.4, [False, False])])
def test_the_ceiling(ceiling, allowed):
    assert judged([("a", 50), ("b", 60)], 10, margin=0.0, max_score=ceiling) == allowed


def test_a_cluster_is_judged_by_its_best_passage():
    angles = [("a", 20), ("b", 60), ("a", 70), ("a", 80), ("b", 50)]
    assert judged(angles, 30, margin=0.0) == [False, True, False, False, True]
