"""Pairs a second of a training, beside those of sentence-transformers' own trainer on the same pairs.

Claims: eight times its pairs a second over three epochs, six times in one epoch, the filling of the cache
included.

    python benchmarks/training_speed.py DATA [--pairs 640] [--questions-per-passage N]

Both train the top 2 layers of MiniLM in batches of 32, on sections of ``DATA/manuals`` of up to 256 tokens with
five questions each. The library's trainer has its no-duplicates batches, its own loss, and its defaults otherwise.
Every training runs in a process of its own, one after the other.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from embedtune.config.training_settings import SpeedSettings, TrainingSettings
from embedtune.encoders.digests import model_digest
from embedtune.encoders.locate import MINILM, locate_model
from embedtune.vocabulary.pairs import TrainingPair
from library_training import BATCH, LAYERS, RATE, TOKENS, train_with_library
from section_pairs import QUESTIONS, section_pairs

BARS = {1: 6.0, 3: 8.0}
LIBRARY_SEED = 42  # the default of its arguments
HIDDEN, INNER, ALL_LAYERS = 384, 1536, 6
FLOPS_OF_LAYER = 2 * (4 * HIDDEN * HIDDEN + 2 * HIDDEN * INNER)  # of a token, forwards, products with weights alone


def main() -> int:
    """Print rates and ratios; exit code 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--pairs", type=int, default=640)
    parser.add_argument("--questions-per-passage", type=int)
    parser.add_argument("--only", choices=("library", "embedtune"), help=argparse.SUPPRESS)
    parser.add_argument("--epochs", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        pairs = section_pairs(arguments.data / "manuals", arguments.pairs)
        if arguments.only == "library":
            times = {"training": train_with_library(pairs, arguments.epochs, LIBRARY_SEED).seconds}
        else:
            times = train_with_embedtune(pairs, arguments.epochs, arguments.questions_per_passage)
        print(json.dumps(times))
        return 0
    rate = gemm_rate()
    print(f"GEMM of these layers: {rate / 1e9:.0f} GFLOP/s")
    missed = False
    for epochs, bar in BARS.items():
        times = {name: measured(name, epochs, arguments) for name in ("library", "embedtune")}
        rates = {name: arguments.pairs * epochs / sum(stages.values()) for name, stages in times.items()}
        ratio = rates["embedtune"] / rates["library"]
        flops = needed_flops(arguments, epochs)
        shares = ", ".join(f"{stage} {flops[stage] / rate / times['embedtune'][stage]:.0%}" for stage in flops)
        print(f"  share of the GEMM bound: {shares}")
        print(
            f"{epochs} epoch(s), {arguments.pairs} pairs: library {rates['library']:.1f} pairs/s, "
            f"embedtune {rates['embedtune']:.1f} pairs/s, {ratio:.1f} times (bar {bar:.0f})"
        )
        missed |= ratio < bar
    return int(missed)


def measured(name: str, epochs: int, arguments: argparse.Namespace) -> dict[str, float]:
    """Train in a process of its own; returns seconds by stage."""
    command = [sys.executable, __file__, str(arguments.data), "--only", name, "--epochs", str(epochs)]
    command += ["--pairs", str(arguments.pairs)]
    if arguments.questions_per_passage:
        command += ["--questions-per-passage", str(arguments.questions_per_passage)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    times: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(f"  {name}, {epochs} epoch(s): " + ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in times.items()))
    return times


def needed_flops(arguments: argparse.Namespace, epochs: int) -> dict[str, float]:
    """Return the operations that embedtune's stages cannot do without, by stage.

    Frozen layers run forwards once a text; layers that learn run forwards and twice as much backwards, once an epoch
    for each question and for each passage that is embedded.
    """
    from embedtune.encoders.sentence_transformer import load_model

    tokenizer = load_model(locate_model(MINILM).folder).tokenizer
    pairs = section_pairs(arguments.data / "manuals", arguments.pairs)

    def tokens(texts: list[str]) -> int:
        return sum(len(ids) for ids in tokenizer(texts, truncation=True, max_length=TOKENS)["input_ids"])

    passages = list(dict.fromkeys(pair.positive for pair in pairs))
    asked, shown = tokens([pair.query.text for pair in pairs]), tokens(passages)
    embedded = asked + shown * -(-QUESTIONS // (arguments.questions_per_passage or QUESTIONS))
    return {
        "frozen layers": (ALL_LAYERS - LAYERS) * FLOPS_OF_LAYER * float(asked + shown),
        "training": 3 * LAYERS * FLOPS_OF_LAYER * float(embedded) * epochs,
    }


def train_with_embedtune(pairs: list[TrainingPair], epochs: int, together: int | None) -> dict[str, float]:
    """Train with embedtune, loading and saving of the model included; returns seconds by stage."""
    from embedtune.events import Event, Progress
    from embedtune.training.trainer import TrainingJob, train_model

    clock: dict[str, list[float]] = defaultdict(list)

    def report(event: Event) -> None:
        if isinstance(event, Progress):
            clock[event.activity].append(time.perf_counter())

    base = locate_model(MINILM).folder
    settings = TrainingSettings(
        epochs=epochs,
        batch_size=BATCH,
        train_layers=LAYERS,
        max_seq_length=TOKENS,
        learning_rate=RATE,
        base_share=0.0,
        device="cpu",
        speed=SpeedSettings(questions_per_passage=together),
    )
    with tempfile.TemporaryDirectory() as folder:
        job = TrainingJob(tuple(pairs), None, base, model_digest(base), Path(folder), settings, 42)
        begun = time.perf_counter()
        train_model(job, report=report)
        ended = time.perf_counter()
    filled, trained = clock["Frozen layers"], clock["Training"]
    return {
        "loading and tokens": filled[0] - begun,
        "frozen layers": filled[-1] - filled[0],
        "training": trained[-1] - filled[-1],
        "saving": ended - trained[-1],
    }


def gemm_rate() -> float:
    """Return how many operations a second a matrix product of the size of these layers does."""
    import torch

    left, right = torch.randn(1024, HIDDEN), torch.randn(HIDDEN, INNER)
    rates = []
    for _ in range(50):
        begun = time.perf_counter()
        left @ right
        rates.append(2 * 1024 * HIDDEN * INNER / (time.perf_counter() - begun))
    return float(np.median(rates))


if __name__ == "__main__":
    sys.exit(main())
