"""Open an index and search it, with its version or with less."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from embedtune.errors import EmbedtuneError, InputError, ModelError
from embedtune.index.description import IndexDescription
from embedtune.index.named_passages import in_force
from embedtune.index.server_store import ServerStore
from embedtune.pipeline.advising import SearchAdvice
from embedtune.pipeline.judging import JudgedQuery
from embedtune.pipeline.opening import ReadCollection, read_index
from embedtune.pipeline.project import Project
from embedtune.pipeline.stores import open_store
from embedtune.pipeline.systems import BASE
from embedtune.pipeline.wiring import section_keywords
from embedtune.retrieval.fallback import FallbackSearch, Level, Patience
from embedtune.retrieval.retriever import HybridRetriever, KeywordIndex, check_search
from embedtune.retrieval.serial_encoder import SerialEncoder
from embedtune.vocabulary.ports import Encoder
from embedtune.vocabulary.retrieval import EVERYWHERE, Hit, Mode, Where

TUNED, BASELINE, WORDS = "tuned hybrid", "baseline hybrid", "bm25"


class OpenedIndex:
    """An index with the model that made it, ready to search; threads may share it.

    When the model or its vectors cannot be had, the base model answers on its own index where there is one,
    else words alone do, and every hit says why. Vectors of two models never meet.

    Args:
        project: The project.
        place: The index folder or the address of a server; the project's own folder by default.
        encoder: The loaded model, by default the one that ``model`` names.
        model: The model to use, by default the one that the index names.
        mode: How it will be searched; `Mode.BM25` loads no model.
        strict: Whether to raise what goes wrong instead of answering with less.
        judging: Whether every search is judged and logged where the settings want it; see `SearchAdvice`.

    Raises:
        InputError: There is no index, or nothing of it can be read.
        EmbedtuneError: It is strict, and the model or its vectors cannot be had.
    """

    def __init__(
        self,
        project: Project,
        place: str | Path | None = None,
        encoder: Encoder | None = None,
        model: str = "",
        *,
        mode: Mode = Mode.HYBRID,
        strict: bool = False,
        judging: bool = False,
    ) -> None:
        self._project = project
        self._store = open_store(project, place, searching=True)
        try:
            self._read = read_index(self._store)
        except BaseException:
            self._store.close()
            raise
        self._encoder = encoder
        self._model = model
        self._lock = threading.Lock()
        self._served: SerialEncoder | None = None
        self._advice = SearchAdvice(project, self._served_version, beside=judging)
        self._keywords: KeywordIndex | None = None
        self._words: HybridRetriever | None = None
        self._tried = False
        self._domains = self._read.words.domains
        self._closed = False
        self._search = FallbackSearch(self._levels(), strict=strict, patience=self._patience(), report=project.report)
        self.degraded = ""
        if mode is not Mode.BM25:
            try:
                self.degraded = self._search.prepare()
            except BaseException:
                self.close()
                raise

    @property
    def description(self) -> IndexDescription:
        """What the index is made of."""
        return self._read.words.description

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains of the corpus, sorted."""
        return self._domains

    def search(
        self,
        query: str,
        limit: int = 10,
        threshold: float | None = None,
        mode: Mode = Mode.HYBRID,
        domain: str | None = None,
        where: Where = EVERYWHERE,
    ) -> list[Hit]:
        """Return the sections that best answer a question; see `HybridRetriever.search`."""
        return self.search_batch([query], limit, threshold, mode, domain, where)[0]

    def search_batch(
        self,
        queries: Sequence[str],
        limit: int = 10,
        threshold: float | None = None,
        mode: Mode = Mode.HYBRID,
        domain: str | None = None,
        where: Where = EVERYWHERE,
    ) -> list[list[Hit]]:
        """Search for several questions at once.

        Raises:
            InputError: A question is empty, ``limit`` is below 1, or the domain or kind is unknown.
            EmbedtuneError: It is strict, and the model or its vectors failed.
            ValueError: The index is closed.
        """
        where = where if domain is None else Where(domain, where.kind, where.metadata)
        check_search(queries, limit, where, self.domains)
        if self._closed:
            raise ValueError("the search is closed")
        if mode is Mode.BM25:
            hits = self._by_words().search_batch(queries, limit, threshold, mode, where=where)
        else:
            hits = self._search.search_batch(queries, limit, threshold, mode, where)
        self._advice.of_search(queries, hits, where.domain or "")
        return hits

    def advise(self, queries: Sequence[str], domain: str | None = None) -> list[JudgedQuery]:
        """Judge questions with the detector of the index's version; nothing is blocked.

        Questions that were just searched for are not encoded again while they are remembered (``cache.questions``).
        They are logged where the settings name a log, unless their searches are.

        Raises:
            InputError: A question is blank.
            EmbedtuneError: The model of the index cannot be used here, or its version has no detector that fits.
            ValueError: The index is closed.
        """
        if self._closed:
            raise ValueError("the search is closed")
        return self._advice.of(queries, domain or "")

    def close(self) -> None:
        """Wait for running searches and release the index."""
        self._closed = True
        self._search.close()
        self._advice.close()
        self._store.close()

    def _patience(self) -> Patience:
        settings = self._project.config.search
        return Patience(settings.timeout_seconds, settings.opening_seconds, settings.failures, settings.retry_seconds)

    def _levels(self) -> list[Level]:
        current = self._read.current
        base = isinstance(current, ReadCollection) and current.description.version == BASE
        levels = [Level(BASELINE if base else TUNED, self._open_current)]
        if self._read.baseline is not None:
            levels.append(Level(BASELINE, self._open_baseline))
        return [*levels, Level(WORDS, self._by_words, Mode.BM25)]

    def _read_again(self) -> None:
        """Read the index as it is now: it may have been mended, finished or moved on since it was read."""
        found = read_index(self._store)
        with self._lock:
            self._read, self._keywords, self._words = found, None, None
            self._domains = found.words.domains

    def _open_current(self) -> HybridRetriever:
        if self._tried:
            self._read_again()
        self._tried = True
        found = self._current()
        return self._retriever(found, self._serving(found.description))

    def _current(self) -> ReadCollection:
        if isinstance(self._read.current, InputError):
            raise self._read.current
        return self._read.current

    def _served_version(self) -> tuple[str, SerialEncoder]:
        described = self._current().description
        return self._model or described.version, self._serving(described)

    def _serving(self, described: IndexDescription) -> SerialEncoder:
        """Return the model of the index, which searches and advice share."""
        if self._served is not None and self._served.digest == described.model_digest:
            return self._served
        try:
            encoder = self._encoder or self._project.models.of_index(
                self._model or described.version, described.model_digest
            )
            if encoder.digest != described.model_digest:
                raise ModelError("it is another model", "Index the corpus again with this model.")
        except EmbedtuneError as error:
            raise type(error)(
                f"the index was made with {described.version}, and its model cannot be used here: {error.message}",
                error.remedy,
            ) from error
        with self._lock:
            if self._served is None or self._served.digest != encoder.digest:
                self._served = SerialEncoder(encoder)
            return self._served

    def _open_baseline(self) -> HybridRetriever:
        if self._read.baseline is None:
            raise InputError("There is no index of the base model.", "Index the corpus again.")
        found = self._read.baseline()
        base = self._project.models.base()
        if base.digest != found.description.model_digest:
            raise ModelError("the index of the base model was made with another one", "Index the corpus again.")
        if found.description.corpus_digest != self._read.words.description.corpus_digest:
            raise InputError("the index of the base model holds another state of the corpus", "Index the corpus again.")
        return self._retriever(found, SerialEncoder(base))

    def _retriever(self, found: ReadCollection, encoder: SerialEncoder) -> HybridRetriever:
        if self._read.vectors_away:
            raise InputError(self._read.vectors_away, "Start the server, or check the address.")
        index = self._store.vectors(found.name, found.description)
        try:
            passages = found.passages
            names = {passage.id for passage in passages}
            source = in_force(index, names, self._store.place, whole=self._settled(found))
        except BaseException:
            index.close()
            raise
        return _calibrated(
            found,
            HybridRetriever(
                found.sections,
                passages,
                source,
                self._keywords_of(found),
                encoder,
                found.description.fusion,
                f"hybrid:{found.description.version}",
            ),
        )

    def _settled(self, found: ReadCollection) -> bool:
        """Tell whether nobody has written to a collection since it was read, nor can while it is open."""
        records = self._store.records(found.name)
        alone = not isinstance(self._store, ServerStore)
        return alone and found.finished and not records.unfinished and records.describe() == found.description

    def _keywords_of(self, found: ReadCollection) -> KeywordIndex:
        """Return the words of a collection: the server's own, or those made here once."""
        if isinstance(self._store, ServerStore):
            return self._store.keywords(found.name, found.sections, found.description.fusion.keywords)
        words = self._read.words
        ours, theirs = found.description, words.description
        same = ours.corpus_digest == theirs.corpus_digest and ours.fusion.keywords == theirs.fusion.keywords
        if found is words or (same and found.finished and words.finished):
            return self._own_keywords()
        return section_keywords(found.sections, found.description.fusion.keywords)

    def _own_keywords(self) -> KeywordIndex:
        with self._lock:
            if self._keywords is None:
                words = self._read.words
                self._keywords = section_keywords(words.sections, words.description.fusion.keywords)
            return self._keywords

    def _by_words(self) -> HybridRetriever:
        """Return the search by words alone; it needs no model, no vectors and no server."""
        keywords = self._own_keywords()
        with self._lock:
            if self._words is None:
                found = self._read.words
                fusion = found.description.fusion
                made = HybridRetriever(found.sections, found.passages, None, keywords, None, fusion, WORDS, Mode.BM25)
                self._words = _calibrated(found, made)
            return self._words


def _calibrated(found: ReadCollection, retriever: HybridRetriever) -> HybridRetriever:
    retriever.calibrate(found.description.calibration)
    return retriever
