"""What an index folder holds beside the vectors: its description, the sections and the passages.

::

    index.json        what the index is: model, corpus, settings, engine, counts
    sections.jsonl    the sections a search returns
    passages.jsonl    the windows the vectors stand for
    vectors/          the engine's own files
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from embedtune.corpus.storage import read_sections, write_sections
from embedtune.errors import FormatError, InputError
from embedtune.files import read_json, staged_folder, write_json, write_json_lines
from embedtune.vocabulary.corpus import Passage, Section, corpus_digest
from embedtune.vocabulary.retrieval import FusionSettings, PassageSettings

if TYPE_CHECKING:
    from collections.abc import Callable

DESCRIPTION_FILE = "index.json"
SECTIONS_FILE = "sections.jsonl"
PASSAGES_FILE = "passages.jsonl"
VECTORS_FOLDER = "vectors"

EXACT_BELOW = 5_000
"""From so many passages on, the embedded engine answers faster than numpy does."""

_SCHEMA = 1
_REINDEX = "Index the corpus again (`embedtune index`)."


class Engine(StrEnum):
    """What holds the vectors."""

    EXACT = "exact"
    QDRANT = "qdrant"


@dataclass(frozen=True, slots=True)
class IndexDescription:
    """What an index is made of; two equal descriptions answer alike.

    Attributes:
        model_digest: The model that made the vectors.
        dimension: Length of a vector.
        version: The model version or system it belongs to, as the user wrote it.
        corpus_digest: The sections in it.
        passages: How they were cut.
        fusion: How dense and BM25 scores are combined.
        engine: What holds the vectors.
        section_count: How many sections.
        passage_count: How many passages.
    """

    model_digest: str
    dimension: int
    version: str
    corpus_digest: str
    passages: PassageSettings
    fusion: FusionSettings
    engine: Engine
    section_count: int
    passage_count: int


@dataclass(frozen=True, slots=True)
class Collection:
    """An index folder but for its vectors."""

    description: IndexDescription
    sections: tuple[Section, ...]
    passages: tuple[Passage, ...]


def choose_engine(passage_count: int) -> Engine:
    """Return the engine for so many passages: `Engine.EXACT` below `EXACT_BELOW`, else `Engine.QDRANT`."""
    return Engine.EXACT if passage_count < EXACT_BELOW else Engine.QDRANT


def write_collection(
    folder: Path, collection: Collection, write_vectors: Callable[[Path], None], *, replace: bool = False
) -> None:
    """Write an index folder, wholly or not at all.

    Args:
        folder: Where to.
        collection: What to write.
        write_vectors: Writes the vectors into the folder it is given, and closes what it opened there.
        replace: Whether an older index may be in the place; it stays usable until the new one is whole.

    Raises:
        InputError: The folder holds an index and ``replace`` is false, holds something that is no
            index, or cannot be written.
    """
    _check_place(folder, replace=replace)
    retired: Path | None = None
    try:
        with staged_folder(folder) as staging:
            write_sections(staging / SECTIONS_FILE, collection.sections)
            write_json_lines(staging / PASSAGES_FILE, map(asdict, collection.passages))
            write_vectors(staging / VECTORS_FOLDER)
            write_json(staging / DESCRIPTION_FILE, {"schema": _SCHEMA, **asdict(collection.description)})
            retired = _set_aside(folder) if replace else None
    except FileExistsError as error:
        raise InputError(f"{folder} was written by another process meanwhile.", "Run the command again.") from error
    finally:
        if retired is not None and folder.exists():
            shutil.rmtree(retired, ignore_errors=True)
        elif retired is not None:
            retired.replace(folder)


def read_collection(folder: Path) -> Collection:
    """Read an index folder but for its vectors, and check that its parts belong together.

    Raises:
        InputError: There is no index.
        FormatError: A part is missing, malformed, or not the one described.
    """
    description = read_description(folder)
    try:
        sections = read_sections(folder / SECTIONS_FILE)
    except FormatError as error:
        raise FormatError(error.message, _REINDEX) from error
    passages = _read_passages(folder / PASSAGES_FILE)
    counts = (len(sections), len(passages))
    if counts != (description.section_count, description.passage_count):
        raise _malformed(folder, f"it holds {counts[0]} sections and {counts[1]} passages, not as many as described")
    if corpus_digest(sections) != description.corpus_digest:
        raise _malformed(folder, "its sections were changed")
    if not {passage.section_id for passage in passages} <= {section.id for section in sections}:
        raise _malformed(folder, "a passage belongs to no section")
    return Collection(description, sections, passages)


def _check_place(folder: Path, *, replace: bool) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / DESCRIPTION_FILE).is_file():
        raise InputError(f"{folder} holds something that is no index.", "Give another folder.")
    if not replace:
        raise InputError(f"{folder} holds an index already.", "Replace it, or give another folder.")


def _set_aside(folder: Path) -> Path | None:
    """Move an old index to a name of its own beside it, at the last moment."""
    if not folder.exists():
        return None
    retired = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
    folder.replace(retired)
    return retired


def read_description(folder: Path) -> IndexDescription:
    """Read what an index is made of.

    Raises:
        InputError: There is no index.
        FormatError: Its description is malformed.
    """
    path = folder / DESCRIPTION_FILE
    if not path.is_file():
        raise InputError(f"{folder} holds no index ({DESCRIPTION_FILE} is missing).", _REINDEX)
    try:
        row = read_json(path)
        schema = row.get("schema") if isinstance(row, dict) else None
        if schema != _SCHEMA:
            raise _malformed(path.parent, f"{DESCRIPTION_FILE} has schema {schema}, not {_SCHEMA}")
        return TypeAdapter(IndexDescription).validate_python(row)
    except ValidationError as error:
        raise _malformed(path.parent, f"{DESCRIPTION_FILE}: {_first_problem(error)}") from error
    except FormatError:
        raise
    except InputError as error:
        raise FormatError(error.message, _REINDEX) from error


def _read_passages(path: Path) -> tuple[Passage, ...]:
    adapter = TypeAdapter(Passage)
    passages: list[Passage] = []
    try:
        # Only a newline ends a row: `splitlines` would also cut at separators inside a text.
        with path.open(encoding="utf-8", newline="\n") as lines:
            passages.extend(map(adapter.validate_json, lines))
    except ValidationError as error:
        where = f"{PASSAGES_FILE}, line {len(passages) + 1}"
        raise _malformed(path.parent, f"{where}: {_first_problem(error)}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise _malformed(path.parent, f"{PASSAGES_FILE} cannot be read ({error})") from error
    return tuple(passages)


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    return ".".join(map(str, problem["loc"])) + " " + problem["msg"]


def _malformed(place: Path, reason: str) -> FormatError:
    return FormatError(f"The index in {place} is damaged: {reason}.", _REINDEX)
