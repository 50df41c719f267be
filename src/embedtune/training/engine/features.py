"""Tokens of texts as the model takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

Features = dict[str, Any]
"""``input_ids`` and ``attention_mask``, shape (texts, length), padded on the right, and what a tokenizer adds."""


def joined(columns: Sequence[Features]) -> Features:
    """Return the texts of all columns as one, padded on the right; the attention mask hides what fills the gaps."""
    longest = max(column["input_ids"].shape[1] for column in columns)
    return {
        name: torch.cat([nn.functional.pad(column[name], (0, longest - column[name].shape[1])) for column in columns])
        for name, value in columns[0].items()
        if isinstance(value, Tensor)
    }


def cut_to(features: Features, rows: Sequence[int], longest: int) -> Features:
    """Return some of the texts without the padding that none of them needs.

    Args:
        features: The texts.
        rows: Which of them.
        longest: The tokens of the longest of these.
    """
    shape = features["input_ids"].shape
    return {
        name: value[rows, :longest] if isinstance(value, Tensor) and value.shape == shape else value
        for name, value in features.items()
    }
