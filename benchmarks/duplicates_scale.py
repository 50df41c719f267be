"""How long it takes to find nearly equal passages among very many by their vectors.

Claim: `embedtune duplicates --store` over 200,000 passages takes at most 2 minutes without encoding.

    python benchmarks/duplicates_scale.py [--passages 200000] [--dimension 384] [--threshold 0.95]

The vectors are made up: topics with sub-topics, so that many passages are somewhat alike, with near-copies (cosine
above the threshold) and exact copies planted among them. Time is that of the library's function, from vectors in
memory to links; memory is the peak of the process. That every planted copy is found is checked.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time

import numpy as np

from embedtune.corpus.near_duplicates import clusters
from embedtune.index.near_vectors import near_vector_links

BAR_SECONDS = 120.0
TOPICS = 400
PLANTED_SHARE = 0.02
ABOVE = 0.001  # what lies at the threshold itself is a matter of rounding


def main() -> int:
    """Print time, memory and what was found; exit code 1 where the bar or a copy is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", help="Not looked at; `make bench` gives it to every script.")
    parser.add_argument("--passages", type=int, default=200_000)
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--threshold", type=float, default=0.95)
    arguments = parser.parse_args()
    vectors, planted = made_up(arguments.passages, arguments.dimension, arguments.threshold)
    started = time.monotonic()
    links = near_vector_links(vectors, arguments.threshold)
    seconds = time.monotonic() - started
    labels = clusters(len(vectors), links)
    missed = sum(labels[left] != labels[right] for left, right in planted)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(
        f"{arguments.passages} passages in {seconds:.1f} s (bar {BAR_SECONDS:.0f}), peak {peak:.0f} MiB, "
        f"{len(links)} links, {missed} of {len(planted)} planted copies missed"
    )
    return int(missed > 0 or seconds > BAR_SECONDS)


def made_up(count: int, dimension: int, threshold: float) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Return unit vectors with planted copies, and the pairs of original and copy."""
    generator = np.random.default_rng(0)
    topics = generator.standard_normal((TOPICS, dimension), dtype=np.float32)
    # Like embeddings of text: a few directions carry most of the differences.
    scale = (1 / np.sqrt(1 + np.arange(dimension) / 16)).astype(np.float32)
    rows = topics[generator.integers(TOPICS, size=count)] * scale
    rows += 0.8 * generator.standard_normal((count, dimension), dtype=np.float32) * scale
    copies = int(count * PLANTED_SHARE)
    originals = generator.choice(count - copies, size=copies, replace=False)
    noise = generator.standard_normal((copies, dimension), dtype=np.float32)
    noise *= np.where(np.arange(copies) % 3, 0.2, 0.0)[:, None] * scale
    rows[count - copies :] = rows[originals] + noise
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    pairs = list(zip(originals.tolist(), range(count - copies, count), strict=True))
    found = [pair for pair in pairs if float(rows[pair[0]] @ rows[pair[1]]) >= threshold + ABOVE]
    return rows.astype(np.float32), found


if __name__ == "__main__":
    sys.exit(main())
