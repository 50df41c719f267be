"""Mine hard negatives: passages that a system ranks high although they do not answer."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Protocol

import numpy as np

from embedtune.events import Report, silent, tracked
from embedtune.vocabulary.pairs import Negative, TrainingPair

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from embedtune.config.settings import NegativeSettings
    from embedtune.vocabulary.corpus import Passage
    from embedtune.vocabulary.ports import Encoder

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
    """Return the pairs with up to ``settings.per_pair`` hard negatives each, from different clusters.

    BM25's and the base model's wrong results take turns. A passage of the cluster (a section and the
    near-duplicates of it) of any pair that asks the same question is a known positive; one whose cosine
    with the question comes within ``margin`` of the right passage's may be an unknown one (Moreira et
    al. 2024, "NV-Retriever", relative margin): neither is taken. In ``cross_domain_share`` of the pairs
    the first negative is the base model's best from another domain, where there is one. A pair without
    a domain takes negatives from all.

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
    size = len(pool.passages)
    # One call: an encoder does equal texts once, and most positives are passages of the pool.
    texts = encoder.encode([*(passage.text for passage in pool.passages), *(pair.positive for pair in pairs)])
    miner, positives = _Miner(pool, texts[:size], keywords, settings), texts[size:]
    known = _known_answers(pairs, pool)
    queries = encoder.encode([pair.query.text for pair in pairs])
    right = np.einsum("ij,ij->i", queries, positives)
    mined: list[TrainingPair] = []
    for row, pair in enumerate(tracked(pairs, "Mining negatives", "pairs", report)):
        choices = random.Random(f"{seed}:{pair.query.id}:negatives")  # noqa: S311 - not for secrets
        found = miner.mine(pair, known[_asked(pair)], queries[row], float(right[row]), choices)
        mined.append(replace(pair, negatives=(*pair.negatives, *found)))
    return tuple(mined)


@dataclass(slots=True)
class _Answers:
    """What is known to answer a question: clusters of sections, and texts."""

    clusters: set[str]
    texts: set[str]


def _known_answers(pairs: Sequence[TrainingPair], pool: PassagePool) -> dict[str, _Answers]:
    known: dict[str, _Answers] = defaultdict(lambda: _Answers(set(), set()))
    for pair in pairs:
        source = pair.provenance
        cluster = source.cluster or pool.clusters.get(source.section_id, "")
        answers = known[_asked(pair)]
        answers.texts.add(pair.positive)
        answers.clusters |= {cluster} - {""}
    return dict(known)


def _asked(pair: TrainingPair) -> str:
    return " ".join(pair.query.text.lower().split())


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
        self._rows_of: dict[tuple[str, str], set[int]] = defaultdict(set)
        for row, passage in enumerate(pool.passages):
            self._rows_of["cluster", pool.clusters[passage.section_id]].add(row)
            self._rows_of["text", passage.text].add(row)
            self._rows_of["text", passage.body].add(row)

    def mine(
        self, pair: TrainingPair, answers: _Answers, query: NDArray[np.float32], right: float, choices: random.Random
    ) -> tuple[Negative, ...]:
        similarities = self._vectors @ query
        ceiling = right - abs(right) * self._settings.margin
        answering = self._answering(answers)
        used = {self._pool.clusters.get(negative.section_id, "") for negative in pair.negatives}
        found: list[Negative] = []
        for source, row, score in self._candidates(pair, similarities, answering, choices):
            if len(found) + len(pair.negatives) >= self._settings.per_pair:
                break
            passage = self._pool.passages[row]
            cluster = self._pool.clusters[passage.section_id]
            if cluster in used or similarities[row] > ceiling:
                continue
            used.add(cluster)
            found.append(Negative(self._shown(pair, passage), passage.section_id, source, round(score, 6)))
        return tuple(found)

    def _answering(self, answers: _Answers) -> set[int]:
        keys = [("cluster", cluster) for cluster in answers.clusters] + [("text", text) for text in answers.texts]
        return {row for key in keys for row in self._rows_of.get(key, ())}

    def _candidates(
        self, pair: TrainingPair, similarities: NDArray[np.float32], answering: set[int], choices: random.Random
    ) -> Iterator[tuple[str, int, float]]:
        """Yield (source, row, score) of wrong passages, the sources by turns; which begins is drawn."""
        depth, skip = self._settings.depth, self._settings.skip_top
        crosses = choices.random() < self._settings.cross_domain_share
        order = np.argsort(-similarities, kind="stable")
        at_home = (self._domains[order] == pair.query.domain) | (not pair.query.domain)
        near, far = ((row for row in map(int, order[part]) if row not in answering) for part in (at_home, ~at_home))
        for row in islice(far, int(crosses)):
            yield CROSS_DOMAIN, row, float(similarities[row])
        ranked = self._keywords.search(pair.query.text, skip + depth + len(answering))
        worded = ((self._row[passage], score) for passage, score in ranked if self._row[passage] not in answering)
        dense = [(BASE, row, float(similarities[row])) for row in islice(near, skip, skip + depth)]
        words = [(BM25, row, score) for row, score in islice(worded, skip, skip + depth)]
        turns = (words, dense) if choices.random() < 0.5 else (dense, words)  # noqa: PLR2004 - a fair coin
        for candidates in zip_longest(*turns):
            yield from (candidate for candidate in candidates if candidate)

    @staticmethod
    def _shown(pair: TrainingPair, passage: Passage) -> str:
        """Show the negative as the positive is shown, so that a heading alone gives nothing away."""
        with_heading = "\n" in pair.positive
        return passage.text if with_heading else passage.body
