"""How a file of a registry differs from what it should be, and the error that says so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from embedtune.errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMED_PROBLEMS = 3
_RESTORE = "Restore it from a copy, or publish anew under another version number."


class ProblemKind(StrEnum):
    """In what way a file is not as it should be."""

    MISSING = "missing"
    ADDED = "added"
    ALTERED = "altered"
    ROLLED_BACK = "rolled back"
    SIGNATURE = "wrong signature"


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One file that is not as it should be: its relative path, in what way, and the facts."""

    path: str
    kind: ProblemKind
    detail: str

    def __str__(self) -> str:
        """Return the problem as one line for a person."""
        return f"{self.path}: {self.kind} ({self.detail})"


def refuse(what: str, problems: Sequence[FileProblem]) -> None:
    """Raise if there are problems.

    Raises:
        VerificationError: The message names the first problems and counts the others.
    """
    if not problems:
        return
    named = "; ".join(str(problem) for problem in problems[:_NAMED_PROBLEMS])
    more = len(problems) - _NAMED_PROBLEMS
    raise VerificationError(
        f"{what} does not match its manifest: {named}{f'; and {more} more' if more > 0 else ''}.", _RESTORE
    )
