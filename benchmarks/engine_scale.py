"""How long an index takes to build and to open, how fast and how right its engine finds, and in how much memory.

Claims: the vectors and BM25 of 20,000 sections are indexed in at most 15 s without encoding; of the ten nearest
among 20,000 and 200,000 the engine finds at least 99 in 100.

    python benchmarks/engine_scale.py [--sections 20000 --sections 200000] [--engine qdrant] [--gaussian]

Sections are made up: 80 words drawn by Zipf's law under a numbered heading, one passage each. Vectors of 384
dimensions lie near a space of 48, as those of real texts do; ``--gaussian`` fills all dimensions evenly, which no
real model does and which is the hardest for a search graph. A question is a section's vector with noise. Building is
what ``embedtune index`` does: sections are digested, vectors and records written batch by batch, the graph built,
and BM25 made as a search makes it. The engine is asked for ten, and for two hundred, as a hybrid search asks it.
Each size runs in a process of its own; memory is its peak.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

BAR_SECONDS, BAR_SECTIONS = 15.0, 20_000
BAR_RECALL = 0.99
DIMENSION, LATENT = 384, 48
WORDS, VOCABULARY = 80, 20_000
NOISE = 0.5


@dataclass(frozen=True)
class Measurement:
    """What one process tells; seconds and shares."""

    sections: int
    engine: str
    digesting: float
    writing: float
    bm25: float
    opening: float
    p50_ms: float
    p99_ms: float
    p50_deep_ms: float
    p99_deep_ms: float
    recall: float
    recall_deep: float
    peak_mib: float

    @property
    def building(self) -> float:
        """Seconds until the index and BM25 are there."""
        return self.digesting + self.writing + self.bm25


def main() -> int:
    """Print times, recall and memory; exit code 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", help="Not looked at; `make bench` gives it to every script.")
    parser.add_argument("--sections", type=int, action="append")
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--engine", choices=["exact", "qdrant"])
    parser.add_argument("--gaussian", action="store_true")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        found = measured(arguments.sections[0], arguments.queries, arguments.engine, gaussian=arguments.gaussian)
        print(json.dumps(asdict(found)))
        return 0
    missed = 0
    for count in arguments.sections or [20_000, 200_000]:
        found = in_a_process(count, arguments)
        print(
            f"{found.sections} sections, {found.engine}: built in {found.building:.1f} s (digests "
            f"{found.digesting:.1f}, vectors and records {found.writing:.1f}, BM25 {found.bm25:.1f}); opened in "
            f"{found.opening:.1f} s; ten nearest p50 {found.p50_ms:.2f} ms, p99 {found.p99_ms:.2f} ms, recall@10 "
            f"{found.recall:.4f}; among two hundred p50 {found.p50_deep_ms:.2f} ms, p99 {found.p99_deep_ms:.2f} ms, "
            f"recall@10 {found.recall_deep:.4f}; peak {found.peak_mib:.0f} MiB"
        )
        missed += found.recall_deep < BAR_RECALL
        missed += found.sections <= BAR_SECTIONS and found.building > BAR_SECONDS
    print(f"bars: {BAR_SECONDS:.0f} s to build {BAR_SECTIONS}, recall@10 {BAR_RECALL}: {missed} missed")
    return int(missed > 0)


def in_a_process(count: int, arguments: argparse.Namespace) -> Measurement:
    """Measure one size in a process of its own."""
    command = [sys.executable, __file__, "--alone", "--sections", str(count), "--queries", str(arguments.queries)]
    command += ["--engine", arguments.engine] if arguments.engine else []
    command += ["--gaussian"] if arguments.gaussian else []
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Measurement(**json.loads(output.splitlines()[-1]))


class Given:
    """Hands out the vectors of numbered sections."""

    name, digest, dimension = "given", f"sha256:{'0' * 64}", DIMENSION

    def __init__(self, rows: np.ndarray) -> None:
        self._rows = rows

    def encode(self, texts: list[str]) -> np.ndarray:
        """Return the vector of the number in each heading."""
        return self._rows[[int(text.split(maxsplit=1)[0]) for text in texts]]


def vectors(count: int, queries: int, *, gaussian: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return unit vectors of sections and of questions."""
    draws = np.random.default_rng(7)
    if gaussian:
        rows = draws.standard_normal((count, DIMENSION), dtype=np.float32)
    else:
        spread = draws.standard_normal((LATENT, DIMENSION), dtype=np.float32) / np.sqrt(LATENT)
        rows = draws.standard_normal((count, LATENT), dtype=np.float32) @ spread
        rows += 0.1 * draws.standard_normal((count, DIMENSION), dtype=np.float32)
    asked = rows[draws.integers(0, count, queries)]
    asked = asked + NOISE * draws.standard_normal((queries, DIMENSION), dtype=np.float32)
    return unit(rows), unit(asked)


def unit(rows: np.ndarray) -> np.ndarray:
    """Return rows at length 1."""
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def measured(count: int, queries: int, engine: str | None, *, gaussian: bool) -> Measurement:
    """Build, open and search an index of one size."""
    from embedtune.events import silent
    from embedtune.index.description import Engine
    from embedtune.index.folder_store import FolderStore
    from embedtune.index.held_sections import hold_all
    from embedtune.pipeline.indexing import IndexRequest, build_index
    from embedtune.pipeline.opening import read_collection
    from embedtune.pipeline.wiring import section_keywords
    from embedtune.vocabulary.corpus import Section, SectionKind
    from embedtune.vocabulary.retrieval import FusionSettings, KeywordSettings, PassageSettings

    rows, asked = vectors(count, queries, gaussian=gaussian)
    draws = np.random.default_rng(8)
    numbers = np.minimum(draws.zipf(1.2, (count, WORDS)), VOCABULARY)
    sections = tuple(
        Section(f"{n:08d}", "d", "one", (f"{n}",), SectionKind.OTHER, " ".join(f"w{w}" for w in words), (1, 1))
        for n, words in enumerate(numbers.tolist())
    )
    chosen = Engine(engine) if engine else (Engine.QDRANT if count >= BAR_SECTIONS else None)
    request = IndexRequest(sections, Given(rows), "given", PassageSettings(None), FusionSettings(), chosen)
    begin = time.perf_counter()
    hold_all(sections, request.passages)
    digesting = time.perf_counter() - begin
    with tempfile.TemporaryDirectory() as place:
        store = FolderStore(Path(place) / "store")
        begin = time.perf_counter()
        built = build_index(request, store, silent)
        writing = time.perf_counter() - begin - digesting
        begin = time.perf_counter()
        section_keywords(sections, KeywordSettings())
        bm25 = time.perf_counter() - begin
        begin = time.perf_counter()
        found = read_collection(store, built.name)
        index = store.vectors(built.name, found.description)
        opening = time.perf_counter() - begin
        exact = np.argsort(-(asked @ rows.T), axis=1)[:, :10]
        wide = [searched(index, asked, exact, limit) for limit in (10, 200)]
        index.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (p50, p99, recall), (deep50, deep99, deep_recall) = wide
    engine_name = built.description.engine.value
    return Measurement(
        count, engine_name, digesting, writing, bm25, opening, p50, p99, deep50, deep99, recall, deep_recall, peak
    )


def searched(index: object, asked: np.ndarray, exact: np.ndarray, limit: int) -> tuple[float, float, float]:
    """Return the median and the 99th percentile in ms, and which share of the ten nearest was found."""
    times, right = [], 0
    for query, wanted in zip(asked, exact.tolist(), strict=True):
        begin = time.perf_counter()
        hits = index.search(query, limit)  # type: ignore[attr-defined]
        times.append(1000 * (time.perf_counter() - begin))
        right += len({int(name[:8]) for name, _ in hits[:10]} & set(wanted))
    return float(np.median(times)), float(np.percentile(times, 99)), right / exact.size


if __name__ == "__main__":
    sys.exit(main())
