"""An open search takes up what was mended, finished or moved on since, and nothing that is out of date."""

from __future__ import annotations

import shutil

import pytest

from embedtune.errors import InputError
from embedtune.events import Notice
from embedtune.index.folder_store import FolderStore
from embedtune.pipeline.searching import OpenedIndex
from embedtune.pipeline.stores import default_store, is_server
from embedtune.vocabulary.retrieval import Mode
from index_samples import QUESTION, changed, fresh, indexed
from stand_in_models import stand_in_project, write_stand_in_run


@pytest.fixture
def project(tmp_path, events):
    write_stand_in_run(tmp_path / "run", "good")
    return stand_in_project(tmp_path, events, search__retry_seconds=0.001)


def components(hits):
    return set().union(*(hit.component_ranks for hit in hits))


def answered_anew(index):
    """Ask until nothing is missing any more."""
    while (hits := index.search(QUESTION))[0].degraded:
        pass
    return hits


def test_a_model_that_comes_back_answers_with_the_index_as_it_is_by_then(project, sections, events):
    indexed(project, sections)
    run = project.workspace.project / "run"
    run.rename(run.with_name("away"))
    index = OpenedIndex(fresh(project))
    assert components(index.search(QUESTION)) == {"bm25"}
    run.with_name("away").rename(run)
    number = next(n for n, one in enumerate(sections) if one.heading == "Bleed the brake caliper")
    indexed(project, changed(sections, number, "Bleed the brake caliper with other words by now."))
    hits = answered_anew(index)
    assert components(hits) == {"dense", "bm25"}
    assert hits[0].passage == "Bleed the brake caliper with other words by now."
    assert any(isinstance(event, Notice) and "answers again" in event.message for event in events)
    index.close()


def test_a_damaged_index_that_is_made_anew_answers_again(project, sections):
    indexed(project, sections, baseline=True)
    place = default_store(project)
    file = place / "collections" / FolderStore(place).pointer().current / "sections.jsonl"
    file.write_text('{"id": 1}\n')
    index = OpenedIndex(fresh(project))
    assert "is damaged" in index.degraded
    indexed(project, sections)
    assert components(answered_anew(index)) == {"dense", "bm25"}
    index.close()


def test_a_baseline_of_another_state_of_the_corpus_is_left_alone(project, sections):
    indexed(project, sections, baseline=True)
    gone = next(one for one in sections if one.heading == "Bleed the brake caliper")
    indexed(project, tuple(one for one in sections if one is not gone))
    shutil.rmtree(project.workspace.project / "run")
    index = OpenedIndex(fresh(project))
    assert "baseline hybrid: the index of the base model holds another state of the corpus" in index.degraded
    hits = index.search(QUESTION, 30)
    assert components(hits) == {"bm25"}
    assert gone.id not in {hit.section_id for hit in hits}
    index.close()


def test_a_closed_search_answers_in_no_mode(project, sections):
    indexed(project, sections)
    index = OpenedIndex(project)
    index.search(QUESTION, mode=Mode.BM25)
    index.close()
    for mode in Mode:
        with pytest.raises(ValueError, match="closed"):
            index.search(QUESTION, mode=mode)


@pytest.mark.parametrize("place", ["localhost:6333", "10.0.0.7:6334", "ftp://host/index", "s3://bucket/index"])
def test_an_address_that_is_none_does_not_become_a_folder(project, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="neither a folder nor the address of a server") as caught:
        OpenedIndex(project, place)
    assert "http://HOST:6333" in caught.value.remedy


@pytest.mark.parametrize(
    ("place", "server"),
    [("HTTP://Host:6333", True), ("https://host", True), ("a/b", False), ("C:/index", False), (None, False)],
)
def test_servers_are_told_from_folders(place, server):
    assert is_server(place) is server
