"""How fast one question becomes a vector, with ONNX Runtime and with sentence-transformers.

Claim: a published version encodes one question at least 3.5 times as fast as ``SentenceTransformer.encode``, and no
number of any vector differs by more than 1e-4.

    python benchmarks/query_encoding.py [--model NAME|FOLDER] [--questions 300] [--rounds 3]

The model is copied and exported as publishing does it. Both sides encode the same questions one by one, by turns,
with as many threads as they take by themselves; a side's figure is the median of its best round. int8 is told beside
it: its vectors are those of another model.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from embedtune.encoders.digests import FOREIGN_FOLDERS, model_digest
from embedtune.encoders.locate import MINILM, locate_model
from embedtune.encoders.onnx import load_onnx
from embedtune.encoders.onnx_export import TOLERANCE, export_onnx, int8_encoder
from embedtune.encoders.sentence_transformer import load_model

BAR = 3.5
WORDS = (
    "how do i bleed check replace reset the rear front brake oil pump filter radio antenna valve without removing "
    "what is torque of when engine does not start P0420 10W-30 after cleaning turn on off sound menu"
).split()


def main() -> int:
    """Print the medians; exit code 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", help="Not looked at; `make bench` gives it to every script.")
    parser.add_argument("--model", default=MINILM)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    questions = made_up(arguments.questions)
    with tempfile.TemporaryDirectory(prefix="embedtune-bench-") as temporary:
        folder = Path(temporary) / "model"
        ignored = shutil.ignore_patterns(*FOREIGN_FOLDERS)
        shutil.copytree(locate_model(arguments.model).folder, folder, ignore=ignored)
        digest = model_digest(folder)
        started = time.monotonic()
        export_onnx(folder, digest)
        print(f"exported and checked in {time.monotonic() - started:.1f} s")
        exported, small = load_onnx(folder, digest), int8_encoder(folder, digest, "int8")
        model = load_model(folder)
    sides: dict[str, Callable[[str], np.ndarray]] = {
        "sentence-transformers": lambda text: model.encode(text, normalize_embeddings=True, show_progress_bar=False),
        "onnx": lambda text: exported.encode([text])[0],
        "onnx int8": lambda text: small.encode([text])[0],
    }
    best = dict.fromkeys(sides, np.inf)
    for number in range(arguments.rounds):
        for name, encode in sides.items():
            best[name] = min(best[name], median(encode, questions))
        print(f"round {number + 1}: " + ", ".join(f"{name} {1e3 * best[name]:.2f} ms" for name in sides))
    vectors = {name: np.stack([encode(text) for text in questions]) for name, encode in sides.items()}
    difference = float(np.abs(vectors["onnx"] - vectors["sentence-transformers"]).max())
    cosines = (vectors["onnx int8"] * vectors["sentence-transformers"]).sum(axis=1)
    ratio = best["sentence-transformers"] / best["onnx"]
    print(
        f"{ratio:.2f} times as fast (bar {BAR}), greatest difference {difference:.1e} (bar {TOLERANCE:.0e}); "
        f"int8 {best['sentence-transformers'] / best['onnx int8']:.2f} times, cosine {cosines.mean():.4f}, "
        f"least {cosines.min():.4f}"
    )
    return int(ratio < BAR or difference > TOLERANCE)


def made_up(count: int) -> list[str]:
    """Return different questions of 5 to 14 words."""
    generator = np.random.default_rng(0)
    return [" ".join(generator.choice(WORDS, size=generator.integers(5, 15))) for _ in range(count)]


def median(encode: Callable[[str], np.ndarray], questions: list[str]) -> float:
    """Return the median seconds of one question; the first ones warm up."""
    for text in questions[:10]:
        encode(text)
    seconds: list[float] = []
    for text in questions:
        started = time.perf_counter()
        encode(text)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


if __name__ == "__main__":
    sys.exit(main())
