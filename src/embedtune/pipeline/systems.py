"""The systems an evaluation compares, each at its best on the dev questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from embedtune.config.settings import RetrievalSettings
from embedtune.corpus.passages import cut_passages
from embedtune.errors import InputError
from embedtune.evaluation.metrics import Measure
from embedtune.events import Progress, Report
from embedtune.index.bm25 import BM25Index
from embedtune.index.exact import ExactIndex
from embedtune.pipeline.questions import JudgedQueries, QuestionSet
from embedtune.pipeline.wiring import Models, section_keywords
from embedtune.retrieval.retriever import POOL_DEPTH, HybridRetriever
from embedtune.retrieval.tuning import Candidates, TuningResult, tune_dense, tune_hybrid
from embedtune.vocabulary.corpus import Passage
from embedtune.vocabulary.ports import Encoder
from embedtune.vocabulary.retrieval import FusionMethod, FusionSettings, Mode, PassageSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

BASE = "base"
BM25 = "bm25"
HYBRID = "hybrid:"
_DEV_METRIC = Measure.parse("ndcg@10")
_BATCH = 256


@dataclass(frozen=True, slots=True)
class SystemSpec:
    """A system as the user names it: ``bm25``, a model, or ``hybrid:`` before a model.

    Attributes:
        name: As written; what tables show.
        model: The model's name, empty for BM25.
        mode: How it ranks.
    """

    name: str
    model: str
    mode: Mode

    @classmethod
    def parse(cls, text: str) -> SystemSpec:
        """Read a system's name.

        Raises:
            InputError: It names nothing.
        """
        if text == BM25:
            return cls(text, "", Mode.BM25)
        model = text.removeprefix(HYBRID)
        if not model or model == BM25:
            raise InputError(
                f"{text!r} is not a system.",
                "Give base, bm25, a run folder, a version, a model folder, or hybrid: before one of these.",
            )
        return cls(text, model, Mode.HYBRID if text.startswith(HYBRID) else Mode.DENSE)


@dataclass(frozen=True, slots=True)
class SystemUnderTest:
    """A system ready to be asked.

    Attributes:
        spec: Its name and kind.
        ranker: Ranks the corpus.
        tuning: What was chosen on dev questions and why; ``None`` for BM25.
        model_digest: Digest of its model, empty for BM25.
        similarity: Mean cosine of a test question and the best passage that answers it; ``None`` for BM25.
    """

    spec: SystemSpec
    ranker: HybridRetriever
    tuning: TuningResult | None
    model_digest: str
    similarity: float | None


@dataclass(frozen=True, slots=True)
class _Encoded:
    """A corpus cut one way and encoded by one model: passages, their vectors (rows alike), and the index of both."""

    passages: tuple[Passage, ...]
    vectors: NDArray[np.float32]
    index: ExactIndex


@dataclass(slots=True)
class Workbench:
    """One corpus with everything that several systems share: BM25, and each model's vectors.

    Attributes:
        questions: Corpus, test questions and dev questions.
        models: Loads models.
        settings: What is tried on dev.
        report: Where progress goes.
    """

    questions: QuestionSet
    models: Models
    settings: RetrievalSettings
    report: Report
    _bm25: BM25Index | None = None
    _cuts: dict[tuple[str, PassageSettings], _Encoded] = field(default_factory=dict)

    def build(self, spec: SystemSpec) -> SystemUnderTest:
        """Make a system and tune it on the dev questions where there are enough.

        Raises:
            ModelError: Its model cannot be had.
        """
        if spec.mode is Mode.BM25:
            ranker = self._retriever(spec, None, PassageSettings(None), FusionSettings(FusionMethod.CONVEX, 0.0))
            return SystemUnderTest(spec, ranker, None, "", None)
        encoder = self.models.base() if spec.model == BASE else self.models.named(spec.model)
        tuning = self._tuned(spec, encoder)
        ranker = self._retriever(spec, encoder, tuning.passages, tuning.fusion)
        similarity = self._similarity(encoder, tuning.passages)
        return SystemUnderTest(spec, ranker, tuning, encoder.digest, similarity)

    def _tuned(self, spec: SystemSpec, encoder: Encoder) -> TuningResult:
        dev = self.questions.dev
        hybrid = spec.mode is Mode.HYBRID
        if dev is None or not self.settings.tune:
            fusion = FusionSettings() if hybrid else FusionSettings(FusionMethod.CONVEX, 1.0)
            reason = (
                "not tuned: there are no human dev questions" if dev is None else "not tuned: retrieval.tune is off"
            )
            grid = self._grid()
            cut = grid[0] if len(grid) == 1 else PassageSettings(overlap=self.settings.overlap)
            return TuningResult(cut, fusion, None, (), 0, reason)
        dense = {cut: self._candidates(spec, encoder, cut, dev) for cut in self._grid()}
        if not hybrid:
            return tune_dense(dev.qrels, dense, _DEV_METRIC.of)
        found = {query.id: self.bm25.search(query.text, POOL_DEPTH) for query in dev.queries}
        return tune_hybrid(dev.qrels, found, dense, self.settings.dense_weights, _DEV_METRIC.of)

    def _grid(self) -> tuple[PassageSettings, ...]:
        sizes: tuple[int | None, ...] = self.settings.passage_words
        if self.settings.whole_sections:
            sizes = (*sizes, None)
        return tuple(PassageSettings(size, self.settings.overlap) for size in sizes)

    def _candidates(self, spec: SystemSpec, encoder: Encoder, cut: PassageSettings, dev: JudgedQueries) -> Candidates:
        retriever = self._retriever(spec, encoder, cut, FusionSettings(FusionMethod.CONVEX, 1.0), Mode.DENSE)
        ranked = retriever.rank(list(dev.queries), POOL_DEPTH)
        return {query: [(hit.section_id, hit.score) for hit in hits] for query, hits in ranked.items()}

    def _retriever(
        self,
        spec: SystemSpec,
        encoder: Encoder | None,
        cut: PassageSettings,
        fusion: FusionSettings,
        mode: Mode | None = None,
    ) -> HybridRetriever:
        encoded = self._encoded(encoder, cut) if encoder else None
        return HybridRetriever(
            self.questions.sections,
            encoded.passages if encoded else cut_passages(self.questions.sections, cut),
            encoded.index if encoded else None,
            self.bm25,
            encoder,
            fusion,
            spec.name,
            mode or spec.mode,
        )

    @property
    def bm25(self) -> BM25Index:
        """BM25 over the sections."""
        if self._bm25 is None:
            self._bm25 = section_keywords(self.questions.sections, self.settings)
        return self._bm25

    def _encoded(self, encoder: Encoder, cut: PassageSettings) -> _Encoded:
        key = (encoder.digest, cut)
        if key not in self._cuts:
            passages = cut_passages(self.questions.sections, cut)
            activity = f"Encoding {cut.label} with {encoder.name}"
            parts: list[NDArray[np.float32]] = []
            for start in range(0, len(passages), _BATCH):
                batch = passages[start : start + _BATCH]
                parts.append(encoder.encode([passage.text for passage in batch]))
                self.report(Progress(activity, start + len(batch), len(passages), "passages"))
            vectors = np.concatenate(parts) if parts else np.zeros((0, encoder.dimension), dtype=np.float32)
            domains = {section.id: section.domain for section in self.questions.sections}
            index = ExactIndex(encoder.dimension)
            index.upsert(passages, vectors, [domains[passage.section_id] for passage in passages])
            self._cuts[key] = _Encoded(passages, vectors, index)
        return self._cuts[key]

    def _similarity(self, encoder: Encoder, cut: PassageSettings) -> float:
        """Return the mean cosine of each judged question with the best passage of a section that answers it."""
        encoded, qrels = self._encoded(encoder, cut), self.questions.test.qrels
        rows: dict[str, list[int]] = {}
        for row, passage in enumerate(encoded.passages):
            rows.setdefault(passage.section_id, []).append(row)
        judged = [query for query in self.questions.test.queries if qrels.relevant(query.id)]
        best: list[float] = []
        for query, vector in zip(judged, encoder.encode([query.text for query in judged]), strict=True):
            right = [row for section in qrels.relevant(query.id) for row in rows.get(section, ())]
            best.append(float((encoded.vectors[right] @ vector).max()) if right else 0.0)
        return float(np.mean(best))


def default_comparisons(specs: Sequence[SystemSpec]) -> tuple[tuple[str, str], ...]:
    """Return which systems are compared: every other one with base, and every tuned one with BM25 and its hybrid.

    A claim against the base alone hides that plain BM25, or the base's own hybrid, may do better.
    """
    names = [spec.name for spec in specs]
    baselines = [name for name in (BASE, BM25, f"{HYBRID}{BASE}") if name in names]
    candidates = [spec.name for spec in specs if spec.model and spec.model != BASE]
    pairs = [(baseline, candidate) for candidate in candidates for baseline in baselines]
    if BASE in names:
        pairs += [(BASE, name) for name in baselines if name != BASE]
    return tuple(pairs)
