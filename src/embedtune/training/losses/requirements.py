"""What each loss needs of the pairs and of the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from embedtune.config.training_settings import LossName, TrainingSettings
from embedtune.encoders.locate import locate_model
from embedtune.errors import ConfigError, InputError
from embedtune.training.batching.columns import PairColumns, column_width
from embedtune.training.losses.base import usable_negatives
from embedtune.vocabulary.pairs import TrainingPair

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_MIN_CLUSTERS = 2


class Negatives(Enum):
    """Whether a loss needs hard negatives."""

    OPTIONAL = "no pair"
    SOME = "at least one of the pairs"
    EVERY = "every pair"


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a loss needs.

    Attributes:
        columns: The columns it reads, for people.
        negatives: Which pairs must have a hard negative.
        in_batch: Whether the passages of the other pairs of a batch are negatives; pairs that answer each
            other's questions must not meet then.
        widest: How many hard negatives of a pair it can use; ``None``: any number.
        symmetric: Whether it has a symmetric form.
        taught: Whether another model has a say.
    """

    columns: str
    negatives: Negatives
    in_batch: bool = False
    widest: int | None = None
    symmetric: bool = False
    taught: bool = False


_MAYBE = "anchor, positive and, if there are any, negative_1 …"
_ALL = "anchor, positive and negative_1 …"
_RANKING = Requirements(_MAYBE, Negatives.OPTIONAL, in_batch=True, symmetric=True)
_SCORED = Requirements(_ALL, Negatives.SOME)
REQUIREMENTS: Mapping[LossName, Requirements] = {
    "multiple_negatives_ranking": _RANKING,
    "cached_multiple_negatives_ranking": _RANKING,
    "triplet": Requirements(_ALL, Negatives.EVERY),
    "contrastive": _SCORED,
    "online_contrastive": _SCORED,
    "cosine_similarity": _SCORED,
    "gist": Requirements(_MAYBE, Negatives.OPTIONAL, in_batch=True, widest=1, taught=True),
    "margin_mse": Requirements(_ALL, Negatives.EVERY, taught=True),
}


def negative_columns(loss: LossName, pairs: Sequence[TrainingPair], mined: int) -> int:
    """Return how many columns of negatives a data set for a loss has.

    Args:
        loss: The loss.
        pairs: The pairs.
        mined: How many negatives a pair may get while training, for which there must be room.
    """
    widest = REQUIREMENTS[loss].widest
    wanted = max(column_width(pairs), mined)
    return wanted if widest is None else min(widest, wanted)


def kept_apart(loss: LossName, columns: PairColumns) -> Sequence[str]:
    """Return for each row the name of the group of which a batch has one passage at most."""
    if REQUIREMENTS[loss].in_batch:
        return columns.clusters
    return [str(row) for row in range(len(columns.clusters))]


def check_pairs(settings: TrainingSettings, columns: PairColumns) -> None:
    """Refuse pairs that the chosen loss cannot learn from.

    Raises:
        InputError: They lack sections or negatives, or a given score is none.
    """
    needs = REQUIREMENTS[settings.loss]
    rows, sections = len(columns.clusters), len(set(columns.clusters))
    if not rows or (needs.in_batch and sections < _MIN_CLUSTERS):
        raise InputError(
            f"{rows} training pairs from {sections} section(s) cannot be trained on.",
            "Contrastive training needs pairs from at least two different sections.",
        )
    lacking = [row for row, usable in enumerate(usable_negatives(columns).any(dim=1).tolist()) if not usable]
    bearable = {Negatives.OPTIONAL: rows, Negatives.SOME: rows - 1, Negatives.EVERY: 0}
    if len(lacking) > bearable[needs.negatives]:
        first = str(columns.texts["anchor"][lacking[0]])
        raise InputError(
            f"The loss {settings.loss} needs the columns {needs.columns}, with a hard negative for "
            f"{needs.negatives.value}; {len(lacking)} of {rows} pairs have none, the first being {first!r}.",
            "Mine negatives first (embedtune mine), leave these pairs out, or set training.loss to "
            "multiple_negatives_ranking, which needs none.",
        )
    if settings.loss == "cosine_similarity":
        _check_scores(columns)


def check_options(settings: TrainingSettings, model: SentenceTransformer) -> None:
    """Refuse settings that the chosen loss or the model cannot heed.

    Raises:
        ConfigError: A setting has no meaning for the loss, or an embedding is shorter than it should be cut to.
        ModelError: The teacher is not on this machine.
    """
    needs = REQUIREMENTS[settings.loss]
    if settings.symmetric and not needs.symmetric:
        raise ConfigError(
            f"training.symmetric has no meaning for the loss {settings.loss}.",
            "Leave it out, or set training.loss to multiple_negatives_ranking.",
        )
    if settings.teacher is not None:
        if not needs.taught:
            raise ConfigError(
                f"training.teacher has no meaning for the loss {settings.loss}.",
                "Leave it out, or set training.loss to gist or margin_mse.",
            )
        locate_model(settings.teacher)
    full = model.get_embedding_dimension()
    longest = max(settings.matryoshka_dims, default=0)
    if full is not None and longest > full:
        raise ConfigError(
            f"training.matryoshka_dims holds {longest}, and the model's embeddings have {full} dimensions.",
            f"Give lengths up to {full}.",
        )


def _check_scores(columns: PairColumns) -> None:
    """Raise if a score that was given with a negative cannot be a cosine."""
    for row, scores in enumerate(columns.negative_scores):
        wrong = [score for score in scores if not -1 <= score <= 1]
        if wrong:
            raise InputError(
                f"The negative_scores of {str(columns.texts['anchor'][row])!r} hold {wrong[0]}, which is no cosine.",
                "Give scores from 0 (unlike) to 1 (the same), or leave them out: a negative then counts as 0.",
            )
