"""Put a corpus into an index that `searching` opens; what did not change is not encoded again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from embedtune.config.settings import IndexSettings
from embedtune.errors import FormatError, InputError
from embedtune.events import Alert, Report
from embedtune.index.description import Engine, IndexDescription, collection_name
from embedtune.index.held_sections import HeldSection, hold_all
from embedtune.index.qdrant_embedded import OPTIMIZE_FROM, EmbeddedQdrantIndex
from embedtune.index.stores import IndexStore, Pointer
from embedtune.index.updating import Update, UpdateCounts
from embedtune.pipeline.calibrating import calibrated
from embedtune.pipeline.donating import Vectorise, donor_in
from embedtune.pipeline.questions import JudgedQueries
from embedtune.vocabulary.corpus import Passage, Section, corpus_digest
from embedtune.vocabulary.ports import Encoder, PassageIndex
from embedtune.vocabulary.retrieval import FusionSettings, PassageSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_KEPT = IndexSettings()


@dataclass(frozen=True, slots=True)
class IndexRequest:
    """What to index.

    Attributes:
        sections: The corpus.
        encoder: The model that makes the vectors.
        version: What the model is called.
        passages: How sections are cut.
        fusion: How dense and BM25 scores are combined.
        engine: What holds the vectors; ``None`` chooses by size.
        dev: Judged questions that scores are calibrated on; ``None`` where there are none.
        settings: How the engine is kept.
        as_baseline: Whether it is the base model's, which stands by.
    """

    sections: tuple[Section, ...]
    encoder: Encoder
    version: str
    passages: PassageSettings
    fusion: FusionSettings
    engine: Engine | None = None
    dev: JudgedQueries | None = None
    settings: IndexSettings = _KEPT
    as_baseline: bool = False

    def vectorise(self, passages: Sequence[Passage]) -> NDArray[np.float32]:
        """Encode passages: shape (len(passages), dimension)."""
        return self.encoder.encode([passage.text for passage in passages])


@dataclass(frozen=True, slots=True)
class BuiltIndex:
    """What was indexed.

    Attributes:
        name: The collection.
        description: What it is made of.
        counts: What was added, changed, removed and encoded.
    """

    name: str
    description: IndexDescription
    counts: UpdateCounts


def build_index(request: IndexRequest, store: IndexStore, report: Report) -> BuiltIndex:
    """Bring the index of a model to a state of the corpus, and put it in force once it is whole.

    Another model, other passages or another engine make another collection beside the one in force. An
    update of the same one replaces section by section; one that broke off is gone on with.

    Raises:
        InputError: The store cannot be written or holds something else.
    """
    held = hold_all(request.sections, request.passages)
    count = sum(len(one.passages) for one in held)
    if not count:
        raise InputError("The corpus has no passage to index.", "Check that its documents hold text.")
    description = IndexDescription(
        model_digest=request.encoder.digest,
        dimension=request.encoder.dimension,
        version=request.version,
        corpus_digest=corpus_digest(request.sections),
        passages=request.passages,
        fusion=request.fusion,
        engine=Engine(store.engine(count, request.engine)),
        section_count=len(request.sections),
        passage_count=count,
    )

    def finished(
        description: IndexDescription, index: PassageIndex, before: IndexDescription | None
    ) -> IndexDescription:
        if request.dev is None and before is not None and before.fusion == description.fusion:
            return replace(description, calibration=before.calibration)  # the scores are made as they were
        found = calibrated(held, index, request.encoder, description.fusion, request.dev)
        return replace(description, calibration=found)

    with store.writing():
        before = _pointer_of(store, report)
        filling = Filling(store, request.settings, report, finished)
        with donor_in(store, before, description, request.vectorise) as vectorise:
            built = filling.run(description, held, vectorise)
        store.switch(next_pointer(before, built.name, as_baseline=request.as_baseline))
    return built


def _pointer_of(store: IndexStore, report: Report) -> Pointer | None:
    """Return which collections are in force; a damaged pointer is told and will be replaced."""
    try:
        return store.pointer()
    except FormatError as error:
        report(Alert(f"{error.message} It is made anew."))
        return None


def next_pointer(before: Pointer | None, name: str, *, as_baseline: bool) -> Pointer:
    """Return the pointer once a collection is whole."""
    if before is None:
        return Pointer(name)
    if as_baseline:
        return Pointer(before.current, None if name == before.current else name, before.previous)
    previous = before.previous if before.current == name else before.current
    return Pointer(name, None if before.baseline == name else before.baseline, previous)


@dataclass(frozen=True, slots=True)
class Filling:
    """Fills collections of a store.

    Attributes:
        store: The store, held for writing.
        settings: How the engine is kept.
        report: Where progress goes.
        finished: Completes the description of a collection whose vectors are all there; it is also given what the
            collection said of itself before, ``None`` for a new one.
    """

    store: IndexStore
    settings: IndexSettings
    report: Report
    finished: Callable[[IndexDescription, PassageIndex, IndexDescription | None], IndexDescription]

    def run(self, description: IndexDescription, held: tuple[HeldSection, ...], vectorise: Vectorise) -> BuiltIndex:
        """Fill a collection; one that is damaged is made anew.

        Raises:
            InputError: The store cannot be written.
        """
        name = collection_name(description.model_digest, description.passages, description.engine)
        try:
            return self._fill(name, description, held, vectorise)
        except FormatError as error:
            self.report(Alert(f"{error.message} It is made anew."))
            self.store.drop(name)
            return self._fill(name, description, held, vectorise)

    def _fill(
        self, name: str, description: IndexDescription, held: tuple[HeldSection, ...], vectorise: Vectorise
    ) -> BuiltIndex:
        records = self.store.records(name)
        known = records.describe()
        records.begin(description, held)
        index = self.store.vectors(name, description)
        try:
            counts = Update(records, index, vectorise, self.report).run(held)
            self._optimise(index, changed=counts.encoded + counts.reused > 0)
            index.flush()
            if len(index) != description.passage_count:
                raise FormatError(
                    f"The index in {self.store.place} holds {len(index)} vectors for "
                    f"{description.passage_count} passages.",
                    "Index the corpus again.",
                )
            description = self.finished(description, index, known)
        finally:
            index.close()
        if known != description or records.unfinished:
            records.finish(description, held)
        return BuiltIndex(name, description, counts)

    def _optimise(self, index: PassageIndex, *, changed: bool) -> None:
        """Build the embedded engine's search graph where it pays; without one every vector is compared."""
        if not isinstance(index, EmbeddedQdrantIndex) or len(index) < OPTIMIZE_FROM:
            return
        if not changed and not index.graph_due:
            return
        if not index.optimize(self.settings.optimize_seconds):
            self.report(
                Alert(
                    f"The search graph was not built within {self.settings.optimize_seconds:.0f} s; searches are "
                    "slower and exact. Raise index.optimize_seconds and index again."
                )
            )
