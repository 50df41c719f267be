from __future__ import annotations

import shutil

import pytest

from embedtune.errors import EmbedtuneError, FormatError, InputError, ModelError
from embedtune.events import Alert, Counted
from embedtune.index.description import Engine
from embedtune.index.folder_store import FolderStore
from embedtune.pipeline.searching import OpenedIndex
from embedtune.pipeline.stores import default_store
from embedtune.vocabulary.retrieval import FusionMethod, Mode, Where
from index_samples import QUESTION, fresh, indexed
from project_samples import snapshot
from stand_in_models import stand_in_project, write_stand_in, write_stand_in_run

LOCAL = [Engine.EXACT, Engine.QDRANT]
BRAKES = ("Bleed the brake caliper",)


@pytest.fixture
def project(tmp_path, events):
    write_stand_in_run(tmp_path / "run", "good")
    return stand_in_project(tmp_path, events)


@pytest.fixture
def opened(project, sections):
    """Opens the project's index, made with an engine; closes it at the end."""
    made = []

    def of(engine=Engine.EXACT, *, baseline=False, **changes):
        indexed(project, sections, engine=engine, baseline=baseline)
        made.append(OpenedIndex(project, **changes))
        return made[-1]

    yield of
    for index in made:
        index.close()


@pytest.fixture
def again(project):
    """Opens the project's index as a new process would; closes it at the end."""
    made = []

    def of(**changes):
        made.append(OpenedIndex(fresh(project), **changes))
        return made[-1]

    yield of
    for index in made:
        index.close()


@pytest.mark.parametrize("engine", LOCAL)
def test_hit_has_all_that_a_face_shows(opened, sections, engine):
    hits = opened(engine).search(QUESTION, limit=3)
    by_id = {section.id: section for section in sections}
    assert len(hits) == 3
    best = hits[0]
    assert best.heading_path == BRAKES
    assert best.domain == "forklift"
    assert set(best.component_ranks) == set(best.component_scores) == {"dense", "bm25"}
    assert best.component_ranks["bm25"] == 1
    assert best.degraded == ""
    assert best.passage in " ".join(by_id[best.section_id].text.split())
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert 0 <= hits[-1].score <= best.score <= 1
    assert 0 <= hits[-1].confidence <= best.confidence <= 1
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
    line = every[2].confidence
    kept = index.search("until the screw", limit=20, threshold=line)
    assert kept == [hit for hit in every if hit.confidence >= line]
    assert 3 <= len(kept) < len(every)
    assert index.domains == ("forklift", "tractor")


@pytest.mark.parametrize("engine", LOCAL)
@pytest.mark.parametrize("mode", list(Mode))
def test_kind_and_metadata_filter(opened, sections, engine, mode):
    index = opened(engine)
    kinds = {section.id: section.kind.value for section in sections}
    kind = max(set(kinds.values()), key=list(kinds.values()).count)
    found = index.search("until the screw", 24, mode=mode, where=Where(kind=kind))
    assert {kinds[hit.section_id] for hit in found} == {kind}
    path = (("path", "tractor/field.txt"),)
    found = index.search("until the screw", 24, mode=mode, where=Where(metadata=path))
    assert {hit.domain for hit in found} == {"tractor"}
    assert index.search("until the screw", 24, None, mode, "forklift", Where(metadata=path)) == []


@pytest.mark.parametrize(
    ("question", "changes", "message"),
    [
        ("  ", {}, "is empty"),
        (QUESTION, {"limit": 0}, "at least 1"),
        (QUESTION, {"domain": "boat"}, r"no domain 'boat'\. Known domains: forklift, tractor"),
        (QUESTION, {"where": Where(kind="poem")}, r"no kind 'poem' of section\. Known kinds: procedure"),
    ],
)
def test_what_cannot_be_searched_for_is_refused_and_degrades_nothing(opened, events, question, changes, message):
    index = opened()
    for mode in Mode:
        with pytest.raises(InputError, match=message):
            index.search(question, mode=mode, **changes)
    assert index.search(QUESTION)[0].degraded == ""
    assert not [event for event in events if isinstance(event, Alert)]


def test_search_asks_with_the_fusion_of_the_index(opened):
    index = opened()
    hit = next(hit for hit in index.search(QUESTION, limit=24) if hit.component_ranks == {"dense": 1, "bm25": 1})
    assert hit.score == pytest.approx(1.0)  # first of both in a convex combination
    assert index.description.fusion.method is FusionMethod.CONVEX


def test_without_its_model_the_baseline_answers_on_its_own_index(project, opened, again, events):
    opened(baseline=True).close()
    shutil.rmtree(project.workspace.project / "run")
    index = again()
    reason = f"tuned hybrid: the index was made with {project.workspace.project}/run, and its model cannot be used here"
    assert index.degraded.startswith(reason)
    assert any(isinstance(event, Alert) and reason in event.message for event in events)
    hits = index.search(QUESTION, limit=2)
    assert hits[0].heading_path == BRAKES
    assert all(hit.degraded == index.degraded for hit in hits)
    assert set(hits[0].component_ranks) == {"dense", "bm25"}
    assert Counted("degraded_searches", {"level": "baseline hybrid"}) in events


def test_without_model_and_baseline_words_answer(project, opened, again, events):
    opened().close()
    shutil.rmtree(project.workspace.project / "run")
    index = again()
    for mode in (Mode.HYBRID, Mode.DENSE):
        hits = index.search(QUESTION, limit=2, mode=mode)
        assert hits[0].heading_path == BRAKES
        assert all(set(hit.component_ranks) == {"bm25"} and hit.degraded == index.degraded for hit in hits)
    assert all(hit.degraded for hits in index.search_batch([QUESTION, "screw"]) for hit in hits)
    assert index.search(QUESTION, mode=Mode.BM25)[0].degraded == ""  # nothing less than was asked for
    assert Counted("degraded_searches", {"level": "bm25"}, 2) in events
    assert Counted("fallbacks", {"cause": "missing"}) in events


def test_strict_search_raises_what_is_wrong(project, opened):
    opened(baseline=True).close()
    shutil.rmtree(project.workspace.project / "run")
    with pytest.raises(ModelError, match="its model cannot be used here"):
        OpenedIndex(fresh(project), strict=True)


def test_changed_model_under_the_same_name_is_another_model(project, opened, again):
    opened().close()
    folder = project.workspace.project / "run"
    shutil.rmtree(folder)
    write_stand_in(folder / "model", "trained again")
    assert "cannot be used here: it is another one by now" in again().degraded


def test_search_needs_no_base_model(project, opened, again):
    opened().close()
    shutil.rmtree(project.workspace.project / "base")
    index = again()
    assert index.degraded == ""
    assert set(index.search(QUESTION)[0].component_ranks) == {"dense", "bm25"}


def test_without_any_model_words_still_answer(project, opened, again):
    opened(baseline=True).close()
    shutil.rmtree(project.workspace.project / "base")
    shutil.rmtree(project.workspace.project / "run")
    index = again()
    hit = index.search(QUESTION)[0]
    assert (hit.heading_path, set(hit.component_ranks)) == (BRAKES, {"bm25"})
    assert "tuned hybrid: " in hit.degraded
    assert "baseline hybrid: " in hit.degraded


def test_search_by_words_loads_no_model(project, opened, again):
    opened().close()
    shutil.rmtree(project.workspace.project / "base")
    shutil.rmtree(project.workspace.project / "run")
    index = again(mode=Mode.BM25, strict=True)
    hit = index.search(QUESTION, mode=Mode.BM25)[0]
    assert (index.degraded, hit.degraded, hit.heading_path) == ("", "", BRAKES)


def test_given_encoder_of_another_model_degrades(project, opened):
    index = opened(encoder=project.models.base())
    assert index.degraded
    assert set(index.search(QUESTION)[0].component_ranks) == {"bm25"}


def test_missing_index(project):
    with pytest.raises(InputError, match=r"holds no index\."):
        OpenedIndex(project)


def damage_current(project, name, text):
    store = FolderStore(default_store(project))
    (default_store(project) / "collections" / store.pointer().current / name).write_text(text)


def test_damaged_sections_without_baseline_are_an_error(project, opened):
    opened().close()
    damage_current(project, "sections.jsonl", '{"id": 1}\n')
    with pytest.raises(FormatError, match="Index the corpus again"):
        OpenedIndex(project)


def test_damaged_sections_leave_the_baseline(project, opened, again):
    opened(baseline=True).close()
    damage_current(project, "sections.jsonl", '{"id": 1}\n')
    index = again()
    assert "tuned hybrid: The index in" in index.degraded
    hit = index.search(QUESTION)[0]
    assert (hit.heading_path, set(hit.component_ranks)) == (BRAKES, {"dense", "bm25"})
    with pytest.raises(EmbedtuneError, match="damaged"):
        again(strict=True)


def test_searching_writes_nothing(opened, project):
    index = opened()
    before = snapshot(project.workspace.root)
    index.search(QUESTION)
    index.close()
    assert snapshot(project.workspace.root) == before
