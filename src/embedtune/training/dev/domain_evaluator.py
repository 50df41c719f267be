"""Per-domain recall@5 and MRR on dev questions, and how close the dev passages lie together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sentence_transformers.sentence_transformer.evaluation import SentenceEvaluator

from embedtune.encoders.sentence_transformer import SentenceTransformerEncoder
from embedtune.evaluation.domain_metrics import DevMetrics, dev_metrics
from embedtune.training.dev.dev_set import DevSet
from embedtune.training.steps.watch import mean_cosine
from embedtune.vocabulary.evaluation import Ranked
from embedtune.vocabulary.ports import Encoder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


MEAN_COSINE = "mean_cosine"


@dataclass(frozen=True, slots=True)
class DevMeasurement:
    """What a dev evaluation shows.

    Attributes:
        quality: Of the rankings.
        mean_cosine: Expected cosine of two random dev passages, ``None`` if there are not two.
    """

    quality: DevMetrics
    mean_cosine: float | None

    @property
    def flat(self) -> dict[str, float]:
        """All numbers under flat names: those of `flat_metrics`, and ``mean_cosine``."""
        values = flat_metrics(self.quality)
        return values if self.mean_cosine is None else {**values, MEAN_COSINE: self.mean_cosine}


def measure_domains(encoder: Encoder, dev: DevSet) -> DevMetrics:
    """Rank the sections for each dev question by their best passage and measure the ranking."""
    return measure_dev(encoder, dev).quality


def measure_dev(encoder: Encoder, dev: DevSet) -> DevMeasurement:
    """Measure the rankings of `measure_domains`, and the space that they come from."""
    sections = sorted({passage.section_id for passage in dev.passages})
    number = {section: position for position, section in enumerate(sections)}
    owner = np.array([number[passage.section_id] for passage in dev.passages], dtype=np.intp)
    passages = encoder.encode([passage.text for passage in dev.passages])
    queries = encoder.encode([query.text for query in dev.queries])
    rankings: dict[str, list[Ranked]] = {}
    for query, similarities in zip(dev.queries, queries @ passages.T, strict=True):
        best = np.full(len(sections), -np.inf, dtype=np.float32)
        np.maximum.at(best, owner, similarities)
        order = np.argsort(-best, kind="stable")
        rankings[query.id] = [Ranked(sections[row], float(best[row])) for row in order]
    quality = dev_metrics(rankings, dev.qrels, {query.id: query.domain for query in dev.queries})
    return DevMeasurement(quality, mean_cosine(passages))


def flat_metrics(metrics: DevMetrics) -> dict[str, float]:
    """Return all numbers under flat names, such as ``recall@5`` and ``hvac_mrr``."""
    values = {"recall@5": metrics.overall.recall_at_5, "mrr": metrics.overall.mrr}
    for domain, quality in metrics.by_domain.items():
        values[f"{domain}_recall@5"] = quality.recall_at_5
        values[f"{domain}_mrr"] = quality.mrr
    return values


class DomainAwareEvaluator(SentenceEvaluator):
    """Lets a sentence-transformers trainer measure dev questions per domain.

    Args:
        dev: The dev set.
    """

    def __init__(self, dev: DevSet) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.dev = dev
        self.primary_metric = "mrr"

    def __call__(  # type: ignore[override]
        self, model: SentenceTransformer, output_path: str | None = None, epoch: float = -1, steps: int = -1
    ) -> dict[str, float]:
        """Return ``recall@5`` and ``mrr``, overall and per domain, and ``mean_cosine``; writes nothing."""
        return measure_dev(SentenceTransformerEncoder(model, "in training", ""), self.dev).flat
