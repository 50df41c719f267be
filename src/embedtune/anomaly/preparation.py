"""Normal queries made ready: the different ones, divided into those to learn from and those that set the threshold."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from embedtune.anomaly.calibration.guarantee import smallest_calibration, worthwhile
from embedtune.anomaly.calibration.thresholds import ALL
from embedtune.anomaly.detectors.nearest import MOST_KNOWN
from embedtune.anomaly.detectors.port import Asked, Material
from embedtune.anomaly.detectors.unit_vectors import Vectors, unit_vectors
from embedtune.anomaly.division import drawn_groups
from embedtune.anomaly.grouping import groups_of
from embedtune.anomaly.knowledge.texts import attacks, everyday_questions
from embedtune.anomaly.windows import normal_form
from embedtune.errors import InputError
from embedtune.vocabulary.ports import Encoder, tokens_of

if TYPE_CHECKING:
    from embedtune.config.anomaly_settings import AnomalySettings

SMALLEST_FIT = 20
"""Distinct queries to fit on, at least."""

_CALIBRATION_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class NormalQueries:
    """Queries as users write them.

    Attributes:
        texts: The queries; blank ones and repetitions are left out.
        domains: The domain of each, empty for none; ``None`` for none at all.
        groups: A name a query for what it asks about, such as the section that answers it: one group never stands on
            both sides. ``None`` groups queries that are near each other.
        held_out: Of each whether it was held out when the model was trained; these calibrate, since a model knows
            the questions it was trained on too well. ``None``: half of the queries calibrate.
        origin: Where they come from, for the detector's card.
    """

    texts: Sequence[str]
    domains: Sequence[str] | None = None
    groups: Sequence[Hashable] | None = None
    held_out: Sequence[bool] | None = None
    origin: str = "given queries"


@dataclass(frozen=True, slots=True, eq=False)
class KnownPassages:
    """Passages of the documents that are searched.

    Attributes:
        texts: What they say.
        vectors: The unit vector of each by the model whose vectors will be scored, shape (n, dimension), float32;
            ``None``: they are encoded.
    """

    texts: Sequence[str] = ()
    vectors: Vectors | None = None

    def some(self, encoder: Encoder, most: int, seed: int) -> Vectors:
        """Return the vectors of all different passages, or of more than ``most`` a sample that the seed draws."""
        row_of = {text: row for row, text in enumerate(self.texts)}
        texts = sorted(row_of)
        chosen = np.sort(np.random.default_rng(seed).permutation(len(texts))[:most])
        if self.vectors is None:
            return encoder.encode([texts[row] for row in chosen])
        return self.vectors[[row_of[texts[row]] for row in chosen]]


NO_PASSAGES = KnownPassages()


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """Different queries with the domain of each, empty for none, and the number of its group."""

    asked: Asked
    domains: tuple[str, ...]
    groups: tuple[int, ...]

    def some(self, rows: Sequence[int]) -> Side:
        """Return the queries of some rows."""
        return Side(
            self.asked.some(rows), tuple(self.domains[row] for row in rows), tuple(self.groups[row] for row in rows)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What a detector is made from.

    Attributes:
        material: What to fit on; its queries are those of ``fit``.
        fit: Queries to fit on.
        calibration: Other queries, that set the threshold.
    """

    material: Material
    fit: Side
    calibration: Side


def prepare(
    encoder: Encoder, normal: NormalQueries, settings: AnomalySettings, seed: int, passages: KnownPassages
) -> Prepared:
    """Divide normal queries by group, and encode all that detectors are fitted on.

    Args:
        encoder: The model whose vectors will be scored.
        normal: The normal queries.
        settings: The room's settings.
        seed: Decides the division; the order of the queries decides nothing.
        passages: Those of the documents that are searched.

    Raises:
        InputError: Too few different queries for fitting, or for the promise that the settings ask for.
    """
    kept = _distinct(normal.texts, seed)
    _check_count(len(kept), settings)
    texts = [normal.texts[row] for row in kept]
    vectors = unit_vectors(encoder.encode(texts), encoder.dimension)
    groups = groups_of(vectors, [normal.groups[row] for row in kept] if normal.groups is not None else None)
    domains = tuple(normal.domains[row] for row in kept) if normal.domains is not None else (ALL,) * len(kept)
    side = Side(Asked.of(texts, vectors), domains, tuple(groups))
    needed = smallest_calibration(settings.alpha, settings.confidence)
    if normal.held_out is None:
        fit, calibration = _divided(side, settings, seed)
    else:
        fit, calibration = _as_held_out(side, [normal.held_out[row] for row in kept], needed)
    return Prepared(_material(encoder, fit.asked, passages, settings, seed), fit, calibration)


def smallest_number(alpha: float, confidence: float) -> int:
    """Return the fewest distinct queries with which a detector can be fitted and its promise given."""
    return SMALLEST_FIT + smallest_calibration(alpha, confidence)


def _check_count(count: int, settings: AnomalySettings) -> None:
    needed = smallest_number(settings.alpha, settings.confidence)
    if count < needed:
        calibrating = smallest_calibration(settings.alpha, settings.confidence)
        strength = f"a confidence of {settings.confidence:g}" if settings.confidence else "no confidence"
        raise InputError(
            f"{count} distinct queries are too few: fitting needs {SMALLEST_FIT}, and alpha = {settings.alpha:g} "
            f"with {strength} needs {calibrating} for calibration.",
            f"Give {needed - count} more (a few hundred are better), or set anomaly.confidence = 0 for a promise that "
            "holds on average only.",
        )


def _divided(side: Side, settings: AnomalySettings, seed: int) -> tuple[Side, Side]:
    """Divide the queries by group into those to fit on and those that calibrate, half and half or a few more of these.

    Where a group is too large for that they are divided one by one, and count as one group: nothing is promised then.
    """
    needed = smallest_calibration(settings.alpha, settings.confidence)
    count = len(side.groups)
    half = worthwhile(int(count * _CALIBRATION_SHARE), settings.alpha, settings.confidence)
    most = count - SMALLEST_FIT
    calibration = drawn_groups(side.groups, min(half, most), most, seed)
    if len(calibration) < needed:
        calibration = drawn_groups(range(count), min(half, most), most, seed)
        side = replace(side, groups=(0,) * count)
    chosen = set(calibration)
    return side.some([row for row in range(count) if row not in chosen]), side.some(calibration)


def _as_held_out(side: Side, held_out: Sequence[bool], needed: int) -> tuple[Side, Side]:
    """Divide the queries as they were when the model was trained.

    Raises:
        InputError: Too few were held out, or too few were not.
    """
    fit = [row for row, held in enumerate(held_out) if not held]
    calibration = [row for row, held in enumerate(held_out) if held]
    if len(fit) < SMALLEST_FIT or len(calibration) < needed:
        raise InputError(
            f"{len(fit)} queries to fit on and {len(calibration)} that the model was not trained on are too few: "
            f"fitting needs {SMALLEST_FIT}, and the promise needs {needed} for calibration.",
            "Give more questions, or fit the detector on queries of users: embedtune anomaly fit --queries FILE.",
        )
    return side.some(fit), side.some(calibration)


def _material(encoder: Encoder, fit: Asked, passages: KnownPassages, settings: AnomalySettings, seed: int) -> Material:
    wanted = passages if "passages" in settings.detectors else NO_PASSAGES
    return Material(
        fit,
        tuple(sorted(set(passages.texts))),
        wanted.some(encoder, MOST_KNOWN, seed),
        Asked.of(attacks(), encoder.encode(attacks())),
        Asked.of(everyday_questions(), encoder.encode(everyday_questions())),
        tokens_of(encoder),
        settings,
        seed,
        encoder.digest,
    )


def _distinct(queries: Sequence[str], seed: int) -> list[int]:
    """Return the rows of the different queries, in the order of a hash of their normal form."""
    distinct: dict[str, int] = {}
    for row, query in enumerate(queries):
        key = normal_form(query)
        if key and (key not in distinct or query < queries[distinct[key]]):
            distinct[key] = row
    ordered = sorted(distinct.items(), key=lambda item: hashlib.sha256(f"{seed}:{item[0]}".encode()).digest())
    return [row for _, row in ordered]
