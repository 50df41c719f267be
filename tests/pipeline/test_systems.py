from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from embedtune.config.data_settings import CorpusSettings
from embedtune.config.settings import RetrievalSettings
from embedtune.corpus.folder import read_folder
from embedtune.corpus.passages import cut_passages
from embedtune.encoders.cache import VectorCache
from embedtune.errors import InputError, ModelError
from embedtune.events import Progress, silent
from embedtune.index.bm25 import BM25Index
from embedtune.pipeline.questions import JudgedQueries, QuestionSet
from embedtune.pipeline.systems import SystemSpec, Workbench, default_comparisons
from embedtune.retrieval.tuning import MIN_QUESTIONS
from embedtune.vocabulary.pairs import Origin, Query
from embedtune.vocabulary.retrieval import FusionMethod, FusionSettings, Mode, PassageSettings
from project_samples import body, headings, judged_questions, write_corpus
from stand_in_models import StandIn, stand_in_project, write_stand_in

SETTINGS = RetrievalSettings(passage_words=(8, 16), dense_weights=(0.0, 0.5, 1.0))


@pytest.fixture(scope="module")
def sections(tmp_path_factory):
    return read_folder(write_corpus(tmp_path_factory.mktemp("corpus") / "docs"), CorpusSettings()).sections


@pytest.fixture
def questions(sections):
    return QuestionSet("set", sections, judged_questions(sections, "t", 1), judged_questions(sections, "d", 3))


@pytest.fixture
def bench(tmp_path, questions):
    write_stand_in(tmp_path / "run" / "model", "tuned")
    return Workbench(questions, stand_in_project(tmp_path).models, SETTINGS, silent)


def without_dev(bench):
    return dataclasses.replace(bench, questions=dataclasses.replace(bench.questions, dev=None))


@pytest.mark.parametrize(
    ("text", "model", "mode"),
    [
        ("base", "base", Mode.DENSE),
        ("bm25", "", Mode.BM25),
        ("runs/first", "runs/first", Mode.DENSE),
        ("v1.0", "v1.0", Mode.DENSE),
        ("hybrid:base", "base", Mode.HYBRID),
        ("hybrid:runs/first", "runs/first", Mode.HYBRID),
        ("remote:http://h/v1#m", "remote:http://h/v1#m", Mode.DENSE),
        ("hybrid:remote:http://h/v1#m", "remote:http://h/v1#m", Mode.HYBRID),
    ],
)
def test_spec_of_a_name(text, model, mode):
    assert SystemSpec.parse(text) == SystemSpec(text, model, mode)


@pytest.mark.parametrize("text", ["", "hybrid:", "hybrid:bm25"])
def test_name_that_names_nothing(text):
    with pytest.raises(InputError, match=r"is not a system\. Give base, bm25"):
        SystemSpec.parse(text)


@pytest.mark.parametrize("text", ["remote:", "remote:http://h/v1", "hybrid:remote:h#m"])
def test_remote_system_that_is_none_is_told_before_anything_is_measured(text):
    with pytest.raises(InputError, match="remote:URL#model"):
        SystemSpec.parse(text)


def test_bm25_searches_whole_sections(bench, sections):
    system = bench.build(SystemSpec.parse("bm25"))
    assert (system.model_digest, system.tuning, system.similarity) == ("", None, None)
    assert system.passages == len(sections)
    index = BM25Index([s.id for s in sections], [s.full_text for s in sections], SETTINGS.bm25_k1, SETTINGS.bm25_b)
    query = Query("q", f"oil cooler {body('forklift', headings('forklift')[0])[-20:]}", Origin.HUMAN)
    expected = index.search(query.text, 5)
    found = system.ranker.rank([query], 5)["q"]
    assert len(expected) == 5
    assert [(entry.section_id, entry.score) for entry in found] == expected


def test_bm25_loads_no_model(bench):
    def refuse(folder, name):
        raise AssertionError("BM25 needs no model")

    bench.models.load = refuse
    bench.build(SystemSpec.parse("bm25"))


def test_dense_is_tuned_over_passages_alone(bench):
    tuning = bench.build(SystemSpec.parse("base")).tuning
    assert {trial.passages.words for trial in tuning.trials} == {8, 16, None}
    assert {trial.fusion for trial in tuning.trials} == {FusionSettings(FusionMethod.CONVEX, 1.0)}
    assert tuning.n == len(bench.questions.dev.qrels) >= MIN_QUESTIONS
    assert tuning.passages in {trial.passages for trial in tuning.trials} == set(bench.grid)


def test_every_model_tries_the_same_grid(bench):
    grids = []
    for name in ("hybrid:base", f"hybrid:{bench.models.place / 'run'}"):
        tuning = bench.build(SystemSpec.parse(name)).tuning
        grids.append({(trial.passages, trial.fusion.dense_weight) for trial in tuning.trials})
    words = {cut.words for cut, weight in grids[0] if weight > 0}
    assert words == {8, 16, None}
    dense = [{(cut, weight) for cut, weight in grid if weight > 0} for grid in grids]
    assert dense[0] == dense[1]
    assert all({weight for _, weight in grid} == {0.0, 0.5, 1.0} for grid in grids)


def test_whole_sections_can_be_left_out(bench):
    settings = RetrievalSettings(passage_words=(8,), whole_sections=False, dense_weights=(0.5,))
    tuning = dataclasses.replace(bench, settings=settings).build(SystemSpec.parse("base")).tuning
    assert {trial.passages for trial in tuning.trials} == {PassageSettings(8, 0.5)}


def test_tuning_never_asks_a_test_question(bench, monkeypatch):
    asked = []
    encode = StandIn.encode

    def listen(self, texts):
        asked.extend(texts)
        return encode(self, texts)

    monkeypatch.setattr(StandIn, "encode", listen)
    bench._tuned(SystemSpec.parse("hybrid:base"), bench.models.base())
    assert {query.text for query in bench.questions.dev.queries} <= set(asked)
    assert not {query.text for query in bench.questions.test.queries} & set(asked)


@pytest.mark.parametrize(
    ("name", "fusion"), [("base", FusionSettings(FusionMethod.CONVEX, 1.0)), ("hybrid:base", FusionSettings())]
)
def test_without_dev_questions_the_defaults_stand(bench, name, fusion):
    tuning = without_dev(bench).build(SystemSpec.parse(name)).tuning
    assert (tuning.passages, tuning.fusion, tuning.n, tuning.dev_value) == (PassageSettings(64, 0.5), fusion, 0, None)
    assert "no human dev questions" in tuning.reason


def test_tuning_can_be_turned_off(bench):
    settings = RetrievalSettings(tune=False, overlap=0.25)
    tuning = dataclasses.replace(bench, settings=settings).build(SystemSpec.parse("hybrid:base")).tuning
    assert tuning.reason == "not tuned: retrieval.tune is off"
    assert tuning.passages == PassageSettings(64, 0.25)


def test_few_dev_questions_tune_nothing(bench):
    few = bench.questions.dev.queries[: MIN_QUESTIONS - 1]
    dev = JudgedQueries(few, bench.questions.dev.qrels.restricted_to([query.id for query in few]))
    small = dataclasses.replace(bench, questions=dataclasses.replace(bench.questions, dev=dev))
    tuning = small.build(SystemSpec.parse("base")).tuning
    assert tuning.dev_value is None
    assert f"{MIN_QUESTIONS - 1} dev questions are fewer" in tuning.reason


def test_similarity_is_the_mean_of_the_best_right_passages(bench, sections):
    system = without_dev(bench).build(SystemSpec.parse("base"))
    encoder = bench.models.base()
    expected = []
    for query, section in zip(bench.questions.test.queries, sections, strict=True):
        windows = [passage.text for passage in cut_passages([section], PassageSettings(64, 0.5))]
        assert len(windows) > 1
        expected.append(max(encoder.encode(windows) @ encoder.encode([query.text])[0]))
    assert system.similarity == pytest.approx(np.mean(expected), abs=1e-6)


def test_passages_are_encoded_once_a_model_and_size(bench):
    told = []
    bench = dataclasses.replace(bench, report=told.append)
    for name in ("base", "hybrid:base", "base"):
        bench.build(SystemSpec.parse(name))
    finished = [event.activity for event in told if isinstance(event, Progress) and event.done == event.total]
    assert sorted(finished) == sorted(set(finished))
    assert len(finished) == 3


def test_every_model_searches_the_same_passages(bench, tmp_path):
    small = dataclasses.replace(without_dev(bench), settings=RetrievalSettings(passage_words=(8,)))
    cuts = [small.build(SystemSpec.parse(name)) for name in ("base", str(tmp_path / "run"))]
    assert cuts[0].passages == cuts[1].passages > len(bench.questions.sections)
    assert len(small._cuts) == 1


def test_passages_are_encoded_once_for_all_evaluations(bench, tmp_path, monkeypatch):
    cache = VectorCache(tmp_path / "cache", 1 << 24)
    first = dataclasses.replace(bench, cache=cache).build(SystemSpec.parse("base"))

    def refuse(self, texts):
        raise AssertionError("all of this was encoded before")

    monkeypatch.setattr(StandIn, "encode", refuse)
    again = Workbench(bench.questions, bench.models, SETTINGS, silent, cache).build(SystemSpec.parse("base"))
    assert (again.tuning, again.similarity) == (first.tuning, first.similarity)


def test_unknown_model(bench):
    with pytest.raises(ModelError, match="no version 'nowhere'"):
        bench.build(SystemSpec.parse("hybrid:nowhere"))


def specs(*names):
    return [SystemSpec.parse(name) for name in names]


def test_every_tuned_system_meets_every_baseline():
    pairs = default_comparisons(specs("base", "bm25", "hybrid:base", "run", "hybrid:run"))
    assert set(pairs) == {
        ("base", "run"),
        ("bm25", "run"),
        ("hybrid:base", "run"),
        ("base", "hybrid:run"),
        ("bm25", "hybrid:run"),
        ("hybrid:base", "hybrid:run"),
        ("base", "bm25"),
        ("base", "hybrid:base"),
    }
    assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("base",), ()),
        (("bm25",), ()),
        (("run",), ()),
        (("base", "bm25"), (("base", "bm25"),)),
        (("bm25", "run"), (("bm25", "run"),)),
        (("hybrid:base", "hybrid:run"), (("hybrid:base", "hybrid:run"),)),
    ],
)
def test_comparisons_of_what_was_named(names, expected):
    assert default_comparisons(specs(*names)) == expected
