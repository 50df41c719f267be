from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from qdrant_client import QdrantClient

from embedtune.errors import FormatError, InputError
from embedtune.index.bm25 import BM25Index
from embedtune.index.description import Engine, IndexDescription
from embedtune.index.held_sections import hold_all
from embedtune.index.server_points import WORDS
from embedtune.index.stores import Pointer
from embedtune.vocabulary.corpus import Section, SectionKind, corpus_digest
from embedtune.vocabulary.retrieval import FusionSettings, KeywordSettings, PassageSettings
from index_samples import client_store

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact"),
]
CUT = PassageSettings(8, 0.5)
TEXTS = {
    "brakes": "bleed the brakes with fluid and check the brakes for wear",
    "oil": "drain the old oil and fill SAE 10W-30 oil",
    "filter": "replace the air filter",
    "blank": "...",
}
SECTIONS = tuple(
    Section(id_, "d", "vehicle", (id_.title(),), SectionKind.OTHER, text, (1, 2)) for id_, text in TEXTS.items()
)
HELD = hold_all(SECTIONS, CUT)
NAME = "0123456789abcdef-8w50-server"


def described(held=HELD):
    return IndexDescription(
        model_digest="sha256:0123456789abcdef",
        dimension=4,
        version="v1.0",
        corpus_digest=corpus_digest([one.section for one in held]),
        passages=CUT,
        fusion=FusionSettings(),
        engine=Engine.SERVER,
        section_count=len(held),
        passage_count=sum(len(one.passages) for one in held),
    )


@pytest.fixture
def client():
    return QdrantClient(":memory:")


@pytest.fixture
def store(tmp_path, client):
    return client_store(tmp_path, client)


@pytest.fixture
def records(store):
    made = store.records(NAME)
    made.begin(described(), HELD)
    made.put(HELD)
    made.finish(described(), HELD)
    return made


def test_what_was_written_is_read(records, store):
    assert records.describe() == described()
    assert dict(records.read()) == {one.id: one for one in HELD}
    assert not records.unfinished
    assert store.records("ffff456789abcdef-8w50-server").describe() is None
    assert store.records("ffff456789abcdef-8w50-server").read() == {}


def test_what_was_acknowledged_is_there_before_the_update_is_finished(records, store):
    new = hold_all([replace(SECTIONS[0], text="Something else.")], CUT)
    records.put(new)
    records.remove(["oil", "never held"])
    again = store.records(NAME)
    assert again.unfinished
    assert dict(again.read()) == {"brakes": new[0], "filter": HELD[2], "blank": HELD[3]}
    left = tuple(again.read().values())
    again.finish(described(left), left)
    assert not again.unfinished
    assert dict(store.records(NAME).read()) == {one.id: one for one in left}


def test_sections_that_are_not_those_described_are_reported(records, store, client):
    records.remove(["oil"])
    records.finish(described(), HELD)
    with pytest.raises(FormatError, match="its sections are not those described"):
        store.records(NAME).read()


def test_words_of_the_server_score_as_ours_do(records, store):
    ours = BM25Index([section.id for section in SECTIONS], [section.full_text for section in SECTIONS])
    words = store.keywords(NAME, SECTIONS, KeywordSettings())
    for question in ("bleed the brakes", "10w30 oil oil", "the the filter", "zebra", "...", "the"):
        expected = ours.search(question, 3)
        found = words.search(question, 3)
        assert [id_ for id_, _ in found] == [id_ for id_, _ in expected]
        assert [score for _, score in found] == pytest.approx([score for _, score in expected], rel=1e-5)
    assert words.search("the", 3, keep=lambda id_: id_ == "filter")[0][0] == "filter"
    known = store.keywords(NAME, [one for one in SECTIONS if one.id == "oil"], KeywordSettings())
    assert [id_ for id_, _ in known.search("the", 3)] == ["oil"]
    with pytest.raises(InputError, match="at least 1"):
        words.search("the", 0)


def test_words_are_weighed_anew_once_sections_have_grown(records, store):
    longer = tuple(replace(section, text=f"{section.text} {'long ' * 40}") for section in SECTIONS[:2])
    held = hold_all(longer, CUT)
    records.put(held)
    records.remove(["filter", "blank"])
    records.finish(described(held), held)
    ours = BM25Index([section.id for section in longer], [section.full_text for section in longer])
    expected, found = (
        ours.search("bleed oil", 5),
        store.keywords(NAME, longer, KeywordSettings()).search("bleed oil", 5),
    )
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], rel=1e-5)


def test_words_are_weighed_anew_once_they_are_counted_otherwise(records, store):
    other = KeywordSettings(1.6, 0.2, stemming=True)
    records.finish(replace(described(), fusion=FusionSettings(keywords=other)), HELD)
    ours = BM25Index(
        [section.id for section in SECTIONS], [section.full_text for section in SECTIONS], 1.6, 0.2, stemming=True
    )
    expected, found = (
        ours.search("bled the filters", 5),
        store.keywords(NAME, SECTIONS, other).search("bled the filters", 5),
    )
    assert [id_ for id_, _ in found] == [id_ for id_, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], rel=1e-5)


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_a_near_miss_stays_below_the_part_that_was_asked_for(records, store, limit):
    parts = ("P0421 code code P0421 light", "P0420 and a much longer text about something else", "P0422 code", "light")
    sections = tuple(replace(SECTIONS[0], id=f"s{row}", text=text) for row, text in enumerate(parts))
    held = hold_all(sections, CUT)
    records.remove([one.id for one in HELD])
    records.put(held)
    records.finish(described(held), held)
    ours = BM25Index([section.id for section in sections], [section.full_text for section in sections])
    words = store.keywords(NAME, sections, KeywordSettings())
    assert words.near_misses("code P-0420 light") == ours.near_misses("code P-0420 light")
    expected, found = ours.search("code P-0420 light", limit), words.search("code P-0420 light", limit)
    assert found[0][0] == "s1"
    assert [id_ for id_, _ in found] == [id_ for id_, _ in expected]


def test_a_collection_is_laid_out_for_dense_and_sparse_search(records, client):
    params = client.get_collection(f"embedtune-{NAME}").config.params
    assert (params.vectors["dense"].size, params.vectors["dense"].distance.value) == (4, "Cosine")
    assert params.sparse_vectors[WORDS].modifier.value == "idf"


def test_switching_is_one_change_of_aliases_and_drops_the_rest(store, client):
    names = [f"{digit * 16}-8w50-server" for digit in "abcd"]
    for name in names:
        store.records(name).begin(described(), HELD)
    client.create_collection("embedtune-notes", vectors_config={})
    a, b, c, _ = names
    assert store.pointer() is None
    store.switch(Pointer(a, b, c))
    assert store.pointer() == Pointer(a, b, c)
    assert sorted(one.name for one in client.get_collections().collections) == sorted(
        ["embedtune-notes", *(f"embedtune-{name}" for name in (a, b, c))]
    )
    store.switch(Pointer(b, None, a))
    assert store.pointer() == Pointer(b, None, a)
    assert {one.name for one in client.get_collections().collections} == {
        "embedtune-notes",
        f"embedtune-{a}",
        f"embedtune-{b}",
    }


def test_two_prefixes_do_not_meet(tmp_path, client, store):
    other = client_store(tmp_path, client, prefix="manuals")
    store.records(NAME).begin(described(), HELD)
    store.switch(Pointer(NAME))
    other.records(NAME).begin(described(), HELD)
    other.switch(Pointer(NAME))
    other.drop(NAME)
    assert store.records(NAME).describe() == described()


def test_a_server_has_one_engine(store):
    assert store.engine(10, None) is Engine.SERVER
    with pytest.raises(InputError, match="no engine exact"):
        store.engine(10, "exact")


def test_vectors_beside_the_sections(records, store):
    index = store.vectors(NAME, described())
    passages = [passage for one in HELD for passage in one.passages]
    rows = np.random.default_rng(1).standard_normal((len(passages), 4)).astype(np.float32)
    index.upsert(passages, rows, ["vehicle"] * len(passages))
    assert len(index) == len(passages)
    assert index.search(rows[0], 1)[0][0] == passages[0].id
    assert dict(records.read()) == {one.id: one for one in HELD}
