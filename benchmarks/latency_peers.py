"""The searches that `query_latency.py` compares with; not a benchmark by itself."""

from __future__ import annotations

import importlib.util
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from embedtune.vocabulary.ports import Encoder

Search = Callable[[str, int], list[str]]
Build = Callable[[list[str], list[str], np.ndarray, Encoder], Search]
RRF_K = 60
DEPTH = 100


@dataclass(frozen=True)
class Peer:
    """A search by another library: its name, and what builds it from ids, texts, vectors and an encoder."""

    name: str
    build: Build


def qdrant_local_peer() -> Peer:
    """Return qdrant-client's local mode with dense and sparse vectors, fused by its own RRF."""
    return Peer("qdrant-client, local mode (dense + sparse, RRF)", _build_qdrant)


def langchain_peer() -> Peer:
    """Return LangChain's EnsembleRetriever, or what it does where it is not installed."""
    if not all(map(importlib.util.find_spec, ("langchain_classic", "langchain_community", "rank_bm25"))):
        return Peer("as LangChain's EnsembleRetriever does it (not installed)", _build_plain)
    return Peer("LangChain EnsembleRetriever (BM25 + in-memory vectors)", _build_langchain)


def _build_qdrant(ids: list[str], texts: list[str], vectors: np.ndarray, encoder: Encoder) -> Search:
    from qdrant_client import QdrantClient, models

    client = QdrantClient(":memory:")
    client.create_collection(
        "sections",
        vectors_config={"dense": models.VectorParams(size=vectors.shape[1], distance=models.Distance.COSINE)},
        sparse_vectors_config={"words": models.SparseVectorParams(modifier=models.Modifier.IDF)},
    )
    vocabulary: dict[str, int] = {}

    def sparse(text: str) -> models.SparseVector:
        counts = Counter(vocabulary.setdefault(word, len(vocabulary)) for word in text.lower().split())
        return models.SparseVector(indices=list(counts), values=[float(count) for count in counts.values()])

    for start in range(0, len(ids), 1000):
        some = range(start, min(start + 1000, len(ids)))
        points = [
            models.PointStruct(id=row, vector={"dense": vectors[row].tolist(), "words": sparse(texts[row])})
            for row in some
        ]
        client.upsert("sections", points)

    def search(text: str, limit: int) -> list[str]:
        found = client.query_points(
            "sections",
            prefetch=[
                models.Prefetch(query=encoder.encode([text])[0].tolist(), using="dense", limit=DEPTH),
                models.Prefetch(query=sparse(text), using="words", limit=DEPTH),
            ],
            query=models.FusionQuery(fusion=models.Fusion.RRF),
            limit=limit,
        )
        return [ids[int(point.id)] for point in found.points]

    return search


def _build_langchain(ids: list[str], texts: list[str], vectors: np.ndarray, encoder: Encoder) -> Search:
    from langchain_classic.retrievers import EnsembleRetriever
    from langchain_community.retrievers import BM25Retriever
    from langchain_core.documents import Document
    from langchain_core.embeddings import Embeddings
    from langchain_core.vectorstores import InMemoryVectorStore

    class Given(Embeddings):
        """The vectors of the texts as they are, and the encoder's of a question."""

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return vectors.tolist()

        def embed_query(self, text: str) -> list[float]:
            return encoder.encode([text])[0].tolist()

    documents = [Document(page_content=text, metadata={"id": id_}) for id_, text in zip(ids, texts, strict=True)]
    store = InMemoryVectorStore(Given())
    store.add_documents(documents)
    words = BM25Retriever.from_documents(documents, k=DEPTH)
    both = EnsembleRetriever(retrievers=[words, store.as_retriever(search_kwargs={"k": DEPTH})], weights=[0.4, 0.6])
    return lambda text, limit: [document.metadata["id"] for document in both.invoke(text)][:limit]


def _build_plain(ids: list[str], texts: list[str], vectors: np.ndarray, encoder: Encoder) -> Search:
    """Do what LangChain does: rank_bm25's loop over all documents, and cosines over a list of vectors."""
    counts = [Counter(text.split()) for text in texts]
    lengths = np.array([sum(one.values()) for one in counts])
    held = Counter(word for one in counts for word in one)
    idf = {word: math.log(len(texts) - many + 0.5) - math.log(many + 0.5) for word, many in held.items()}
    stored = vectors.tolist()

    def search(text: str, limit: int) -> list[str]:
        scores = np.zeros(len(texts))
        for word in text.split():
            frequency = np.array([one.get(word) or 0 for one in counts])
            norms = 1.5 * (0.25 + 0.75 * lengths / lengths.mean())
            scores += idf.get(word, 0) * frequency * 2.5 / (frequency + norms)
        matrix = np.array(stored)
        question = encoder.encode([text])[0]
        cosines = matrix @ question / np.linalg.norm(matrix, axis=1)
        fused: Counter[int] = Counter()
        for weight, values in ((0.4, scores), (0.6, cosines)):
            for rank, row in enumerate(np.argsort(-values)[:DEPTH], start=1):
                fused[int(row)] += weight / (RRF_K + rank)
        return [ids[row] for row, _ in fused.most_common(limit)]

    return search
