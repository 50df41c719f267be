from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.config.settings import NegativeSettings
from embedtune.encoders.fake import FakeEncoder
from embedtune.events import Progress
from embedtune.pairs.negatives import BASE, BM25, CROSS_DOMAIN, PassagePool, mine_negatives
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
    return mine_negatives(pairs, pool, encoder or Directions(), keywords or NoWords(), settings, seed=seed)


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
    mine_negatives([pair("q 0", "right 0")], pool, Directions(), NoWords(), HOME, seed=1, report=events.append)
    assert events == [Progress("Mining negatives", 1, 1, "pairs")]
