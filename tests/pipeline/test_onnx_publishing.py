"""A version carries an exported model; one with 8-bit weights must have passed the gates as such."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embedtune.artifacts.manifest import MODEL_FOLDER
from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.folder import read_folder
from embedtune.encoders.digests import model_digest
from embedtune.encoders.onnx_files import Precision, exported_digest
from embedtune.errors import GateError, InputError, ModelError
from embedtune.events import Alert
from embedtune.pipeline.describing import PublishRequest
from embedtune.pipeline.evaluation import evaluate, write_evaluation
from embedtune.pipeline.project import open_project
from embedtune.pipeline.publishing import publish_run
from embedtune.pipeline.questions import QuestionSet
from embedtune.pipeline.systems import SystemSpec
from project_samples import judged_questions, write_corpus
from stand_in_models import BLIND, StandIn, stand_in_project, write_stand_in_run

QUICK = {"evaluation__bootstrap_samples": 100, "retrieval__passage_words": [8], "retrieval__dense_weights": [0.5]}


class Exporter:
    """Stands where models are exported: writes a file, or fails."""

    def __init__(self, error=None):
        self.asked, self.error = [], error

    def __call__(self, folder, digest, precision):
        self.asked.append((digest, precision))
        if self.error:
            raise self.error
        (folder / "onnx").mkdir()
        (folder / "onnx" / "graph.onnx").write_bytes(b"\x08\x07")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    write_stand_in_run(folder / "run", "good")
    write_stand_in_run(folder / "bad", BLIND)
    return folder


@pytest.fixture
def publish(place, tmp_path):
    def published(onnx="fp32", error=None, events=None, **changes):
        project = stand_in_project(place, events, publish__registry=str(tmp_path / "models"), publish__onnx=onnx)
        exporter = Exporter(error)
        project = replace(project, models=replace(project.models, export=exporter))
        request = PublishRequest(
            **{"run": place / "run", "version": "v1.0", "name": "mine", "reason": "a test"} | changes
        )
        return publish_run(project, request), exporter

    return published


def paths(version):
    return {entry.path for entry in version.manifest.files}


def test_the_model_is_exported_into_the_version(publish, place):
    made, exporter = publish()
    assert exporter.asked == [(model_digest(place / "run" / "model"), Precision.FP32)]
    assert f"{MODEL_FOLDER}/onnx/graph.onnx" in paths(made)


def test_nothing_is_exported_where_it_is_off(publish):
    made, exporter = publish("off")
    assert exporter.asked == []
    assert not any("onnx" in path for path in paths(made))


def test_a_version_without_an_export_is_a_version(publish):
    events = []
    made, _ = publish(error=ModelError("It cannot be exported.", ""), events=events)
    assert not any("onnx" in path for path in paths(made))
    assert any(isinstance(event, Alert) and "It cannot be exported." in event.message for event in events)


def test_8_bit_weights_that_cannot_be_made_are_an_error(publish):
    with pytest.raises(ModelError, match="cannot be exported"):
        publish("int8", error=ModelError("It cannot be exported.", ""))


@pytest.fixture
def evaluated(place, tmp_path, monkeypatch):
    """An evaluation of base, run and the same with 8-bit weights, which answer well or not."""

    def of(weights, *names):
        def small(folder, digest, name):
            return StandIn(name, exported_digest(digest, Precision.INT8), blind=weights == BLIND)

        monkeypatch.setattr("embedtune.encoders.onnx_export.int8_encoder", small)
        sections = read_folder(write_corpus(tmp_path / "docs"), CorpusSettings()).sections
        questions = QuestionSet("mine", sections, judged_questions(sections, "t", 1), None)
        specs = [SystemSpec.parse(name.replace("@", f"{place}/")) for name in names]
        result = tmp_path / "result.json"
        project = stand_in_project(place, cache__vectors_mib=0, **QUICK)  # two models of one digest
        write_evaluation(evaluate(project, questions, specs), questions, result)
        return result

    return of


def test_8_bit_weights_are_published_with_figures_of_their_own(publish, evaluated):
    made, exporter = publish("int8", evaluation=evaluated("good", "base", "int8:@run"), reason="")
    assert exporter.asked[0][1] is Precision.INT8
    assert made.label == "mine-v1.0"


def test_8_bit_weights_that_lose_are_refused(publish, evaluated):
    with pytest.raises(GateError):
        publish("int8", evaluation=evaluated(BLIND, "base", "int8:@run"), reason="")


def test_figures_of_the_whole_model_do_not_vouch_for_8_bit_weights(publish, evaluated):
    with pytest.raises(InputError, match="does not measure this model with 8-bit weights"):
        publish("int8", evaluation=evaluated("good", "base", "@run"), reason="")


@pytest.mark.parametrize("name", ["int8:", "int8:bm25", "hybrid:int8:", "int8:remote:http://h/v1#m"])
def test_8_bit_weights_of_nothing_are_no_system(name):
    with pytest.raises(InputError, match="is not a system"):
        SystemSpec.parse(name)


def test_the_flow_publishes_a_model_that_search_runs_without_torch(finished_copy):
    project = open_project(folder=finished_copy)
    version = project.registry.find("v1.0")
    assert f"{MODEL_FOLDER}/onnx/sentence_embedding.onnx" in paths(version)
    encoder = project.models.named("v1.0")
    assert type(encoder).__name__ == "OnnxEncoder"
    assert encoder.digest == model_digest(version.folder / MODEL_FOLDER)
