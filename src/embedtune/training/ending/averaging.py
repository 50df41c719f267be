"""The average of a tuned model and its base, weight by weight, and how much of the base it should have.

Tuning on questions cut from the text teaches a corpus's words and unlearns some of what the base knew
about people's questions. ``(1 - share) · tuned + share · base`` keeps much of the one and most of the
other (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", whose mixing coefficient is 1 - share).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from embedtune.encoders.sentence_transformer import load_model
from embedtune.training.dev.dev_set import DevSet
from embedtune.vocabulary.pairs import Origin

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

SMALL_SHARE = 0.25
CAUTIOUS_SHARE = 0.7
_MIN_QUESTIONS = 20
_NOISE = 0.05  # of the MRR on a few dozen questions that people did not write


@dataclass(frozen=True, slots=True)
class TriedShare:
    """The dev MRR of the average with a share of the base."""

    base_share: float
    mrr: float


class Averages:
    """A tuned model, averaged with its base.

    Two models are kept: that one, and the base once it is needed. An average shares with the tuned model what
    training left as it was.

    Args:
        tuned: The model after training.
        base: Folder of the model before it.
    """

    def __init__(self, tuned: SentenceTransformer, base: Path) -> None:
        self._tuned = tuned
        self._folder = base

    @cached_property
    def base(self) -> SentenceTransformer:
        """The model before training, where the tuned one is."""
        return load_model(self._folder, device=str(self._tuned.device))

    def with_share(self, share: float) -> SentenceTransformer:
        """Return the average with a share of the base; 0 is the tuned model itself."""
        if not share:
            return self._tuned
        before = dict(self.base.named_parameters())
        left = {id(value): value for name, value in self._tuned.named_parameters() if value.equal(before[name])}
        model = copy.deepcopy(self._tuned, left)
        average_weights(model, self.base, share)
        return model


@torch.no_grad()
def average_weights(tuned: SentenceTransformer, base: SentenceTransformer, share: float) -> None:
    """Move a tuned model's weights towards its base, in place.

    Args:
        tuned: The model after training.
        base: The model before it, with the same parameters.
        share: 0 leaves the tuned model, 1 gives the base.
    """
    before = dict(base.named_parameters())
    for name, value in tuned.named_parameters():
        if not value.equal(before[name]):  # the mean of -0 and -0 would be +0, and other bits are other frozen layers
            value.lerp_(before[name].to(value), share)


def telling_questions(dev: DevSet | None) -> DevSet | None:
    """Return the dev questions that are not cut from the text; ``None`` if there are too few.

    A question in the words of its passage would always call for more tuning. Those of people, of a
    language model and of headings have words of their own.
    """
    if dev is None:
        return None
    queries = tuple(query for query in dev.queries if query.origin is not Origin.EXTRACTIVE)
    if len(queries) < _MIN_QUESTIONS:
        return None
    return DevSet(queries, dev.qrels.restricted_to([query.id for query in queries]), dev.passages)


def asked_by_people(dev: DevSet) -> bool:
    """Tell whether all questions are from people."""
    return all(query.origin is Origin.HUMAN for query in dev.queries)


def chosen_share(tried: Sequence[TriedShare], *, by_people: bool) -> float:
    """Return the best share by people's questions; by others a small one, unless another is clearly better.

    Questions made from the corpus call for more tuning than people's do, so a small advantage in them tells nothing.

    Args:
        tried: The shares with their quality; the one nearest to a quarter is the small share.
        by_people: Whether the questions are people's.
    """
    best = max(tried, key=lambda entry: entry.mrr)
    small = min(tried, key=lambda entry: abs(entry.base_share - SMALL_SHARE))
    noise = 0.0 if by_people else _NOISE
    return small.base_share if small.mrr >= best.mrr - noise else best.base_share


def cautious_share(shares: Sequence[float]) -> float:
    """Return how much of the base is kept where dev says nothing: much, but no more than any share to be tried."""
    return min(CAUTIOUS_SHARE, max(shares))
