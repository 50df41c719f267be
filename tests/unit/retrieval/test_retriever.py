from __future__ import annotations

import numpy as np
import pytest

from embedtune.errors import InputError
from embedtune.index.bm25 import BM25Index
from embedtune.index.exact import ExactIndex
from embedtune.retrieval.fusion import fuse
from embedtune.retrieval.retriever import HybridRetriever
from embedtune.vocabulary.corpus import Passage, Section, SectionKind
from embedtune.vocabulary.evaluation import Ranked
from embedtune.vocabulary.pairs import Origin, Query
from embedtune.vocabulary.retrieval import FusionMethod, FusionSettings, Mode

TEXTS = {
    "brakes": ("vehicle", ("Chassis", "Brakes"), ["bleed the brakes with fluid", "check the pads for wear"]),
    "oil": ("vehicle", ("Engine", "Oil"), ["drain the old oil", "fill SAE 10W-30 oil"]),
    "boiler": ("hvac", ("Boiler",), ["open the gas valve", "bleed the radiator"]),
    "filter": ("hvac", (), ["replace the air filter"]),
}
SECTIONS = [
    Section(id_, "d", domain, path, SectionKind.OTHER, " ".join(windows), (1, 2))
    for id_, (domain, path, windows) in TEXTS.items()
]
PASSAGES = [
    Passage(f"{id_}#{number}", id_, " > ".join(path) + "\n" + window, len(" > ".join(path)) + 1)
    for id_, (_, path, windows) in TEXTS.items()
    for number, window in enumerate(windows)
]
CONVEX = FusionSettings(FusionMethod.CONVEX, 0.5)


def retriever(encoder, fusion=CONVEX, mode=Mode.HYBRID, keep_from_index=()):
    held = [passage for passage in PASSAGES if passage.section_id not in keep_from_index]
    domains = {section.id: section.domain for section in SECTIONS}
    index = ExactIndex(encoder.dimension)
    index.upsert(held, encoder.encode([p.text for p in held]), [domains[p.section_id] for p in held])
    encoder.calls.clear()
    bm25 = BM25Index([section.id for section in SECTIONS], [section.full_text for section in SECTIONS])
    return HybridRetriever(SECTIONS, PASSAGES, index, bm25, encoder, fusion, "hybrid:words", mode)


def bm25_alone():
    bm25 = BM25Index([section.id for section in SECTIONS], [section.full_text for section in SECTIONS])
    return HybridRetriever(SECTIONS, PASSAGES, None, bm25, None, FusionSettings(), "bm25", Mode.BM25)


def ids(hits):
    return [hit.section_id for hit in hits]


def test_a_hit_shows_its_best_passage_where_it_stands_and_why(encoder):
    hit = retriever(encoder).search("bleed the brakes")[0]
    assert hit.section_id == "brakes"
    assert hit.passage == "bleed the brakes with fluid"
    assert hit.heading_path == ("Chassis", "Brakes")
    assert hit.domain == "vehicle"
    assert hit.component_ranks == {"dense": 1, "bm25": 1}
    assert hit.score == pytest.approx(1.0)
    query, passage = encoder.encode(["bleed the brakes", "Chassis > Brakes\nbleed the brakes with fluid"])
    assert hit.component_scores["dense"] == pytest.approx(float(query @ passage), abs=1e-6)
    bm25 = BM25Index([s.id for s in SECTIONS], [s.full_text for s in SECTIONS])
    assert hit.component_scores["bm25"] == bm25.search("bleed the brakes", 1)[0][1]


@pytest.mark.parametrize("fusion", [FusionSettings(), CONVEX, FusionSettings(FusionMethod.CONVEX, 1.0)])
def test_hybrid_is_the_fusion_of_both_modes(encoder, fusion):
    searcher = retriever(encoder, fusion)
    question = "replace the oil filter"
    dense = [(hit.section_id, hit.score) for hit in searcher.search(question, mode=Mode.DENSE)]
    bm25 = [(hit.section_id, hit.score) for hit in searcher.search(question, mode=Mode.BM25)]
    hits = searcher.search(question)
    assert [(hit.section_id, hit.score) for hit in hits] == fuse(dense, bm25, fusion)
    for component, ranking in (("dense", dense), ("bm25", bm25)):
        ranks = {id_: rank for rank, (id_, _) in enumerate(ranking, start=1)}
        for hit in hits:
            assert hit.component_ranks.get(component) == ranks.get(hit.section_id)
            assert hit.component_scores.get(component) == dict(ranking).get(hit.section_id)


def test_each_mode_asks_its_components_alone(encoder):
    searcher = retriever(encoder)
    words = searcher.search("fill 10w30", mode=Mode.BM25)
    assert ids(words) == ["oil"]
    assert words[0].component_ranks == {"bm25": 1}
    assert words[0].component_scores == {"bm25": words[0].score}
    assert encoder.calls == []
    meaning = searcher.search("fill 10w30", mode=Mode.DENSE)
    assert len(meaning) == 4
    assert meaning[0].component_ranks == {"dense": 1}
    assert meaning[0].component_scores == {"dense": meaning[0].score}


def test_a_section_found_by_words_alone_shows_the_window_with_most_of_them(encoder):
    searcher = retriever(encoder, keep_from_index=("oil",))
    hit = next(hit for hit in searcher.search("which 10w30 oil to fill") if hit.section_id == "oil")
    assert hit.component_ranks == {"bm25": 1}
    assert hit.passage == "fill SAE 10W-30 oil"


def test_a_section_without_windows_shows_its_text():
    bm25 = BM25Index(["filter"], ["replace the air filter"])
    searcher = HybridRetriever(SECTIONS, [], None, bm25, None, FusionSettings(), "bm25", Mode.BM25)
    assert searcher.search("filter")[0].passage == "replace the air filter"


def test_limit_cuts(encoder):
    searcher = retriever(encoder)
    assert ids(searcher.search("bleed the radiator", limit=2)) == ids(searcher.search("bleed the radiator"))[:2]


def test_threshold_leaves_out_lower_scores(encoder):
    searcher = retriever(encoder)
    for mode in Mode:
        everything = searcher.search("bleed the radiator", mode=mode)
        threshold = everything[1].confidence
        kept = searcher.search("bleed the radiator", threshold=threshold, mode=mode)
        assert kept == [hit for hit in everything if hit.confidence >= threshold]
        assert len(kept) >= 2
        assert searcher.search("bleed the radiator", threshold=1e9, mode=mode) == []


@pytest.mark.parametrize("mode", list(Mode))
def test_domain_filters_each_mode(encoder, mode):
    hits = retriever(encoder).search("bleed the brakes", mode=mode, domain="hvac")
    assert ids(hits)[0] == "boiler"
    assert {hit.domain for hit in hits} == {"hvac"}


def test_an_unknown_domain_is_refused_with_the_known_ones(encoder):
    searcher = retriever(encoder)
    assert searcher.domains == ("hvac", "vehicle")
    with pytest.raises(InputError, match=r"no domain 'radar'.*hvac, vehicle"):
        searcher.search("brakes", domain="radar")


@pytest.mark.parametrize("query", ["", "  \n\t"])
def test_an_empty_question_is_refused(encoder, query):
    with pytest.raises(InputError, match="empty"):
        retriever(encoder).search(query)
    with pytest.raises(InputError, match="Question 2 of 2 is empty"):
        retriever(encoder).search_batch(["brakes", query])
    with pytest.raises(InputError, match="empty"):
        retriever(encoder).rank([Query("q", query, Origin.HUMAN)], 5)


@pytest.mark.parametrize("limit", [0, -3])
def test_a_limit_below_one_is_refused(encoder, limit):
    with pytest.raises(InputError, match="at least 1"):
        retriever(encoder).search("brakes", limit=limit)
    with pytest.raises(InputError, match="at least 1"):
        retriever(encoder).rank([], limit)


@pytest.mark.parametrize("mode", list(Mode))
def test_a_batch_answers_as_single_searches_with_one_encoding(encoder, mode):
    searcher = retriever(encoder)
    questions = ["bleed the brakes", "fill oil", "air filter"]
    together = searcher.search_batch(questions, limit=3, mode=mode)
    assert len(encoder.calls) == (mode is not Mode.BM25)
    assert together == [searcher.search(question, limit=3, mode=mode) for question in questions]


def test_an_empty_batch_encodes_nothing(encoder):
    searcher = retriever(encoder)
    assert searcher.search_batch([]) == []
    assert searcher.rank([], 10) == {}
    assert encoder.calls == []


@pytest.mark.parametrize("mode", list(Mode))
def test_rank_is_search_for_an_evaluation(encoder, mode):
    searcher = retriever(encoder, mode=mode)
    queries = [Query("q1", "bleed the brakes", Origin.HUMAN), Query("q2", "xyzzy 10w30", Origin.HUMAN)]
    run = searcher.rank(queries, 3)
    assert len(encoder.calls) == (mode is not Mode.BM25)
    assert list(run) == ["q1", "q2"]
    for query in queries:
        hits = searcher.search(query.text, limit=3)
        assert run[query.id] == tuple(Ranked(hit.section_id, hit.score) for hit in hits)


def test_a_question_that_finds_nothing_was_still_asked():
    assert bm25_alone().rank([Query("q", "xyzzy", Origin.HUMAN)], 10) == {"q": ()}


def test_bm25_needs_no_model_and_meaning_does():
    searcher = bm25_alone()
    assert searcher.system == "bm25"
    assert ids(searcher.search("10w30")) == ["oil"]
    for mode in (Mode.DENSE, Mode.HYBRID):
        with pytest.raises(InputError, match=r"no model.*bm25"):
            searcher.search("10w30", mode=mode)
    searcher.close()


def test_the_pool_is_as_deep_for_few_results_as_for_many(encoder):
    sections = [Section(f"s{n:03d}", "d", "x", (), SectionKind.OTHER, f"word w{n}", (1, 1)) for n in range(150)]
    passages = [Passage(f"{s.id}#0", s.id, s.text) for s in sections]
    index = ExactIndex(encoder.dimension)
    index.upsert(passages, encoder.encode([p.text for p in passages]), ["x"] * 150)
    bm25 = BM25Index([s.id for s in sections], [s.text for s in sections])
    searcher = HybridRetriever(sections, passages, index, bm25, encoder, CONVEX, "hybrid")
    few = searcher.search("word w149", limit=1)
    assert few == searcher.search("word w149", limit=100)[:1]
    assert ids(few) == ["s149"]
    assert len(searcher.search("word w149", limit=150)) == 150


def test_close_releases_the_index(encoder):
    searcher = retriever(encoder)
    searcher.close()
    with pytest.raises(ValueError, match="closed"):
        searcher.search("brakes")


def test_hits_read_as_mappings_too(encoder):
    hit = retriever(encoder).search("bleed the brakes", limit=1)[0]
    assert hit["score"] == hit.score
    assert hit["content"] == "bleed the brakes with fluid"
    assert np.isfinite(hit.score)
