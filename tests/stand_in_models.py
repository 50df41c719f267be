"""Model folders without a model: what is built on encoders is tested in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from embedtune.config.settings import EmbedtuneConfig
from embedtune.encoders.digests import model_digest
from embedtune.encoders.fake import FakeEncoder
from embedtune.pipeline.project import Project, open_project, with_value


@dataclass(frozen=True)
class StandIn:
    """A `FakeEncoder` that answers for a folder; folders with other weights give other vectors."""

    name: str
    digest: str
    dimension: int = 32

    def encode(self, texts):
        return FakeEncoder(self.dimension, salt=self.digest).encode(texts)


def write_stand_in(folder: Path, weights: str) -> Path:
    """Write what counts as a model folder; returns it."""
    folder.mkdir(parents=True)
    (folder / "modules.json").write_text("[]", encoding="utf-8")
    (folder / "model.safetensors").write_text(weights, encoding="utf-8")
    return folder


def stand_in_project(folder: Path, events: list | None = None, **changes) -> Project:
    """Open a project whose models are stand-ins; ``changes`` are ``table__key=value``."""
    if not (folder / "base").exists():
        write_stand_in(folder / "base", "base weights")
    config = with_value(EmbedtuneConfig(), "training", "base_model", "base")
    for name, value in changes.items():
        config = with_value(config, *name.split("__"), value)
    report = events.append if events is not None else (lambda event: None)
    project = open_project(folder=folder, config=config, report=report)
    models = replace(project.models, load=lambda place, name: StandIn(name, model_digest(place)), _loaded={})
    return replace(project, models=models)
