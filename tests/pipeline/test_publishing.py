from __future__ import annotations

import json
import shutil

import pytest

from embedtune.artifacts.card import ModelCard
from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.folder import read_folder
from embedtune.encoders.digests import model_digest, weights_digest
from embedtune.errors import FormatError, GateError, InputError, ModelError, VersionExistsError
from embedtune.evaluation.result import read_record
from embedtune.pipeline.cards import published_settings, read_card
from embedtune.pipeline.describing import PublishRequest
from embedtune.pipeline.evaluation import evaluate, tuned_settings, write_evaluation
from embedtune.pipeline.publishing import publish_run
from embedtune.pipeline.questions import QuestionSet
from embedtune.pipeline.systems import SystemSpec
from embedtune.vocabulary.retrieval import FusionSettings, PassageSettings
from project_samples import judged_questions, snapshot, write_corpus
from stand_in_models import BLIND, stand_in_project, write_stand_in, write_stand_in_run

QUICK = {"evaluation__bootstrap_samples": 100, "retrieval__passage_words": [8], "retrieval__dense_weights": [0.5]}
CORPUS = "sha256:" + "c" * 64


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    for name, weights in (("run", "good"), ("other", "good too"), ("bad", BLIND)):
        write_stand_in_run(folder / name, weights)
    return folder


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    sections = read_folder(write_corpus(tmp_path_factory.mktemp("corpus") / "docs"), CorpusSettings()).sections
    return QuestionSet("mine", sections, judged_questions(sections, "t", 1), judged_questions(sections, "d", 3))


@pytest.fixture(scope="module")
def evaluated(place, questions):
    """Evaluations by the names of what they compare, made once each."""
    made = {}

    def of(*names):
        if names not in made:
            made[names] = place / f"result-{len(made)}.json"
            specs = [SystemSpec.parse(name.replace("@", f"{place}/")) for name in names]
            record = evaluate(stand_in_project(place, **QUICK), questions, specs)
            write_evaluation(record, questions, made[names])
        return made[names]

    return of


@pytest.fixture
def project(place, tmp_path):
    return stand_in_project(place, publish__registry=str(tmp_path / "models"))


def request(place, run="run", **changes):
    return PublishRequest(**({"run": place / run, "version": "v1.0", "name": "mine"} | changes))


def test_gain_is_published(project, place, evaluated):
    result = evaluated("base", "bm25", "@run", "hybrid:@run")
    made = publish_run(project, request(place, evaluation=result, corpus=CORPUS, notes="for the workshop"))
    assert made.label == "mine-v1.0"
    assert made.folder == project.registry.root / "mine-v1.0"
    assert project.registry.verify(made) == ()
    card = read_card(made)
    metrics = json.loads(result.read_text())["systems"]
    assert card.recall_at_5_baseline == metrics["base"]["metrics"]["recall@5"]
    assert card.recall_at_5_finetuned == metrics[f"{place}/run"]["metrics"]["recall@5"]
    assert card.mean_reciprocal_rank == metrics[f"{place}/run"]["metrics"]["mrr"]
    assert (card.questions, card.question_origin) == (24, "human")
    assert [gate.passed for gate in card.gates] == [True] * 6
    assert card.gates[0].value > card.gates[0].bound == 0.0
    assert card.published_without_gain == ""
    assert card.notes == "for the workshop"
    assert card.training_corpus_hash == CORPUS


def test_card_says_what_the_run_was_made_from(project, place, evaluated):
    write_stand_in(place / "newer-base", "not the one it was trained from")
    changed = stand_in_project(
        place, publish__registry=str(project.registry.root), training__base_model="newer-base", training__epochs=9
    )
    made = publish_run(changed, request(place, evaluation=evaluated("base", "@run")))
    card, origin = read_card(made), json.loads((place / "run" / "origin.json").read_text())
    for name in ("base_model", "base_model_hash", "config_hash", "total_params", "trainable_params"):
        assert getattr(card, name) == origin[name]
    assert card.training_pairs_hash == origin["pairs_hash"]
    assert card.weights_hash == weights_digest(place / "run" / "model")
    lineage = made.manifest.lineage
    assert (lineage.base_model_hash, lineage.pairs) == (origin["base_model_hash"], origin["pairs_hash"])


def test_version_holds_what_a_reader_needs(project, place, evaluated, tmp_path):
    detector = tmp_path / "detector"
    detector.mkdir()
    (detector / "detector.json").write_text("{}")
    result = evaluated("base", "@run")
    made = publish_run(project, request(place, evaluation=result, anomaly=detector))
    paths = {entry.path for entry in made.manifest.files}
    assert paths == {
        "README.md",
        "anomaly/detector.json",
        "evaluation.json",
        "metrics.jsonl",
        "model/model.safetensors",
        "model/modules.json",
        "model_card.json",
        "training.log",
    }
    assert model_digest(made.folder / "model") == model_digest(place / "run" / "model")
    assert (made.folder / "evaluation.json").read_bytes() == result.read_bytes()
    assert made.manifest.packages["torch"]


def test_card_of_the_library_stays_out(project, place, tmp_path):
    run = write_stand_in_run(tmp_path / "run", "good")
    (run / "model" / "README.md").write_text("examples of the training data")
    (run / "model" / ".cache").mkdir()
    (run / "model" / ".cache" / "x.json").write_text("{}")
    made = publish_run(project, request(place, run=run, reason="it is for a test"))
    assert sorted(path.name for path in (made.folder / "model").iterdir()) == ["model.safetensors", "modules.json"]


def test_settings_tuned_on_dev_are_published(project, place, evaluated):
    result = evaluated("base", "@run", "hybrid:@run")
    made = publish_run(project, request(place, evaluation=result))
    card = read_card(made)
    details = json.loads(result.read_text())["metadata"]["details"]["systems"][f"hybrid:{place}/run"]
    assert card.passages.words == details["passages"]["words"]
    assert card.fusion.dense_weight == details["fusion"]["dense_weight"]
    assert made.manifest.settings["passages"] == details["passages"]
    assert published_settings(project, "mine-v1.0") == (card.passages, card.fusion)
    chosen = tuned_settings(read_record(result), model_digest(place / "run" / "model"))
    assert (card.passages, card.fusion) == chosen


def test_settings_of_what_is_no_version_are_the_defaults(project):
    assert published_settings(project, "v7.0") == (PassageSettings(), FusionSettings())
    assert published_settings(project, "base") == (PassageSettings(), FusionSettings())


def refused(project, wanted, error, message):
    with pytest.raises(error, match=message) as caught:
        publish_run(project, wanted)
    assert not project.registry.root.exists()
    return caught.value


def test_without_evaluation_the_gate_refuses(project, place):
    error = refused(project, request(place), GateError, "There is no evaluation")
    assert "--force-without-gain" in error.remedy


def test_without_gain_the_gate_refuses(project, place, evaluated):
    wanted = request(place, run="bad", evaluation=evaluated("base", "@bad"))
    error = refused(project, wanted, GateError, r"Not published: ndcg@10 is 0\.\d+ .* does not lie above 0")
    assert "--force-without-gain" in error.remedy


def test_gain_of_another_model_in_the_same_evaluation_is_no_gain(project, place, evaluated):
    wanted = request(place, run="bad", evaluation=evaluated("base", "@run", "@bad"))
    refused(project, wanted, GateError, rf"for {place}/bad and")


def test_gain_of_the_hybrid_alone_is_no_gain_of_the_model(project, place, evaluated):
    wanted = request(place, evaluation=evaluated("base", "hybrid:@run"))
    refused(project, wanted, GateError, "does not compare this model with its base")


def test_evaluation_without_the_base_proves_nothing(project, place, evaluated):
    wanted = request(place, evaluation=evaluated("bm25", "@run"))
    refused(project, wanted, GateError, "does not compare this model with its base")


def test_evaluation_of_another_model_is_refused(project, place, evaluated):
    result = evaluated("base", "@run")
    refused(project, request(place, run="other", evaluation=result), InputError, "evaluation is of another model")
    forced = request(place, run="other", evaluation=result, reason="because")
    refused(project, forced, InputError, "evaluation is of another model")


def test_base_of_the_evaluation_must_be_that_of_the_run(project, place, evaluated):
    run = write_stand_in_run(place / "grown", "good", base="sha256:" + "9" * 64)
    refused(project, request(place, run=run, evaluation=evaluated("base", "@grown")), InputError, "another base model")


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"evaluation": "nowhere.json"}, InputError, r"nowhere\.json does not exist"),
        ({"evaluation": "base/modules.json"}, FormatError, r"modules\.json: the file is not an object"),
        ({"run": "base"}, InputError, "not a finished run"),
        ({"run": "nowhere"}, ModelError, "holds no sentence-transformers model"),
        ({"version": "1.0"}, ModelError, "not a version number"),
        ({"name": "../mine"}, ModelError, "cannot be a model's name"),
    ],
)
def test_what_cannot_be_published(project, place, changes, error, message):
    changes = {name: place / value if name in {"evaluation", "run"} else value for name, value in changes.items()}
    refused(project, request(place, reason="because", **changes), error, message)


def test_half_a_run_cannot_be_published(project, place, tmp_path):
    run = write_stand_in_run(tmp_path / "run", "good")
    (run / "origin.json").unlink()
    refused(project, request(tmp_path, reason="because"), InputError, "not a finished run")
    write_stand_in_run(tmp_path / "later", "trained again in the same folder")
    shutil.copytree(tmp_path / "later" / "model", run / "model", dirs_exist_ok=True)
    shutil.copy(place / "run" / "origin.json", run / "origin.json")
    refused(project, request(tmp_path, reason="because"), InputError, "not a finished run")
    (run / "origin.json").write_text('{"base_model": 3}')
    refused(project, request(tmp_path, reason="because"), InputError, r"origin\.json is damaged")


def test_reason_goes_on_the_card(project, place, evaluated):
    made = publish_run(project, request(place, run="bad", reason="the workshop asked for it"))
    card = read_card(made)
    assert card.published_without_gain == "the workshop asked for it"
    assert (card.questions, card.gates, card.recall_at_5_finetuned) == (0, (), None)
    assert "the workshop asked for it" in (made.folder / "README.md").read_text()
    evaluation = evaluated("base", "@bad")
    measured = read_card(publish_run(project, request(place, "bad", version="v2", reason="so", evaluation=evaluation)))
    assert [gate.passed for gate in measured.gates] == [False, *[True] * 5]
    assert measured.recall_at_5_finetuned == measured.recall_at_5_baseline


def test_existing_version_stays_as_it_is(project, place, evaluated):
    result = evaluated("base", "@run")
    publish_run(project, request(place, evaluation=result))
    before = snapshot(project.registry.root)
    for run in ("run", "bad"):
        with pytest.raises(VersionExistsError, match="was already published"):
            publish_run(project, request(place, run=run, reason="because"))
    assert snapshot(project.registry.root) == before
    assert publish_run(project, request(place, version="v1.1", evaluation=result)).label == "mine-v1.1"


def test_read_card_is_the_written_one(project, place):
    made = publish_run(project, request(place, reason="because"))
    text = (made.folder / "model_card.json").read_text()
    assert read_card(made) == ModelCard.from_json(text, "x")
    assert json.loads(text)["embedding_dimension"] == 32
