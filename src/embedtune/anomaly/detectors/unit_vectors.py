"""What every detector that looks at vectors asks of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from embedtune.errors import InputError

Vectors = NDArray[np.float32]

# Wide enough for encoders that compute in half precision or int8.
_NORM_TOLERANCE = 1e-2


def unit_vectors(vectors: Vectors, dimension: int) -> Vectors:
    """Return the vectors as float32 after checking that they are unit vectors of ``dimension``.

    Args:
        vectors: Shape (n, dimension); n may be 0.
        dimension: The length that a vector must have.

    Raises:
        InputError: Another shape, values that are not finite, or a norm that is not 1.
    """
    checked = np.asarray(vectors, dtype=np.float32)
    if checked.ndim != 2 or checked.shape[1] != dimension:  # noqa: PLR2004 - rows and columns
        raise InputError(
            f"Vectors of shape {checked.shape} cannot be scored: the shape must be (n, {dimension}).",
            "Encode the queries with the model that the detector was fitted on.",
        )
    norms = np.linalg.norm(checked, axis=1)
    wrong = np.flatnonzero(~(np.abs(norms - 1) <= _NORM_TOLERANCE))
    if len(wrong):
        raise InputError(
            f"Vector {wrong[0]} has the norm {norms[wrong[0]]:g} and should have 1 ({len(wrong)} such vectors).",
            "Normalise the vectors, and check the encoder for missing or infinite values.",
        )
    return checked
