"""What the cards of published versions say."""

from __future__ import annotations

from embedtune.artifacts.card import CARD_NAME, ModelCard
from embedtune.errors import EmbedtuneError
from embedtune.pipeline.keyword_choice import untuned_fusion
from embedtune.pipeline.project import Project
from embedtune.vocabulary.retrieval import FusionSettings, PassageSettings
from embedtune.vocabulary.versions import ModelVersion


def published_settings(project: Project, model: str) -> tuple[PassageSettings, FusionSettings]:
    """Return the passage and fusion settings that a version was published with; the defaults for other models."""
    try:
        card = read_card(project.registry.find(model))
    except EmbedtuneError:
        return PassageSettings(), untuned_fusion(project.config.retrieval)
    return card.passages, card.fusion


def read_card(version: ModelVersion) -> ModelCard:
    """Read a version's model card.

    Raises:
        EmbedtuneError: It is missing or malformed.
    """
    return ModelCard.from_json(version.files.read(CARD_NAME), f"{version.place}/{CARD_NAME}")
