from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest

from embedtune.artifacts.card import ModelCard
from embedtune.artifacts.manifest import VersionFacts
from embedtune.vocabulary.versions import Lineage

DIMENSION = 4


def version_facts(name="embedtune", version="v1.0"):
    return VersionFacts(
        name,
        version,
        "2030-01-02T03:04:05Z",
        Lineage("MiniLM", "sha256:" + "0" * 64),
        {"passages": {"words": 64, "overlap": 0.5}},
        {"torch": "2.13.0"},
    )


def model_card(**changes):
    fields = {
        "name": "embedtune",
        "version": "v1.0",
        "base_model": "sentence-transformers/all-MiniLM-L6-v2",
        "base_model_hash": "sha256:" + "1" * 64,
        "training_corpus_hash": "sha256:" + "2" * 64,
        "training_date": "2030-01-02T03:04:05Z",
        "weights_hash": "sha256:" + "3" * 64,
        "config_hash": "sha256:" + "4" * 64,
        "embedding_dimension": DIMENSION,
        "total_params": 22_713_216,
        "trainable_params": 3_548_928,
    }
    return ModelCard(**(fields | changes))


def write_model(folder, weights=b"weights"):
    (folder / "1_Pooling").mkdir(parents=True)
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.base.modules.transformer.Transformer"},
        {
            "idx": 1,
            "name": "1",
            "path": "1_Pooling",
            "type": "sentence_transformers.sentence_transformer.modules.pooling.Pooling",
        },
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "config.json").write_text('{"model_type": "bert"}')
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode": "mean"}')
    (folder / "model.safetensors").write_bytes(weights)


def fill_version(folder, weights=b"weights"):
    write_model(folder / "model", weights)
    (folder / "model_card.json").write_text(json.dumps(model_card().to_json()))


@dataclass
class StubEncoder:
    name: str
    digest: str
    dimension: int = DIMENSION

    def encode(self, texts):
        return np.full((len(texts), self.dimension), 1 / np.sqrt(self.dimension), dtype=np.float64)


@pytest.fixture
def facts():
    return version_facts


@pytest.fixture
def card():
    return model_card


@pytest.fixture
def fill():
    return fill_version


@pytest.fixture
def model_folder(tmp_path):
    write_model(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def stub_encoder():
    return StubEncoder
