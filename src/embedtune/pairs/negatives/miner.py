"""Take negatives from several sources by turns."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest
from typing import TYPE_CHECKING

from embedtune.errors import ConfigError
from embedtune.events import Progress, Report, silent
from embedtune.pairs.negatives.exclusions import asked, known_answers
from embedtune.pairs.negatives.judges import EncodedPool
from embedtune.pairs.negatives.pool import PassagePool, PoolRows
from embedtune.pairs.negatives.sources import (
    BASE,
    BM25,
    CROSS_DOMAIN,
    CURRENT,
    HYBRID,
    QDRANT,
    Candidate,
    DenseSource,
    Fuse,
    FusedSource,
    NegativeSource,
    PassageRanker,
    Question,
    RankedSource,
)
from embedtune.vocabulary.pairs import Negative, TrainingPair

if TYPE_CHECKING:
    from embedtune.config.data_settings import NegativeSettings
    from embedtune.vocabulary.corpus import Passage
    from embedtune.vocabulary.ports import Encoder

_PAIRS_AT_ONCE = 256
_GIVEN = "given"


@dataclass(frozen=True, slots=True)
class Rankers:
    """What ranks the pool.

    Attributes:
        keywords: BM25 over the pool's passages.
        base: The base model; it judges every candidate, whoever proposed it.
        fuse: Makes one ranking of a model's and BM25's, for ``hybrid``.
        collection: The results of a Qdrant collection, whose passages are in the pool, for ``qdrant``.
    """

    keywords: PassageRanker
    base: Encoder
    fuse: Fuse | None = None
    collection: PassageRanker | None = None


def mine_negatives(
    pairs: Sequence[TrainingPair],
    pool: PassagePool,
    rankers: Rankers,
    settings: NegativeSettings,
    *,
    seed: int,
    current: Encoder | None = None,
    report: Report = silent,
) -> tuple[TrainingPair, ...]:
    """Return the pairs with hard negatives; see `NegativeMiner`.

    Args:
        pairs: Pairs with or without negatives; the ones they have are kept and come first.
        pool: Where negatives come from.
        rankers: What ranks the pool.
        settings: How many and which.
        seed: Seed of the turns and the cross-domain choice.
        current: The model being trained, or another one than the base.
        report: Where progress goes.

    Raises:
        ConfigError: A source lacks what it needs.
    """
    return NegativeMiner(pairs, pool, rankers, settings, seed=seed, report=report).mine(current)


def without_mined(pair: TrainingPair) -> TrainingPair:
    """Return a pair with the negatives alone that its author gave."""
    return replace(pair, negatives=tuple(negative for negative in pair.negatives if negative.source == _GIVEN))


class NegativeMiner:
    """Mines up to ``settings.per_pair`` hard negatives a pair, from different clusters.

    The wrong results of the sources take turns, each within its rank window and quota. A passage of the
    cluster (a section and the near-duplicates of it) of any pair that asks the same question is a known
    positive, and so is a text that says the same as a known one; a cluster whose best passage's cosine with
    the question comes within ``margin`` of the right passage's, for the base model or the current one, may be an
    unknown one (Moreira et al. 2024, "NV-Retriever", relative margin): none of these is taken. In
    ``cross_domain_share`` of the pairs the first negative is the best of another domain, where there is
    one. A pair without a domain takes negatives from all.

    What depends on no current model is computed once for all calls of `mine`.

    Args:
        pairs: Pairs with or without negatives; the ones they have are kept and come first.
        pool: Where negatives come from.
        rankers: What ranks the pool.
        settings: How many and which.
        seed: Seed of the turns and the cross-domain choice.
        report: Where progress goes.
    """

    def __init__(
        self,
        pairs: Sequence[TrainingPair],
        pool: PassagePool,
        rankers: Rankers,
        settings: NegativeSettings,
        *,
        seed: int,
        report: Report = silent,
    ) -> None:
        self._pairs = tuple(pairs)
        self._rankers = rankers
        self._settings = settings
        self._seed = seed
        self._report = report
        self._rows = PoolRows(pool)
        self._answers = known_answers(self._pairs, pool)

    @cached_property
    def _base(self) -> EncodedPool:
        return EncodedPool(self._rankers.base, self._rows, self._pairs)

    def mine(self, current: Encoder | None = None) -> tuple[TrainingPair, ...]:
        """Return the pairs with negatives.

        Args:
            current: The model that the source ``current`` ranks with; it judges too.

        Raises:
            ConfigError: A source lacks what it needs.
        """
        if not self._pairs or not len(self._rows) or not self._settings.per_pair:
            return self._pairs
        encoded = EncodedPool(current, self._rows, self._pairs) if current else None
        sources = [self._source(name, encoded) for name in self._settings.quotas]
        strangers = DenseSource(CROSS_DOMAIN, encoded or self._base, self._rows, away=True)
        judges = [self._base, *([encoded] if encoded else [])]
        mined: list[TrainingPair] = []
        for start in range(0, len(self._pairs), _PAIRS_AT_ONCE):
            block = self._pairs[start : start + _PAIRS_AT_ONCE]
            proposals = self._proposals(start, block, sources, strangers)
            for number, (pair, proposed) in enumerate(zip(block, proposals, strict=True), start=start):
                mined.append(self._filled(number, pair, proposed, judges))
            self._report(Progress("Mining negatives", len(mined), len(self._pairs), "pairs"))
        return tuple(mined)

    def _source(self, name: str, current: EncodedPool | None) -> NegativeSource:
        rankers, rows = self._rankers, self._rows
        words = RankedSource(BM25, rankers.keywords, rows)
        if name == BM25:
            return words
        if name == BASE:
            return DenseSource(BASE, self._base, rows)
        if name == CURRENT and current:
            return DenseSource(CURRENT, current, rows)
        if name == HYBRID and rankers.fuse:
            return FusedSource(HYBRID, (DenseSource(BASE, current or self._base, rows), words), rankers.fuse, rows)
        if name == QDRANT and rankers.collection:
            return RankedSource(QDRANT, rankers.collection, rows)
        raise ConfigError(
            f"Negatives of the source `{name}` cannot be mined here.",
            "`current` needs a model (--model) or a training, `qdrant` a server and a collection "
            "(--qdrant, --collection); see negatives.sources.",
        )

    def _proposals(
        self,
        start: int,
        pairs: Sequence[TrainingPair],
        sources: Sequence[NegativeSource],
        strangers: NegativeSource,
    ) -> list[list[tuple[str, Candidate]]]:
        """Return for each pair (source, candidate) in the order in which they are tried."""
        skip, depth = self._settings.skip_top, self._settings.depth
        questions = [self._question(number, pair) for number, pair in enumerate(pairs, start=start)]
        draws = [random.Random(f"{self._seed}:{pair.query.id}:negatives") for pair in pairs]  # noqa: S311 - not for secrets
        crossing = [draw.random() < self._settings.cross_domain_share for draw in draws]
        foreign = iter(strangers.candidates([q for q, crosses in zip(questions, crossing, strict=True) if crosses], 1))
        lists = [source.candidates(questions, skip + depth) for source in sources]
        proposals: list[list[tuple[str, Candidate]]] = []
        for place, (draw, crosses) in enumerate(zip(draws, crossing, strict=True)):
            first = draw.randrange(len(sources))
            turns = [
                [(source.name, candidate) for candidate in found[place][skip:]]
                for source, found in zip(sources, lists, strict=True)
            ]
            begun = [(CROSS_DOMAIN, candidate) for candidate in next(foreign)] if crosses else []
            proposals.append([*begun, *_by_turns(turns[first:] + turns[:first])])
        return proposals

    def _question(self, number: int, pair: TrainingPair) -> Question:
        answers = self._answers[asked(pair)]
        return Question(number, pair.query, self._rows.holding(answers.clusters, answers.texts))

    def _filled(
        self, number: int, pair: TrainingPair, proposed: Sequence[tuple[str, Candidate]], judges: Sequence[EncodedPool]
    ) -> TrainingPair:
        wanted = self._settings.per_pair - len(pair.negatives)
        if wanted <= 0 or not proposed:
            return pair
        rows = [candidate.row for _, candidate in proposed]
        verdicts = [judge.allowed(number, rows, self._settings) for judge in judges]
        allowed = (entry for entry, *passed in zip(proposed, *verdicts, strict=True) if all(passed))
        return replace(pair, negatives=(*pair.negatives, *self._taken(pair, allowed, wanted)))

    def _taken(
        self, pair: TrainingPair, candidates: Iterator[tuple[str, Candidate]], wanted: int
    ) -> tuple[Negative, ...]:
        answers = self._answers[asked(pair)]
        clusters = self._rows.pool.clusters
        used = {clusters.get(negative.section_id, "") for negative in pair.negatives}
        shown = {negative.text for negative in pair.negatives}
        left = dict(self._settings.quotas)
        found: list[Negative] = []
        for source, candidate in candidates:
            passage, cluster = self._rows.pool.passages[candidate.row], self._rows.cluster(candidate.row)
            text = _shown(pair, passage)
            if cluster in used or text in shown or left.get(source, 1) < 1 or answers.near(passage.body):
                continue
            used.add(cluster)
            left[source] = left.get(source, 1) - 1
            found.append(Negative(text, passage.section_id, source, round(candidate.score, 6)))
            if len(found) == wanted:
                break
        return tuple(found)


def _by_turns(lists: Sequence[Sequence[tuple[str, Candidate]]]) -> Iterator[tuple[str, Candidate]]:
    for candidates in zip_longest(*lists):
        yield from (candidate for candidate in candidates if candidate)


def _shown(pair: TrainingPair, passage: Passage) -> str:
    """Show the negative as the positive is shown, so that a heading alone gives nothing away."""
    return passage.text if "\n" in pair.positive else passage.body
