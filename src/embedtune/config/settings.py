"""The settings of each room; a room receives its own object and never the whole tree."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from embedtune.config.anomaly_settings import AnomalySettings, QueryLogSettings
from embedtune.config.base import NotNegative, Positive, Settings, Share
from embedtune.config.data_settings import (
    CorpusSettings,
    FilterSettings,
    LlmSettings,
    NegativeSettings,
    QuestionSettings,
    SplitSettings,
)
from embedtune.config.training_settings import TrainingSettings


class ProjectSettings(Settings):
    """What the project is and where its inputs lie; paths are relative to the configuration file."""

    corpus: str = Field("docs", description="Folder of documents, one sub-folder per domain.")
    test_suites: tuple[str, ...] = Field((), description="Test suites (JSON) with questions written by people.")
    questions: tuple[str, ...] = Field((), description="Files and BEIR folders of people's questions to learn from.")
    seed: int = Field(42, ge=0, le=2**31 - 1, description="Seed of everything random.")


class RetrievalSettings(Settings):
    """What is tried on dev questions: passage sizes, fusion, and how BM25 counts words."""

    tune: bool = Field(
        default=True, description="Tune passages, fusion and BM25 on human dev questions where there are some."
    )
    passage_words: tuple[Positive, ...] = Field((16, 32, 64, 128, 256), description="Window sizes to try.")
    whole_sections: bool = Field(default=True, description="Try whole sections as passages too.")
    overlap: float = Field(0.5, ge=0, lt=1, description="Share of a window that the next one repeats.")
    most_passages: Positive = Field(
        500_000, description="Sizes that cut a corpus into more passages than this are not tried."
    )
    dense_weights: tuple[Share, ...] = Field(
        (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
        description="Weights of the dense side to try; 1 is dense only, 0 is BM25 only.",
    )
    normalisations: tuple[Literal["min-max", "z-score"], ...] = Field(
        ("min-max", "z-score"), min_length=1, description="Ways to make cosines and BM25 scores comparable to try."
    )
    rrf: bool = Field(default=True, description="Try the fusion of ranks (RRF, k = 60) too.")
    rerank_depth: Positive = Field(30, description="Results that `search --rerank` puts in a new order.")
    bm25_k1: float = Field(0.9, ge=0, description="BM25's term saturation, unless another is clearly better on dev.")
    bm25_b: Share = Field(0.4, description="BM25's length normalisation, unless another is clearly better on dev.")
    bm25_stemming: bool = Field(
        default=False, description="Count words without plural and tense, unless it is clearly worse on dev."
    )
    bm25_k1_tried: tuple[NotNegative, ...] = Field((0.6, 0.9, 1.2, 1.6, 2.0), description="Values of bm25_k1 to try.")
    bm25_b_tried: tuple[Share, ...] = Field((0.2, 0.4, 0.6, 0.75, 0.9), description="Values of bm25_b to try.")
    bm25_stemming_tried: bool = Field(default=True, description="Try both values of bm25_stemming.")

    @model_validator(mode="after")
    def _tries_something(self) -> Self:
        if not self.passage_words and not self.whole_sections:
            raise ValueError("without passage_words and whole_sections there is no passage size to try")
        return self


class IndexSettings(Settings):
    """How an index is kept, and how a Qdrant server is asked."""

    baseline: bool = Field(
        default=True, description="Keep an index of the base model too, which answers when the version cannot."
    )
    collection: str = Field(
        "embedtune",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="What the names of an index on a server begin with; one for each corpus.",
    )
    api_key_env: str = Field(
        "QDRANT_API_KEY",
        description="Name of the environment variable with the server's key. The key itself never stands in this file.",
    )
    timeout_seconds: float = Field(30.0, gt=0, le=3600, description="How long an answer of the server may take.")
    max_retries: int = Field(4, ge=0, le=20, description="How often a failed request is sent again while indexing.")
    optimize_seconds: float = Field(
        300.0, gt=0, description="How long the embedded engine may take to build its search graph."
    )


class SearchSettings(Settings):
    """When a search goes on with something simpler: the base model's index, then words alone."""

    timeout_seconds: float = Field(10.0, gt=0, le=3600, description="How long an answer may take.")
    opening_seconds: float = Field(120.0, gt=0, le=3600, description="How long loading a model and index may take.")
    failures: Positive = Field(3, description="After so many failures in a row, what fails is left alone.")
    retry_seconds: float = Field(
        30.0, gt=0, description="It is tried again after so long; the wait doubles up to ten minutes."
    )


class EvaluationSettings(Settings):
    """How systems are compared."""

    depth: Positive = Field(100, description="Results kept per query.")
    bootstrap_samples: Positive = Field(2000, description="Resamples of the paired bootstrap.")
    min_slice: Positive = Field(15, description="Fewest independent questions that get an interval, slices too.")


class GateSettings(Settings):
    """What must hold of a model before it is published; a gate that is false is not checked."""

    gain: bool = Field(default=True, description="Better than the base over all questions, beyond chance.")
    least_gain: float = Field(0.0, ge=0, lt=1, description="The interval of the gain in nDCG@10 must lie above this.")
    domains: bool = Field(default=True, description="In no domain clearly worse than the base.")
    domain_loss: float = Field(0.0, ge=0, lt=1, description="Clear loss of nDCG@10 in a domain that is accepted.")
    general: bool = Field(default=True, description="General retrieval kept, where training.general_set measures it.")
    general_loss: float = Field(0.02, ge=0, lt=1, description="Loss of nDCG@10 on the general set that is accepted.")
    leaks: bool = Field(default=True, description="No test question was trained on.")
    leaked_share: Share = Field(0.0, description="Share of the test questions that may have been trained on.")
    robustness: bool = Field(default=True, description="Passes as many robustness cases as the base, where measured.")
    robustness_loss: Share = Field(0.02, description="Share of the robustness cases that it may pass fewer.")
    hybrid: bool = Field(default=True, description="Not clearly below BM25 with the base, which needs no training.")
    hybrid_loss: float = Field(0.0, ge=0, lt=1, description="Clear loss of nDCG@10 against it that is accepted.")


class PublishSettings(Settings):
    """What a version is called and where it is kept."""

    name: str = Field("embedtune", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="The model's name.")
    version: str = Field("v1.0", pattern=r"^v[0-9]+(\.[0-9]+)*$", description="The version that `run` publishes.")
    registry: str = Field("models", description="Folder of published versions, or a URL such as s3://bucket/prefix.")
    force_without_gain: str = Field("", description="Publish without proof of a gain, for this reason.")
    signing_key: str = Field("", description="Private key (`models keygen`) that signs versions and channels.")
    evaluation: bool = Field(default=True, description="Keep evaluation.json, which can hold test questions.")
    onnx: Literal["off", "fp32", "int8"] = Field(
        "fp32",
        description="What ONNX Runtime serves a version with: the model's own numbers, 8-bit weights (they must pass "
        "the gates: evaluate int8:RUN), or off (torch).",
    )
    examples: int = Field(0, ge=0, le=20, description="Training pairs to show on the model card; 0 shows no text.")


class TrustSettings(Settings):
    """Whose versions are served."""

    require_signature: bool = Field(default=False, description="Refuse versions and channels that are not signed.")
    allowed_keys: tuple[str, ...] = Field(
        (), description="Public keys (`models keygen`) whose signatures are believed; with any, others are refused."
    )

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.require_signature and not self.allowed_keys:
            raise ValueError("require_signature needs a key in allowed_keys")
        return self


class RemoteSettings(Settings):
    """How a server is asked that embeds texts: a system named remote:URL#model."""

    api_key_env: str = Field(
        "EMBEDTUNE_REMOTE_KEY",
        description="Name of the environment variable with the key, which is sent to every remote system that is "
        "named. The key itself never stands in this file.",
    )
    texts_per_request: Positive = Field(
        64, le=2048, description="Texts in one request; fewer where the server takes fewer."
    )
    timeout_seconds: float = Field(60.0, gt=0, le=3600, description="How long one answer may take.")
    max_retries: int = Field(5, ge=0, le=20, description="How often a request is sent again after a failure.")


class CacheSettings(Settings):
    """What is kept to save work."""

    vectors_mib: int = Field(4096, ge=0, description="Room for encoded texts, in MiB; 0 keeps none.")
    questions: int = Field(1024, ge=0, description="Questions whose vectors a search remembers; 0 remembers none.")


class EmbedtuneConfig(Settings):
    """The whole tree; only the pipeline and the faces hold it."""

    project: ProjectSettings = ProjectSettings()
    corpus: CorpusSettings = CorpusSettings()
    split: SplitSettings = SplitSettings()
    questions: QuestionSettings = QuestionSettings()
    filters: FilterSettings = FilterSettings()
    llm: LlmSettings = LlmSettings()
    negatives: NegativeSettings = NegativeSettings()
    training: TrainingSettings = TrainingSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    index: IndexSettings = IndexSettings()
    search: SearchSettings = SearchSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    gates: GateSettings = GateSettings()
    publish: PublishSettings = PublishSettings()
    trust: TrustSettings = TrustSettings()
    anomaly: AnomalySettings = AnomalySettings()
    query_log: QueryLogSettings = QueryLogSettings()
    remote: RemoteSettings = RemoteSettings()
    cache: CacheSettings = CacheSettings()
