"""Take vectors from a collection that has them, so that they are not made again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from embedtune.errors import InputError
from embedtune.index.description import IndexDescription, collection_name
from embedtune.index.stores import IndexStore, Pointer
from embedtune.vocabulary.corpus import Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Vectorise = Callable[[Sequence[Passage]], "NDArray[np.float32]"]
"""Returns the vectors of passages: shape (n, dimension)."""


@contextlib.contextmanager
def donor_in(
    store: IndexStore, pointer: Pointer | None, description: IndexDescription, encode: Vectorise
) -> Iterator[Vectorise]:
    """Yield what takes vectors from another engine's collection of the same model, and makes the others.

    Args:
        store: Where such a collection may be.
        pointer: What is in force there.
        description: What is to be filled.
        encode: Makes vectors.
    """
    wanted = collection_name(description.model_digest, description.passages, description.engine)
    stem = wanted.removesuffix(description.engine.value)
    names = sorted(pointer.names if pointer else ())
    donor = next((name for name in names if name.startswith(stem) and name != wanted), None)
    if donor is None:
        yield encode
        return
    try:
        held = store.records(donor).describe()
        index = store.vectors(donor, held) if held else None
        known = index.ids() if index else frozenset()
    except InputError:
        index = None  # it was to save time only
    if index is None:
        yield encode
        return
    try:

        def vectorise(passages: Sequence[Passage]) -> NDArray[np.float32]:
            ids = [passage.id for passage in passages]
            if known.issuperset(ids):
                with contextlib.suppress(InputError):
                    return index.vectors(ids)
            return encode(passages)

        yield vectorise
    finally:
        index.close()


@contextlib.contextmanager
def vectors_of(store: IndexStore, name: str, description: IndexDescription) -> Iterator[Vectorise]:
    """Yield what takes all vectors from a collection.

    Raises:
        InputError: They cannot be read, or one is missing.
    """
    index = store.vectors(name, description)
    try:
        known = index.ids()

        def vectorise(passages: Sequence[Passage]) -> NDArray[np.float32]:
            missing = next((passage for passage in passages if passage.id not in known), None)
            if missing is not None:
                raise InputError(
                    f"{store.place} lacks the vectors of the section {missing.section_id}.",
                    "Bring it up to date first (`embedtune index`).",
                )
            return index.vectors([passage.id for passage in passages])

        yield vectorise
    finally:
        index.close()
