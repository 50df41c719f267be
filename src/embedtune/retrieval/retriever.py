"""Search sections by meaning, by words, or by both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import starmap
from typing import TYPE_CHECKING, Protocol

from embedtune.errors import InputError
from embedtune.index.near_misses import NearMiss, near_misses_last
from embedtune.retrieval.calibration import Evidence, JudgedScore, confidence
from embedtune.retrieval.fusion import fuse
from embedtune.retrieval.matched_words import MatchedWords
from embedtune.retrieval.maxp import SectionHit
from embedtune.retrieval.maxp_many import search_sections_many
from embedtune.vocabulary.corpus import SectionKind
from embedtune.vocabulary.evaluation import Ranked
from embedtune.vocabulary.retrieval import EVERYWHERE, UNCALIBRATED, Hit, Mode, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from embedtune.vocabulary.corpus import Passage, Section
    from embedtune.vocabulary.evaluation import Qrels
    from embedtune.vocabulary.pairs import Query
    from embedtune.vocabulary.ports import Encoder, PassageSource
    from embedtune.vocabulary.retrieval import Calibrations, FusionSettings

POOL_DEPTH = 100
"""Sections that each component contributes to fusion, at least; tuning uses the same depth."""


class KeywordIndex(Protocol):
    """Ranks sections by the words they share with a question."""

    def search(self, query: str, limit: int, keep: Callable[[str], bool] | None = None) -> list[tuple[str, float]]:
        """Return up to ``limit`` (section id, score above 0), best first, ties by id; ``keep`` filters ids."""
        ...

    def near_misses(self, query: str) -> tuple[NearMiss, ...]:
        """Return what each part number of the question tells apart."""
        ...


@dataclass(frozen=True, slots=True)
class _Found:
    """What the components found for one question, each best first."""

    dense: Sequence[SectionHit]
    bm25: Sequence[tuple[str, float]]
    told_apart: tuple[NearMiss, ...]


class HybridRetriever:
    """Finds the sections that answer a question; the port `Ranker` and the search of every face.

    Args:
        sections: The corpus.
        passages: Its passages, the ones the index holds.
        index: Their vectors; ``None`` serves `Mode.BM25` alone.
        bm25: The words of the sections.
        encoder: The model that made the vectors; ``None`` serves `Mode.BM25` alone.
        fusion: How both rankings become one.
        system: What this system is called in runs and tables.
        mode: How `rank` ranks, and `search` unless told otherwise.
    """

    def __init__(
        self,
        sections: Iterable[Section],
        passages: Iterable[Passage],
        index: PassageSource | None,
        bm25: KeywordIndex,
        encoder: Encoder | None,
        fusion: FusionSettings,
        system: str,
        mode: Mode = Mode.HYBRID,
    ) -> None:
        self._sections = {section.id: section for section in sections}
        self._domains = tuple(sorted({section.domain for section in self._sections.values()}))
        self._passages = {passage.id: passage for passage in passages}
        self._section_of = {passage.id: passage.section_id for passage in self._passages.values()}
        self._single = len(set(self._section_of.values())) == len(self._section_of)
        self._index = index
        self._bm25 = bm25
        self._encoder = encoder
        self._fusion = fusion
        self._system = system
        self._mode = mode
        self._words = MatchedWords(stemming=fusion.keywords.stemming)
        self._calibration = UNCALIBRATED

    def calibrate(self, calibration: Calibrations) -> None:
        """Tell the confidence of hits by a calibration from now on."""
        self._calibration = calibration

    @property
    def system(self) -> str:
        """The system's name."""
        return self._system

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains of the corpus, sorted."""
        return self._domains

    def search(
        self,
        query: str,
        limit: int = 10,
        threshold: float | None = None,
        mode: Mode | None = None,
        domain: str | None = None,
        where: Where = EVERYWHERE,
    ) -> list[Hit]:
        """Return the sections that best answer a question, best first, ties by section id.

        Args:
            query: The question.
            limit: At most so many, at least 1.
            threshold: Hits with a lower ``confidence`` (0 to 1) are left out. The ``score`` is the
                cosine in `Mode.DENSE`, the BM25 score in `Mode.BM25` and from 0 to 1 in `Mode.HYBRID`.
            mode: Which components rank; ``None`` for the retriever's own mode.
            domain: Sections of this domain alone; ``None`` for all.
            where: What else a section must meet.

        Raises:
            InputError: The question is empty, ``limit`` is below 1, the domain is unknown, or the
                mode needs a model and there is none.
        """
        return self.search_batch([query], limit, threshold, mode, domain, where)[0]

    def search_batch(
        self,
        queries: Sequence[str],
        limit: int = 10,
        threshold: float | None = None,
        mode: Mode | None = None,
        domain: str | None = None,
        where: Where = EVERYWHERE,
    ) -> list[list[Hit]]:
        """Search for several questions, encoded in one call: one result of `search` for each.

        Raises:
            InputError: As `search`.
        """
        mode = mode or self._mode
        where = where if domain is None else replace(where, domain=domain)
        check_search(queries, limit, where, self.domains)
        batch = self._find(queries, limit, mode, where)
        return [
            [hit for hit in self._hits(query, found, limit, mode) if threshold is None or hit.confidence >= threshold]
            for query, found in zip(queries, batch, strict=True)
        ]

    def rank(self, queries: Sequence[Query], depth: int) -> dict[str, tuple[Ranked, ...]]:
        """Return for each query id its best ``depth`` sections, best first, ties by section id.

        Raises:
            InputError: A question is empty, ``depth`` is below 1, or the mode needs a model and there is none.
        """
        texts = [query.text for query in queries]
        check_search(texts, depth, EVERYWHERE, ())
        batch = self._find(texts, depth, self._mode, EVERYWHERE)
        return {
            query.id: tuple(starmap(Ranked, self._ranking(found, self._mode)[:depth]))
            for query, found in zip(queries, batch, strict=True)
        }

    def close(self) -> None:
        """Release the index; a closed retriever cannot be used again."""
        if self._index is not None:
            self._index.close()

    def judged(self, queries: Sequence[Query], mode: Mode, depth: int, qrels: Qrels) -> list[JudgedScore]:
        """Return the best ``depth`` hits of judged questions, for a calibration of the mode."""
        batch = self._find([query.text for query in queries], depth, mode, EVERYWHERE)
        return [
            JudgedScore(score, _evidence(found), id_ in qrels.relevant(query.id))
            for query, found in zip(queries, batch, strict=True)
            for id_, score in self._ranking(found, mode)[:depth]
        ]

    def _find(self, queries: Sequence[str], limit: int, mode: Mode, where: Where) -> list[_Found]:
        """Ask the components that the mode needs."""
        depth = max(POOL_DEPTH, limit)
        dense = [[] for _ in queries] if mode is Mode.BM25 else self._find_dense(queries, depth, where)
        keep = None if where == EVERYWHERE else lambda id_: where.admits(self._sections[id_])
        bm25 = [[] if mode is Mode.DENSE else self._bm25.search(query, depth, keep) for query in queries]
        apart = [self._bm25.near_misses(query) if mode is Mode.HYBRID else () for query in queries]
        return [_Found(*parts) for parts in zip(dense, bm25, apart, strict=True)]

    def _find_dense(self, queries: Sequence[str], depth: int, where: Where) -> list[list[SectionHit]]:
        if self._index is None or self._encoder is None:
            raise InputError(f"{self._system} has no model to search by meaning.", "Search in the mode bm25.")
        if not queries:
            return []
        index = self._index.filtered(where.labels) if where.labels else self._index
        vectors = self._encoder.encode(queries)
        return search_sections_many(index, vectors, depth, self._section_of, where.domain, single=self._single)

    def _ranking(self, found: _Found, mode: Mode) -> list[tuple[str, float]]:
        dense = [(hit.section_id, hit.score) for hit in found.dense]
        if mode is Mode.HYBRID:
            fused = fuse(dense, found.bm25, self._fusion)
            return near_misses_last(fused, found.told_apart)
        return dense if mode is Mode.DENSE else list(found.bm25)

    def _hits(self, query: str, found: _Found, limit: int, mode: Mode) -> list[Hit]:
        dense = {hit.section_id: (rank, hit) for rank, hit in enumerate(found.dense, start=1)}
        bm25 = {id_: (rank, score) for rank, (id_, score) in enumerate(found.bm25, start=1)}
        wanted = self._words.wanted(query)
        hits: list[Hit] = []
        evidence, calibration = _evidence(found), self._calibration.of(mode)
        for id_, score in self._ranking(found, mode)[:limit]:
            ranks: dict[str, int] = {}
            scores: dict[str, float] = {}
            if id_ in dense:
                ranks["dense"], scores["dense"] = dense[id_][0], dense[id_][1].score
            if id_ in bm25:
                ranks["bm25"], scores["bm25"] = bm25[id_]
            section = self._sections[id_]
            passage = self._passages[dense[id_][1].passage_id].body if id_ in dense else self._window(wanted, section)
            sure = confidence(score, evidence, mode, calibration)
            matches = self._words.spans(wanted, passage)
            hits.append(
                Hit(
                    id_,
                    passage,
                    score,
                    ranks,
                    scores,
                    section.heading_path,
                    section.domain,
                    matches=matches,
                    confidence=sure,
                )
            )
        return hits

    @cached_property
    def _windows(self) -> dict[str, list[Passage]]:
        """The passages of each section; only results that BM25 alone found need them."""
        windows: dict[str, list[Passage]] = {}
        for passage in self._passages.values():
            windows.setdefault(passage.section_id, []).append(passage)
        return windows

    def _window(self, wanted: frozenset[str], section: Section) -> str:
        """Return the first window with the most words of the question; the section itself if it has no window."""
        windows = [passage.body for passage in self._windows.get(section.id, [])]
        return max(windows, key=lambda body: self._words.held(wanted, body), default=section.text)


def check_search(queries: Sequence[str], limit: int, where: Where, domains: Sequence[str]) -> None:
    """Refuse what cannot be searched for.

    Args:
        queries: The questions.
        limit: How many hits are wanted of each.
        where: What a section must meet.
        domains: The domains of the corpus.

    Raises:
        InputError: A question is empty, the limit is below 1, or the domain or kind is unknown.
    """
    if limit < 1:
        raise InputError(f"A search for {limit} results was asked for.", "Ask for at least 1.")
    for number, query in enumerate(queries, start=1):
        if not query.strip():
            raise InputError(f"Question {number} of {len(queries)} is empty.", "Ask something.")
    if where.domain is not None and where.domain not in domains:
        raise InputError(f"There is no domain {where.domain!r}.", f"Known domains: {', '.join(domains)}.")
    kinds = [kind.value for kind in SectionKind]
    if where.kind is not None and where.kind not in kinds:
        raise InputError(f"There is no kind {where.kind!r} of section.", f"Known kinds: {', '.join(kinds)}.")


def _evidence(found: _Found) -> Evidence:
    return Evidence(found.dense[0].score if found.dense else 0.0, found.bm25[0][1] if found.bm25 else 0.0)
