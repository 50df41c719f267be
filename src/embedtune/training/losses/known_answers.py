"""Which passages of a batch are known to answer a question, and so are no negatives of it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


class KnownAnswers:
    """Clusters that answer the questions of rows.

    Most questions have one answer. The few with several, such as a claim that two papers support, are held apart.

    Args:
        answers: Numbers of the clusters that answer each row's question, the row's own among them.
    """

    def __init__(self, answers: Sequence[Sequence[int]]) -> None:
        tensors: dict[Sequence[int], Tensor] = {}
        self._several: dict[int, Tensor] = {}
        for row, clusters in enumerate(answers):
            if len(clusters) > 1:
                known = tuple(clusters)
                self._several[row] = tensors.setdefault(known, torch.tensor(known, dtype=torch.long))

    def among(self, candidates: Tensor, rows: Tensor, own: Tensor) -> Tensor:
        """Tell which candidates answer which question.

        Args:
            candidates: The cluster of each candidate, shape (candidates,).
            rows: The dataset row of each question, shape (questions,).
            own: The cluster of each of these rows, shape (questions,).

        Returns:
            Truth values, shape (questions, candidates).
        """
        answered = own[:, None] == candidates[None, :]
        for place, row in enumerate(rows.tolist() if self._several else ()):
            if row in self._several:
                answered[place] |= torch.isin(candidates, self._several[row].to(candidates.device))
        return answered
