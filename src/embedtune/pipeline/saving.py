"""Publish a model that is in memory, with what its maker says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from embedtune import __version__
from embedtune.artifacts.card import CARD_NAME, ModelCard
from embedtune.artifacts.keys import PrivateKey
from embedtune.artifacts.manifest import MODEL_FOLDER, VersionFacts
from embedtune.artifacts.readme import render_readme
from embedtune.artifacts.store import Registry
from embedtune.encoders.digests import model_digest, weights_digest
from embedtune.encoders.locate import locate_model
from embedtune.errors import InputError
from embedtune.files import write_json, write_text
from embedtune.pipeline.describing import package_versions
from embedtune.vocabulary.retrieval import FusionSettings, PassageSettings
from embedtune.vocabulary.versions import Lineage, ModelVersion

_SCORES = ("recall_at_5_baseline", "recall_at_5_finetuned", "mean_reciprocal_rank")
_ON_TRUST = "The scores were given by the maker of this version; embedtune did not measure them."


class SavableModel(Protocol):
    """A sentence-transformers model, as far as publishing needs one."""

    def save_pretrained(self, path: str, *, create_model_card: bool) -> None:
        """Write the model's folder."""
        ...

    def get_embedding_dimension(self) -> int | None:
        """Return the length of a vector."""
        ...

    def parameters(self) -> object:
        """Return the model's parameters."""
        ...


@dataclass(frozen=True, slots=True)
class AdversarialResults:
    """How many of the robustness tests were passed."""

    passed: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class SavedModel:
    """What the maker of a model says of it; see `ModelCard` for the fields."""

    name: str
    version: str
    base_model: str
    corpus_hash: str
    scores: Mapping[str, float]
    adversarial: AdversarialResults
    commit: str
    date: str


def save_version(
    registry: Registry, model: SavableModel, saved: SavedModel, key: PrivateKey | None = None
) -> ModelVersion:
    """Publish a loaded model as an immutable version, signed if there is a key.

    Raises:
        VersionExistsError: The version exists; nothing was changed.
        InputError: A score is unknown or impossible.
    """
    registry.ensure_free(saved.name, saved.version)
    unknown = sorted(set(saved.scores) - set(_SCORES))
    if unknown:
        raise InputError(f"Unknown score {unknown[0]!r}.", f"Known scores: {', '.join(_SCORES)}.")
    located = locate_model(saved.base_model)
    base_hash = model_digest(located.folder)
    lineage = Lineage(
        located.name, base_hash, corpus=saved.corpus_hash, code_version=__version__, code_commit=saved.commit
    )
    settings = {"passages": asdict(PassageSettings()), "fusion": asdict(FusionSettings())}
    facts = VersionFacts(saved.name, saved.version, saved.date, lineage, settings, package_versions())

    def fill(folder: Path) -> None:
        target = folder / MODEL_FOLDER
        model.save_pretrained(str(target), create_model_card=False)
        card = _card(model, saved, located.name, base_hash, weights_digest(target))
        write_json(folder / CARD_NAME, card.to_json())
        write_text(folder / "README.md", render_readme(card))

    return registry.publish(facts, fill, key)


def _card(model: SavableModel, saved: SavedModel, base: str, base_hash: str, weights: str) -> ModelCard:
    counts = [(p.numel(), p.requires_grad) for p in model.parameters()]  # type: ignore[attr-defined]
    try:
        return ModelCard(
            name=saved.name,
            version=saved.version,
            base_model=base,
            base_model_hash=base_hash,
            training_corpus_hash=saved.corpus_hash,
            training_date=saved.date,
            training_commit=saved.commit,
            code_version=__version__,
            weights_hash=weights,
            config_hash="",
            embedding_dimension=model.get_embedding_dimension() or 0,
            total_params=sum(number for number, _ in counts),
            trainable_params=sum(number for number, learns in counts if learns),
            recall_at_5_baseline=saved.scores.get("recall_at_5_baseline"),
            recall_at_5_finetuned=saved.scores.get("recall_at_5_finetuned"),
            mean_reciprocal_rank=saved.scores.get("mean_reciprocal_rank"),
            adversarial_tests_passed=saved.adversarial.passed,
            adversarial_tests_total=saved.adversarial.total,
            notes=_ON_TRUST,
        )
    except ValueError as error:
        raise InputError(
            f"The version cannot be described: {error}.", "Give figures and digests as they are."
        ) from error
