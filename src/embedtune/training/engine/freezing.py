"""Choose which layers of a transformer learn; everything below them is frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from embedtune.errors import ModelError
from embedtune.training.engine.backbone import backbone_of

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


@dataclass(frozen=True, slots=True)
class Trainable:
    """What learns after freezing.

    Attributes:
        layers: Number of transformer layers of the model.
        trained_layers: How many of them, from the top, learn.
        trainable_params: Parameters that learn.
        total_params: All parameters.
    """

    layers: int
    trained_layers: int
    trainable_params: int
    total_params: int

    @property
    def share(self) -> float:
        """Share of the parameters that learn."""
        return self.trainable_params / self.total_params


def freeze(model: SentenceTransformer, train_layers: int | None, freeze_layers: int | None) -> Trainable:
    """Let only the top layers learn.

    Args:
        model: The model; its parameters' ``requires_grad`` are set.
        train_layers: How many of the top layers learn.
        freeze_layers: Alternatively, how many of the lowest are frozen; wins over ``train_layers``.

    Returns:
        What learns now. The embeddings and a pooler that mean pooling never reads stay frozen.

    Raises:
        ModelError: The model has fewer layers than asked for, or nothing would learn.
    """
    layers = backbone_of(model).layers
    trained = _trained(len(layers), train_layers, freeze_layers)
    for parameter in model.parameters():
        parameter.requires_grad = False
    for layer in layers[len(layers) - trained :]:
        for parameter in layer.parameters():
            parameter.requires_grad = True
    for module in list(model)[1:]:
        for parameter in module.parameters():
            parameter.requires_grad = True
    counts = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    learning = sum(number for number, learns in counts if learns)
    return Trainable(len(layers), trained, learning, sum(number for number, _ in counts))


def learning_weights(model: SentenceTransformer) -> dict[str, Tensor]:
    """Return a copy of the weights that learn, by name."""
    return {name: value.detach().clone() for name, value in model.named_parameters() if value.requires_grad}


def moved(model: SentenceTransformer, before: Mapping[str, Tensor]) -> bool:
    """Tell whether any of the weights copied by `learning_weights` is another one today."""
    after = dict(model.named_parameters())
    return not all(torch.equal(value, after[name]) for name, value in before.items())


def _trained(count: int, train_layers: int | None, freeze_layers: int | None) -> int:
    if freeze_layers is not None:
        if not 0 <= freeze_layers < count:
            raise ModelError(
                f"Cannot freeze {freeze_layers} layers: the model has {count}.",
                f"freeze_layers must be between 0 and {count - 1}, so that at least one layer learns.",
            )
        return count - freeze_layers
    wanted = count if train_layers is None else train_layers
    if not 1 <= wanted <= count:
        raise ModelError(
            f"Cannot train {wanted} layers: the model has {count}.", f"train_layers must be between 1 and {count}."
        )
    return wanted
