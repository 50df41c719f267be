from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.config.data_settings import NegativeSettings
from embedtune.encoders.fake import FakeEncoder
from embedtune.errors import ConfigError
from embedtune.events import Progress
from embedtune.pairs.negatives.miner import NegativeMiner, Rankers, mine_negatives, without_mined
from embedtune.pairs.negatives.pool import PassagePool
from embedtune.pairs.negatives.sources import BASE, BM25, CROSS_DOMAIN, CURRENT, HYBRID, QDRANT
from embedtune.vocabulary.corpus import Passage
from embedtune.vocabulary.pairs import Negative, Origin, Provenance, Query, TrainingPair

ENCODER = FakeEncoder(16)
WORDS = ["open", "close", "valve", "pump", "hose", "fan", "belt", "fuse"]
HOME = NegativeSettings(per_pair=1, margin=0.0, cross_domain_share=0.0)


class WordCount:
    """Ranks passages by the number of words they share with the question."""

    def __init__(self, pool):
        self._passages = pool.passages

    def search(self, query, limit):
        wanted = set(query.lower().split())
        scores = [(p.id, float(len(wanted & set(p.text.lower().split())))) for p in self._passages]
        return sorted([found for found in scores if found[1]], key=lambda found: (-found[1], found[0]))[:limit]


class Directions:
    """Encodes a text as the direction its last word names, so that cosines are known."""

    name, digest, dimension = "directions", "sha256:0", 2

    def encode(self, texts):
        angles = np.radians([float(text.split()[-1]) for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


class NoWords:
    def search(self, query, limit):
        return []


def pool_of(rows):
    """A pool of one passage a section, from (section, domain, cluster, text)."""
    passages = tuple(Passage(f"{section}#0", section, f"Head\n{text}", 5) for section, _, _, text in rows)
    return PassagePool(passages, {s: d for s, d, _, _ in rows}, {s: c for s, _, c, _ in rows})


def pair(text, positive, cluster="c0", *, id_="q1", domain="hvac", negatives=(), section=""):
    query = Query(id_, text, Origin.HUMAN, domain=domain)
    return TrainingPair(query, positive, tuple(negatives), Provenance(section, "", cluster))


def mine(pairs, pool, settings, *, encoder=None, keywords=None, seed=1):
    return mine_negatives(pairs, pool, Rankers(keywords or NoWords(), encoder or Directions()), settings, seed=seed)


texts = st.lists(st.sampled_from(WORDS), min_size=2, max_size=5).map(" ".join)
pools = st.lists(
    st.tuples(st.sampled_from(["hvac", "radar"]), st.sampled_from(["c0", "c1", "c2", "c3"]), texts), max_size=10
).map(lambda rows: pool_of([(f"s{n}", *row) for n, row in enumerate(rows)]))
questions = st.lists(st.tuples(texts, texts, st.sampled_from(["c0", "c1", "c9"])), max_size=4).map(
    lambda rows: [pair(text, positive, cluster, id_=f"q-é{n}!") for n, (text, positive, cluster) in enumerate(rows)]
)
choices = st.builds(
    NegativeSettings,
    per_pair=st.integers(0, 3),
    depth=st.integers(1, 6),
    skip_top=st.integers(0, 2),
    margin=st.sampled_from([0.0, 0.05, 0.5]),
    cross_domain_share=st.sampled_from([0.0, 0.5, 1.0]),
)


@settings(max_examples=60, deadline=None)
@given(questions, pools, choices, st.integers(0, 9))
def test_laws(pairs, pool, given, seed):
    keywords = WordCount(pool)
    mined = mine(pairs, pool, given, encoder=ENCODER, keywords=keywords, seed=seed)
    assert mined == mine(pairs, pool, given, encoder=ENCODER, keywords=keywords, seed=seed)
    assert [replace(found, negatives=()) for found in mined] == pairs
    texts = {passage.section_id: passage for passage in pool.passages}
    for found in mined:
        clusters = [pool.clusters[negative.section_id] for negative in found.negatives]
        assert len(clusters) <= given.per_pair
        assert len(set(clusters)) == len(clusters)
        assert found.provenance.cluster not in clusters
        query, right = ENCODER.encode([found.query.text, found.positive])
        cosine = float(query @ right)
        for negative in found.negatives:
            passage = texts[negative.section_id]
            assert negative.text == passage.body
            wrong = float(query @ ENCODER.encode([passage.text])[0])
            assert wrong <= cosine - abs(cosine) * given.margin + 1e-5
            assert negative.source in {BASE, BM25, CROSS_DOMAIN}
            assert (negative.source == CROSS_DOMAIN) <= (pool.domains[negative.section_id] != "hvac")


def test_the_nearest_wrong_passage_outside_the_margin_is_taken():
    pool = pool_of([(f"s{n}", "hvac", f"c{n}", f"{angle}") for n, angle in enumerate([0, 11, 40, 60])])
    question = pair("q 0", "right 10")  # cosine .985
    for margin, section in [(0.0, "s1"), (0.05, "s2"), (0.4, "s3")]:
        (found,) = mine([question], pool, NegativeSettings(per_pair=1, margin=margin, cross_domain_share=0.0))
        assert [negative.section_id for negative in found.negatives] == [section]
    assert found.negatives[0] == Negative("60", "s3", BASE, 0.5)


def test_nothing_far_enough_leaves_a_pair_without_negatives():
    pool = pool_of([("s1", "hvac", "c1", "0")])
    assert mine([pair("q 0", "right 30")], pool, HOME)[0].negatives == ()


def test_skipped_are_wrong_results_alone():
    pool = pool_of([(f"s{n}", "hvac", f"c{n}", f"{20 * n}") for n in range(4)])
    settings = HOME.model_copy(update={"skip_top": 1})
    (found,) = mine([pair("q 0", "right 0", section="s0")], pool, settings)
    assert [negative.section_id for negative in found.negatives] == ["s2"]


def test_sources_take_turns():
    rows = [(f"s{n}", "hvac", f"c{n}", f"{40 + n}") for n in range(3)] + [("w1", "hvac", "cw", "pump 80")]
    pool = pool_of(rows)
    settings = HOME.model_copy(update={"per_pair": 2})
    mined = mine(
        [pair("pump 0", "right 0", "c9", id_=f"q{n}") for n in range(12)], pool, settings, keywords=WordCount(pool)
    )
    assert {tuple(negative.source for negative in found.negatives) for found in mined} == {(BASE, BM25), (BM25, BASE)}
    assert {frozenset(negative.section_id for negative in found.negatives) for found in mined} == {
        frozenset({"s0", "w1"})
    }


def test_the_answer_of_an_equal_question_is_no_negative():
    pool = pool_of([("s1", "hvac", "c1", "20"), ("s2", "hvac", "c2", "40")])
    pairs = [pair("q  0", "right 10", "c9"), pair("Q 0", "right 11", "c1", id_="q2")]
    first, second = mine(pairs, pool, HOME)
    assert [negative.section_id for negative in first.negatives] == ["s2"]
    assert [negative.section_id for negative in second.negatives] == ["s2"]


def test_a_positive_without_section_is_known_by_its_text():
    pool = pool_of([("s1", "hvac", "c1", "30"), ("s2", "hvac", "c2", "40")])
    for positive in ("30", "Head\n30"):
        (found,) = mine([pair("q 0", positive, "")], pool, HOME)
        assert [negative.section_id for negative in found.negatives] == ["s2"]


def test_a_section_known_to_the_pool_stands_for_its_cluster():
    pool = pool_of([("s1", "hvac", "c1", "30"), ("s2", "hvac", "c1", "40"), ("s3", "hvac", "c3", "50")])
    (found,) = mine([pair("q 0", "right 0", "", section="s1")], pool, HOME)
    assert [negative.section_id for negative in found.negatives] == ["s3"]


def test_given_negatives_come_first_and_count():
    pool = pool_of([("s1", "hvac", "c1", "30"), ("s2", "hvac", "c2", "40")])
    given = Negative("given", "s1")
    question = pair("q 0", "right 0", negatives=[given])
    assert mine([question], pool, HOME)[0].negatives == (given,)
    (found,) = mine([question], pool, HOME.model_copy(update={"per_pair": 2}))
    assert [negative.section_id for negative in found.negatives] == ["s1", "s2"]
    assert found.negatives[0] is given


@pytest.mark.parametrize(("share", "sources"), [(0.0, {BASE}), (1.0, {CROSS_DOMAIN}), (0.5, {BASE, CROSS_DOMAIN})])
def test_share_of_pairs_with_a_negative_from_another_domain(share, sources):
    pool = pool_of([("s1", "hvac", "c1", "30"), ("s2", "radar", "c0", "5"), ("s3", "radar", "c3", "20")])
    pairs = [pair("q 0", "right 0", id_=f"q{n}") for n in range(40)]
    mined = mine(pairs, pool, NegativeSettings(per_pair=1, margin=0.0, cross_domain_share=share))
    found = [negative for one in mined for negative in one.negatives]
    assert {negative.source for negative in found} == sources
    assert {negative.section_id for negative in found if negative.source == CROSS_DOMAIN} <= {"s3"}


def test_a_pair_without_domain_takes_negatives_from_all():
    pool = pool_of([("s1", "hvac", "c1", "50"), ("s2", "radar", "c2", "30")])
    (found,) = mine([pair("q 0", "right 0", domain="")], pool, HOME)
    assert found.negatives == (Negative("30", "s2", BASE, 0.866025),)


def test_a_negative_is_shown_as_the_positive_is():
    pool = pool_of([("s1", "hvac", "c1", "30")])
    (bare,) = mine([pair("q 0", "right 0")], pool, HOME)
    (headed,) = mine([pair("q 0", "Head\nright 0")], pool, HOME)
    assert bare.negatives[0].text == "30"
    assert headed.negatives[0].text == "Head\n30"


def test_nothing_to_do():
    pool, question = pool_of([("s1", "hvac", "c1", "30")]), pair("q 0", "right 0")
    assert mine([], pool, HOME) == ()
    assert mine([question], pool_of([]), HOME) == (question,)
    assert mine([question], pool, HOME.model_copy(update={"per_pair": 0})) == (question,)


def test_progress_is_reported():
    events = []
    pool = pool_of([("s1", "hvac", "c1", "30")])
    rankers = Rankers(NoWords(), Directions())
    mine_negatives([pair("q 0", "right 0")], pool, rankers, HOME, seed=1, report=events.append)
    assert events == [Progress("Mining negatives", 1, 1, "pairs")]


class Fixed:
    """Ranks as told, whatever the question."""

    def __init__(self, *passages):
        self._passages = passages

    def search(self, query, limit):
        return [(f"{name}#0", 1.0 / place) for place, name in enumerate(self._passages, start=1)][:limit]


def fused(rankings):
    """The first of each ranking, then the second of each."""
    names = [name for places in zip(*rankings, strict=False) for name in places]
    return [(name, 1.0 - 0.1 * place) for place, name in enumerate(dict.fromkeys(names))]


def only(*sources, **changes):
    return NegativeSettings(**({"sources": sources, "margin": 0.0, "cross_domain_share": 0.0} | changes))


def negatives_of(pool, settings, *, keywords=None, collection=None, current=None, question=None):
    rankers = Rankers(keywords or NoWords(), Directions(), fused, collection)
    (found,) = mine_negatives([question or pair("q 0", "right 0")], pool, rankers, settings, seed=1, current=current)
    return [(negative.source, negative.section_id) for negative in found.negatives]


class Reversed(Directions):
    """Sees questions and positives as they are, and the passages of a pool at 100 degrees less theirs."""

    digest = "sha256:1"

    def encode(self, texts):
        seen = [text if text.startswith(("q", "right")) else f"{100 - float(text.split()[-1])}" for text in texts]
        return super().encode(seen)


FAN = pool_of([(f"s{n}", "hvac", f"k{n}", f"{angle}") for n, angle in enumerate([20, 40, 60, 80])])


def test_a_hybrid_source_fuses_words_and_model():
    found = negatives_of(FAN, only(HYBRID, per_pair=3), keywords=Fixed("s3", "s2"))
    assert found == [(HYBRID, "s0"), (HYBRID, "s3"), (HYBRID, "s1")]


def test_the_current_model_ranks_and_the_base_model_judges_too():
    asked = pair("q 0", "right 30")
    # The current model sees the passages at 80, 60, 40 and 20 degrees and would take s2, s1 and s0; the base
    # model, which sees s0 at 20, thinks that it answers better than the positive.
    assert negatives_of(FAN, only(CURRENT, per_pair=4), current=Reversed(), question=asked) == [
        (CURRENT, "s2"),
        (CURRENT, "s1"),
    ]


def test_a_collection_is_one_more_ranker():
    assert negatives_of(FAN, only(QDRANT), collection=Fixed("s2", "s0")) == [(QDRANT, "s2")]


@pytest.mark.parametrize("source", [CURRENT, QDRANT])
def test_a_source_that_is_not_there_is_refused(source):
    with pytest.raises(ConfigError, match=f"`{source}` cannot be mined here"):
        negatives_of(FAN, only(source))


def test_quotas_bound_what_a_pair_takes_of_a_source():
    found = negatives_of(FAN, only(f"{BM25}:1", f"{BASE}:2", per_pair=4), keywords=Fixed("s3", "s2", "s1", "s0"))
    assert sorted(source for source, _ in found) == [BASE, BASE, BM25]


def test_no_candidate_above_the_ceiling_is_taken():
    for ceiling, first in [(1.0, "s0"), (0.9, "s1"), (0.6, "s2")]:
        assert negatives_of(FAN, only(BASE, max_score=ceiling)) == [(BASE, first)]


def test_a_copy_of_the_positive_under_another_heading_is_none():
    said = "turn the red valve by hand until it stops 0"
    pool = pool_of([("s1", "hvac", "c1", f"{said} 30"), ("s2", "hvac", "c2", "other words 40")])
    assert negatives_of(pool, only(BASE), question=pair("q 0", said)) == [(BASE, "s2")]


def test_what_the_pair_shows_already_is_not_taken_again():
    given = Negative("20")
    found = negatives_of(FAN, only(BASE, per_pair=2), question=pair("q 0", "right 0", negatives=[given]))
    assert [section for _, section in found] == ["", "s1"]


def test_given_negatives_stay_and_mined_ones_go():
    given, mined = Negative("a"), Negative("b", "s1", BASE, 0.5)
    assert without_mined(pair("q 0", "right 0", negatives=[mined, given])).negatives == (given,)


def test_the_base_model_is_asked_once_for_all_rounds():
    calls = []

    class Counting(Directions):
        def encode(self, texts):
            calls.append(len(texts))
            return super().encode(texts)

    miner = NegativeMiner([pair("q 0", "right 0")], FAN, Rankers(NoWords(), Counting()), only(BASE), seed=1)
    assert miner.mine() == miner.mine()
    assert calls == [5, 1]


@settings(max_examples=40, deadline=None)
@given(questions, pools, choices, st.integers(1, 3))
def test_many_pairs_at_once_are_mined_as_one_by_one(pairs, pool, given, times):
    rankers = Rankers(WordCount(pool), ENCODER)
    many = [
        replace(one, query=replace(one.query, id=f"{one.query.id}{n}")) for n in range(200 * times) for one in pairs
    ]
    mined = mine_negatives(many, pool, rankers, given, seed=1)
    for place in (0, len(many) // 2, len(many) - 1):
        if many:
            assert mined[place] == mine_negatives([many[place], *pairs], pool, rankers, given, seed=1)[0]
