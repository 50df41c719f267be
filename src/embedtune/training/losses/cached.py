"""The gradient of a loss over more texts than memory holds the activations of.

GradCache (Gao et al. 2021, "Scaling deep contrastive learning batch size under memory limited setup"): all texts are
embedded a few at a time without activations, the loss gives the gradient of each embedding, and each few are embedded
again, with the random state of the first time, to carry it on to the weights.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from sentence_transformers.base.losses.gradcache import RandContext
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from embedtune.training.engine.features import Features, cut_to


@dataclass(frozen=True, slots=True)
class _Part:
    """Texts that run together, their places among all, and the random state they ran with."""

    features: Features
    places: list[int]
    state: RandContext


def cached_loss(model: nn.Module, features: Features, micro_batch: int, loss_of: Callable[[Tensor], Tensor]) -> Tensor:
    """Return a loss whose backward pass runs the model on a few texts at a time.

    Args:
        model: Gives ``sentence_embedding``, shape (texts, d).
        features: Tokens of all texts, shape (texts, length), padded on the right.
        micro_batch: How many texts run at a time.
        loss_of: The loss of all embeddings, shape (texts, d), in the order of ``features``.
    """
    with torch.no_grad():
        parts, embeddings = _embedded(model, features, micro_batch)
    if not torch.is_grad_enabled():
        return loss_of(embeddings)
    embeddings.requires_grad_()
    loss = loss_of(embeddings)
    (gradient,) = torch.autograd.grad(loss, embeddings)
    result = loss.detach().requires_grad_()
    # The hook runs in the backward pass and is told what the trainer multiplied the loss with.
    result.register_hook(lambda scale: _carry_on(model, parts, gradient * scale))  # type: ignore[no-untyped-call]
    return result


def _embedded(model: nn.Module, features: Features, micro_batch: int) -> tuple[list[_Part], Tensor]:
    """Return the parts and all embeddings, in the order of the features."""
    parts: list[_Part] = []
    found: list[Tensor] = []
    for places, part in _micro_batches(features, micro_batch):
        parts.append(_Part(part, places, RandContext(*part.values())))
        found.append(model(part)["sentence_embedding"])
    order = torch.tensor([place for part in parts for place in part.places])
    return parts, torch.cat(found)[order.argsort().to(found[0].device)]


def _carry_on(model: nn.Module, parts: Sequence[_Part], gradient: Tensor) -> None:
    """Add to the weights' gradients what the embeddings' gradients make of them."""
    with torch.enable_grad():
        for number, part in enumerate(parts):
            with _synchronised(model, number == len(parts) - 1), part.state:
                embeddings = model(part.features)["sentence_embedding"]
                embeddings.backward(gradient[part.places].to(embeddings.dtype))


def _synchronised(model: nn.Module, last: bool) -> contextlib.AbstractContextManager[None]:  # noqa: FBT001
    """Return a block in which the processes average gradients only if it is the last of a step."""
    if last or not isinstance(model, DistributedDataParallel):
        return contextlib.nullcontext()
    waiting: contextlib.AbstractContextManager[None] = model.no_sync()
    return waiting


def _micro_batches(features: Features, size: int) -> Iterator[tuple[list[int], Features]]:
    """Yield places and tokens of texts of like length; equal texts stand together, so that they run once."""
    lengths = features["attention_mask"].sum(dim=1).tolist()
    ids = features["input_ids"].tolist()
    order = sorted(range(len(ids)), key=lambda place: (lengths[place], ids[place]))
    for begin in range(0, len(order), size):
        places = order[begin : begin + size]
        yield places, cut_to(features, places, lengths[places[-1]])
