"""The average of a tuned model and its base, weight by weight, and how much of the base it should have.

Tuning on questions cut from the text teaches a corpus's words and unlearns some of what the base knew
about people's questions. ``(1 - share) · tuned + share · base`` keeps much of the one and most of the
other (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from embedtune.training.dev_set import DevSet
from embedtune.vocabulary.pairs import Origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from sentence_transformers import SentenceTransformer

SHARES = (0.0, 0.25, 0.5, 0.75)
SMALL_SHARE = 0.25
CAUTIOUS_SHARE = 0.7
_MIN_QUESTIONS = 20
_NOISE = 0.05  # of the MRR on a few dozen questions


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


def chosen_share(measure: Callable[[float], float]) -> float:
    """Return a small share of the base, or the best one where dev shows clearly that another is better.

    Args:
        measure: Returns the MRR on dev of the average with a share.
    """
    quality = {share: measure(share) for share in SHARES}
    best = max(quality, key=lambda share: quality[share])
    return SMALL_SHARE if quality[SMALL_SHARE] >= quality[best] - _NOISE else best
