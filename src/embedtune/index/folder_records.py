"""The sections of a collection as files: a snapshot, and a journal of what was acknowledged since.

::

    collection.json     what the collection says of itself
    sections.jsonl      the sections at the end of the last update that was finished
    journal.jsonl       what an update has acknowledged since, one batch a line; gone when it is finished
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from embedtune.errors import InputError
from embedtune.files import whole_lines_end, write_json_lines
from embedtune.index.description import IndexDescription, malformed, read_description, write_description
from embedtune.index.held_sections import HeldSection, held_of_row
from embedtune.vocabulary.corpus import corpus_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from embedtune.vocabulary.retrieval import PassageSettings

DESCRIPTION_FILE = "collection.json"
SECTIONS_FILE = "sections.jsonl"
JOURNAL_FILE = "journal.jsonl"

_PUT, _REMOVE = "put", "remove"


class FolderRecords:
    """`SectionRecords` in a folder.

    Args:
        folder: The collection's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._journal = folder / JOURNAL_FILE

    def describe(self) -> IndexDescription | None:
        """Return what the collection says of itself, ``None`` for a new one.

        Raises:
            FormatError: It is damaged.
        """
        path = self._folder / DESCRIPTION_FILE
        return read_description(path) if path.exists() else None

    def begin(self, description: IndexDescription, sections: Sequence[HeldSection]) -> None:
        """Prepare a collection; one that exists is left as it is.

        Raises:
            InputError: The disk refuses.
        """
        if not (self._folder / DESCRIPTION_FILE).exists():
            write_description(self._folder / DESCRIPTION_FILE, description)

    @property
    def unfinished(self) -> bool:
        """Whether an update was begun and not finished."""
        return self._journal.exists() or not (self._folder / SECTIONS_FILE).exists()

    def read(self) -> Mapping[str, HeldSection]:
        """Return the sections by id, in order; an acknowledgement that was cut off never was one.

        Raises:
            FormatError: They are damaged.
        """
        description = self.describe()
        if description is None:
            return {}
        held: dict[str, HeldSection] = {}
        if (self._folder / SECTIONS_FILE).exists():
            held = {one.id: one for one in self._held(SECTIONS_FILE, description.passages)}
        finished = not self.unfinished
        for row in self._rows(JOURNAL_FILE) if self._journal.exists() else ():
            self._replay(row, held, description.passages)
        if finished:
            self._check(description, held)
        return held

    def put(self, sections: Sequence[HeldSection]) -> None:
        """Acknowledge sections whose vectors are held, new or in place of what they were.

        Raises:
            InputError: The disk refuses; none of them counts then.
        """
        self._append({_PUT: [section.row() for section in sections]})

    def remove(self, section_ids: Sequence[str]) -> None:
        """Acknowledge that sections are gone.

        Raises:
            InputError: The disk refuses.
        """
        self._append({_REMOVE: list(section_ids)})

    def finish(self, description: IndexDescription, sections: Sequence[HeldSection]) -> None:
        """End an update: the records hold just these sections, in this order.

        Raises:
            InputError: The disk refuses; what was acknowledged stays so.
        """
        # The journal goes last: replayed over the new snapshot, it changes nothing.
        if not self._journal.exists():
            self._append({_PUT: []})
        write_json_lines(self._folder / SECTIONS_FILE, (section.row() for section in sections))
        write_description(self._folder / DESCRIPTION_FILE, description)
        self._journal.unlink()

    def _append(self, row: Mapping[str, object]) -> None:
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        try:
            with self._journal.open("a+b") as stream:
                end = whole_lines_end(stream)
                stream.truncate(end)
                try:
                    stream.write(line)
                    stream.flush()
                    os.fsync(stream.fileno())
                except OSError:
                    os.truncate(self._journal, end)
                    raise
        except OSError as error:
            raise InputError(
                f"The index in {self._folder} cannot be written: {error.strerror or error}.",
                "Check the free space of the disk; what was indexed before is kept, and the next run goes on from it.",
            ) from error

    def _replay(self, row: object, held: dict[str, HeldSection], cut: PassageSettings) -> None:
        if not isinstance(row, dict):
            raise malformed(str(self._folder), f"{JOURNAL_FILE}: a line is not a JSON object")
        try:
            for section in [held_of_row(one, cut) for one in row.get(_PUT, ())]:
                held[section.id] = section
            for id_ in row.get(_REMOVE, ()):
                held.pop(id_, None)
        except (KeyError, TypeError, ValueError) as error:
            raise malformed(str(self._folder), f"{JOURNAL_FILE}: {error}") from error

    def _held(self, name: str, cut: PassageSettings) -> Iterator[HeldSection]:
        for number, row in enumerate(self._rows(name), start=1):
            try:
                yield held_of_row(row, cut)
            except (KeyError, TypeError, ValueError) as error:
                raise malformed(str(self._folder), f"{name}, line {number}: {error}") from error

    def _rows(self, name: str) -> Iterator[object]:
        """Yield the whole lines of a file; only a newline ends one."""
        number = 0
        try:
            with (self._folder / name).open("rb") as lines:
                for line in lines:
                    number += 1
                    if not line.endswith(b"\n") and name == JOURNAL_FILE:
                        return
                    yield json.loads(line)
        except ValueError as error:
            raise malformed(str(self._folder), f"{name}, line {number}: {error}") from error
        except OSError as error:
            raise malformed(str(self._folder), f"{name} cannot be read ({error})") from error

    def _check(self, description: IndexDescription, held: Mapping[str, HeldSection]) -> None:
        sections = [one.section for one in held.values()]
        passages = sum(len(one.passages) for one in held.values())
        described = (description.section_count, description.passage_count)
        if (len(sections), passages) != described:
            raise malformed(
                str(self._folder),
                f"it holds {len(sections)} sections and {passages} passages, not as many as described",
            )
        if corpus_digest(sections) != description.corpus_digest:
            raise malformed(str(self._folder), "its sections were changed")
