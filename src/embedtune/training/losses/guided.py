"""GIST: a guide says which passages of a batch are too like the positive to be negatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from sentence_transformers.sentence_transformer.losses import GISTEmbedLoss
from torch import Tensor, nn

from embedtune.training.engine.features import Features, joined
from embedtune.training.losses.base import usable_negatives

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from embedtune.training.batching.columns import PairColumns

_TIE = 1e-4  # a copy of the positive is left out although rounding puts it a hair below


class GuidedLoss(nn.Module):
    """GISTEmbed loss (Solatorio 2024, "GISTEmbed: Guided in-sample selection of training negatives").

    The library's class, which takes one negative of each pair or none. A pair without a usable one shows its positive
    in that place, and a guide always leaves a copy of the positive out for its own question.

    Args:
        model: The model.
        guide: Says what is like; it does not learn.
        columns: What is known of the rows.
        scale: Inverse temperature.
    """

    lacking: Tensor

    def __init__(
        self, model: SentenceTransformer, guide: SentenceTransformer, columns: PairColumns, scale: float
    ) -> None:
        super().__init__()
        guide.eval().requires_grad_(requires_grad=False)
        self.gist = GISTEmbedLoss(model, guide, temperature=1 / scale, margin=_TIE)
        self.register_buffer("lacking", _lacking(columns), persistent=False)

    def use(self, columns: PairColumns) -> None:
        """Take over which pairs have a negative."""
        self.lacking.copy_(_lacking(columns))

    def forward(self, columns: Sequence[Features], rows: Tensor) -> Tensor:
        """Return the loss of a batch.

        Args:
            columns: Tokens of the queries, the positives, and at most one column of negatives.
            rows: The dataset row of each pair, shape (batch,).
        """
        queries, positives, *negatives = columns
        if negatives:
            positives, shown = _alike(positives, negatives[0])
            lacking = self.lacking[rows.to(self.lacking.device)][:, None]
            negatives = [{name: torch.where(lacking, positives[name], shown[name]) for name in shown}]
        loss: Tensor = self.gist([queries, positives, *negatives], rows)
        return loss


def _lacking(columns: PairColumns) -> Tensor:
    """Tell which rows have no negative, or one of their own cluster, shape (rows,)."""
    return ~usable_negatives(columns).any(dim=1)


def _alike(first: Features, second: Features) -> tuple[Features, Features]:
    """Return two columns padded to one length."""
    together, count = joined([first, second]), len(first["input_ids"])
    return (
        {name: value[:count] for name, value in together.items()},
        {name: value[count:] for name, value in together.items()},
    )
