from __future__ import annotations

import dataclasses
import json
import shutil

import pytest
from embedtune.index.collection import Engine, read_collection

from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.folder import read_folder
from embedtune.errors import FormatError, InputError, ModelError
from embedtune.events import Alert, Progress, StageFinished, StageSkipped, silent
from embedtune.pipeline.index_command import index_corpus
from embedtune.pipeline.indexing import IndexRequest, build_index, default_store, index_stage, open_vectors
from embedtune.pipeline.searching import OpenedIndex
from embedtune.vocabulary.corpus import corpus_digest
from embedtune.vocabulary.retrieval import FusionMethod, FusionSettings, Mode, PassageSettings
from project_samples import body, headings, snapshot, write_corpus
from stand_in_models import stand_in_project, write_stand_in, write_stand_in_run

CUT = PassageSettings(16, 0.5)
QUESTION = "bleed the brake caliper"


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus") / "docs")


@pytest.fixture(scope="module")
def sections(docs):
    return read_folder(docs, CorpusSettings()).sections


@pytest.fixture
def events():
    return []


@pytest.fixture
def project(tmp_path, events):
    write_stand_in_run(tmp_path / "run", "good")
    return stand_in_project(tmp_path, events)


@pytest.fixture
def wanted(project, sections):
    def of(**changes):
        encoder = project.models.named(str(project.workspace.project / "run"))
        return dataclasses.replace(
            IndexRequest(sections, encoder, encoder.name, CUT, FusionSettings(FusionMethod.CONVEX, 0.6)), **changes
        )

    return of


@pytest.fixture
def opened(project, wanted):
    """Opens the project's index, made with an engine; closes it at the end."""
    made = []

    def of(engine=Engine.EXACT, **changes):
        build_index(wanted(engine=engine), default_store(project), silent)
        made.append(OpenedIndex(project, **changes))
        return made[-1]

    yield of
    for index in made:
        index.close()


def test_description_says_what_the_index_is_made_of(wanted, sections, tmp_path):
    told = []
    made = build_index(wanted(), tmp_path / "store", told.append)
    assert made == read_collection(tmp_path / "store").description
    assert made.model_digest == wanted().encoder.digest
    assert (made.section_count, made.corpus_digest) == (24, corpus_digest(sections))
    assert made.passage_count == len(read_collection(tmp_path / "store").passages) > 48
    assert (made.passages, made.fusion.dense_weight, made.engine) == (CUT, 0.6, Engine.EXACT)
    assert told[-1] == Progress("Indexing", made.passage_count, made.passage_count, "passages")


@pytest.mark.parametrize("engine", list(Engine))
def test_both_engines_hold_every_passage(wanted, tmp_path, engine):
    made = build_index(wanted(engine=engine), tmp_path / "store", silent)
    vectors = open_vectors(made, tmp_path / "store" / "vectors")
    try:
        assert len(vectors) == made.passage_count
    finally:
        vectors.close()


def test_empty_corpus_makes_no_index(wanted, tmp_path):
    with pytest.raises(InputError, match="no passage to index"):
        build_index(wanted(sections=()), tmp_path / "store", silent)
    assert not (tmp_path / "store").exists()


def test_new_index_takes_the_place_of_the_old_one(wanted, tmp_path):
    build_index(wanted(), tmp_path / "store", silent)
    made = build_index(wanted(passages=PassageSettings(None)), tmp_path / "store", silent)
    assert read_collection(tmp_path / "store").description == made
    assert made.passage_count == 24
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".store")] == []


def test_crash_while_indexing_keeps_the_old_one(wanted, tmp_path):
    before = build_index(wanted(), tmp_path / "store", silent)

    class Broken:
        name, digest, dimension = "broken", "sha256:x", 32

        def encode(self, texts):
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        build_index(wanted(encoder=Broken()), tmp_path / "store", silent)
    assert read_collection(tmp_path / "store").description == before


def test_foreign_folder_is_not_replaced(wanted, tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "thesis.txt").write_text("ten years of work")
    with pytest.raises(InputError, match="holds something that is no index"):
        build_index(wanted(), tmp_path / "store", silent)
    assert (tmp_path / "store" / "thesis.txt").read_text() == "ten years of work"


@pytest.mark.parametrize("engine", list(Engine))
def test_hit_has_all_that_a_face_shows(opened, sections, engine):
    hits = opened(engine).search(QUESTION, limit=3)
    by_id = {section.id: section for section in sections}
    assert len(hits) == 3
    best = hits[0]
    assert best.heading_path == ("Bleed the brake caliper",)
    assert best.domain == "forklift"
    assert set(best.component_ranks) == set(best.component_scores) == {"dense", "bm25"}
    assert best.component_ranks["bm25"] == 1
    assert best.degraded == ""
    assert best.passage in " ".join(by_id[best.section_id].text.split())
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert 0 <= hits[-1].score <= best.score <= 1
    assert (best["score"], best["content"], best["section"]) == (best.score, best.passage, "Bleed the brake caliper")


def test_engines_agree(opened):
    exact = opened(Engine.EXACT).search_batch([QUESTION, "hours"], 5)
    qdrant = opened(Engine.QDRANT).search_batch([QUESTION, "hours"], 5)
    for one, other in zip(exact, qdrant, strict=True):
        assert [hit.section_id for hit in one] == [hit.section_id for hit in other]
        assert [hit.score for hit in one] == pytest.approx([hit.score for hit in other], abs=1e-5)


@pytest.mark.parametrize(("mode", "components"), [(Mode.DENSE, {"dense"}), (Mode.BM25, {"bm25"})])
def test_one_component_alone(opened, mode, components):
    hits = opened().search(QUESTION, limit=2, mode=mode)
    assert all(set(hit.component_ranks) == components for hit in hits)
    assert hits[0].score == hits[0].component_scores[components.pop()]


def test_domain_limit_and_threshold(opened):
    index = opened()
    assert {hit.domain for hit in index.search("until the screw", limit=20, domain="tractor")} == {"tractor"}
    assert len(index.search("until the screw", limit=4)) == 4
    every = index.search("until the screw", limit=20)
    line = every[2].score
    assert index.search("until the screw", limit=20, threshold=line) == [hit for hit in every if hit.score >= line]
    with pytest.raises(InputError, match=r"no domain 'boat'\. Known domains: forklift, tractor"):
        index.search(QUESTION, domain="boat")
    with pytest.raises(InputError, match="is empty"):
        index.search("  ")


def test_search_asks_with_the_fusion_of_the_index(opened):
    index = opened()
    hit = next(hit for hit in index.search(QUESTION, limit=24) if hit.component_ranks == {"dense": 1, "bm25": 1})
    assert hit.score == pytest.approx(1.0)  # first of both in a convex combination
    assert index.description.fusion.method is FusionMethod.CONVEX


def test_index_of_another_model_is_searched_by_words_alone(project, opened, events):
    opened().close()
    shutil.rmtree(project.workspace.project / "run")
    index = opened_again(project)
    reason = f"the index was made with {project.workspace.project}/run, and its model cannot be used here"
    assert index.degraded.startswith(reason)
    assert any(isinstance(event, Alert) and reason in event.message for event in events)
    for mode in (Mode.HYBRID, Mode.DENSE, Mode.BM25):
        hits = index.search(QUESTION, limit=2, mode=mode)
        assert hits[0].heading_path == ("Bleed the brake caliper",)
        assert all(set(hit.component_ranks) == {"bm25"} and hit.degraded == index.degraded for hit in hits)
    assert all(hit.degraded for hits in index.search_batch([QUESTION, "screw"]) for hit in hits)
    index.close()


def opened_again(project):
    """A fresh process: no model is loaded yet."""
    return OpenedIndex(dataclasses.replace(project, models=dataclasses.replace(project.models, _loaded={})))


def test_changed_model_under_the_same_name_is_another_model(project, opened):
    opened().close()
    folder = project.workspace.project / "run"
    shutil.rmtree(folder)
    write_stand_in(folder / "model", "trained again")
    index = opened_again(project)
    assert "cannot be used here" in index.degraded
    index.close()


def test_search_needs_no_base_model(project, opened):
    opened().close()
    shutil.rmtree(project.workspace.project / "base")
    index = opened_again(project)
    assert index.degraded == ""
    assert set(index.search(QUESTION)[0].component_ranks) == {"dense", "bm25"}
    index.close()


def test_without_any_model_words_still_answer(project, opened, events):
    opened().close()
    shutil.rmtree(project.workspace.project / "base")
    shutil.rmtree(project.workspace.project / "run")
    index = opened_again(project)
    assert "cannot be used here" in index.degraded
    assert index.search(QUESTION)[0].heading_path == ("Bleed the brake caliper",)
    index.close()


def test_given_encoder_of_another_model_degrades(project, opened):
    index = opened(encoder=project.models.base())
    assert index.degraded
    assert set(index.search(QUESTION)[0].component_ranks) == {"bm25"}


def test_index_of_the_base_model(project, docs):
    store = default_store(project)
    made = index_corpus(project, corpus=docs, beir=None, model="base", folder=store, engine="exact")
    assert (made.version, made.model_digest) == ("base", project.models.base().digest)
    index = opened_again(project)
    assert index.degraded == ""
    index.close()


def test_index_of_a_beir_folder(project, tmp_path):
    folder = tmp_path / "tv"
    folder.mkdir()
    rows = [{"_id": "d1", "title": "Sound", "text": "no sound at all"}, {"_id": "d2", "title": "", "text": "picture"}]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    made = index_corpus(project, corpus=None, beir=folder, model="base", folder=default_store(project), engine=None)
    assert (made.section_count, made.engine) == (2, Engine.EXACT)
    index = OpenedIndex(project)
    assert index.search("sound")[0].section_id == "d1"
    index.close()


def test_version_is_indexed_as_it_was_tuned(finished_copy, docs):
    project = stand_in_project(finished_copy, publish__registry="models")
    card_path = finished_copy / "models" / "embedtune-v1.0" / "model_card.json"
    card = json.loads(card_path.read_text())
    made = index_corpus(project, corpus=docs, beir=None, model="v1.0", folder=finished_copy / "store", engine=None)
    assert made.version == "v1.0"
    assert made.passages.words == card["passages"]["words"]
    assert made.fusion.method.value == card["fusion"]["method"]


@pytest.mark.parametrize("engine", [None, "qdrant"])
def test_unknown_model_writes_nothing(project, docs, engine):
    store = default_store(project)
    with pytest.raises(ModelError, match="no version 'v3'"):
        index_corpus(project, corpus=docs, beir=None, model="v3", folder=store, engine=engine)
    assert not store.exists()


def test_missing_index(project):
    with pytest.raises(InputError, match=r"holds no index \(index\.json is missing\)"):
        OpenedIndex(project)


def test_damaged_index(project, opened):
    opened().close()
    (default_store(project) / "sections.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(FormatError, match="Index the corpus again"):
        opened_again(project)


@pytest.mark.parametrize("engine", list(Engine))
def test_stage_runs_once_and_survives_searching(project, wanted, events, engine, monkeypatch):
    monkeypatch.setattr("embedtune.pipeline.indexing.choose_engine", lambda count: engine)
    folder = index_stage(project, wanted())
    assert folder == default_store(project)
    assert isinstance(events[-1], StageFinished)
    assert f"{engine.value} engine" in events[-1].summary
    index = OpenedIndex(project, folder)
    index.search(QUESTION)
    index.close()
    index_stage(project, wanted())
    assert events[-1] == StageSkipped("index", "nothing changed")


@pytest.mark.parametrize("engine", list(Engine))
def test_stage_mends_an_index_without_vectors(project, wanted, events, engine, monkeypatch):
    monkeypatch.setattr("embedtune.pipeline.indexing.choose_engine", lambda count: engine)
    folder = index_stage(project, wanted())
    shutil.rmtree(folder / "vectors")
    index_stage(project, wanted())
    assert isinstance(events[-1], StageFinished)
    index = OpenedIndex(project, folder)
    assert index.search(QUESTION)
    index.close()


def test_stage_mends_damaged_vectors(project, wanted, events):
    folder = index_stage(project, wanted())
    path = folder / "vectors" / "vectors.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\0")
    index_stage(project, wanted())
    assert isinstance(events[-1], StageFinished)


@pytest.mark.parametrize(
    "change",
    [
        {"passages": PassageSettings(8, 0.5)},
        {"fusion": FusionSettings()},
        {"version": "v2"},
    ],
)
def test_stage_runs_again_when_asked_otherwise(project, wanted, events, change):
    index_stage(project, wanted())
    index_stage(project, wanted(**change))
    assert isinstance(events[-1], StageFinished)


def test_stage_undoes_an_index_of_other_documents(project, wanted, events, tmp_path):
    folder = index_stage(project, wanted())
    other = tmp_path / "other"
    other.mkdir()
    (other / "one.md").write_text(f"# {headings('tractor')[0]}\n\n{body('tractor', headings('tractor')[0])}\n")
    index_corpus(project, corpus=other, beir=None, model="base", folder=folder, engine=None)
    assert read_collection(folder).description.section_count == 1
    index_stage(project, wanted())
    assert read_collection(folder).description.section_count == 24


def test_searching_writes_nothing(opened, project):
    index = opened()
    before = snapshot(project.workspace.root)
    index.search(QUESTION)
    index.close()
    assert snapshot(project.workspace.root) == before
