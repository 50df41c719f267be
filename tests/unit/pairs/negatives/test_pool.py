from __future__ import annotations

from dataclasses import replace

from embedtune.pairs.negatives.pool import PassagePool, PoolRows
from embedtune.vocabulary.corpus import Passage

POOL = PassagePool(
    (Passage("s1#0", "s1", "Head\none", 5), Passage("s1#1", "s1", "Head\ntwo", 5), Passage("s2#0", "s2", "one")),
    {"s1": "hvac", "s2": "radar"},
    {"s1": "c1", "s2": "c2"},
)


def test_rows():
    rows = PoolRows(POOL)
    assert len(rows) == 3
    assert rows.of_passage == {"s1#0": 0, "s1#1": 1, "s2#0": 2}
    assert rows.domains.tolist() == [rows.domain("hvac"), rows.domain("hvac"), rows.domain("radar")]
    assert rows.domain("unknown") == -1
    assert [rows.cluster(row) for row in range(3)] == ["c1", "c1", "c2"]
    assert rows.holding(["c1"], []) == {0, 1}
    assert rows.holding(["c9"], ["one"]) == {0, 2}
    assert rows.holding([], ["Head\ntwo"]) == {1}


def test_texts_from_outside_are_added_once_each_with_a_cluster_of_their_own():
    wider = POOL.with_passages(["three", "one", "Head\ntwo", "four", "three"])
    assert [passage.text for passage in wider.passages[3:]] == ["three", "four"]
    added = [passage.section_id for passage in wider.passages[3:]]
    assert len({wider.clusters[name] for name in added} | set(POOL.clusters.values())) == 4
    assert {wider.domains[name] for name in added} == {""}
    assert wider.passages[:3] == POOL.passages


def test_the_digest_tells_pools_apart():
    others = [
        replace(POOL, passages=POOL.passages[1:]),
        replace(POOL, domains={**POOL.domains, "s1": "radar"}),
        replace(POOL, clusters={**POOL.clusters, "s1": "c2"}),
    ]
    assert len({pool.digest for pool in [POOL, *others]}) == 4
    assert replace(POOL).digest == POOL.digest
