"""Read an index, as much of it as can be read."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from embedtune.errors import FormatError, InputError
from embedtune.index.description import REINDEX, IndexDescription
from embedtune.index.folder_store import FolderStore
from embedtune.index.held_sections import HeldSection
from embedtune.index.server_store import ServerStore
from embedtune.index.stores import IndexStore, Pointer
from embedtune.vocabulary.corpus import Passage, Section

_TRIES = 4
_WAIT_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class ReadCollection:
    """A collection but for its vectors.

    Attributes:
        name: What it is called in its store.
        description: What it is made of.
        held: Its sections.
        finished: Whether no update of it was on its way.
    """

    name: str
    description: IndexDescription
    held: tuple[HeldSection, ...]
    finished: bool

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections."""
        return tuple(one.section for one in self.held)

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains of the sections, sorted."""
        return tuple(sorted({one.section.domain for one in self.held}))

    @property
    def passages(self) -> tuple[Passage, ...]:
        """The passages in force."""
        return tuple(passage for one in self.held for passage in one.passages)


@dataclass(frozen=True, slots=True)
class ReadIndex:
    """What could be read of an index.

    Attributes:
        pointer: Which collections are in force.
        words: The collection whose sections are searched by words: the current one where it can be read.
        current: The current collection, or why it cannot be read.
        baseline: Reads the base model's collection, or raises why it cannot; ``None`` without one.
        vectors_away: Why no vectors can be had, empty if they can.
    """

    pointer: Pointer
    words: ReadCollection
    current: ReadCollection | InputError
    baseline: Callable[[], ReadCollection] | None
    vectors_away: str = ""


def read_index(store: FolderStore | ServerStore) -> ReadIndex:
    """Read the collections in force.

    The sections of a server's index are copied to a folder of this machine; where the server does not answer,
    the copy is read.

    Raises:
        InputError: There is no index, or nothing of it can be read.
    """
    if isinstance(store, FolderStore):
        return _read(store)
    try:
        found = _read(store)
    except FormatError:
        raise
    except InputError as error:
        with contextlib.suppress(InputError):
            copy = _read(store.mirror)
            return ReadIndex(copy.pointer, copy.words, copy.current, None, error.message)
        raise
    _mirror(store.mirror, found.words)
    return found


def _read(store: IndexStore) -> ReadIndex:
    pointer = store.pointer()
    if pointer is None:
        raise InputError(f"{store.place} holds no index.", REINDEX)
    name = pointer.baseline
    baseline = None if name is None else lambda: read_collection(store, name)
    try:
        current = read_collection(store, pointer.current)
    except FormatError as error:
        if baseline is None:
            raise
        try:
            return ReadIndex(pointer, baseline(), error, baseline)
        except InputError:
            raise error from None
    return ReadIndex(pointer, current, current, baseline)


def read_collection(store: IndexStore, name: str) -> ReadCollection:
    """Read a collection; one that is being written is read again until its parts belong together.

    Raises:
        InputError: It cannot be reached.
        FormatError: It is missing or damaged.
    """
    for left in reversed(range(_TRIES)):
        records = store.records(name)
        try:
            finished = not records.unfinished
            description = records.describe()
            held = tuple(records.read().values())
        except FormatError:
            if not left:
                raise
            time.sleep(_WAIT_SECONDS)
            continue
        if description is None:
            raise FormatError(f"The index in {store.place} has no collection {name}.", REINDEX)
        return ReadCollection(name, description, held, finished)
    raise AssertionError("the last try returns or raises")


def _mirror(mirror: FolderStore, found: ReadCollection) -> None:
    """Copy the sections of a server's index; without room for them the search goes on."""
    with contextlib.suppress(InputError):
        records = mirror.records(found.name)
        with contextlib.suppress(FormatError):
            if records.describe() == found.description and not records.unfinished:
                return
        if not found.finished:
            return
        with mirror.writing():
            mirror.drop(found.name)
            records.begin(found.description, found.held)
            records.finish(found.description, found.held)
            mirror.switch(Pointer(found.name))
