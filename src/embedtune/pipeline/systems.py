"""The systems an evaluation compares, each at its best on the dev questions.

All rank the same sections. Every model is given the same choice of passages, cut once for all; BM25 reads whole
sections. Each component hands over its best `POOL_DEPTH` sections, the same for every system.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from embedtune.config.settings import RetrievalSettings
from embedtune.corpus.passages import cut_passages
from embedtune.encoders.cache import VectorCache
from embedtune.encoders.cached_encoder import BLOCK
from embedtune.encoders.remote_name import PREFIX, RemoteName
from embedtune.errors import InputError
from embedtune.evaluation.metrics import Measure
from embedtune.events import Progress, Report
from embedtune.index.bm25 import BM25Index
from embedtune.index.exact import ExactIndex
from embedtune.pipeline.keyword_choice import chosen_keywords, untuned_fusion
from embedtune.pipeline.questions import JudgedQueries, QuestionSet
from embedtune.pipeline.wiring import INT8, Models, cached, section_keywords
from embedtune.retrieval.choosing import TuningResult
from embedtune.retrieval.keyword_tuning import KeywordTuning
from embedtune.retrieval.retriever import POOL_DEPTH, HybridRetriever
from embedtune.retrieval.tuning import Candidates, FusionGrid, tune_dense, tune_hybrid
from embedtune.vocabulary.corpus import Passage
from embedtune.vocabulary.ports import Encoder
from embedtune.vocabulary.retrieval import FusionMethod, FusionSettings, Mode, Normalisation, PassageSettings

BASE = "base"
BM25 = "bm25"
HYBRID = "hybrid:"
_DEV_METRIC = Measure.parse("ndcg@10")


@dataclass(frozen=True, slots=True)
class SystemSpec:
    """A system as the user names it: ``bm25``, a model, ``remote:URL#model``, or ``hybrid:`` before a model.

    ``int8:`` before a model on this machine is the same with 8-bit weights.

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
            InputError: It names nothing, or a remote system without an address or a model.
        """
        if text == BM25:
            return cls(text, "", Mode.BM25)
        model = text.removeprefix(HYBRID)
        if model.removeprefix(INT8) in {"", BM25} or model.startswith(f"{INT8}{PREFIX}"):
            raise InputError(
                f"{text!r} is not a system.",
                "Give base, bm25, a run folder, a version, a model folder, remote:URL#model, or hybrid: before one; "
                "int8: goes before a run or a model folder.",
            )
        if model.startswith(PREFIX):
            RemoteName.parse(model)  # a mistake in one system is told before another is measured
        return cls(text, model, Mode.HYBRID if text.startswith(HYBRID) else Mode.DENSE)

    @property
    def source(self) -> str:
        """What the model was made from: its name without ``int8:``."""
        return self.model.removeprefix(INT8)


@dataclass(frozen=True, slots=True)
class SystemUnderTest:
    """A system ready to be asked.

    Attributes:
        spec: Its name and kind.
        ranker: Ranks the corpus.
        tuning: Passages and fusion that were chosen on dev questions, and why; ``None`` for BM25.
        keywords: How its BM25 counts words, and why; ``None`` for vectors alone.
        model_digest: Digest of its model, empty for BM25.
        passages: How many passages it searched.
        similarity: Mean cosine of a test question and the best passage that answers it; ``None`` for BM25.
    """

    spec: SystemSpec
    ranker: HybridRetriever
    tuning: TuningResult | None
    keywords: KeywordTuning | None
    model_digest: str
    passages: int
    similarity: float | None


@dataclass(slots=True)
class Workbench:
    """One corpus with everything that several systems share: BM25, and each model's vectors.

    Attributes:
        questions: Corpus, test questions and dev questions.
        models: Loads models.
        settings: What is tried on dev.
        report: Where progress goes.
        cache: Where vectors are kept between evaluations; ``None`` keeps none.
    """

    questions: QuestionSet
    models: Models
    settings: RetrievalSettings
    report: Report
    cache: VectorCache | None = None
    _bm25: BM25Index | None = None
    _keywords: KeywordTuning | None = None
    _cuts: dict[PassageSettings, tuple[Passage, ...]] = field(default_factory=dict)
    _indexes: dict[tuple[str, PassageSettings], ExactIndex] = field(default_factory=dict)

    def find(self, specs: Sequence[SystemSpec]) -> None:
        """See that every system's model can be had, before anything is encoded.

        Raises:
            ModelError: One cannot.
        """
        for spec in specs:
            if spec.mode is not Mode.BM25:
                self._model(spec)

    def _model(self, spec: SystemSpec) -> Encoder:
        return self.models.base() if spec.model == BASE else self.models.named(spec.model)

    def build(self, spec: SystemSpec) -> SystemUnderTest:
        """Make a system and tune it on the dev questions where there are enough.

        Raises:
            ModelError: Its model cannot be had.
        """
        if spec.mode is Mode.BM25:
            ranker = self._retriever(spec, None, PassageSettings(None), FusionSettings(FusionMethod.CONVEX, 0.0))
            return SystemUnderTest(spec, ranker, None, self.keywords, "", len(self.questions.sections), None)
        encoder = cached(self._model(spec), self.cache)
        tuning = self._tuned(spec, encoder)
        ranker = self._retriever(spec, encoder, tuning.passages, tuning.fusion)
        similarity = self._similarity(encoder, tuning.passages)
        count = len(self._passages(tuning.passages))
        keywords = self.keywords if spec.mode is Mode.HYBRID else None
        return SystemUnderTest(spec, ranker, tuning, keywords, encoder.digest, count, similarity)

    def _tuned(self, spec: SystemSpec, encoder: Encoder) -> TuningResult:
        dev = self.questions.dev
        hybrid = spec.mode is Mode.HYBRID
        if dev is None or not self.settings.tune:
            fusion = untuned_fusion(self.settings) if hybrid else FusionSettings(FusionMethod.CONVEX, 1.0)
            reason = (
                "not tuned: there are no human dev questions" if dev is None else "not tuned: retrieval.tune is off"
            )
            cut = self.grid[0] if len(self.grid) == 1 else PassageSettings(overlap=self.settings.overlap)
            return TuningResult(cut, fusion, None, (), 0, reason)
        dense = {cut: self._candidates(spec, encoder, cut, dev) for cut in self.affordable}
        if not hybrid:
            return tune_dense(dev.qrels, dense, _DEV_METRIC.of)
        found = {query.id: self.bm25.search(query.text, POOL_DEPTH) for query in dev.queries}
        grid = FusionGrid(
            self.settings.dense_weights,
            tuple(Normalisation(name) for name in self.settings.normalisations),
            self.settings.rrf,
            self.keywords.keywords,
        )
        return tune_hybrid(dev.qrels, found, dense, grid, _DEV_METRIC.of)

    @property
    def grid(self) -> tuple[PassageSettings, ...]:
        """The ways to cut sections that every model may choose from."""
        sizes: tuple[int | None, ...] = self.settings.passage_words
        if self.settings.whole_sections:
            sizes = (*sizes, None)
        return tuple(PassageSettings(size, self.settings.overlap) for size in sizes)

    @property
    def affordable(self) -> tuple[PassageSettings, ...]:
        """The ways to cut sections within `RetrievalSettings.most_passages`; the one with fewest, where none is."""
        counts = {cut: len(self._passages(cut)) for cut in self.grid}
        within = tuple(cut for cut in self.grid if counts[cut] <= self.settings.most_passages)
        return within or (min(self.grid, key=counts.__getitem__),)

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
        return HybridRetriever(
            self.questions.sections,
            self._passages(cut),
            self._index(encoder, cut) if encoder else None,
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
            self._bm25 = section_keywords(self.questions.sections, self.keywords.keywords)
        return self._bm25

    @property
    def keywords(self) -> KeywordTuning:
        """How BM25 counts words, chosen once for all systems."""
        if self._keywords is None:
            dev = self.questions.dev
            self._keywords = chosen_keywords(self.questions.sections, dev, self.settings, _DEV_METRIC.of, POOL_DEPTH)
        return self._keywords

    def _passages(self, cut: PassageSettings) -> tuple[Passage, ...]:
        if cut not in self._cuts:
            self._cuts[cut] = cut_passages(self.questions.sections, cut)
        return self._cuts[cut]

    def _index(self, encoder: Encoder, cut: PassageSettings) -> ExactIndex:
        key = (encoder.digest, cut)
        if key not in self._indexes:
            passages = self._passages(cut)
            domains = {section.id: section.domain for section in self.questions.sections}
            index = ExactIndex(encoder.dimension)
            for start in range(0, len(passages), BLOCK):
                block = passages[start : start + BLOCK]
                vectors = encoder.encode([passage.text for passage in block])
                index.upsert(block, vectors, [domains[passage.section_id] for passage in block])
                done = start + len(block)
                self.report(Progress(f"Encoding {cut.label} with {encoder.name}", done, len(passages), "passages"))
            self._indexes[key] = index
        return self._indexes[key]

    def _similarity(self, encoder: Encoder, cut: PassageSettings) -> float:
        """Return the mean cosine of each judged question with the best passage of a section that answers it."""
        index, qrels = self._index(encoder, cut), self.questions.test.qrels
        windows: dict[str, list[str]] = {}
        for passage in self._passages(cut):
            windows.setdefault(passage.section_id, []).append(passage.id)
        judged = [query for query in self.questions.test.queries if qrels.relevant(query.id)]
        best: list[float] = []
        for query, vector in zip(judged, encoder.encode([query.text for query in judged]), strict=True):
            right = [window for section in sorted(qrels.relevant(query.id)) for window in windows.get(section, ())]
            best.append(float(index.cosines(vector, right).max()) if right else 0.0)
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
