"""Channels: names such as ``production`` that point to a version and can be set back.

A pointer is one file. It holds the log's entry of the promotion: the version with the digest of its manifest,
and a counter that grows each time the channel is set, also when it is set back. On a disk the file is replaced
whole, and the log follows, at once or with the next writing. In an object store each setting has a pointer of
its own, and the log, whose entries can be created once, says which one stands.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.artifacts.history import Action, Deed, LogEntry, damaged, entry_from_json, load_json
from embedtune.artifacts.problems import ProblemKind
from embedtune.artifacts.registry_storage import STATE
from embedtune.artifacts.trust import wrong_signature
from embedtune.errors import InputError, MissingVersionError, VerificationError
from embedtune.files import canonical_json

if TYPE_CHECKING:
    from embedtune.artifacts.history import History
    from embedtune.artifacts.keys import PrivateKey
    from embedtune.artifacts.registry_storage import RegistryStorage
    from embedtune.artifacts.seen_counters import SeenCounters
    from embedtune.artifacts.trust import TrustPolicy

CHANNEL = re.compile(r"(?!v[0-9])[a-z][a-z0-9_-]{0,63}")

_FOLDER = f"{STATE}/channels"
_PURPOSE = b"embedtune channel pointer 1\n"
_SETTING = (Action.PROMOTED, Action.ROLLED_BACK)


@dataclass(frozen=True, slots=True)
class _Pointer:
    """What a pointer's file holds: an entry of the log, and who signed it (empty if nobody)."""

    entry: LogEntry
    key: str
    signature: str


class Channels:
    """The channels of a registry.

    Args:
        storage: The registry.
        history: Its log.
        policy: Whose signatures are believed.
        seen: The counters that were seen before.
    """

    def __init__(self, storage: RegistryStorage, history: History, policy: TrustPolicy, seen: SeenCounters) -> None:
        self._storage = storage
        self._history = history
        self._policy = policy
        self._seen = seen

    def known(self) -> tuple[str, ...]:
        """Return every channel that has a pointer or stands in the log, sorted."""
        logged = {entry.deed.channel for entry in self._history.entries()} - {""}
        return tuple(sorted(logged.union(self._names())))

    def _names(self) -> tuple[str, ...]:
        files = [name for name in self._storage.names(_FOLDER) if name.endswith(".json")]
        return tuple(name.removesuffix(".json") for name in files if CHANNEL.fullmatch(name.removesuffix(".json")))

    def exists(self, name: str) -> bool:
        """Tell whether a name is that of a channel, be its pointer lost or not."""
        if not CHANNEL.fullmatch(name):
            return False
        return name in self.known()

    def current(self, channel: str) -> LogEntry:
        """Return the entry that a channel stands at.

        Raises:
            MissingVersionError: There is no such channel.
            VerificationError: Its pointer was altered, removed or set back to an older one.
            SignatureError: Its signature is missing, wrong or not trusted.
        """
        # The log and what was seen first: a pointer that is read later is at least as new.
        known = self._history.entries()
        counter = max(_counter(known, channel), self._seen_of(known, channel))
        where = self._storage.pointer_key(channel, _setting(known, channel))
        pointer = self._read(where)
        if pointer is None and counter:
            raise damaged(where, "the log tells that the channel was set", ProblemKind.MISSING)
        if pointer is None:
            raise MissingVersionError(f"There is no channel {channel!r}.", self._remedy())
        self._check_signature(pointer, where)
        entry = pointer.entry
        if entry.deed.channel != channel or entry.deed.action not in _SETTING:
            raise damaged(where, "it is the pointer of another channel")
        if entry.number > len(known) + 1:
            known = self._history.entries()
        self._check_place(entry, known, where)
        if entry.deed.counter < counter:
            reason = f"its counter is {entry.deed.counter}, and {counter} was seen already"
            raise damaged(where, reason, ProblemKind.ROLLED_BACK)
        if known and entry.deed.counter > self._seen_of(known, channel):
            self._seen.remember(self._identity(known), channel, entry.deed.counter)
        return entry

    def next_counter(self, channel: str, known: tuple[LogEntry, ...]) -> int:
        """Return the counter of a channel's next setting, above all that the log holds and that were seen."""
        return 1 + max(_counter(known, channel), self._seen_of(known, channel))

    def point(self, deed: Deed, known: tuple[LogEntry, ...], key: PrivateKey | None) -> LogEntry:
        """Set a channel and write it into the log; call it within `RegistryStorage.write`.

        Args:
            deed: What to set it to; its counter must be the next one.
            known: The log that this was decided on.
            key: Signs the pointer.
        """
        entry = self._history.following(known, deed)
        document: dict[str, object] = {"entry": entry.to_json(), "key": "", "signature": ""}
        if key is not None:
            document |= {"key": key.identity, "signature": key.sign(_signed(entry))}
        self._storage.replace(self._storage.pointer_key(deed.channel, entry), canonical_json(document).decode() + "\n")
        self._history.append(entry)
        return entry

    def unlogged(self, entries: tuple[LogEntry, ...]) -> LogEntry | None:
        """Return the entry of a channel that was set by a process that died before it wrote the log."""
        for channel in self._names():
            pointer = None
            with contextlib.suppress(VerificationError):  # a damaged pointer is for its readers to refuse
                pointer = self._read(self._storage.pointer_key(channel, _setting(entries, channel)))
            if pointer and pointer.entry == self._history.following(entries, pointer.entry.deed):
                return pointer.entry
        return None

    def promoted(self, channel: str, known: tuple[LogEntry, ...]) -> tuple[Deed, ...]:
        """Return what a channel stands at and would be set back to, by the log, the present one last."""
        stack: list[Deed] = []
        for entry in known:
            if entry.deed.channel == channel:
                if entry.deed.action is Action.PROMOTED:
                    stack.append(entry.deed)
                elif stack:
                    stack.pop()
        return tuple(stack)

    def before(self, channel: str, known: tuple[LogEntry, ...]) -> Deed:
        """Return what a channel was promoted to before its present version, by the log.

        Raises:
            InputError: There was nothing before.
        """
        stack = self.promoted(channel, known)
        if len(stack) <= 1:
            raise InputError(f"The channel {channel} has no version to go back to.", "Promote another version.")
        return stack[-2]

    def _read(self, where: str) -> _Pointer | None:
        data = self._storage.read(where)
        if data is None:
            return None
        value = load_json(data, where)
        if not isinstance(value, dict) or value.keys() != {"entry", "key", "signature"}:
            raise damaged(where, "it is no pointer of a channel")
        key, signature = value["key"], value["signature"]
        if not isinstance(key, str) or not isinstance(signature, str):
            raise damaged(where, "key and signature must be texts")
        return _Pointer(entry_from_json(value["entry"], where), key, signature)

    def _check_signature(self, pointer: _Pointer, where: str) -> None:
        key = self._policy.key(pointer.key, where)
        if key is not None and not key.confirms(_signed(pointer.entry), pointer.signature):
            raise wrong_signature(where, "it does not belong to this content")

    def _seen_of(self, known: tuple[LogEntry, ...], channel: str) -> int:
        return self._seen.highest(self._identity(known), channel) if known else 0

    def _identity(self, known: tuple[LogEntry, ...]) -> str:
        """Return what a registry is known by: where it lies, for a copy goes its own way, and how its log began."""
        return f"{self._storage.place} {known[0].digest}"

    def _check_place(self, entry: LogEntry, known: tuple[LogEntry, ...], where: str) -> None:
        """Compare a pointer with the log, which may lag behind it by this one entry."""
        if entry.number <= len(known):
            if known[entry.number - 1] != entry:
                raise damaged(where, "the log tells something else")
        elif entry != self._history.following(known, entry.deed):
            raise damaged(f"{STATE}/log", "entries that the channel follows are gone", ProblemKind.MISSING)

    def _remedy(self) -> str:
        names = self.known()
        return f"There are: {', '.join(names)}." if names else "Set one: embedtune models promote v1.0 --channel NAME"


def _counter(entries: tuple[LogEntry, ...], channel: str) -> int:
    return max((entry.deed.counter for entry in entries if entry.deed.channel == channel), default=0)


def _setting(entries: tuple[LogEntry, ...], channel: str) -> LogEntry | None:
    """Return the log's last entry of a channel."""
    return next((entry for entry in reversed(entries) if entry.deed.channel == channel), None)


def _signed(entry: LogEntry) -> bytes:
    return _PURPOSE + canonical_json(entry.to_json())
