"""An index in a folder.

::

    store.json                  which collections are in force; replaced as a whole
    collections/<name>/         a collection: its records (`folder_records`) and, in vectors/, the engine's files
    .lock                       held by the one process that writes
"""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from embedtune.errors import FormatError, InputError
from embedtune.files import read_json, write_json
from embedtune.index.description import REINDEX, SCHEMA, Engine, IndexDescription, choose_engine, malformed
from embedtune.index.exact_files import KeptExactIndex
from embedtune.index.folder_records import DESCRIPTION_FILE, SECTIONS_FILE, FolderRecords
from embedtune.index.qdrant_embedded import EmbeddedQdrantIndex
from embedtune.index.stores import Pointer
from embedtune.locks import sole_holder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedtune.vocabulary.ports import PassageIndex

POINTER_FILE = "store.json"
COLLECTIONS_FOLDER = "collections"
VECTORS_FOLDER = "vectors"
LOCK_FILE = ".lock"
_STAGED = f".{POINTER_FILE}."


class FolderStore:
    """`IndexStore` on this machine.

    Args:
        folder: The index folder; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def place(self) -> str:
        """The folder."""
        return str(self._folder)

    def engine(self, passage_count: int, wanted: str | None) -> Engine:
        """Return what holds the vectors of so many passages: the wanted engine, else by size.

        Raises:
            InputError: A server was asked for.
        """
        if wanted == Engine.SERVER:
            raise InputError(f"{self.place} is a folder, not a server.", "Give --store http://HOST:6333.")
        return Engine(wanted) if wanted else choose_engine(passage_count)

    def pointer(self) -> Pointer | None:
        """Return which collections are in force, ``None`` where there is no index.

        Raises:
            FormatError: The pointer is damaged.
        """
        path = self._folder / POINTER_FILE
        if not path.is_file():
            return None
        try:
            row = read_json(path)
            schema = row.pop("schema", None) if isinstance(row, dict) else None
            if schema != SCHEMA:
                raise malformed(self.place, f"{POINTER_FILE} has schema {schema}, not {SCHEMA}")
            pointer = TypeAdapter(Pointer).validate_python(row)
        except ValidationError as error:
            raise malformed(self.place, f"{POINTER_FILE} does not name collections") from error
        except FormatError:
            raise
        except InputError as error:
            raise FormatError(error.message, REINDEX) from error
        if any(Path(name).name != name for name in pointer.names):
            raise malformed(self.place, f"{POINTER_FILE} names a collection outside of it")
        return pointer

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other writers out.

        Raises:
            InputError: One is at work, or the folder holds something that is no index.
        """
        self._check_place()
        lock = sole_holder(
            self._folder / LOCK_FILE,
            InputError(f"Another process is writing the index in {self.place}.", "Wait until it is done."),
            lambda error: InputError(
                f"The index in {self.place} cannot be written: {error.strerror or error}.",
                "Check the permissions and the free space of the disk.",
            ),
        )
        try:
            self._sweep()
            yield
        finally:
            lock.release()

    def records(self, name: str) -> FolderRecords:
        """Return the records of a collection."""
        return FolderRecords(self._collection(name))

    def vectors(self, name: str, description: IndexDescription) -> PassageIndex:
        """Open the vectors of a collection, or begin them.

        Raises:
            ModelError: They are another model's.
            FormatError: They are damaged.
            InputError: They are in use by another process, or cannot be written.
        """
        kind = KeptExactIndex if description.engine is Engine.EXACT else EmbeddedQdrantIndex
        folder = self._collection(name) / VECTORS_FOLDER
        return kind.open(folder, description.dimension, description.model_digest)

    def switch(self, pointer: Pointer) -> None:
        """Put collections in force, all at once; those that nothing points to are dropped.

        Raises:
            InputError: The disk refuses; the old ones are in force then.
        """
        write_json(self._folder / POINTER_FILE, {"schema": SCHEMA, **asdict(pointer)})
        for folder in sorted((self._folder / COLLECTIONS_FOLDER).iterdir()):
            if folder.name not in pointer.names:
                self.drop(folder.name)

    def drop(self, name: str) -> None:
        """Remove a collection, so that it can be begun anew.

        Raises:
            InputError: The disk refuses.
        """
        # Whoever reads a collection that is being removed must find it gone rather than half.
        folder = self._collection(name)
        gone = folder.with_name(f".{folder.name}.gone")
        shutil.rmtree(gone, ignore_errors=True)
        try:
            folder.rename(gone)
        except FileNotFoundError:
            return
        except OSError as error:
            raise InputError(
                f"{folder} cannot be removed: {error.strerror or error}.", "Check the permissions of the index folder."
            ) from error
        shutil.rmtree(gone, ignore_errors=True)

    def close(self) -> None:
        """Release nothing: a folder has no connection."""

    def _collection(self, name: str) -> Path:
        return self._folder / COLLECTIONS_FOLDER / name

    def _sweep(self) -> None:
        """Remove the halves of files that a killed process left."""
        collections = self._folder / COLLECTIONS_FOLDER
        halves = [*self._folder.glob(f"{_STAGED}*")]
        for name in (DESCRIPTION_FILE, SECTIONS_FILE):
            halves += collections.glob(f"*/.{name}.*")
        for path in halves:
            with contextlib.suppress(OSError):
                path.unlink()

    def _check_place(self) -> None:
        if self._folder.exists() and not self._folder.is_dir():
            raise InputError(f"{self.place} is a file.", "Give a folder.")
        names = {path.name for path in self._folder.iterdir()} if self._folder.exists() else set()
        foreign = names - {POINTER_FILE, COLLECTIONS_FOLDER, LOCK_FILE}
        if any(not name.startswith(_STAGED) for name in foreign):
            raise InputError(f"{self.place} holds something that is no index.", "Give another folder.")
