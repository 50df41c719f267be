"""The average of a tuned model and its base, weight by weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


@torch.no_grad()
def average_weights(tuned: SentenceTransformer, base: SentenceTransformer, base_share: float) -> None:
    """Move a tuned model's weights towards its base, in place.

    ``(1 - base_share) · tuned + base_share · base`` keeps much of what tuning gained and most of what it
    forgot (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").

    Args:
        tuned: The model after training.
        base: The model before it, with the same parameters.
        base_share: 0 leaves the tuned model, 1 gives the base.
    """
    before = dict(base.named_parameters())
    for name, value in tuned.named_parameters():
        value.lerp_(before[name].to(value), base_share)
