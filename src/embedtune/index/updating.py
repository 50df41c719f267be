"""Bring a collection to a state of the corpus, section by section, so that a crash costs one batch.

The vectors of new content stand beside those of the old. Once they are held, one line of the records puts
the new content in force; then the old vectors go. So a section is old or new at any moment, and never half.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.events import Progress
from embedtune.vocabulary.retrieval import section_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedtune.events import Report
    from embedtune.index.held_sections import HeldSection
    from embedtune.index.stores import SectionRecords
    from embedtune.vocabulary.corpus import Passage
    from embedtune.vocabulary.ports import PassageIndex

_PASSAGES_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class UpdateCounts:
    """What an update did.

    Attributes:
        added: Sections that were not there.
        changed: Sections with another content.
        removed: Sections that are no longer in the corpus.
        unchanged: Sections that were there.
        encoded: Passages whose vectors were made, or taken from another collection.
        reused: Passages of added and changed sections whose text was held already.
    """

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    encoded: int = 0
    reused: int = 0


@dataclass(slots=True)
class Update:
    """One update of a collection.

    Attributes:
        records: Which sections it holds.
        index: Their vectors.
        vectorise: Returns the vectors of passages, shape (n, dimension).
        report: Where progress goes.
    """

    records: SectionRecords
    index: PassageIndex
    vectorise: Callable[[Sequence[Passage]], NDArray[np.float32]]
    report: Report

    def run(self, wanted: Sequence[HeldSection]) -> UpdateCounts:
        """Make the collection hold just the wanted sections; an update that broke off is gone on with.

        Raises:
            InputError: A write failed; every section is then as it was or as wanted.
        """
        held = dict(self.records.read())
        present = self._present(held)
        whole = {id_: one for id_, one in held.items() if present.issuperset(p.id for p in one.passages)}
        todo = [one for one in wanted if one.id not in whole or whole[one.id].digest != one.digest]
        ids = {one.id for one in wanted}
        gone = [one for id_, one in held.items() if id_ not in ids]
        encoded, reused = self._write(todo, held, present, len(wanted))
        if gone:
            self.records.remove([one.id for one in gone])
            self.index.remove([passage.id for one in gone for passage in one.passages])
        added = sum(one.id not in held for one in todo)
        return UpdateCounts(added, len(todo) - added, len(gone), len(wanted) - len(todo), encoded, reused)

    def _present(self, held: Mapping[str, HeldSection]) -> frozenset[str]:
        """Return the passages whose vectors are held, having removed those that no section has."""
        named = {passage.id for one in held.values() for passage in one.passages}
        present = self.index.ids()
        self.index.remove(sorted(present - named))
        return present & named

    def _write(
        self, todo: Sequence[HeldSection], held: Mapping[str, HeldSection], present: frozenset[str], total: int
    ) -> tuple[int, int]:
        encoded = reused = 0
        done = total - len(todo)
        for batch in _batches(todo):
            old = [held[one.id] for one in batch if one.id in held]
            known = {p.text: p.id for one in old for p in one.passages if p.id in present}
            passages = [passage for one in batch for passage in one.passages]
            again = [passage for passage in passages if passage.text in known]
            fresh = [passage for passage in passages if passage.text not in known]
            if again:
                self._upsert(again, self.index.vectors([known[passage.text] for passage in again]), batch)
            if fresh:
                self._upsert(fresh, self.vectorise(fresh), batch)
            self.records.put(batch)
            kept = {passage.id for passage in passages}
            self.index.remove([p.id for one in old for p in one.passages if p.id not in kept])
            encoded, reused, done = encoded + len(fresh), reused + len(again), done + len(batch)
            self.report(Progress("Indexing", done, total, "sections"))
        return encoded, reused

    def _upsert(self, passages: Sequence[Passage], vectors: NDArray[np.float32], batch: Sequence[HeldSection]) -> None:
        sections = {one.id: one.section for one in batch}
        owners = [sections[passage.section_id] for passage in passages]
        labels = {one.id: section_labels(one) for one in sections.values()}
        self.index.upsert(passages, vectors, [one.domain for one in owners], [labels[one.id] for one in owners])


def _batches(sections: Sequence[HeldSection]) -> Iterator[list[HeldSection]]:
    """Yield runs of sections with some hundred passages each; a section is never divided."""
    batch: list[HeldSection] = []
    count = 0
    for one in sections:
        if batch and count + len(one.passages) > _PASSAGES_AT_ONCE:
            yield batch
            batch, count = [], 0
        batch.append(one)
        count += len(one.passages)
    if batch:
        yield batch
