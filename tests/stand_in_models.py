"""Model folders without a model: what is built on encoders is tested in milliseconds."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from embedtune.config.settings import EmbedtuneConfig
from embedtune.encoders.digests import model_digest
from embedtune.encoders.fake import FakeEncoder
from embedtune.encoders.onnx_files import Precision
from embedtune.pipeline.project import Project, open_project, with_value
from embedtune.pipeline.training import RunOrigin

BLIND = "blind"
_MODULE = "sentence_transformers.base.modules.transformer.Transformer"


@dataclass(frozen=True)
class StandIn:
    """Answers for a folder: by the words of a text, or, if it is blind, by nothing in it that means anything."""

    name: str
    digest: str
    blind: bool = False
    dimension: int = 32

    def encode(self, texts):
        seen = ["".join(text.split()) for text in texts] if self.blind else texts
        return np.stack([_vector(self.dimension, self.digest, text) for text in seen])


@lru_cache(maxsize=10_000)
def _vector(dimension, digest, text):
    return FakeEncoder(dimension, salt=digest).encode([text])[0]


def write_stand_in(folder: Path, weights: str) -> Path:
    """Write what counts as a model folder; returns it. ``BLIND`` weights know nothing."""
    folder.mkdir(parents=True)
    (folder / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": _MODULE}]))
    (folder / "model.safetensors").write_text(weights)
    return folder


def write_stand_in_run(folder: Path, weights: str, base: str = "") -> Path:
    """Write what counts as a finished run folder, trained from a blind base; returns it."""
    model = model_digest(write_stand_in(folder / "model", weights))
    if not base:
        with TemporaryDirectory() as other:
            base = model_digest(write_stand_in(Path(other) / "base", BLIND))
    origin = RunOrigin(model, "base", base, f"sha256:{'a' * 64}", f"sha256:{'b' * 64}", 100, 10)
    (folder / "origin.json").write_text(json.dumps(asdict(origin)))
    (folder / "training.log").write_text("2030-01-01 trained\n")
    (folder / "metrics.jsonl").write_text('{"step": 1}\n')
    return folder


def load_stand_in(folder: Path, name: str, digest: str) -> StandIn:
    """Return the encoder of a model folder."""
    return StandIn(name, digest, blind=(folder / "model.safetensors").read_bytes() == BLIND.encode())


def export_nothing(folder: Path, digest: str, precision: Precision) -> None:
    """Stand where a model is exported that there is."""


def stand_in_project(folder: Path, events: list | None = None, **changes) -> Project:
    """Open a project with a blind base and stand-ins for models; ``changes`` are ``table__key=value``."""
    if not (folder / "base").exists():
        write_stand_in(folder / "base", BLIND)
    config = with_value(EmbedtuneConfig(), "training", "base_model", "base")
    for name, value in changes.items():
        config = with_value(config, *name.split("__"), value)
    report = events.append if events is not None else (lambda event: None)
    project = open_project(folder=folder, config=config, report=report)
    return replace(project, models=replace(project.models, load=load_stand_in, export=export_nothing, _loaded={}))
