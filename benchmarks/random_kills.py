"""A training that is killed at any moment and resumed ends with the same weights, to the bit.

    python benchmarks/random_kills.py [--kills 20] [--seed 1]

Trains the top 2 layers of MiniLM on questions about the shipped demo manuals, once in peace and then again and again:
killed with SIGKILL after a random time, then resumed. The times are drawn evenly over the time that training takes,
start and end included. Exit code 1 where a digest differs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from embedtune.config.settings import EmbedtuneConfig
from embedtune.corpus.folder import read_folder
from embedtune.demo.project import MANUALS
from embedtune.encoders.digests import model_digest
from embedtune.files import write_json
from embedtune.pairs.formats.pairs_file import write_pairs_file
from embedtune.pairs.templates import TemplateWriter
from embedtune.vocabulary.pairs import Origin, Provenance, Query, TrainingPair

PAIRS = 96
SETTINGS = {"epochs": 3, "batch_size": 8, "eval_steps": 3, "max_seq_length": 64, "base_share": 0.0, "device": "cpu"}


def main() -> int:
    """Kill and compare; exit code 1 where weights differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="embedtune-bench-"))
    write_pairs_file(work / "pairs.jsonl", manual_pairs())
    write_json(work / "settings.json", {"training": SETTINGS})
    begun = time.monotonic()
    started(work, "peace").wait()
    seconds = time.monotonic() - begun
    expected = model_digest(work / "peace" / "model")
    print(f"in peace: {seconds:.1f} s")
    draw = np.random.default_rng(arguments.seed)
    different = 0
    for number in range(arguments.kills):
        after = float(draw.uniform(0, seconds))
        state = killed(work, f"run-{number}", after)
        different += model_digest(work / f"run-{number}" / "model") != expected
        print(f"killed after {after:.1f} s, {state}: {different} of {number + 1} differ so far", flush=True)
    return int(different > 0)


def killed(work: Path, name: str, after: float) -> str:
    """Kill a training and resume it; tells what the kill left."""
    process = started(work, name)
    try:
        process.wait(after)
        left = "it had ended"
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        points = sorted((work / name / "state").glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
        left = f"newest checkpoint {points[-1].name.split('-')[1] if points else 'none'}"
    resumed = started(work, name, "--resume")
    if resumed.wait():
        sys.exit(f"{name}: resuming ended with exit code {resumed.returncode}")
    return left


def started(work: Path, name: str, *options: str) -> subprocess.Popen[bytes]:
    """Start a training."""
    command = [sys.executable, "-m", "embedtune", "train", str(work / "pairs.jsonl"), "-o", str(work / name), "--quiet"]
    return subprocess.Popen([*command, "--config", str(work / "settings.json"), *options])


def manual_pairs() -> list[TrainingPair]:
    """Return pairs of headings asked about and the sections below them."""
    sections = read_folder(MANUALS, EmbedtuneConfig().corpus).sections
    writer, pairs = TemplateWriter(1), []
    for section in sections:
        pairs += [
            TrainingPair(
                Query(f"{section.id}-{number}", text, Origin.TEMPLATE),
                section.text,
                (),
                Provenance(section.id, cluster=section.id),
            )
            for number, (text, _) in enumerate(writer.write(section, 1))
        ]
    return pairs[:PAIRS]


if __name__ == "__main__":
    sys.exit(main())
