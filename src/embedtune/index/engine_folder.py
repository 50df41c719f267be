"""The folder around an embedded engine's own files: whose vectors they are, and who may open them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from embedtune.errors import FormatError, InputError
from embedtune.files import read_json, write_json
from embedtune.index.vectors import check_model
from embedtune.locks import sole_holder

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import BaseFileLock

ENGINE_FILE = "engine.json"
LOCK_FILE = ".lock"


@dataclass(frozen=True, slots=True)
class HeldVectors:
    """What the engine's own files do not say.

    Attributes:
        model_digest: Whose vectors they hold.
        dimension: Length of a vector.
        passages: How many there are at least.
        graph: Over how many the search graph was built last.
    """

    model_digest: str
    dimension: int
    passages: int
    graph: int = 0


def locked(folder: Path) -> BaseFileLock:
    """Return the folder's lock, held.

    Raises:
        InputError: Somebody else holds it, or the folder cannot be written.
    """
    taken = InputError(
        f"The index in {folder} is already open, here or in another process.",
        "Close that one first, or copy the folder.",
    )
    return sole_holder(
        folder / LOCK_FILE,
        taken,
        lambda error: InputError(
            f"The index in {folder} cannot be opened: {error.strerror or error}.",
            "Check the permissions: the engine writes even while searching.",
        ),
        any_thread=True,
    )


def check_unused(folder: Path) -> None:
    """Refuse to make an index among files that are none of its own.

    Raises:
        FormatError: There are some.
    """
    others = sorted(path.name for path in folder.iterdir() if path.name != LOCK_FILE)
    if others:
        raise damaged(folder, f"it holds {others[0]} and no {ENGINE_FILE}")


def read_engine(folder: Path, dimension: int, model_digest: str) -> HeldVectors:
    """Return what a folder holds, having checked whose vectors they are.

    Raises:
        ModelError: They are another model's, or of another dimension.
        FormatError: The folder does not say.
    """
    try:
        engine = TypeAdapter(HeldVectors).validate_python(read_json(folder / ENGINE_FILE))
    except InputError as error:
        raise damaged(folder, error.message) from error
    except ValidationError as error:
        raise damaged(folder, f"{ENGINE_FILE} does not describe an index") from error
    check_model(f"The index in {folder}", (engine.model_digest, engine.dimension), (model_digest, dimension))
    return engine


def write_engine(folder: Path, held: HeldVectors) -> None:
    """Note whose vectors a folder holds, and how many.

    Raises:
        InputError: The disk refuses.
    """
    write_json(folder / ENGINE_FILE, asdict(held))


def damaged(folder: Path, reason: str) -> FormatError:
    """Return the error that stands for a damaged index."""
    return FormatError(f"The index in {folder} is damaged: {reason}.", "Delete the folder and index the corpus again.")
