"""A teacher's opinion of each pair, for MarginMSE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from embedtune.events import Progress, Report
from embedtune.training.batching.columns import PairColumns
from embedtune.vocabulary.ports import Encoder

_TEXTS_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class TeacherMargins:
    """How much better a teacher finds a positive than each of the negatives.

    The margins are a function of all texts together, so that a resumed run has them to the bit.

    Attributes:
        teacher: Gives unit vectors.
        report: Where progress goes.
    """

    teacher: Encoder
    report: Report

    def __call__(self, columns: PairColumns) -> Tensor:
        """Return cos(question, positive) - cos(question, negative), shape (rows, k), float32."""
        texts = sorted(set(columns.all_texts), key=lambda text: (len(text), text))
        place = {text: number for number, text in enumerate(texts)}
        vectors = self._vectors(texts)

        def cosines(name: str) -> NDArray[np.float32]:
            shown = [place.get(str(text), 0) for text in columns.texts[name]]  # a filler's value is never read
            asked = [place[str(text)] for text in columns.texts["anchor"]]
            found: NDArray[np.float32] = (vectors[asked] * vectors[shown]).sum(axis=1)
            return found

        right = cosines("positive")
        margins = [torch.from_numpy(right - cosines(name)) for name in columns.negative_names]
        return torch.stack(margins, dim=1)

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        parts = []
        for begin in range(0, len(texts), _TEXTS_AT_ONCE):
            parts.append(self.teacher.encode(texts[begin : begin + _TEXTS_AT_ONCE]))
            self.report(Progress("Teacher", min(begin + _TEXTS_AT_ONCE, len(texts)), len(texts), "texts"))
        return np.concatenate(parts)
