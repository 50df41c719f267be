"""embedtune: from a folder of technical documents to a proven, verified embedding model that searches.

The public names are loaded when they are first used: importing `embedtune` imports no torch, so the
command line answers at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedtune.api.abtest import ABTest
    from embedtune.api.anomaly import (
        assess_query_log,
        load_anomaly_detector,
        open_query_log,
        train_anomaly_detector,
        write_drift_page,
    )
    from embedtune.api.evaluation import EmbeddingEvaluator
    from embedtune.api.extraction import HardNegativeMiner, ProcedureExtractor, QueryGenerator, TrainingDataGenerator
    from embedtune.api.registry import ModelRegistry, RegistrySettings, generate_signing_keys, prune_cache
    from embedtune.api.reranking import Reranker
    from embedtune.api.retrieval import FineTunedRetrieval, create_finetuned_retrieval
    from embedtune.api.training import EmbeddingFineTuner, TrainingConfig, train_embedding_model
    from embedtune.api.uses import VectorUses
    from embedtune.api.versions import ModelArtifactCreator, VersionedEmbeddings
    from embedtune.artifacts.card import ModelCard
    from embedtune.config.anomaly_settings import AnomalySettings, QueryLogSettings
    from embedtune.training.dev.domain_evaluator import DomainAwareEvaluator

__version__ = "0.1.0"

_HOMES = {
    "ABTest": "embedtune.api.abtest",
    "AnomalySettings": "embedtune.config.anomaly_settings",
    "DomainAwareEvaluator": "embedtune.training.dev.domain_evaluator",
    "EmbeddingEvaluator": "embedtune.api.evaluation",
    "EmbeddingFineTuner": "embedtune.api.training",
    "FineTunedRetrieval": "embedtune.api.retrieval",
    "HardNegativeMiner": "embedtune.api.extraction",
    "ModelArtifactCreator": "embedtune.api.versions",
    "ModelCard": "embedtune.artifacts.card",
    "ModelRegistry": "embedtune.api.registry",
    "ProcedureExtractor": "embedtune.api.extraction",
    "QueryGenerator": "embedtune.api.extraction",
    "QueryLogSettings": "embedtune.config.anomaly_settings",
    "RegistrySettings": "embedtune.api.registry",
    "Reranker": "embedtune.api.reranking",
    "TrainingConfig": "embedtune.api.training",
    "TrainingDataGenerator": "embedtune.api.extraction",
    "VectorUses": "embedtune.api.uses",
    "VersionedEmbeddings": "embedtune.api.versions",
    "assess_query_log": "embedtune.api.anomaly",
    "create_finetuned_retrieval": "embedtune.api.retrieval",
    "generate_signing_keys": "embedtune.api.registry",
    "load_anomaly_detector": "embedtune.api.anomaly",
    "open_query_log": "embedtune.api.anomaly",
    "prune_cache": "embedtune.api.registry",
    "train_anomaly_detector": "embedtune.api.anomaly",
    "train_embedding_model": "embedtune.api.training",
    "write_drift_page": "embedtune.api.anomaly",
}

__all__ = [
    "ABTest",
    "AnomalySettings",
    "DomainAwareEvaluator",
    "EmbeddingEvaluator",
    "EmbeddingFineTuner",
    "FineTunedRetrieval",
    "HardNegativeMiner",
    "ModelArtifactCreator",
    "ModelCard",
    "ModelRegistry",
    "ProcedureExtractor",
    "QueryGenerator",
    "QueryLogSettings",
    "RegistrySettings",
    "Reranker",
    "TrainingConfig",
    "TrainingDataGenerator",
    "VectorUses",
    "VersionedEmbeddings",
    "assess_query_log",
    "create_finetuned_retrieval",
    "generate_signing_keys",
    "load_anomaly_detector",
    "open_query_log",
    "prune_cache",
    "train_anomaly_detector",
    "train_embedding_model",
    "write_drift_page",
]


def __getattr__(name: str) -> object:
    """Load a public name from its home (PEP 562); any other name does not exist."""
    if name not in _HOMES:
        raise AttributeError(f"module 'embedtune' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted([*__all__, "__version__"])
