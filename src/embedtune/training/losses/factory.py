"""Make the loss that the settings name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sentence_transformers.sentence_transformer.losses import (
    ContrastiveLoss,
    CosineSimilarityLoss,
    MarginMSELoss,
    OnlineContrastiveLoss,
    TripletLoss,
)
from sentence_transformers.sentence_transformer.losses.triplet import TripletDistanceMetric
from sentence_transformers.util import pairwise_cos_sim
from torch import distributed as dist

from embedtune.config.training_settings import LossName, TrainingSettings
from embedtune.encoders.locate import locate_model
from embedtune.encoders.sentence_transformer import SentenceTransformerEncoder, load_model
from embedtune.events import Alert, Report
from embedtune.training.batching.columns import PairColumns
from embedtune.training.losses.base import TrainingLoss
from embedtune.training.losses.guided import GuidedLoss
from embedtune.training.losses.library import LibraryLoss, OnEmbeddings, PairwiseLoss, given_scores, no_targets
from embedtune.training.losses.ranking import MultipleNegativesRanking
from embedtune.training.losses.teacher import TeacherMargins

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def training_loss(
    model: SentenceTransformer,
    columns: PairColumns,
    settings: TrainingSettings,
    base: Path,
    *,
    joined: bool,
    report: Report,
) -> TrainingLoss:
    """Return the loss of a training; `check_pairs` and `check_options` have passed.

    Distances and margins are of cosines, as search compares vectors.

    Args:
        model: The model.
        columns: What is known of the rows.
        settings: Which loss, and its options.
        base: Folder of the base model, which is the teacher where the settings name none.
        joined: Whether the model wants all texts of a batch at once.
        report: Told what the user should know of the loss.
    """
    _warn(settings, model, report)
    name, dims = settings.loss, settings.matryoshka_dims
    if name in ("multiple_negatives_ranking", "cached_multiple_negatives_ranking"):
        loss = MultipleNegativesRanking(
            model,
            columns.positive_clusters,
            columns.negative_clusters,
            settings.scale,
            answers=columns.answers,
            joined=joined,
            symmetric=settings.symmetric,
            dims=dims,
            passages=columns.passages,
            least_passages=_least_passages(settings),
        )
        loss.micro_batch = settings.micro_batch if name == "cached_multiple_negatives_ranking" else 0
        return loss
    if name == "gist":
        guide = load_model(_teacher(settings, base), device=str(model.device))
        return LibraryLoss(model, GuidedLoss(model, guide, columns, settings.scale), dims)
    targets = no_targets
    if name == "cosine_similarity":
        targets = given_scores
    if name == "margin_mse":
        teacher = load_model(_teacher(settings, base), device=str(model.device))
        targets = TeacherMargins(SentenceTransformerEncoder(teacher, "teacher", ""), report)
    of_cases = _of_cases(name, model, settings.margin)
    return LibraryLoss(
        model, PairwiseLoss(model, of_cases, columns, targets, triplets=name in ("triplet", "margin_mse")), dims
    )


def _least_passages(settings: TrainingSettings) -> int:
    """Return the passages that a question is compared with: as many as there would be with one question each."""
    if settings.least_passages is not None:
        return settings.least_passages
    return settings.batch_size * (dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1)


def _of_cases(name: LossName, model: SentenceTransformer, margin: float) -> OnEmbeddings:
    """Return the library's loss of a name."""
    if name == "triplet":
        return TripletLoss(model, TripletDistanceMetric.COSINE, margin)
    if name == "contrastive":
        return ContrastiveLoss(model, margin=margin)
    if name == "online_contrastive":
        return OnlineContrastiveLoss(model, margin=margin)
    if name == "cosine_similarity":
        return CosineSimilarityLoss(model)
    return MarginMSELoss(model, pairwise_cos_sim)


def _teacher(settings: TrainingSettings, base: Path) -> Path:
    return base if settings.teacher is None else locate_model(settings.teacher).folder


def _warn(settings: TrainingSettings, model: SentenceTransformer, report: Report) -> None:
    """Say what a loss may do that its user does not want."""
    full = model.get_embedding_dimension()
    if settings.loss == "cosine_similarity":
        report(
            Alert(
                "The loss cosine_similarity asks for cosines and not for an order; it can collapse the space, so that "
                "everything resembles everything. Watch the dev metrics, or prefer multiple_negatives_ranking."
            )
        )
    if settings.loss == "margin_mse" and settings.teacher is None:
        report(
            Alert(
                "The teacher of the loss margin_mse is the base model, which knows no more than the model in training; "
                "name a better one as training.teacher."
            )
        )
    if settings.matryoshka_dims and full not in settings.matryoshka_dims:
        report(
            Alert(f"training.matryoshka_dims has no {full}: embeddings of full length are not trained and may suffer.")
        )
