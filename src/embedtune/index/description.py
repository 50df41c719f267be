"""What a collection of an index says of itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from embedtune.errors import FormatError, InputError
from embedtune.files import read_json, write_json
from embedtune.vocabulary.retrieval import UNCALIBRATED, Calibrations, FusionSettings, PassageSettings

if TYPE_CHECKING:
    from pathlib import Path

EXACT_BELOW = 5_000
"""From so many passages on, the embedded engine answers faster than numpy does."""

SCHEMA = 2
REINDEX = "Index the corpus again (`embedtune index`)."


class Engine(StrEnum):
    """What holds the vectors."""

    EXACT = "exact"
    QDRANT = "qdrant"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class IndexDescription:
    """What a collection is made of; two equal descriptions answer alike.

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
        calibration: How scores become shares from 0 to 1.
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
    calibration: Calibrations = UNCALIBRATED

    def row(self) -> dict[str, object]:
        """Return the description as a JSON object."""
        return {"schema": SCHEMA, **asdict(self)}


def choose_engine(passage_count: int) -> Engine:
    """Return the engine for so many passages: `Engine.EXACT` below `EXACT_BELOW`, else `Engine.QDRANT`."""
    return Engine.EXACT if passage_count < EXACT_BELOW else Engine.QDRANT


def collection_name(model_digest: str, passages: PassageSettings, engine: Engine) -> str:
    """Return what a collection is called: by its model's digest, so that vectors of two models never meet.

    Sections cut otherwise, or held by another engine, are another collection as well.
    """
    cut = "whole" if passages.words is None else f"{passages.words}w{round(100 * passages.overlap)}"
    return f"{model_digest.removeprefix('sha256:')[:16]}-{cut}-{engine.value}"


def write_description(path: Path, description: IndexDescription) -> None:
    """Write a description, wholly or not at all.

    Raises:
        InputError: The disk refuses.
    """
    write_json(path, description.row())


def read_description(path: Path) -> IndexDescription:
    """Read a description.

    Raises:
        FormatError: It is missing or malformed.
    """
    try:
        row = read_json(path)
    except InputError as error:
        raise FormatError(error.message, REINDEX) from error
    return parse_description(row, f"{path.parent}")


def parse_description(row: object, place: str) -> IndexDescription:
    """Return the description of a JSON object.

    Args:
        row: The object.
        place: Where it stands, for the message.

    Raises:
        FormatError: It is malformed.
    """
    schema = row.get("schema") if isinstance(row, dict) else None
    if schema != SCHEMA:
        raise malformed(place, f"its description has schema {schema}, not {SCHEMA}")
    try:
        return TypeAdapter(IndexDescription).validate_python(row)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(map(str, problem["loc"]))
        raise malformed(place, f"its description: {where} {problem['msg']}") from error


def malformed(place: str, reason: str) -> FormatError:
    """Return the error that stands for a damaged index."""
    return FormatError(f"The index in {place} is damaged: {reason}.", REINDEX)
