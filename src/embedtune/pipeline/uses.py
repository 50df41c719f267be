"""What else vectors are good for: clusters, near-duplicates, similarity, questions answered before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from embedtune.corpus.near_duplicates import clusters
from embedtune.encoders.cached_encoder import BLOCK
from embedtune.errors import InputError
from embedtune.events import Progress
from embedtune.files import short_digest
from embedtune.index.exact import ExactIndex
from embedtune.index.near_vectors import near_vector_links
from embedtune.pairs.formats.qa_pairs import read_qa_pairs
from embedtune.pipeline.keyword_choice import untuned_fusion
from embedtune.pipeline.project import Project
from embedtune.pipeline.stored_vectors import stored_vectors
from embedtune.pipeline.systems import BASE
from embedtune.pipeline.wiring import cached, section_keywords
from embedtune.retrieval.clustering import Cluster, cluster_count, clusters_of
from embedtune.retrieval.retriever import HybridRetriever
from embedtune.vocabulary.corpus import Passage, Section, SectionKind
from embedtune.vocabulary.ports import Encoder
from embedtune.vocabulary.retrieval import Hit


@dataclass(frozen=True, slots=True)
class SectionClusters:
    """The sections of an index, divided into clusters of like content."""

    sections: tuple[Section, ...]
    clusters: tuple[Cluster, ...]


@dataclass(frozen=True, slots=True)
class NearPassages:
    """Clusters of passages that say nearly the same.

    Attributes:
        clusters: The passages of each cluster of two or more, the largest cluster first.
        passage_count: How many passages were compared.
        threshold: The cosine that links two passages.
    """

    clusters: tuple[tuple[Passage, ...], ...]
    passage_count: int
    threshold: float


def cluster_sections(project: Project, store: str | Path | None, count: int | None) -> SectionClusters:
    """Divide the sections of an index into clusters, each named by its words.

    Args:
        project: The project.
        store: The index folder, or the address of a Qdrant server; the project's own folder by default.
        count: How many clusters; by default as many as the root of half the sections.

    Raises:
        InputError: There is no index, or there are fewer sections than clusters.
    """
    held = stored_vectors(project, store)
    sections = held.collection.sections
    texts = [section.full_text for section in sections]
    wanted = cluster_count(len(sections)) if count is None else count
    return SectionClusters(sections, clusters_of(held.of_sections(), texts, wanted, project.seed))


def near_passages(project: Project, store: str | Path | None, threshold: float) -> NearPassages:
    """Find the passages of an index that say nearly the same, by their vectors.

    A cluster of passages of one section alone is left out: windows overlap.

    Args:
        project: The project.
        store: The index folder, or the address of a Qdrant server; the project's own folder by default.
        threshold: The least cosine, above 0 and at most 1.

    Raises:
        InputError: There is no index, or the threshold is none.
    """
    held = stored_vectors(project, store)
    passages = held.collection.passages

    def told(done: int, total: int) -> None:
        project.report(Progress("Comparing passages", done, total, "passages"))

    links = near_vector_links(held.vectors, threshold, told)
    members: dict[int, list[Passage]] = {}
    for passage, label in zip(passages, clusters(len(passages), links), strict=True):
        members.setdefault(label, []).append(passage)
    groups = [tuple(group) for group in members.values() if len({passage.section_id for passage in group}) > 1]
    return NearPassages(tuple(sorted(groups, key=len, reverse=True)), len(passages), threshold)


def similarity(project: Project, model: str, left: str, right: str) -> float:
    """Return the cosine of two texts, -1 to 1.

    Raises:
        InputError: A text is empty.
        ModelError: The model cannot be had.
    """
    if not left.strip() or not right.strip():
        raise InputError("One of the texts is empty.", "Give two texts.")
    first, second = _encoder(project, model).encode([left, right])
    return float(first @ second)


def find_answers(project: Project, file: Path, model: str, question: str, limit: int) -> list[Hit]:
    """Return the answers of a file of questions and answers that fit a question best.

    A known question stands as heading above its answer: both are searched by words and by meaning. Vectors are kept
    in the project's cache, so that the file is encoded once.

    Args:
        project: The project.
        file: Questions and answers: JSON lines, CSV, TSV or Parquet.
        model: A version, a run, a model folder, or base.
        question: The question.
        limit: At most so many answers.

    Raises:
        FormatError: The file is malformed.
        InputError: It holds nothing, the question is empty, or ``limit`` is below 1.
        ModelError: The model cannot be had.
    """
    pairs = read_qa_pairs(file).items
    if not pairs:
        raise InputError(f"{file} holds no question.", "Give a file of questions and answers.")
    known = {(pair.query.text, pair.positive): pair for pair in pairs}
    sections = [
        Section(
            id=short_digest(list(key)),
            document_id=file.name,
            domain=pair.query.domain or "default",
            heading_path=(pair.query.text,),
            kind=SectionKind.OTHER,
            text=pair.positive,
            span=(1, 1),
        )
        for key, pair in known.items()
    ]
    passages = [Passage(f"{one.id}#0", one.id, one.full_text, len(one.heading) + 1) for one in sections]
    cache = project.vector_cache()
    encoder = cached(_encoder(project, model), cache)
    index = ExactIndex(encoder.dimension)
    for start in range(0, len(passages), BLOCK):
        block = passages[start : start + BLOCK]
        domains = [section.domain for section in sections[start : start + BLOCK]]
        index.upsert(block, encoder.encode([passage.text for passage in block]), domains)
    fusion = untuned_fusion(project.config.retrieval)
    keywords = section_keywords(sections, fusion.keywords)
    retriever = HybridRetriever(sections, passages, index, keywords, encoder, fusion, f"hybrid:{model}")
    return retriever.search(question, limit)


def _encoder(project: Project, model: str) -> Encoder:
    return project.models.base() if model == BASE else project.models.named(model)
