"""The log of a registry: what was published, promoted, rolled back and pruned, when, by which configuration.

One file an entry, numbered, never changed. Each entry carries the digest of the one before, so an entry that
is altered, removed or put in between breaks the chain. Entries cut off at the end do not; the channels'
pointers tell those.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from embedtune.artifacts.problems import FileProblem, ProblemKind
from embedtune.artifacts.registry_storage import STATE
from embedtune.errors import VerificationError
from embedtune.files import canonical_json, digest_value

if TYPE_CHECKING:
    from embedtune.artifacts.registry_storage import RegistryStorage

SCHEMA = 1

_FOLDER = f"{STATE}/log"
_NAME = re.compile(r"[0-9]{8,}\.json")


class Action(StrEnum):
    """What was done."""

    PUBLISHED = "published"
    ADOPTED = "adopted"
    IMPORTED = "imported"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled back"
    PRUNED = "pruned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What is to be written down.

    Attributes:
        action: What was done.
        version: To which version, such as ``embedtune-v1.0``.
        manifest: The digest of its manifest.
        date: When, ISO 8601 in UTC.
        config: The digest of the configuration that did it, empty if unknown.
        channel: The channel that was set, empty without one.
        counter: How often the channel has been set, this time included; 0 without one.
    """

    action: Action
    version: str
    manifest: str
    date: str
    config: str = ""
    channel: str = ""
    counter: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """A deed in its place.

    Attributes:
        number: 1 for the first.
        previous: The digest of the entry before, empty for the first.
        deed: What was done.
    """

    number: int
    previous: str
    deed: Deed

    @property
    def digest(self) -> str:
        """The digest of all that the entry states."""
        return digest_value(self._body())

    def to_json(self) -> dict[str, object]:
        """Return the entry with its own digest."""
        return {**self._body(), "digest": self.digest}

    def _body(self) -> dict[str, object]:
        return {"schema": SCHEMA, **asdict(self)}


@dataclass(frozen=True, slots=True)
class _Document:
    """An entry as it stands in a file."""

    schema: int
    number: int
    previous: str
    deed: Deed
    digest: str


_ADAPTER = TypeAdapter(_Document)


def entry_from_json(value: object, where: str) -> LogEntry:
    """Read an entry and check that it is whole.

    Raises:
        VerificationError: It is none, or does not have the digest that it states.
    """
    try:
        read = _ADAPTER.validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise damaged(where, f"{place or 'the entry'}: {first['msg']}") from error
    entry = LogEntry(number=read.number, previous=read.previous, deed=read.deed)
    if entry.to_json() != value:
        raise damaged(where, "its content does not have the digest it states")
    return entry


def load_json(data: bytes, where: str) -> object:
    """Return the JSON value of a file of the registry's state.

    Raises:
        VerificationError: It is not JSON.
    """
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise damaged(where, f"it is not valid JSON ({error})") from error
    return value


def damaged(where: str, reason: str, kind: ProblemKind = ProblemKind.ALTERED) -> VerificationError:
    """Return the error of a file of the registry's state that is not as it was written."""
    return VerificationError(
        f"{FileProblem(where, kind, reason)}.",
        "Find out who writes to the registry, and restore it from a copy; versions can be used by name.",
    )


class History:
    """The log of a registry.

    Args:
        storage: The registry.
    """

    def __init__(self, storage: RegistryStorage) -> None:
        self._storage = storage

    def entries(self) -> tuple[LogEntry, ...]:
        """Return all entries, the oldest first.

        Raises:
            VerificationError: An entry is missing, altered or out of place; the message names its file.
        """
        # Listed before they are read, and read by number: whoever appends meanwhile leaves no gap in this.
        listed = self._storage.names(_FOLDER)
        found: list[LogEntry] = []
        while (data := self._storage.read(_key(len(found) + 1))) is not None:
            where = _key(len(found) + 1)
            entry = entry_from_json(load_json(data, where), where)
            if entry != self.following(tuple(found[-1:]), entry.deed):
                raise damaged(where, "it does not follow the entry before it")
            found.append(entry)
        self._check_names(listed, len(found))
        return tuple(found)

    def following(self, entries: tuple[LogEntry, ...], deed: Deed) -> LogEntry:
        """Return the entry that would come after ``entries``."""
        last = entries[-1] if entries else None
        return LogEntry(number=last.number + 1 if last else 1, previous=last.digest if last else "", deed=deed)

    def append(self, entry: LogEntry) -> None:
        """Write the next entry; call it within `RegistryStorage.write`.

        Raises:
            FileExistsError: There is an entry of that number.
            InputError: It cannot be written.
        """
        self._storage.create(_key(entry.number), canonical_json(entry.to_json()).decode() + "\n")

    def _check_names(self, listed: tuple[str, ...], read: int) -> None:
        for name in listed:
            if not _NAME.fullmatch(name):
                raise damaged(f"{_FOLDER}/{name}", "it is no entry of the log", ProblemKind.ADDED)
            if int(name.removesuffix(".json")) > read:
                raise damaged(_key(read + 1), "the log has later entries", ProblemKind.MISSING)


def _key(number: int) -> str:
    return f"{_FOLDER}/{number:08d}.json"
