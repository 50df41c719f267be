"""What every passage index accepts, checked in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embedtune.errors import InputError, ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from embedtune.vocabulary.corpus import Passage

_REINDEX = "Index the corpus again with this model."


def unit_rows(vectors: NDArray[np.float32], dimension: int) -> NDArray[np.float32]:
    """Return the rows at length 1, so that a dot product is the cosine; a row of zeros stays zero.

    Args:
        vectors: Shape (n, dimension).
        dimension: The dimension that the index holds.

    Raises:
        ModelError: The vectors have another dimension.
        InputError: A number is not finite.
    """
    rows = np.atleast_1d(np.asarray(vectors, dtype=np.float64))
    if rows.shape != (len(rows), dimension):
        raise ModelError(f"Vectors of shape {rows.shape} do not fit an index of {dimension} dimensions.", _REINDEX)
    if not np.isfinite(rows).all():
        raise InputError("A vector holds a number that is not finite.", "Check the model: it may be damaged.")
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (rows / np.where(lengths == 0, 1, lengths)).astype(np.float32)
    return unit


def check_batch(
    passages: Sequence[Passage],
    vectors: NDArray[np.float32],
    domains: Sequence[str],
    labels: Sequence[Sequence[str]] = (),
) -> None:
    """Refuse a batch whose passages, vectors, domains and labels do not pair up.

    Raises:
        InputError: Their numbers differ.
    """
    if not len(passages) == len(vectors) == len(domains):
        raise InputError(
            f"{len(passages)} passages came with {len(vectors)} vectors and {len(domains)} domains.",
            "Give one vector and one domain for each passage.",
        )
    if labels and len(labels) != len(passages):
        raise InputError(
            f"{len(passages)} passages came with {len(labels)} sets of labels.", "Give each passage its own, or none."
        )


def check_limit(limit: int) -> None:
    """Refuse a search for nothing.

    Raises:
        InputError: ``limit`` is below 1.
    """
    if limit < 1:
        raise InputError(f"A search for {limit} results was asked for.", "Ask for at least 1.")


def check_model(place: str, held: tuple[str, int], wanted: tuple[str, int]) -> None:
    """Refuse to mix the vectors of two models.

    Args:
        place: The index, for the message.
        held: Model digest and dimension of the vectors in the index.
        wanted: Model digest and dimension of the model in use.

    Raises:
        ModelError: They differ.
    """
    if held[0] != wanted[0]:
        raise ModelError(f"{place} holds vectors of the model {held[0]}, not of {wanted[0]}.", _REINDEX)
    if held[1] != wanted[1]:
        raise ModelError(f"{place} holds vectors of {held[1]} dimensions, not of {wanted[1]}.", _REINDEX)
