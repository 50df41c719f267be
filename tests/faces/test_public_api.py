"""The names that `import embedtune` offers, on a tiny model."""

from __future__ import annotations

import importlib
import json

import numpy as np
import pytest

import embedtune
from embedtune import (
    EmbeddingEvaluator,
    EmbeddingFineTuner,
    FineTunedRetrieval,
    HardNegativeMiner,
    ModelArtifactCreator,
    ModelCard,
    ProcedureExtractor,
    QueryGenerator,
    TrainingConfig,
    TrainingDataGenerator,
    VersionedEmbeddings,
    create_finetuned_retrieval,
    load_anomaly_detector,
    train_anomaly_detector,
    train_embedding_model,
)
from embedtune.config.anomaly_settings import AnomalySettings
from embedtune.config.data_settings import NegativeSettings, QuestionSettings, SplitSettings
from embedtune.config.settings import EmbedtuneConfig, EvaluationSettings
from embedtune.encoders.fake import FakeEncoder
from embedtune.errors import InputError, ModelError, VerificationError, VersionExistsError
from embedtune.events import Alert
from embedtune.pairs.formats.training_pairs import write_training_pairs
from embedtune.vocabulary.corpus import SectionKind
from embedtune.vocabulary.pairs import Split
from project_samples import copied, suite_cases, write_corpus

PROMISED = """
ProcedureExtractor QueryGenerator TrainingDataGenerator HardNegativeMiner TrainingConfig EmbeddingFineTuner
train_embedding_model DomainAwareEvaluator EmbeddingEvaluator ModelCard ModelArtifactCreator VersionedEmbeddings
FineTunedRetrieval create_finetuned_retrieval train_anomaly_detector load_anomaly_detector ModelRegistry
RegistrySettings AnomalySettings QueryLogSettings assess_query_log open_query_log write_drift_page
generate_signing_keys prune_cache ABTest Reranker VectorUses
""".split()
QUESTION = "bleed the brake caliper"
SCORES = {"recall_at_5_baseline": 0.5, "recall_at_5_finetuned": 0.7, "mean_reciprocal_rank": 0.6}
CORPUS = "sha256:" + "c" * 64


@pytest.fixture
def config(tiny_model):
    return EmbedtuneConfig(
        training=TrainingConfig(base_model=str(tiny_model), epochs=1, batch_size=16, device="cpu"),
        split=SplitSettings(dev_share=0.2, test_share=0.2),
        negatives=NegativeSettings(margin=0.0),
        evaluation=EvaluationSettings(min_slice=10),
    )


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus") / "docs")


@pytest.fixture
def retrieval(finished):
    """Opens the finished project's index with its version."""

    def of(version="v1.0", place=finished, **options):
        return FineTunedRetrieval(
            version,
            **{
                "store": place / ".embedtune" / "index" / "corpus",
                "registry": place / "models",
                "base_model": str(place / "base"),
                **options,
            },
        )

    return of


@pytest.fixture
def tampered(finished, tmp_path):
    place = copied(finished, tmp_path / "tampered")
    (place / "models" / "embedtune-v1.0" / "model" / "extra.json").write_text("{}")
    return place


def test_names_are_those_promised():
    assert sorted(embedtune.__all__) == sorted(PROMISED)
    assert dir(embedtune) == sorted([*PROMISED, "__version__"])
    namespace = {}
    exec("from embedtune import *", namespace)  # noqa: S102 - what a user may write
    assert set(PROMISED) == set(namespace) - {"__builtins__"}


@pytest.mark.parametrize("name", PROMISED)
def test_every_name_resolves_to_one_thing(name):
    found = getattr(embedtune, name)
    assert found is getattr(embedtune, name)
    assert found.__doc__
    home = importlib.import_module(embedtune._HOMES[name])
    assert found is getattr(home, name)


def test_name_that_does_not_exist():
    with pytest.raises(AttributeError, match="no attribute 'NoSuchThing'"):
        _ = embedtune.NoSuchThing
    with pytest.raises(ImportError):
        from embedtune import NoSuchThing  # noqa: F401


def test_extractor_finds_sections():
    text = "CHECKING THE OIL\n\n1. Park the truck.\n2. Pull the dipstick.\n3. Read it.\n\nFUSE LIST\n\nF1 10 A horn.\n"
    first, second = ProcedureExtractor().extract_from_text(text, "vehicle")
    assert (first.heading, first.domain, first.kind) == ("CHECKING THE OIL", "vehicle", SectionKind.PROCEDURE)
    assert "Pull the dipstick." in first.text
    assert second.heading == "FUSE LIST"
    again = ProcedureExtractor().extract_from_text(text, "vehicle")
    assert [section.id for section in again] == [first.id, second.id]
    assert ProcedureExtractor(name="other").extract_from_text(text, "vehicle")[0].id != first.id
    assert ProcedureExtractor().extract_from_text("", "vehicle") == []


@pytest.mark.parametrize(
    ("heading", "content", "kind"),
    [
        ("Bleeding the brakes", "Open the valve.", SectionKind.PROCEDURE),
        ("Fault code E-14", "The pump is dry.", SectionKind.DIAGNOSTIC),
        ("Tightening torques", "M8 25 Nm", SectionKind.PARTS),
        ("General", "This manual is about a truck.", SectionKind.OTHER),
    ],
)
def test_extractor_tells_kinds_apart(heading, content, kind):
    assert ProcedureExtractor().identify_section_type(heading, content) is kind


def test_query_generator_asks_about_a_heading():
    for kind in (SectionKind.PROCEDURE, "procedure"):
        questions = QueryGenerator().generate_from_section("Bleeding the Brakes:", kind)
        assert any("bleed the brakes" in question.lower() for question in questions)
        assert len(questions) == len(set(questions))
    with pytest.raises(ValueError, match="novel"):
        QueryGenerator().generate_from_section("Heading", "novel")


def test_data_generator_writes_pairs(config, docs):
    told = []
    pairs = TrainingDataGenerator(config, told.append).generate_dataset(docs)
    assert {pair.query.domain for pair in pairs} == {"forklift", "tractor"}
    assert {pair.provenance.split for pair in pairs} == set(Split)
    assert not any(pair.negatives for pair in pairs)
    assert told
    banned = pairs[0].query.text
    fewer = TrainingDataGenerator(config).generate_dataset(docs, forbidden_questions=[banned.upper()])
    assert banned not in {pair.query.text for pair in fewer}
    with pytest.raises(InputError, match="does not exist"):
        TrainingDataGenerator(config).generate_dataset(docs / "nowhere")


def test_negatives_come_with_the_data_or_after(config, docs):
    mined = TrainingDataGenerator(config).generate_dataset(docs, include_hard_negatives=True)
    assert sum(bool(pair.negatives) for pair in mined) > 10
    plain = TrainingDataGenerator(config).generate_dataset(docs)
    later = HardNegativeMiner(NegativeSettings(per_pair=2, margin=0.0), config).mine(plain)
    assert [pair.query for pair in later] == [pair.query for pair in plain]
    trained = [pair for pair in later if pair.provenance.split is Split.TRAIN]
    assert max(len(pair.negatives) for pair in trained) == 2
    for pair in trained:
        assert pair.provenance.section_id not in {negative.section_id for negative in pair.negatives}


def test_fine_tuner_trains_and_goes_on(config, docs, tmp_path):
    settings = config.model_copy(update={"questions": QuestionSettings(writers=("extractive",))})
    write_training_pairs(tmp_path / "pairs.jsonl", TrainingDataGenerator(settings).generate_dataset(docs))
    made = train_embedding_model(tmp_path / "pairs.jsonl", tmp_path / "run", config.training, seed=1)
    assert made.model == tmp_path / "run" / "model"
    assert (made.model / "model.safetensors").is_file()
    assert made.steps > 0
    again = EmbeddingFineTuner(config.training, seed=1).train(
        str(tmp_path / "pairs.jsonl"), tmp_path / "run", resume=True
    )
    assert (again.steps, again.best_metric) == (made.steps, made.best_metric)
    assert EmbeddingFineTuner().config == TrainingConfig()


def test_evaluator_over_a_suite(config, docs, tmp_path):
    (tmp_path / "suite.json").write_text(json.dumps(suite_cases()))
    evaluator = EmbeddingEvaluator(("base", "bm25"), config)
    record = evaluator.evaluate_suite(tmp_path / "suite.json", docs)
    assert [system.system for system in record.evaluation.systems] == ["base", "bm25"]
    assert record.evaluation.comparison("ndcg@10", "base", "bm25").n == 12


def test_evaluator_over_a_beir_folder(config, tmp_path):
    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text('{"_id": "d", "title": "t", "text": "the horn"}\n')
    (tmp_path / "queries.jsonl").write_text('{"_id": "q", "text": "horn"}\n')
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\td\t1\n")
    record = EmbeddingEvaluator(config=config).evaluate_beir(str(tmp_path))
    assert {system.system: system.values["recall@1"] for system in record.evaluation.systems} == {
        "base": 1.0,
        "bm25": 1.0,
        "hybrid:base": 1.0,
    }


def test_evaluator_refuses_what_is_no_system(config, tmp_path):
    with pytest.raises(InputError, match="not a system"):
        EmbeddingEvaluator(("hybrid:",), config).evaluate_suite(tmp_path / "suite.json", tmp_path)


def test_versioned_embeddings(finished):
    served = VersionedEmbeddings("v1.0", registry=finished / "models", base_model=str(finished / "base"))
    info = served.get_model_info()
    assert (info["name"], info["version"], info["is_fallback"], info["reason"]) == ("embedtune-v1.0", "v1.0", False, "")
    vectors = served.encode(["one", "two", "three"])
    assert vectors.shape == (3, served.dimension)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    with pytest.raises(TypeError, match="a list of texts"):
        served.encode("one")


@pytest.mark.parametrize(
    ("version", "reason", "error"),
    [("v9.9", "There is no version 'v9.9'", ModelError), ("v1.0", "model/extra.json: added", VerificationError)],
)
def test_version_that_cannot_be_used_falls_back_with_the_reason(tampered, version, reason, error):
    told = []
    options = {"registry": tampered / "models", "base_model": str(tampered / "base"), "report": told.append}
    served = VersionedEmbeddings(version, **options)
    info = served.get_model_info()
    assert info.is_fallback
    assert reason in info.reason
    assert isinstance(told[0], Alert)
    assert reason in told[0].message
    assert served.encode(["text"]).shape == (1, served.dimension)
    with pytest.raises(error, match=reason):
        VersionedEmbeddings(version, False, **options)


def test_retrieval_is_a_context_manager_over_readable_hits(retrieval):
    with retrieval() as found:
        hits = found.search(QUESTION, limit=3)
        assert len(hits) == 3
        assert hits[0]["score"] == hits[0].score > 0
        assert hits[0]["content"] == hits[0].passage
        assert hits[0]["section"] == "Bleed the brake caliper"
        assert hits[0]["domain"] == "forklift"
        with pytest.raises(KeyError):
            _ = hits[0]["colour"]
        assert found.search(QUESTION, 3) == hits
        assert found.search_batch([QUESTION, "oil"], 3)[0] == hits
        sure = hits[1].confidence
        assert all(hit.confidence >= sure for hit in found.search(QUESTION, 10, sure))
        assert {hit.domain for hit in found.search(QUESTION, domain="tractor")} == {"tractor"}
        by_path = found.search_batch([QUESTION], metadata={"path": "forklift/lift.md"}, kind=None)[0]
        assert {hit.domain for hit in by_path} == {"forklift"}
        assert {name for hit in found.search(QUESTION, use_hybrid=False) for name in hit.component_ranks} == {"dense"}
    with pytest.raises(ValueError, match="closed"):
        found.search(QUESTION)


def test_retrieval_of_a_tampered_version_searches_with_the_base_model_and_says_why(retrieval, tampered):
    told = []
    with retrieval(place=tampered, report=told.append) as found:
        hits = found.search(QUESTION, limit=2)
        assert found.degraded == hits[0].degraded
    assert set(hits[0].component_ranks) == {"dense", "bm25"}
    assert all("cannot be used here" in hit["degraded"] for hit in hits)
    assert any(isinstance(event, Alert) and "model/extra.json: added" in event.message for event in told)
    with pytest.raises(VerificationError, match=r"model/extra\.json: added"):
        retrieval(place=tampered, fallback_to_baseline=False)


def test_retrieval_never_mixes_the_vectors_of_two_models(retrieval, finished):
    with pytest.raises(ModelError, match=r"the index was made with embedtune-v1\.0"):
        retrieval(str(finished / "base"), fallback_to_baseline=False)
    with retrieval(str(finished / "base")) as found:
        hits = found.search(QUESTION)
    assert all("the index was made with embedtune-v1.0" in hit.degraded for hit in hits)


def test_retrieval_without_fallback(retrieval):
    with retrieval(fallback_to_baseline=False) as found:
        assert found.search(QUESTION)[0].degraded == ""
    with pytest.raises(ModelError, match="no version 'v9'"):
        retrieval("v9", fallback_to_baseline=False)


def test_retrieval_without_an_index(retrieval, tmp_path):
    with pytest.raises(InputError, match="holds no index"):
        retrieval(store=tmp_path)


def test_create_retrieval_indexes_and_opens(docs, tiny_model, tmp_path):
    with create_finetuned_retrieval(docs, tiny_model, store=tmp_path / "store", base_model=str(tiny_model)) as found:
        assert found.search(QUESTION, 1)[0]["section"] == "Bleed the brake caliper"
        assert found.search(QUESTION, 1)[0].degraded == ""
    assert (tmp_path / "store" / "store.json").is_file()


def test_artifact_creator_publishes_a_model_in_memory(tiny_model, tmp_path):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(tiny_model), device="cpu")
    creator = ModelArtifactCreator(tmp_path / "models", "mine", str(tiny_model))
    made = creator.save_finetuned_model(model, "v2.0", CORPUS, SCORES, {"passed": 3, "total": 4}, "abc123")
    card = ModelCard.from_json((made.folder / "model_card.json").read_text(), "card")
    assert made.label == "mine-v2.0"
    assert {name: getattr(card, name) for name in SCORES} == SCORES
    assert (card.adversarial_tests_passed, card.adversarial_tests_total) == (3, 4)
    assert (card.training_commit, card.training_corpus_hash) == ("abc123", CORPUS)
    assert card.embedding_dimension == model.get_embedding_dimension()
    assert "did not measure" in card.notes
    served = VersionedEmbeddings("v2.0", False, registry=tmp_path / "models", base_model=str(tiny_model))
    texts = ["one text", "another"]
    assert served.encode(texts) == pytest.approx(model.encode(texts, normalize_embeddings=True), abs=1e-5)
    with pytest.raises(VersionExistsError):
        creator.save_finetuned_model(model, "v2.0", CORPUS, SCORES)


@pytest.mark.parametrize(
    ("corpus", "scores", "results", "message"),
    [
        (CORPUS, {"recall@5": 0.5}, None, "Unknown score 'recall@5'"),
        (CORPUS, {"recall_at_5_finetuned": 1.5}, None, "must lie between 0 and 1"),
        ("not a digest", {}, None, "training_corpus_hash must be empty or sha256"),
        (CORPUS, {}, {"passed": 5, "total": 4}, "between 0 and adversarial_tests_total"),
    ],
)
def test_artifact_creator_refuses_figures_that_cannot_be(tiny_model, tmp_path, corpus, scores, results, message):
    from sentence_transformers import SentenceTransformer

    creator = ModelArtifactCreator(tmp_path / "models", base_model=str(tiny_model))
    with pytest.raises(InputError, match=message):
        creator.save_finetuned_model(
            SentenceTransformer(str(tiny_model), device="cpu"), "v1.0", corpus, scores, results
        )
    assert not (tmp_path / "models" / "embedtune-v1.0").exists()


def test_anomaly_detector_of_any_encoder(tmp_path):
    encoder = FakeEncoder()
    queries = [f"how do I {verb} the {part}" for verb in "turn lift press oil test".split() for part in "abcdefghijkl"]
    detector = train_anomaly_detector(encoder, queries, settings=AnomalySettings(confidence=0))
    scored = detector.score_texts(encoder, ["how do I turn the a", "lorem ipsum dolor sit amet"])
    assert len(scored) == 2
    assert all(0 < score.p_value <= 1 for score in scored)
    assert scored[1].score > scored[0].score
    detector.save(tmp_path / "detector")
    again = load_anomaly_detector(tmp_path / "detector", encoder)
    assert [item.p_value for item in again.score_texts(encoder, queries)] == [
        item.p_value for item in detector.score_texts(encoder, queries)
    ]
    with pytest.raises(InputError, match="60 distinct queries are too few"):
        train_anomaly_detector(encoder, queries)
