"""Mine hard negatives: passages that a system ranks high although they do not answer."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Protocol

import numpy as np

from embedtune.config.settings import NegativeSettings
from embedtune.events import Report, silent, tracked
from embedtune.vocabulary.corpus import Passage
from embedtune.vocabulary.pairs import Negative, TrainingPair
from embedtune.vocabulary.ports import Encoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

BM25 = "bm25"
BASE = "base"
CROSS_DOMAIN = "cross_domain"


class PassageRanker(Protocol):
    """Ranks passages by the words they share with a question."""

    def search(self, query: str, limit: int) -> list[tuple[str, float]]:
        """Return up to ``limit`` (passage id, score), best first."""
        ...


@dataclass(frozen=True, slots=True)
class PassagePool:
    """The passages negatives are taken from.

    Attributes:
        passages: Passages of training sections; held-out text never trains, not even as a negative.
        domains: Section id to domain.
        clusters: Section id to cluster.
    """

    passages: tuple[Passage, ...]
    domains: Mapping[str, str]
    clusters: Mapping[str, str]


def mine_negatives(
    pairs: Sequence[TrainingPair],
    pool: PassagePool,
    encoder: Encoder,
    keywords: PassageRanker,
    settings: NegativeSettings,
    *,
    seed: int,
    report: Report = silent,
) -> tuple[TrainingPair, ...]:
    """Return the pairs with up to ``settings.per_pair`` hard negatives each, from different sections.

    BM25's and the base model's wrong results take turns. A passage of the pair's own cluster (its
    section and the near-duplicates of it) is a known positive; one whose cosine with the question comes
    within ``margin`` of the right passage's may be an unknown one (Moreira et al. 2024, "NV-Retriever",
    relative margin): neither is taken. In ``cross_domain_share`` of the pairs the first negative is the
    base model's best from another domain, where there is one.

    Args:
        pairs: Pairs with or without negatives; the ones they have are kept and come first.
        pool: Where negatives come from.
        encoder: The base model.
        keywords: BM25 over the pool's passages.
        settings: How many and which.
        seed: Seed of the cross-domain choice.
        report: Where progress goes.
    """
    if not pairs or not pool.passages or not settings.per_pair:
        return tuple(pairs)
    miner = _Miner(pool, encoder.encode([passage.text for passage in pool.passages]), keywords, settings)
    queries = encoder.encode([pair.query.text for pair in pairs])
    positives = encoder.encode([pair.positive for pair in pairs])
    right = np.einsum("ij,ij->i", queries, positives)
    mined: list[TrainingPair] = []
    for row, pair in enumerate(tracked(pairs, "Mining negatives", "pairs", report)):
        drawn = random.Random(f"{seed}:{pair.query.id}:cross").random()  # noqa: S311 - not for secrets
        found = miner.mine(pair, queries[row], float(right[row]), cross=drawn < settings.cross_domain_share)
        mined.append(replace(pair, negatives=(*pair.negatives, *found)))
    return tuple(mined)


class _Miner:
    def __init__(
        self, pool: PassagePool, vectors: NDArray[np.float32], keywords: PassageRanker, settings: NegativeSettings
    ) -> None:
        self._pool = pool
        self._vectors = vectors
        self._keywords = keywords
        self._settings = settings
        self._row = {passage.id: row for row, passage in enumerate(pool.passages)}
        self._domains = np.array([pool.domains[passage.section_id] for passage in pool.passages])

    def mine(
        self, pair: TrainingPair, query: NDArray[np.float32], right: float, *, cross: bool
    ) -> tuple[Negative, ...]:
        similarities = self._vectors @ query
        ceiling = right - abs(right) * self._settings.margin
        used = {pair.provenance.cluster} | {self._pool.clusters.get(n.section_id, "") for n in pair.negatives}
        found: list[Negative] = []
        for source, row, score in self._candidates(pair, similarities, cross=cross):
            if len(found) + len(pair.negatives) >= self._settings.per_pair:
                break
            passage = self._pool.passages[row]
            cluster = self._pool.clusters[passage.section_id]
            if cluster in used or similarities[row] > ceiling:
                continue
            used.add(cluster)
            found.append(Negative(self._shown(pair, passage), passage.section_id, source, round(score, 6)))
        return tuple(found)

    def _candidates(
        self, pair: TrainingPair, similarities: NDArray[np.float32], *, cross: bool
    ) -> Iterator[tuple[str, int, float]]:
        """Yield (source, row, score), the sources by turns."""
        depth, skip = self._settings.depth, self._settings.skip_top
        order = np.argsort(-similarities, kind="stable")
        same_domain = self._domains[order] == pair.query.domain
        if cross:
            for row in order[~same_domain][:1]:
                yield CROSS_DOMAIN, int(row), float(similarities[row])
        dense = [(BASE, int(row), float(similarities[row])) for row in order[same_domain][skip : skip + depth]]
        words = [
            (BM25, self._row[passage], score)
            for passage, score in self._keywords.search(pair.query.text, skip + depth)[skip:]
        ]
        first, second = (words, dense) if int(pair.query.id[-1:] or "0", 36) % 2 else (dense, words)
        for candidates in zip_longest(first, second):
            yield from (candidate for candidate in candidates if candidate)

    @staticmethod
    def _shown(pair: TrainingPair, passage: Passage) -> str:
        """Show the negative as the positive is shown, so that a heading alone gives nothing away."""
        with_heading = "\n" in pair.positive
        return passage.text if with_heading else passage.body
