"""What was weighed before a run's model was chosen: ``merge.json``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from embedtune.files import write_json
from embedtune.training.ending.averaging import TriedShare
from embedtune.training.ending.drift import Drift
from embedtune.vocabulary.evaluation import Comparison

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
