"""What a log without texts tells of a query: enough to see drift, too little to be sure which query it was.

Whoever holds a log and the detector can judge a guess and compare. So a veiled entry is coarse and noisy: the p-value
is moved by up to a fifth, the share of new words is told in quarters, the sketch in eight directions with more noise
than normal queries vary. Of a normal query that leaves, on average, at most 0.6 bits by the verdict, 1.3 by the
p-value, 2.3 by the new words (most have none) and 8 * 0.27 by the sketch (the capacity of a Gaussian channel), together
6.4: of some hundred guesses one or more fit as well as the right one. A query far from all others is told better, and
the rules it meets, its domain and whose threshold it met are named. The noise follows from the log's key, the query and
the detector: asking again tells nothing more, and under another detector it is one more independent look.

Normal queries are veiled the same way before they are compared with a log: what veils both sides alike makes no drift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.log_entries import LogEntry
from embedtune.anomaly.reference import Reference
from embedtune.errors import InputError

DIRECTIONS = 8
"""Numbers of a veiled sketch, at most."""

_NOISE = 1.5  # in standard deviations of the normal queries
_FARTHEST = 4  # of these; an outlier would be known by its distance
_P_NOISE = 0.2
_WORD_STEPS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """What a log is compared by, on both sides alike.

    Attributes:
        normal_sketches: Of the calibration queries, shape (n, directions).
        normal_new_words: The share of new words of each, shape (n,).
        sketches: Of the log's entries, shape (m, directions).
        new_words: The share of new words of each, shape (m,).
    """

    normal_sketches: NDArray[np.float64]
    normal_new_words: NDArray[np.float64]
    sketches: NDArray[np.float64]
    new_words: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Veil:
    """Hides what would tell the queries that one detector judged.

    Attributes:
        spread: How much normal queries vary in each direction, shape (at most `DIRECTIONS`,).
    """

    spread: NDArray[np.float64]

    @classmethod
    def of(cls, reference: Reference) -> Veil:
        """Return the veil that fits a detector's normal queries."""
        spread = reference.sketches[:, :DIRECTIONS].std(axis=0, dtype=np.float64)
        return cls(np.where(spread > 0, spread, 1.0))

    def entry(self, entry: LogEntry, noise_seed: int) -> LogEntry:
        """Return an entry without its text and without what would tell it.

        Args:
            entry: The entry, whole.
            noise_seed: Decides the noise: the same for the same query, detector and key, unknown to others.
        """
        draw = np.random.default_rng(noise_seed)
        sketch = self.sketches(np.array([entry.sketch]), draw)[0]
        # Reflected at both ends: what is level from 0 to 1 stays level.
        moved = abs(entry.p_value + draw.uniform(-_P_NOISE, _P_NOISE))
        return replace(
            entry,
            text=None,
            p_value=round(min(moved, 2 - moved), 2),
            rarities={},
            new_words=float(self.shares(np.array([entry.new_words]))[0]),
            sketch=tuple(sketch.tolist()),
        )

    def sketches(self, sketches: NDArray[np.float64], draw: np.random.Generator) -> NDArray[np.float64]:
        """Return whole sketches with noise, in whole steps of what normal queries vary."""
        scaled = sketches[:, :DIRECTIONS] / self.spread
        noisy = np.rint(scaled + _NOISE * draw.normal(size=scaled.shape)).clip(-_FARTHEST, _FARTHEST)
        return np.asarray(noisy + 0.0, dtype=np.float64)  # no -0

    def shares(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return shares of new words in quarters; those that are stay as they are."""
        return np.asarray(np.rint(shares * _WORD_STEPS) / _WORD_STEPS)


def compared(reference: Reference, entries: Sequence[LogEntry], seed: int) -> Compared:
    """Return what entries are compared by: veiled all of it, as soon as one entry is.

    Args:
        reference: That of the detector which judged them.
        entries: The entries.
        seed: Decides the noise of what is not veiled yet.

    Raises:
        InputError: An entry's sketch has another length than the detector's.
    """
    whole = len(reference.directions)
    for entry in entries:
        wanted = whole if entry.text is not None else min(whole, DIRECTIONS)
        if len(entry.sketch) != wanted:
            raise InputError(
                f"The log's entry of {entry.time} has a sketch of {len(entry.sketch)} numbers, not of {wanted}.",
                "Remove that line: it is damaged, or another program wrote it.",
            )
    normal, normal_new = reference.sketches.astype(np.float64), reference.new_words.astype(np.float64)
    new = np.array([entry.new_words for entry in entries])
    if all(entry.text is not None for entry in entries):
        return Compared(normal, normal_new, np.array([entry.sketch for entry in entries]), new)
    veil, draw = Veil.of(reference), np.random.default_rng(seed)
    sketches = [
        veil.sketches(np.array([entry.sketch]), draw)[0] if entry.text is not None else entry.sketch
        for entry in entries
    ]
    return Compared(veil.sketches(normal, draw), veil.shares(normal_new), np.array(sketches), veil.shares(new))
