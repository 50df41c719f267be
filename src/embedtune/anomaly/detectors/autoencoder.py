"""A small autoencoder, frozen: what it cannot rebuild is unlike what it was trained on.

Trained with torch (``autoencoder_training``), applied with numpy: four matrix products need no
framework, so a detector scores beside any encoder without importing torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.detectors.port import Arrays, Asked, Scores
from embedtune.anomaly.detectors.unit_vectors import Vectors, unit_vectors
from embedtune.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Layout:
    """The widths of the layers: dimension, hidden, code, hidden, dimension.

    Attributes:
        dimension: Length of a vector.
        hidden: Width of the layers around the code.
        code: Width of the bottleneck.
    """

    dimension: int
    hidden: int = 128
    code: int = 64

    @property
    def widths(self) -> tuple[int, ...]:
        """The five widths, from the input to the output."""
        return (self.dimension, self.hidden, self.code, self.hidden, self.dimension)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each stored array by name."""
        shapes: dict[str, tuple[int, ...]] = {"mean": (self.dimension,), "scale": (1,)}
        for layer, (before, after) in enumerate(pairwise(self.widths)):
            shapes[f"layer{layer}.weight"] = (after, before)
            shapes[f"layer{layer}.bias"] = (after,)
        return shapes


@dataclass(frozen=True, slots=True, eq=False)
class Autoencoder:
    """A trained autoencoder: ReLU between the layers, a linear output.

    Attributes:
        layout: The widths.
        parts: By the names of `Layout.shapes`, float32, read-only. ``mean`` and ``scale`` are the
            mean vector of the training queries and the root mean square of what is left after it
            is subtracted; a layer's weight has the shape (width after, width before).
    """

    layout: Layout
    parts: Mapping[str, Vectors]

    @classmethod
    def from_arrays(cls, layout: Layout, arrays: Mapping[str, NDArray[np.generic]]) -> Autoencoder:
        """Build from stored arrays, which must be exactly those that ``layout`` asks for.

        Raises:
            ModelError: An array is missing, unknown, of another shape or type, or not finite.
        """
        remedy = "Fit the anomaly detector again."
        if odd := sorted(layout.shapes.keys() ^ arrays.keys()):
            raise ModelError(f"The autoencoder's arrays do not match its layout: {', '.join(odd)}.", remedy)
        frozen: dict[str, Vectors] = {}
        for name, shape in layout.shapes.items():
            array = arrays[name]
            if array.shape != shape or array.dtype != np.float32:
                raise ModelError(
                    f"The autoencoder's {name} is {array.dtype}{array.shape} and should be float32{shape}.", remedy
                )
            frozen[name] = np.array(array, dtype=np.float32)
            if not np.isfinite(frozen[name]).all():
                raise ModelError(f"The autoencoder's {name} holds values that are not finite.", remedy)
            frozen[name].flags.writeable = False
        if frozen["scale"][0] <= 0:
            raise ModelError("The autoencoder's scale is not positive.", remedy)
        return cls(layout, frozen)

    @classmethod
    def from_stored(cls, arrays: dict[str, NDArray[np.generic]], dimension: int) -> Autoencoder:
        """Build from stored arrays, whose shapes say how wide the layers are.

        Raises:
            ModelError: They are not those of an autoencoder for vectors of ``dimension``.
        """
        first, second = (arrays.get(f"layer{layer}.bias", np.zeros(0)) for layer in (0, 1))
        return cls.from_arrays(Layout(dimension, first.size, second.size), arrays)

    def scores(self, asked: Asked) -> Scores:
        """Return how badly each query's vector is rebuilt, shape (n,); see `errors`."""
        return self.errors(asked.vectors)

    def arrays(self) -> Arrays:
        """Return what is stored."""
        return self.parts

    def errors(self, vectors: Vectors) -> NDArray[np.float64]:
        """Return how badly each vector is rebuilt: the mean squared error of its standardised form.

        The unit is the variance of the normal queries: 1.0 is as bad as always answering their
        mean. Squared error rather than 1 - cosine, because centring makes the distance from the
        mean informative: a strange query that is rebuilt as the mean is charged its whole
        distance, while a cosine would look at the direction only and is undefined there.

        Args:
            vectors: Unit vectors, shape (n, dimension), float32.

        Returns:
            One error per vector, shape (n,), float64, at least 0.

        Raises:
            InputError: The vectors have another dimension, or are not finite unit vectors.
        """
        checked = unit_vectors(vectors, self.layout.dimension)
        standardised = (checked - self.parts["mean"]) / self.parts["scale"]
        state = standardised
        last = len(self.layout.widths) - 2
        for layer in range(last + 1):
            state = state @ self.parts[f"layer{layer}.weight"].T + self.parts[f"layer{layer}.bias"]
            if layer < last:
                state = np.maximum(state, 0)
        return np.asarray(np.mean(np.square(standardised - state), axis=1, dtype=np.float64))
