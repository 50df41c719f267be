"""A near-miss part number never outranks the exact one, whatever vectors and weights say; hits mark the words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.index.bm25 import BM25Index
from embedtune.index.exact import ExactIndex
from embedtune.retrieval.retriever import HybridRetriever
from embedtune.vocabulary.corpus import Passage, Section, SectionKind
from embedtune.vocabulary.pairs import Origin, Query
from embedtune.vocabulary.retrieval import FusionMethod, FusionSettings, Mode, Normalisation

FUSIONS = [
    FusionSettings(),
    *(
        FusionSettings(FusionMethod.CONVEX, weight, kind)
        for weight in (0.0, 0.3, 0.9, 1.0)
        for kind in (Normalisation.MIN_MAX, Normalisation.Z_SCORE)
    ),
]


class Misled:
    """Thinks that every question is the text it was given."""

    name, digest, dimension = "misled", "sha256:m", 8

    def encode(self, texts):
        return np.tile(np.eye(1, 8, dtype=np.float32), (len(texts), 1))


def searching(texts, cosines, fusion):
    sections = [
        Section(f"s{number}", "d", "all", ("Fitting",), SectionKind.OTHER, text, (1, 1))
        for number, text in enumerate(texts)
    ]
    passages = [Passage(f"{one.id}#0", one.id, one.full_text, len("Fitting\n")) for one in sections]
    vectors = np.array([[cosine, (1 - cosine**2) ** 0.5, *[0] * 6] for cosine in cosines], dtype=np.float32)
    index = ExactIndex(8)
    index.upsert(passages, vectors, ["all"] * len(texts))
    words = BM25Index([one.id for one in sections], [one.full_text for one in sections])
    return HybridRetriever(sections, passages, index, words, Misled(), fusion, "hybrid")


@pytest.mark.parametrize("fusion", FUSIONS)
@given(cosines=st.lists(st.floats(-1, 1, width=16), min_size=4, max_size=4, unique=True))
def test_near_misses_stand_behind_the_exact_part_number(fusion, cosines):
    texts = ["torque of the TM-9-804", "TM-8-803 torque torque", "long text " * 20 + "TM9803", "nothing of the kind"]
    search = searching(texts, cosines, fusion)

    order = [hit.section_id for hit in search.search("torque of TM-9-803", 4)]
    ranked = [entry.section_id for entry in search.rank([Query("q", "torque of TM-9-803", Origin.HUMAN)], 4)["q"]]

    assert order == ranked
    assert all(order.index("s2") < order.index(near) for near in ("s0", "s1") if near in order)


def test_scores_fall_with_the_rank():
    search = searching(["P0421 fault", "P0420"], [0.9, 0.1], FusionSettings(FusionMethod.CONVEX, 0.9))
    hits = search.search("P0420 fault", 5)
    assert [hit.section_id for hit in hits] == ["s1", "s0"]
    assert hits[0].score > hits[1].score


def test_hits_mark_the_words_of_the_question_in_the_passage():
    search = searching(["Fit the TM9803 valve, then the valve.", "P0420"], [0.9, 0.1], FusionSettings())
    for mode in Mode:
        hit = next(hit for hit in search.search("valve TM-9-803", 5, mode=mode) if hit.section_id == "s0")
        assert [hit.passage[start:end] for start, end in hit.matches] == ["TM9803", "valve", "valve"]
        assert hit["matches"] == hit.matches
