"""`search --rerank` and `Reranker`."""

from __future__ import annotations

from embedtune import Reranker
from embedtune.vocabulary.retrieval import Hit
from tiny_models import write_tiny_cross_encoder


def test_search_is_put_in_the_order_of_a_local_model(embedtune, done):
    write_tiny_cross_encoder(done / "ranker")
    answer = embedtune("search", "bleed the brakes", "--rerank", "ranker", "--limit", 3, "--json")
    assert answer.code == 0
    hits = answer.json["hits"]
    assert [hit["component_ranks"]["cross"] for hit in hits] == [1, 2, 3]
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    assert hits[0]["matches"] is not None

    again = [Hit(h["section_id"], h["passage"], 0.0, {}, heading_path=tuple(h["heading_path"])) for h in hits[::-1]]
    assert [hit["id"] for hit in Reranker("ranker").rerank("bleed the brakes", again)] == [
        hit["section_id"] for hit in hits
    ]


def test_a_folder_without_a_ranker_is_refused(embedtune, done):
    answer = embedtune("search", "oil", "--rerank", "docs")
    assert (answer.code, "holds no cross-encoder" in answer.err) == (2, True)
