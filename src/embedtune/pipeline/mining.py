"""Hard negatives: which passages they come from, and what ranks those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from embedtune.config.data_settings import NegativeSettings
from embedtune.corpus.passages import cut_passages
from embedtune.files import digest_value, short_digest
from embedtune.index.bm25 import BM25Index
from embedtune.pairs.negatives.exclusions import without_held_out
from embedtune.pairs.negatives.miner import NegativeMiner, Rankers, mine_negatives, without_mined
from embedtune.pairs.negatives.pool import PassagePool
from embedtune.pairs.negatives.sources import BASE, CURRENT, QDRANT
from embedtune.pipeline.asked_collection import asked_collection
from embedtune.pipeline.corpus import SplitCorpus, read_documents, split_corpus
from embedtune.pipeline.project import Project
from embedtune.retrieval.fusion import rrf
from embedtune.training.job import Remining
from embedtune.vocabulary.corpus import Passage, Section
from embedtune.vocabulary.pairs import Split, TrainingPair
from embedtune.vocabulary.ports import Encoder
from embedtune.vocabulary.retrieval import PassageSettings


@dataclass(frozen=True, slots=True)
class MiningRequest:
    """What the command line asks of `mine_pairs`.

    Attributes:
        pairs: The pairs.
        corpus: Folder of documents whose sections are the pool, or
        beir: a BEIR folder whose documents are; without either, the pairs' positives are.
        model: A run, a version or a model folder that ranks as ``current``, empty for none.
        default_sources: Whether the configured sources bend to what else is given: ``current`` ranks in
            place of ``base`` where there is a model, and a Qdrant server is asked where one is named.
        replace: Whether the negatives that the pairs have are dropped.
    """

    pairs: tuple[TrainingPair, ...]
    corpus: Path | None = None
    beir: Path | None = None
    model: str = ""
    default_sources: bool = True
    replace: bool = False


def mine_pairs(project: Project, request: MiningRequest) -> tuple[TrainingPair, ...]:
    """Mine hard negatives for a file of pairs.

    Raises:
        ConfigError: A source lacks what it needs.
        InputError: The documents, the model or the Qdrant collection cannot be used.
    """
    pairs = request.pairs
    if request.replace:
        pairs = tuple(replace(pair, negatives=()) for pair in pairs)
    settings = project.config.negatives
    if request.default_sources and request.model:
        settings = ranked_by_current(settings)
    if request.default_sources and settings.qdrant_url and QDRANT not in settings.quotas:
        settings = settings.model_copy(update={"sources": (*settings.sources, QDRANT)})
    project = replace(project, config=project.config.model_copy(update={"negatives": settings}))
    pool = pairs_pool(pairs)
    if request.corpus or request.beir:
        pool = sections_pool(project, read_documents(project, request.corpus, request.beir), pairs)
    current = project.models.named(request.model) if request.model else None
    return add_negatives(project, pairs, pool, current=current)


def training_passages(project: Project) -> PassageSettings:
    """Return how training passages are cut."""
    return PassageSettings(project.config.training.passage_words, project.config.retrieval.overlap)


def add_negatives(
    project: Project, pairs: tuple[TrainingPair, ...], pool: PassagePool, *, current: Encoder | None = None
) -> tuple[TrainingPair, ...]:
    """Mine hard negatives for the training pairs; held-out pairs need none and stay as they are.

    Args:
        project: The project.
        pairs: The pairs.
        pool: Where negatives come from.
        current: The model that the source ``current`` ranks with.

    Raises:
        ConfigError: A configured source lacks what it needs.
        InputError: The configured Qdrant collection cannot be searched.
        ModelError: The base model is not on this machine.
    """
    train = [pair for pair in pairs if pair.provenance.split is Split.TRAIN]
    held_out = [pair.positive for pair in pairs if pair.provenance.split is not Split.TRAIN]
    pool, rankers = _rankers(project, train, pool, held_out)
    mined = mine_negatives(
        train,
        pool,
        rankers,
        project.config.negatives,
        seed=project.seed,
        current=current,
        report=project.report,
    )
    by_row = iter(mined)
    return tuple(next(by_row) if pair.provenance.split is Split.TRAIN else pair for pair in pairs)


def remining(
    project: Project, train: tuple[TrainingPair, ...], held_out: Sequence[str], pool: PassagePool | None = None
) -> Remining | None:
    """Return what mines negatives again while a model trains; ``None`` if that is not configured.

    Negatives that the pairs' author gave stay; mined ones are replaced.

    Args:
        project: The project.
        train: The training pairs.
        held_out: Positives of held-out pairs.
        pool: Where negatives come from; by default the pairs' positives.
    """
    if not project.config.training.remine_epochs:
        return None
    settings = ranked_by_current(project.config.negatives)
    bare = tuple(map(without_mined, train))
    pool = pool or pairs_pool(train)
    retrieval = project.config.retrieval
    miners: list[NegativeMiner] = []

    def mine(encoder: Encoder) -> tuple[TrainingPair, ...]:
        if not miners:
            wider, rankers = _rankers(project, bare, pool, held_out)
            miners.append(NegativeMiner(bare, wider, rankers, settings, seed=project.seed, report=project.report))
        return miners[0].mine(encoder)

    deciding = [pool.digest, settings.model_dump(mode="json"), retrieval.bm25_k1, retrieval.bm25_b, list(held_out)]
    return Remining(mine, settings.per_pair, digest_value(deciding))


def ranked_by_current(settings: NegativeSettings) -> NegativeSettings:
    """Return the settings with the source ``current`` in the place of ``base``, unless it is there already."""
    if CURRENT in settings.quotas:
        return settings
    sources = tuple(
        CURRENT + entry.removeprefix(BASE) if entry.partition(":")[0] == BASE else entry for entry in settings.sources
    )
    return settings.model_copy(update={"sources": sources})


def corpus_pool(project: Project, corpus: SplitCorpus) -> PassagePool:
    """Return the passages of the training sections as a pool of negatives."""
    return _pool(project, [s for s in corpus.sections if corpus.split.split_of[s.id] is Split.TRAIN], corpus)


def sections_pool(project: Project, sections: tuple[Section, ...], pairs: Sequence[TrainingPair]) -> PassagePool:
    """Return the passages of a corpus that was not divided here as a pool of negatives.

    Sections that held-out pairs name, near-duplicates of them, and passages that repeat a held-out
    positive stay away. Sections belong to pairs by their ids.
    """
    corpus = split_corpus(project, sections)
    cluster_of = corpus.split.cluster_of
    held_out = [pair for pair in pairs if pair.provenance.split is not Split.TRAIN]
    places = [pair.provenance for pair in held_out]
    away = {place.cluster for place in places} | {cluster_of.get(place.section_id, "") for place in places}
    pool = _pool(project, [section for section in sections if cluster_of[section.id] not in away], corpus)
    kept = without_held_out(pool.passages, [pair.positive for pair in held_out])
    return PassagePool(kept, pool.domains, pool.clusters)


def pairs_pool(pairs: tuple[TrainingPair, ...]) -> PassagePool:
    """Return the distinct positives of pairs without a corpus as a pool of negatives."""
    texts = {pair.positive: pair for pair in reversed(pairs) if pair.provenance.split is Split.TRAIN}
    owners = {text: pair_section(pair) for text, pair in texts.items()}
    passages = tuple(
        Passage(f"{owner}#{number}", owner, text, text.find("\n") + 1)
        for number, (text, owner) in enumerate(sorted(owners.items()))
    )
    return PassagePool(
        passages,
        {owners[text]: pair.query.domain for text, pair in texts.items()},
        {owners[text]: pair.provenance.cluster or owners[text] for text, pair in texts.items()},
    )


def pair_section(pair: TrainingPair) -> str:
    """Return the section a pair's positive is from; the digest of its text where none is given."""
    return pair.provenance.section_id or short_digest(pair.positive)


def _pool(project: Project, sections: Sequence[Section], corpus: SplitCorpus) -> PassagePool:
    passages = cut_passages(sections, training_passages(project))
    return PassagePool(
        tuple(passage for passage in passages if passage.body.strip()),
        {section.id: section.domain for section in sections},
        corpus.split.cluster_of,
    )


def _rankers(
    project: Project, pairs: Sequence[TrainingPair], pool: PassagePool, held_out: Sequence[str]
) -> tuple[PassagePool, Rankers]:
    """Return what ranks the pool, and the pool with the passages of the Qdrant collection, if that is a source."""
    collection = None
    if QDRANT in project.config.negatives.quotas and pairs:
        pool, collection = asked_collection(project, pairs, pool, held_out)
    retrieval = project.config.retrieval
    keywords = BM25Index(
        [passage.id for passage in pool.passages],
        [passage.text for passage in pool.passages],
        retrieval.bm25_k1,
        retrieval.bm25_b,
    )
    return pool, Rankers(keywords, project.models.base(), rrf, collection)
