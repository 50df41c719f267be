"""What an experiment compares, and who takes part."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from embedtune.errors import InputError

_DRAWN_BYTES = 8
_ANY_TEXT = "surrogatepass"  # a unit's name comes from outside, and half a character must not fail a search


class Arm(StrEnum):
    """What a unit is shown: the search in use, the new one, or both interleaved."""

    CONTROL = "control"
    CANDIDATE = "candidate"
    INTERLEAVED = "interleaved"


@dataclass(frozen=True, slots=True)
class Experiment:
    """Two searches, and the share of units that meets the new one.

    Attributes:
        name: What it is called; it salts the assignment, so that experiments do not share their units.
        control: The search in use, by its index folder or any other name.
        candidate: The new one.
        share: The share of units that is shown the candidate (or both interleaved), 0 to 1. Raising it only
            adds units: nobody who met the candidate goes back.
        interleave: Whether those units are shown both, interleaved.
        stopped: The kill switch: everybody is shown the control.
    """

    name: str
    control: str
    candidate: str
    share: float = 0.1
    interleave: bool = False
    stopped: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be an experiment."""
        if not 0 <= self.share <= 1:
            raise InputError(f"The share {self.share} is not from 0 to 1.", "Give the share of units, such as 0.1.")
        if not self.name or not self.name.replace("-", "").replace("_", "").isalnum():
            raise InputError(f"{self.name!r} cannot name an experiment.", "Use letters, digits, - and _.")

    def arm(self, unit: str) -> Arm:
        """Return what a unit is shown: the same every time, in every process, unless share or switch are changed.

        Args:
            unit: Whoever should always meet the same search: a user, a session, a device.
        """
        if self.draw(unit) >= self.effective_share:
            return Arm.CONTROL
        return Arm.INTERLEAVED if self.interleave else Arm.CANDIDATE

    @property
    def effective_share(self) -> float:
        """The share of units that meets the candidate now: none, once the switch is set."""
        return 0.0 if self.stopped else self.share

    def draw(self, unit: str) -> float:
        """Return the number from 0 to below 1 that a unit has in this experiment."""
        digest = hashlib.sha256(f"{self.name}\0{unit}".encode(errors=_ANY_TEXT)).digest()
        return (int.from_bytes(digest[:_DRAWN_BYTES]) >> 11) / (1 << 53)

    def pseudonym(self, unit: str) -> str:
        """Return the name under which a unit stands in the log; it differs from experiment to experiment."""
        return hashlib.sha256(f"log\0{self.name}\0{unit}".encode(errors=_ANY_TEXT)).hexdigest()[:16]
