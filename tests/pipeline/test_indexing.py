from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from embedtune.errors import FormatError, InputError, ModelError
from embedtune.events import Alert, Progress, silent
from embedtune.index.description import Engine
from embedtune.index.folder_store import FolderStore
from embedtune.pipeline.index_command import index_corpus
from embedtune.pipeline.indexing import build_index
from embedtune.pipeline.opening import read_collection
from embedtune.pipeline.searching import OpenedIndex
from embedtune.pipeline.stores import default_store
from embedtune.vocabulary.corpus import corpus_digest
from embedtune.vocabulary.retrieval import UNCALIBRATED, PassageSettings, Where
from index_samples import (
    CUT,
    CountingEncoder,
    changed,
    client_store,
    corpus_sections,
    fresh,
    held_in,
    index_request,
    indexed,
    write_beir,
)
from project_samples import write_corpus
from stand_in_models import stand_in_project, write_stand_in_run

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact"),
]
LOCAL = [Engine.EXACT, Engine.QDRANT]


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus") / "docs")


@pytest.fixture(scope="module")
def sections(docs):
    return corpus_sections(docs)


@pytest.fixture
def events():
    return []


@pytest.fixture
def project(tmp_path, events):
    write_stand_in_run(tmp_path / "run", "good")
    return stand_in_project(tmp_path, events)


@pytest.fixture
def store(tmp_path):
    return FolderStore(tmp_path / "store")


@pytest.fixture
def counting(project):
    return CountingEncoder(project.models.named(str(project.workspace.project / "run")))


@pytest.fixture(params=["exact", "qdrant", "client"])
def any_store(request, tmp_path, monkeypatch):
    """A store of each engine."""
    if request.param == "client":
        return client_store(tmp_path)
    monkeypatch.setattr("embedtune.index.folder_store.choose_engine", lambda count: Engine(request.param))
    return FolderStore(tmp_path / "store")


def test_description_says_what_the_index_is_made_of(project, sections, store):
    told = []
    request = index_request(project, sections)
    made = build_index(request, store, told.append).description
    found, held = held_in(store)
    assert made == found.description
    assert made.model_digest == request.encoder.digest
    assert (made.section_count, made.corpus_digest) == (24, corpus_digest(sections))
    assert made.passage_count == len(found.passages) == len(held) > 48
    assert (made.passages, made.fusion.dense_weight, made.engine) == (CUT, 0.6, Engine.EXACT)
    assert told[-1] == Progress("Indexing", 24, 24, "sections")


def test_empty_corpus_makes_no_index(project, store):
    with pytest.raises(InputError, match="no passage to index"):
        indexed(project, (), store)
    assert store.pointer() is None


def test_foreign_folder_is_left_alone(project, sections, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.txt").write_text("ten years of work")
    with pytest.raises(InputError, match="holds something that is no index"):
        indexed(project, sections, FolderStore(tmp_path / "thesis"))
    with pytest.raises(InputError, match="is a file"):
        indexed(project, sections, FolderStore(tmp_path / "thesis" / "thesis.txt"))
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["thesis.txt"]


def test_only_what_changed_is_encoded_again(project, sections, any_store, counting):
    first = build_index(index_request(project, sections, encoder=counting), any_store, silent)
    assert len(counting.texts) == first.counts.encoded == first.description.passage_count
    assert first.counts.added == 24

    counting.texts.clear()
    again = build_index(index_request(project, sections, encoder=counting), any_store, silent)
    assert counting.texts == []
    assert (again.counts.unchanged, again.description) == (24, first.description)

    words = sections[3].text.split()
    text = " ".join([*words[:-1], "everywhere."])  # the last windows of one section
    new = (*changed(sections, 3, text)[1:], dataclasses.replace(sections[0], id="new", text="A new one."))
    made = build_index(index_request(project, new, encoder=counting), any_store, silent)
    counts = made.counts
    assert (counts.added, counts.changed, counts.removed, counts.unchanged) == (1, 1, 1, 22)
    assert counts.encoded == len(counting.texts) <= 3
    assert counts.reused > 0
    assert sum("everywhere" in one for one in counting.texts) >= 1
    found, held = held_in(any_store)
    assert {one.id: one.section for one in found.held} == {section.id: section for section in new}
    assert held == {passage.id for passage in found.passages}
    assert made.description.corpus_digest == corpus_digest(new)


def test_updated_index_is_the_one_made_at_once(project, sections, any_store, counting):
    for wanted in (sections[:10], changed(sections, 2, "Something else stands here."), sections):
        build_index(index_request(project, wanted, encoder=counting), any_store, silent)
    indexed(project, sections, other := FolderStore(default_store(project)))
    found, held = held_in(any_store)
    expected, all_held = held_in(other)
    assert held == all_held
    assert {one.id: one.digest for one in found.held} == {one.id: one.digest for one in expected.held}
    names = sorted(held)
    left, right = (place.vectors(one.name, one.description) for place, one in ((any_store, found), (other, expected)))
    assert np.abs(left.vectors(names) - right.vectors(names)).max() < 1e-6
    left.close()
    right.close()


def test_moved_lines_change_the_record_and_encode_nothing(project, sections, store, counting):
    build_index(index_request(project, sections, encoder=counting), store, silent)
    counting.texts.clear()
    moved = tuple(dataclasses.replace(section, span=(section.span[0] + 1, section.span[1] + 1)) for section in sections)
    counts = build_index(index_request(project, moved, encoder=counting), store, silent).counts
    assert (counts.changed, counts.encoded, counting.texts) == (24, 0, [])


def test_another_model_is_a_second_collection_and_the_switch_comes_last(project, sections, any_store, tmp_path):
    write_stand_in_run(tmp_path / "next", "better")
    before = indexed(project, sections, any_store)
    encoder = CountingEncoder(project.models.named(str(tmp_path / "next")))
    seen = []
    encoder.before = lambda: seen.append(any_store.pointer().current)
    after = build_index(index_request(project, sections, encoder=encoder), any_store, silent)
    assert set(seen) == {before.name}
    pointer = any_store.pointer()
    assert (pointer.current, pointer.previous) == (after.name, before.name)
    encoder.texts.clear()
    indexed(project, sections, any_store)  # going back encodes nothing
    assert any_store.pointer().current == before.name
    third = index_request(project, sections, passages=PassageSettings(None))
    build_index(third, any_store, silent)
    with pytest.raises(FormatError):
        read_collection(any_store, after.name)  # nothing points to it any more


def test_failure_while_indexing_keeps_the_old_one_and_goes_on_later(project, sections, any_store, counting):
    indexed(project, sections, any_store, passages=PassageSettings(None))
    before = any_store.pointer()
    request = index_request(project, sections, encoder=counting)

    def power_cut():
        raise RuntimeError("power cut")

    counting.before = power_cut
    with pytest.raises(RuntimeError):
        build_index(request, any_store, silent)
    assert any_store.pointer() == before
    counting.before = lambda: None
    assert build_index(request, any_store, silent).counts.added == 24


def test_other_engine_takes_the_vectors_that_are_there(project, sections, store, counting):
    build_index(index_request(project, sections, encoder=counting), store, silent)
    counting.texts.clear()
    made = build_index(index_request(project, sections, encoder=counting, engine=Engine.QDRANT), store, silent)
    assert (made.description.engine, counting.texts) == (Engine.QDRANT, [])
    with pytest.raises(InputError, match="not a server"):
        indexed(project, sections, store, engine=Engine.SERVER)


def test_damaged_collection_is_made_anew(project, sections, store, events):
    made = indexed(project, sections, store)
    vectors = store._collection(made.name) / "vectors"
    for path in vectors.iterdir():
        path.write_bytes(b"noise")
    again = build_index(index_request(project, sections), store, events.append)
    assert again.counts.added == 24
    assert any(isinstance(event, Alert) and "made anew" in event.message for event in events)


def test_damaged_pointer_is_made_anew(project, sections, store, events):
    made = indexed(project, sections, store)
    (store._folder / "store.json").write_text("{")
    again = build_index(index_request(project, sections), store, events.append)
    assert (again.counts.unchanged, store.pointer().current) == (24, made.name)
    assert any(isinstance(event, Alert) and "made anew" in event.message for event in events)


def test_second_writer_is_refused(project, sections, store):
    with store.writing(), pytest.raises(InputError, match="Another process is writing"):
        indexed(project, sections, FolderStore(store._folder))


def test_command_indexes_the_base_model_beside(project, docs, tmp_path):
    run = str(project.workspace.project / "run")
    made = index_corpus(project, corpus=docs, beir=None, model=run, place=tmp_path / "store")
    base = project.models.base()
    assert made.baseline.description.model_digest == base.digest
    assert made.store == str(tmp_path / "store")
    pointer = FolderStore(tmp_path / "store").pointer()
    assert (pointer.current, pointer.baseline) == (made.current.name, made.baseline.name)
    alone = index_corpus(project, corpus=docs, beir=None, model="base", place=tmp_path / "base-store", engine="exact")
    assert alone.baseline is None
    assert (alone.current.description.version, alone.current.description.model_digest) == ("base", base.digest)
    index = OpenedIndex(fresh(project), tmp_path / "base-store")
    assert index.degraded == ""
    index.close()


def test_beir_folder_with_dev_questions_is_calibrated(project, sections, tmp_path):
    dev = {one.id: " ".join(one.text.split()[:24]) for one in sections}
    folder = write_beir(tmp_path / "tv", sections, dev)
    run = str(project.workspace.project / "run")
    made = index_corpus(project, corpus=None, beir=folder, model=run, place=tmp_path / "store").current.description
    assert (made.section_count, made.engine) == (24, Engine.EXACT)
    assert made.calibration.hybrid.questions == made.calibration.bm25.questions == 24
    index = OpenedIndex(project, tmp_path / "store")
    known = index.search(next(iter(dev.values())), 10)
    assert known[0].confidence > 0.5 > known[-1].confidence
    assert index.search("zebra crossing", 10, threshold=0.5) == []
    assert index.search("screw", where=Where(metadata=(("shelf", "A 3"),)))
    index.close()
    after = index_corpus(project, corpus=None, beir=without_dev(folder), model=run, place=tmp_path / "store").current
    assert after.description.calibration == made.calibration  # nothing changed that it depends on
    assert indexed(project, sections).description.calibration == UNCALIBRATED


def without_dev(folder):
    (folder / "qrels" / "dev.tsv").unlink()
    return folder


@pytest.mark.parametrize("engine", [None, "qdrant"])
def test_unknown_model_writes_nothing(project, docs, tmp_path, engine):
    with pytest.raises(ModelError, match="no version 'v3'"):
        index_corpus(project, corpus=docs, beir=None, model="v3", place=tmp_path / "store", engine=engine)
    assert not (tmp_path / "store").exists()
