"""Take the arrays of a detector out of what was read from its file."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from embedtune.errors import ModelError

Number = TypeVar("Number", bound=np.generic)

Stored = dict[str, NDArray[np.generic]]
"""The arrays of a file, by name."""

REFIT = "Fit the detector again (`embedtune anomaly fit`), or restore the folder from a good copy."


def taken(
    arrays: dict[str, NDArray[np.generic]], name: str, kind: type[Number], shape: tuple[int | None, ...]
) -> NDArray[Number]:
    """Take an array out of ``arrays`` and return it read-only.

    Args:
        arrays: The arrays by name; the taken one is no longer among them.
        name: Its name.
        kind: The type of its numbers.
        shape: Its shape; ``None`` stands for any length above 0.

    Raises:
        ModelError: It is missing, of another type or shape, or not finite.
    """
    array = arrays.pop(name, None)
    if array is None:
        raise ModelError(f"The detector's {name} is missing.", REFIT)
    fits = len(array.shape) == len(shape) and all(
        wanted == length or (wanted is None and length > 0) for wanted, length in zip(shape, array.shape, strict=True)
    )
    if not fits or array.dtype != kind:
        raise ModelError(f"The detector's {name} is {array.dtype}{array.shape} and does not fit.", REFIT)
    if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
        raise ModelError(f"The detector's {name} holds values that are not finite.", REFIT)
    frozen: NDArray[Number] = np.array(array, dtype=kind)
    frozen.flags.writeable = False
    return frozen
