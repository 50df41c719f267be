"""What a private copy was checked against, so that an unchanged file is not read again.

Sizes and times of change stand for contents, as git's index has it: the time of the last change of a file
(``ctime``) cannot be set by its owner. A file that changed within the clock's coarseness of being read could
have changed again in the same tick; its state is not believed until it has rested.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from embedtune.artifacts.folder_check import walk_files
from embedtune.errors import InputError
from embedtune.files import canonical_json, write_text

RESTING_NS = 2_000_000_000
"""How long a file must have rested before it was read; file systems count time in up to two seconds."""

FileStates = dict[str, tuple[int | str, ...]]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was seen when a copy was checked.

    Attributes:
        source: Where the version lies.
        source_states: The state of its files then; empty if they had not rested.
        copy_states: The state of the copy's files.
        signature: Digest of the signature that was confirmed, with the key that did; empty if none was asked for.
    """

    source: str = ""
    source_states: Mapping[str, tuple[int | str, ...]] = field(default_factory=dict)
    copy_states: Mapping[str, tuple[int | str, ...]] = field(default_factory=dict)
    signature: str = ""


_ADAPTER = TypeAdapter(Receipt)


def read_receipt(path: Path) -> Receipt:
    """Read a receipt; one that is missing or damaged proves nothing."""
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return Receipt()


def write_receipt(path: Path, receipt: Receipt) -> None:
    """Write a receipt; one that cannot be written costs the next load some time."""
    try:
        write_text(path, canonical_json(asdict(receipt)).decode())
    except InputError:
        path.unlink(missing_ok=True)


def file_states(folder: Path) -> FileStates:
    """Return kind, size, times of change and identity of every file below a folder; nothing is read."""
    states: FileStates = {}
    for relative, path in walk_files(folder):
        facts = path.lstat()
        states[relative] = (facts.st_mode, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino)
    return states


def rested(states: FileStates, began_ns: int) -> FileStates:
    """Return states that can be believed, or none if a file changed shortly before it was read.

    Args:
        states: What `file_states` gave before the files were read.
        began_ns: When reading began; see `now_ns`.
    """
    latest = max((int(time) for state in states.values() for time in state[2:4]), default=0)
    return states if latest + RESTING_NS < began_ns else {}


def now_ns() -> int:
    """Return the time as the file system counts it."""
    return time.time_ns()
