"""Random draws that do not depend on what else is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embedtune.files import short_digest

if TYPE_CHECKING:
    from embedtune.files import JsonValue


def generator_for(seed: int, subject: JsonValue) -> np.random.Generator:
    """Return a generator of its own for each thing that is drawn for, so that none changes the draws of another.

    Args:
        seed: The evaluation's seed.
        subject: What is drawn for, such as the name of a slice.
    """
    return np.random.default_rng([seed, int(short_digest(subject), 16)])
