"""Try BM25's settings on the dev questions of a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from embedtune.config.settings import RetrievalSettings
from embedtune.index.bm25_grid import BM25Grid
from embedtune.pipeline.questions import JudgedQueries
from embedtune.retrieval.keyword_tuning import KeywordTuning, tune_keywords
from embedtune.retrieval.tuning import MIN_QUESTIONS, Metric
from embedtune.vocabulary.corpus import Section
from embedtune.vocabulary.retrieval import FusionSettings, KeywordSettings

Found = dict[str, list[tuple[str, float]]]


def default_keywords(settings: RetrievalSettings) -> KeywordSettings:
    """Return how BM25 counts words where nothing is tuned."""
    return KeywordSettings(settings.bm25_k1, settings.bm25_b, settings.bm25_stemming)


def untuned_fusion(settings: RetrievalSettings) -> FusionSettings:
    """Return how both sides are combined where nothing is tuned."""
    return FusionSettings(keywords=default_keywords(settings))


def chosen_keywords(
    sections: Sequence[Section], dev: JudgedQueries | None, settings: RetrievalSettings, metric: Metric, depth: int
) -> KeywordTuning:
    """Return how BM25 counts words: the default unless another is clearly better on the dev questions.

    Args:
        sections: The corpus.
        dev: The dev questions, ``None`` without any.
        settings: The default, and what is tried.
        metric: What to maximise.
        depth: How many sections count as found.
    """
    default = default_keywords(settings)
    if dev is None or not settings.tune:
        why = "there are no human dev questions" if dev is None else "retrieval.tune is off"
        return KeywordTuning(default, None, None, 0, 0, f"not tuned: {why}")
    found = _tried(sections, dev, settings, default, depth) if len(dev.qrels) >= MIN_QUESTIONS else {}
    return tune_keywords(dev.qrels, found, default, metric)


def _tried(
    sections: Sequence[Section], dev: JudgedQueries, settings: RetrievalSettings, default: KeywordSettings, depth: int
) -> dict[KeywordSettings, Found]:
    ids, texts = [section.id for section in sections], [section.full_text for section in sections]
    both = settings.bm25_stemming_tried
    found: dict[KeywordSettings, Found] = {}
    for stemming in (False, True) if both else (default.stemming,):
        grid = BM25Grid(ids, texts, stemming=stemming)
        values = product({*settings.bm25_k1_tried, default.k1}, {*settings.bm25_b_tried, default.b})
        tried = [KeywordSettings(k1, b, stemming) for k1, b in sorted(values)]
        found |= {one: {} for one in tried}
        for query in dev.queries:
            for one, ranking in zip(tried, grid.search(query.text, tried, depth), strict=True):
                found[one][query.id] = ranking
    return found
