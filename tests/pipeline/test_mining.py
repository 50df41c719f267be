from __future__ import annotations

from dataclasses import replace

import pytest

from embedtune.config.data_settings import CorpusSettings, NegativeSettings
from embedtune.corpus.folder import read_folder
from embedtune.errors import ConfigError, ModelError
from embedtune.pipeline.corpus import split_corpus
from embedtune.pipeline.mining import (
    MiningRequest,
    add_negatives,
    corpus_pool,
    mine_pairs,
    pairs_pool,
    ranked_by_current,
    remining,
    sections_pool,
)
from embedtune.vocabulary.corpus import Section, SectionKind
from embedtune.vocabulary.pairs import Negative, Origin, Provenance, Query, Split, TrainingPair
from project_samples import write_corpus
from qdrant_stand_in import StandInServer, started
from stand_in_models import stand_in_project, write_stand_in, write_stand_in_run

OPEN = {"negatives__margin": 0.0, "negatives__cross_domain_share": 0.0}


def question_on(section, text=None, split=Split.TRAIN):
    words = section.text.split()[:6]
    place = Provenance(section.id, section.heading, "", split)
    query = Query(f"q-{section.id}", text or " ".join(words), Origin.HUMAN, domain=section.domain)
    return TrainingPair(query, section.text, (), place)


@pytest.fixture
def sections(tmp_path):
    return read_folder(write_corpus(tmp_path / "docs"), CorpusSettings()).sections


@pytest.fixture
def project(tmp_path):
    project = stand_in_project(tmp_path, **OPEN)
    write_stand_in(tmp_path / "seeing", "by words")
    return project


@pytest.fixture
def server():
    held = StandInServer()
    stop = started(held)
    yield held
    stop()


def sources_of(pairs):
    return {negative.source for pair in pairs for negative in pair.negatives}


def sections_of(pairs):
    return {negative.section_id for pair in pairs for negative in pair.negatives}


def with_settings(project, **changes):
    settings = NegativeSettings(**(project.config.negatives.model_dump() | changes))
    return replace(project, config=project.config.model_copy(update={"negatives": settings}))


def test_held_out_pairs_stay_as_they_are_and_give_no_negatives(project, sections):
    pairs = tuple(question_on(s, split=Split.DEV if n % 3 else Split.TRAIN) for n, s in enumerate(sections))
    for pool in (pairs_pool(pairs), sections_pool(project, sections, pairs)):
        mined = add_negatives(project, pairs, pool)
        assert [replace(pair, negatives=()) for pair in mined] == list(pairs)
        away = {pair.provenance.section_id for pair in pairs if pair.provenance.split is Split.DEV}
        assert sections_of(mined)
        assert not sections_of(mined) & away
        assert all(not pair.negatives for pair in mined if pair.provenance.split is Split.DEV)


def test_a_corpus_gives_sections_that_no_pair_is_about(project, sections):
    pairs = tuple(question_on(section) for section in sections[:4])
    mined = add_negatives(with_settings(project, per_pair=8), pairs, sections_pool(project, sections, pairs))
    assert sections_of(mined) - {pair.provenance.section_id for pair in pairs}


def test_near_duplicates_of_held_out_sections_stay_away(project):
    words = "lift the mast and lock the chain with the steel pin before any work on the hose".split()
    texts = {"a": words, "b": [*words[:-1], "pipe"], "c": words[::-1], "d": ["other", *words[4:9][::-1], "text"]}
    made = tuple(Section(n, "d", "x", (n,), SectionKind.OTHER, " ".join(text), (1, 1)) for n, text in texts.items())
    pool = sections_pool(project, made, [question_on(made[0], split=Split.TEST), question_on(made[2])])
    assert {passage.section_id for passage in pool.passages} == {"c", "d"}


def test_held_out_text_stays_away_where_sections_have_no_ids(project, sections):
    away = replace(question_on(sections[0], split=Split.DEV), provenance=Provenance(split=Split.DEV))
    pool = sections_pool(project, sections, [away, question_on(sections[1])])
    assert sections[0].id not in {passage.section_id for passage in pool.passages}


def test_the_corpus_of_a_flow_gives_training_sections_alone(project, sections):
    corpus = split_corpus(project, sections)
    pool = corpus_pool(project, corpus)
    assert {corpus.split.split_of[passage.section_id] for passage in pool.passages} == {Split.TRAIN}


@pytest.mark.parametrize("model", ["seeing", "run"])
def test_a_model_ranks_in_place_of_the_base(project, tmp_path, sections, model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_stand_in_run(tmp_path / "run", "by words")
    pairs = tuple(question_on(section) for section in sections)
    mined = mine_pairs(with_settings(project, sources=("base",)), MiningRequest(pairs, model=model))
    assert sources_of(mined) == {"current"}


def test_sources_that_were_named_stay_with_a_model_too(project, tmp_path, sections, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pairs = tuple(question_on(section) for section in sections)
    request = MiningRequest(pairs, model="seeing", default_sources=False)
    assert sources_of(mine_pairs(with_settings(project, sources=("hybrid",)), request)) == {"hybrid"}


def test_replacing_drops_what_the_pairs_had(project, sections):
    pairs = tuple(replace(question_on(section), negatives=(Negative("old"),)) for section in sections)
    assert mine_pairs(project, MiningRequest(pairs)) == pairs
    replaced = mine_pairs(project, MiningRequest(pairs, replace=True))
    assert sources_of(replaced) <= {"base", "bm25"}
    assert sources_of(replaced)


def test_current_takes_the_place_of_base_with_its_quota():
    settings = NegativeSettings(sources=("bm25:1", "base:2", "hybrid"))
    assert ranked_by_current(settings).sources == ("bm25:1", "current:2", "hybrid")
    assert ranked_by_current(settings.model_copy(update={"sources": ("current", "base")})).sources == (
        "current",
        "base",
    )


@pytest.mark.parametrize("source", ["current", "qdrant"])
def test_a_source_that_lacks_what_it_needs(project, sections, source):
    pairs = tuple(question_on(section) for section in sections)
    with pytest.raises(ConfigError, match=source):
        mine_pairs(with_settings(project, sources=(source,)), MiningRequest(pairs, default_sources=False))


def collection_of(project, texts):
    encoder = project.models.base()
    return {"manuals": [(encoder.encode([text])[0].tolist(), {"text": text}) for text in texts]}


def test_a_collection_gives_passages_that_no_pair_has_and_no_held_out_text(project, sections, server):
    pairs = (question_on(sections[0]), question_on(sections[1], split=Split.DEV))
    outside = [f"turn the painted lever of winch {n} until the lamp shows green" for n in range(40)]
    held_out = f"{sections[1].text} and so on"
    server.collections = collection_of(project, [sections[0].text, held_out, *outside])
    project = with_settings(
        project, qdrant_url=server.url, qdrant_collection="manuals", per_pair=8, sources=("qdrant",)
    )
    (mined, kept) = mine_pairs(project, MiningRequest(pairs))
    found = [negative.text for negative in mined.negatives]
    assert found  # the base model is blind: of forty passages some lie further away than the right one
    assert set(found) <= set(outside)
    assert {negative.source for negative in mined.negatives} == {"qdrant"}
    assert kept == pairs[1]


def test_a_named_server_is_asked_beside_the_configured_sources(project, sections, server):
    pairs = tuple(question_on(section) for section in sections)
    server.collections = collection_of(project, ["turn the painted lever"])
    mine_pairs(with_settings(project, qdrant_url=server.url, qdrant_collection="manuals"), MiningRequest(pairs))
    assert server.requests[-1] == ("POST", "/collections/manuals/points/query/batch")


def test_a_collection_of_another_model_is_refused(project, sections, server):
    server.collections = {"manuals": [([1.0, 0.0], {"text": "short vectors"})]}
    project = with_settings(project, qdrant_url=server.url, qdrant_collection="manuals")
    with pytest.raises(ModelError, match="holds vectors of 2 dimensions"):
        mine_pairs(project, MiningRequest((question_on(sections[0]),)))


def test_mining_again_is_off_unless_configured(project, sections):
    pairs = tuple(question_on(section) for section in sections)
    assert remining(project, pairs, ()) is None


def test_mining_again_replaces_mined_negatives_and_keeps_given_ones(tmp_path, sections):
    project = stand_in_project(tmp_path, **OPEN, training__remine_epochs=1, negatives__sources=["base"])
    encoder = project.models.named(str(write_stand_in(tmp_path / "seeing", "by words")))
    pairs = [replace(question_on(section), negatives=(Negative("old", "", "bm25", 1.0),)) for section in sections]
    pairs[0] = replace(pairs[0], negatives=(Negative("given"),))
    found = remining(project, tuple(pairs), ())
    mined = found.mine(encoder)
    assert found.per_pair == 1
    assert mined[0].negatives == pairs[0].negatives
    assert sources_of(mined[1:]) == {"current"}
    assert mined == found.mine(encoder)


def test_what_decides_mining_again_is_in_its_digest(tmp_path, sections):
    pairs = tuple(question_on(section) for section in sections)
    project = stand_in_project(tmp_path, **OPEN, training__remine_epochs=1)
    other = stand_in_project(tmp_path, **OPEN, training__remine_epochs=1, negatives__depth=7)
    digests = {
        remining(project, pairs, ()).digest,
        remining(other, pairs, ()).digest,
        remining(project, pairs[1:], ()).digest,
        remining(project, pairs, ("held out",)).digest,
    }
    assert len(digests) == 4
