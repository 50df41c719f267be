"""Small versions to publish, damage and serve: no library is asked to load them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embedtune.artifacts.card import ModelCard
from embedtune.artifacts.keys import PrivateKey, PublicKey, generate_keys
from embedtune.artifacts.manifest import VersionFacts
from embedtune.artifacts.store import Registry
from embedtune.artifacts.trust import TrustPolicy
from embedtune.vocabulary.versions import Lineage

DIMENSION = 4
_TRANSFORMER = "sentence_transformers.base.modules.transformer.Transformer"
DATE = "2030-01-02T03:04:05Z"


def version_facts(name="embedtune", version="v1.0"):
    return VersionFacts(
        name,
        version,
        DATE,
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
        "training_date": DATE,
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
        {"idx": 0, "name": "0", "path": "", "type": _TRANSFORMER},
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


def fill_smallest(folder, weights=b"weights"):
    """Write the fewest files that make a version."""
    (folder / "model").mkdir()
    (folder / "model" / "modules.json").write_text(json.dumps([{"path": "", "type": _TRANSFORMER}]))
    (folder / "model" / "model.safetensors").write_bytes(weights)


@dataclass
class StubEncoder:
    name: str
    digest: str
    dimension: int = DIMENSION

    def encode(self, texts):
        return np.full((len(texts), self.dimension), 1 / np.sqrt(self.dimension), dtype=np.float64)


@dataclass(frozen=True)
class Keys:
    """A pair of keys."""

    private: PrivateKey
    public: PublicKey

    @property
    def required(self) -> TrustPolicy:
        """The policy that this key must have signed everything."""
        return TrustPolicy(required=True, keys=(self.public,))

    @property
    def allowed(self) -> TrustPolicy:
        """The policy that this key must have signed what is signed."""
        return TrustPolicy(keys=(self.public,))


def make_keys(folder: Path, name: str = "release") -> Keys:
    """Make a pair of keys in a folder."""
    private, public = generate_keys(folder / name)
    return Keys(PrivateKey.read(private), PublicKey.read(public))


def registry_in(folder: Path, policy: TrustPolicy = TrustPolicy()) -> Registry:  # noqa: B008 - frozen
    """Return a registry whose channels' counters are remembered beside it."""
    return Registry(folder / "models", policy, folder / "seen")


def unsealed(folder: Path) -> Path:
    """Give back the write permission of a folder and all it holds; returns it."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o200)
    return folder


def rewritten(path: Path, content: bytes) -> None:
    """Write a file that may not be written."""
    path.parent.chmod(0o755)
    if path.exists() or path.is_symlink():
        path.unlink()
    path.write_bytes(content)
