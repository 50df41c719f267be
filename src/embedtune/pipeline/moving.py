"""Move an index from one store to another, and prove that nothing was lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from embedtune.errors import InputError, VerificationError
from embedtune.index.description import Engine, IndexDescription
from embedtune.index.held_sections import HeldSection
from embedtune.index.stores import IndexStore
from embedtune.index.updating import UpdateCounts
from embedtune.pipeline.donating import vectors_of
from embedtune.pipeline.indexing import BuiltIndex, Filling, next_pointer
from embedtune.pipeline.project import Project
from embedtune.pipeline.stores import open_store
from embedtune.vocabulary.corpus import corpus_digest
from embedtune.vocabulary.ports import PassageIndex

_SAME = 1e-6
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class MovedCollection:
    """A collection that stands in both stores, compared.

    Attributes:
        description: What it is made of, in its new place.
        counts: What had to be written there.
        greatest_difference: Of any number of any vector.
    """

    description: IndexDescription
    counts: UpdateCounts
    greatest_difference: float


def move_index(
    project: Project, source: str | Path, target: str | Path, engine: str | None = None
) -> tuple[MovedCollection, ...]:
    """Copy the collections in force of one store to another; nothing is encoded, and the source stays.

    Afterwards the sections' digests and every vector are read from both and compared.

    Args:
        project: The project.
        source: A folder, or the address of a Qdrant server.
        target: Another one.
        engine: What is to hold the vectors; by size and place if not given.

    Raises:
        InputError: There is no index in the source, or the target cannot be written.
        VerificationError: The two differ.
    """
    here, there = open_store(project, source), open_store(project, target)
    try:
        pointer = here.pointer()
        if pointer is None:
            raise InputError(f"{here.place} holds no index.", "Index the corpus first (`embedtune index`).")
        if here.place == there.place:
            raise InputError(f"{here.place} is both source and target.", "Give two places.")
        names = [(pointer.current, False), *([(pointer.baseline, True)] if pointer.baseline else [])]
        with there.writing():
            return tuple(_moved(project, here, there, name, engine, as_baseline=base) for name, base in names)
    finally:
        here.close()
        there.close()


def _moved(
    project: Project, here: IndexStore, there: IndexStore, name: str, engine: str | None, *, as_baseline: bool
) -> MovedCollection:
    records = here.records(name)
    described = records.describe()
    if described is None:
        raise InputError(f"{here.place} holds no collection {name}.", "Index the corpus again.")
    held = tuple(records.read().values())
    count = sum(len(one.passages) for one in held)
    chosen = Engine(there.engine(count, engine))
    description = _described(described, held, chosen)
    filling = Filling(there, project.config.index, project.report, lambda made, *_: made)
    with vectors_of(here, name, described) as vectorise:
        built = filling.run(description, held, vectorise)
    difference = _compared(here, name, described, there, built)
    there.switch(next_pointer(there.pointer(), built.name, as_baseline=as_baseline))
    return MovedCollection(built.description, built.counts, difference)


def _described(source: IndexDescription, held: Sequence[HeldSection], engine: Engine) -> IndexDescription:
    return replace(
        source,
        engine=engine,
        corpus_digest=corpus_digest([one.section for one in held]),
        section_count=len(held),
        passage_count=sum(len(one.passages) for one in held),
    )


def _compared(here: IndexStore, name: str, described: IndexDescription, there: IndexStore, built: BuiltIndex) -> float:
    """Return the greatest difference of any number, having compared the sections' digests and the passages' names."""
    left, right = here.records(name).read(), there.records(built.name).read()
    if {id_: one.digest for id_, one in left.items()} != {id_: one.digest for id_, one in right.items()}:
        raise _lost(there, "its sections are not those of the source")
    source, copy = here.vectors(name, described), there.vectors(built.name, built.description)
    try:
        ids = sorted(passage.id for one in left.values() for passage in one.passages)
        if len(copy) != len(ids):
            raise _lost(there, f"it holds {len(copy)} vectors, not {len(ids)}")
        difference = max(_difference(source, copy, ids[s : s + _AT_ONCE]) for s in range(0, len(ids), _AT_ONCE))
    finally:
        source.close()
        copy.close()
    if difference > _SAME:
        raise _lost(there, f"a vector differs by {difference:.2g}")
    return difference


def _difference(source: PassageIndex, copy: PassageIndex, ids: Sequence[str]) -> float:
    return float(np.abs(source.vectors(ids) - copy.vectors(ids)).max())


def _lost(store: IndexStore, reason: str) -> VerificationError:
    return VerificationError(f"The copy in {store.place} is not the source: {reason}.", "Move it again.")
