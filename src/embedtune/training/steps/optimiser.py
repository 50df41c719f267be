"""How fast each part of a model learns, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from embedtune.training.engine.backbone import backbone_of

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch.nn import Parameter

    from embedtune.config.training_settings import ScheduleName, TrainingSettings

ParameterGroup = dict[str, Any]  # torch's own form: "params", "lr", "weight_decay"

# Of the two AdamW of torch, the one that takes a step in one pass over the weights. Equal gradients give equal bits,
# whatever the number of threads; the other one's results differ from it in the last bit.
OPTIMISER = "adamw_torch_fused"
_LIBRARY_NAMES: Mapping[ScheduleName, str] = {
    "linear": "linear",
    "cosine": "cosine",
    "cosine_restarts": "cosine_with_restarts",
    "constant": "constant_with_warmup",
}


def schedule_arguments(settings: TrainingSettings) -> tuple[str, dict[str, int]]:
    """Return the library's name of a schedule, and what else it wants to know.

    Warm restarts (Loshchilov & Hutter 2017, "SGDR: Stochastic gradient descent with warm restarts") divide what
    follows the warm-up into as many equal cycles as there are epochs.
    """
    cycles = {"num_cycles": settings.epochs} if settings.schedule == "cosine_restarts" else {}
    return _LIBRARY_NAMES[settings.schedule], cycles


def rate_shares(model: SentenceTransformer, decay: float) -> dict[Parameter, float]:
    """Return the share of the learning rate at which each parameter of a transformer learns.

    Layer-wise decay (Howard & Ruder 2018, "Universal language model fine-tuning for text classification", 3.2;
    for BERT: Sun et al. 2019, "How to fine-tune BERT for text classification?"): the top layer learns at the full
    rate, each lower one at ``decay`` times the rate of the one above, the embeddings below all of them.

    Args:
        model: The model; what it has above its transformer is not among the result and learns at the full rate.
        decay: Above 0, at most 1.
    """
    backbone = backbone_of(model)
    depth = len(backbone.layers)
    shares = dict.fromkeys(backbone.embeddings.parameters(), decay**depth)
    for number, layer in enumerate(backbone.layers):
        shares |= dict.fromkeys(layer.parameters(), decay ** (depth - 1 - number))
    return shares


def split_by_share(
    groups: Sequence[ParameterGroup], shares: Mapping[Parameter, float], learning_rate: float
) -> list[ParameterGroup]:
    """Divide an optimiser's groups into groups of one learning rate, the highest rate first.

    Whatever else a group says, its weight decay, holds for its parts. The first group's rate is the one that the
    trainer logs.

    Args:
        groups: The groups.
        shares: Share of the rate for each parameter; 1 where it says nothing.
        learning_rate: The full rate.
    """
    parts: list[ParameterGroup] = []
    for group in groups:
        by_share: dict[float, list[Parameter]] = {}
        for parameter in group["params"]:
            by_share.setdefault(shares.get(parameter, 1.0), []).append(parameter)
        parts += [{**group, "params": found, "lr": share * learning_rate} for share, found in by_share.items()]
    return sorted(parts, key=lambda part: -part["lr"])
