"""A model that reads question and passage together, and says how well one answers the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embedtune.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sentence_transformers import CrossEncoder

_BATCH = 8


class CrossEncoderScorer:
    """Scores passages for a question with a cross-encoder.

    Args:
        model: The loaded model, with one output.
        name: Its name, for people.
    """

    def __init__(self, model: CrossEncoder, name: str) -> None:
        self._model = model
        self.name = name

    def score(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """Return how well each passage answers the question, 0 to 1: shape (len(passages),), float32."""
        from torch import nn

        if not passages:
            return np.zeros(0, dtype=np.float32)
        pairs = [(question, passage) for passage in passages]
        found = self._model.predict(pairs, batch_size=_BATCH, show_progress_bar=False, activation_fn=nn.Sigmoid())
        return np.asarray(found, dtype=np.float32).reshape(len(passages))


def load_cross_encoder(folder: Path, device: str = "cpu") -> CrossEncoderScorer:
    """Load a cross-encoder from a folder: safetensors only, no remote code, no network.

    Args:
        folder: The model's folder.
        device: Where it runs, as torch names it.

    Raises:
        ModelError: It is no such model, or does not give one number for a pair.
    """
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        raise ModelError(
            f"{folder} holds no cross-encoder (config.json and safetensors weights).",
            "Give the folder of a model that scores pairs of texts, saved with safetensors weights.",
        )
    from safetensors import SafetensorError
    from sentence_transformers import CrossEncoder
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        model = CrossEncoder(
            str(folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
    except (OSError, ValueError, LookupError, TypeError, RuntimeError, ImportError, SafetensorError) as error:
        raise ModelError(
            f"The cross-encoder in {folder} cannot be loaded: {type(error).__name__}.", "Check the folder's files."
        ) from error
    if model.num_labels != 1:
        raise ModelError(
            f"The model in {folder} gives {model.num_labels} numbers for a pair of texts.",
            "Take a model made for ranking, which gives one.",
        )
    return CrossEncoderScorer(model, folder.name)
