"""What was weighed before a run's model was chosen: ``merge.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from embedtune.errors import InputError
from embedtune.files import read_json, write_json
from embedtune.training.ending.drift import Drift
from embedtune.vocabulary.evaluation import Comparison

if TYPE_CHECKING:
    from embedtune.training.ending.averaging import TriedShare

MERGE = "merge.json"


class ChosenBy(StrEnum):
    """What decided how much of the base is kept."""

    SETTING = "setting"
    DEV = "dev questions"
    CAUTION = "caution"
    GENERAL = "general set"


@dataclass(frozen=True, slots=True)
class DevSweep:
    """The shares that were tried on dev.

    Attributes:
        questions: How many dev questions told.
        tried: The shares with their quality, ascending.
    """

    questions: int
    tried: tuple[TriedShare, ...]


@dataclass(frozen=True, slots=True)
class GeneralChange:
    """What general retrieval lost or won.

    Attributes:
        name: The general set's name.
        tolerance: The loss that is accepted.
        tried: Each share that was tried with the change from the base, in the order of trying.
    """

    name: str
    tolerance: float
    tried: tuple[tuple[float, Comparison], ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """How much of its base a run's model has, and why.

    Attributes:
        base_share: The share.
        chosen_by: What decided it.
        step: Step of the tuned part; 0 is the last one.
        dev: The sweep on dev, ``None`` where there was none.
        general: The change on the general set, ``None`` without one.
        drift: How far everyday questions moved, ``None`` where a general set says more.
    """

    base_share: float
    chosen_by: ChosenBy
    step: int
    dev: DevSweep | None = None
    general: GeneralChange | None = None
    drift: Drift | None = None

    def write(self, run: Path) -> None:
        """Write ``merge.json`` into a run folder.

        Raises:
            InputError: The file cannot be written.
        """
        document = asdict(self)
        if self.general:
            document["general"]["tried"] = [
                {"base_share": share, **asdict(change), "delta": change.delta, "verdict": change.verdict}
                for share, change in self.general.tried
            ]
        write_json(run / MERGE, document)


@dataclass(frozen=True, slots=True)
class _GeneralRows:
    tried: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What of ``merge.json`` tells how the model that was kept does on general questions."""

    base_share: float
    general: _GeneralRows | None = None


_KEPT = TypeAdapter(_Kept)
_COMPARISON = TypeAdapter(Comparison)


def kept_share(run: Path) -> float | None:
    """Return how much of its base a run's model has, 0 to 1; ``None`` if that was not written down."""
    try:
        return _KEPT.validate_python(read_json(run / MERGE)).base_share
    except (InputError, ValidationError):
        return None


def kept_change(run: Path) -> Comparison | None:
    """Return how a run's model changed on the general set of its training; ``None`` if that was not measured."""
    try:
        kept = _KEPT.validate_python(read_json(run / MERGE))
        rows = kept.general.tried if kept.general else ()
        row = next((row for row in rows if row.get("base_share") == kept.base_share), None)
        return _COMPARISON.validate_python(row) if row else None
    except (InputError, ValidationError):
        return None
