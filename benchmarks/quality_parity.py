"""Quality of a supervised training, beside that of sentence-transformers' own trainer on the same pairs.

Claim: what makes embedtune's training quick costs nothing: the 95 % interval of the paired difference in nDCG@10 lies
above -.01.

    python benchmarks/quality_parity.py DATA [--work FOLDER] [--only NAME]… [--seeds 3] [--questions-per-passage N]…
        [--device cpu]

DATA holds ``emanual_tv/`` and ``scifact/`` (BEIR), and ``manuals/devices/smart_tv_remote.txt``. Both trainers get the
questions of a train split with whole sections, or, for "generated", five generated questions of each section of the
manual; the same epochs and learning rate, batches of 32, and the top 2 layers; no average with the base. People's test
questions, for "generated" those of emanual_tv, are asked over whole sections. A question's score is its mean over the
seeds; the interval is over groups of questions that share a section. embedtune's settings are its defaults otherwise. A
finished model in the work folder is not trained again.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from embedtune.config.training_settings import SpeedSettings, TrainingSettings
from embedtune.encoders.digests import model_digest
from embedtune.encoders.locate import MINILM, locate_model
from embedtune.encoders.sentence_transformer import load_encoder
from embedtune.evaluation.metrics import Measure
from embedtune.evaluation.query_groups import query_groups
from embedtune.evaluation.significance import GroupedDifferences, bootstrap_interval
from embedtune.pairs.formats.beir import read_beir
from embedtune.training.engine.freezing import freeze
from embedtune.training.engine.frozen_states import FrozenStates
from embedtune.training.engine.lean_forward import LeanForward
from embedtune.training.engine.state_store import StateStore
from embedtune.training.job import TrainingJob
from embedtune.training.trainer import train_model
from embedtune.vocabulary.pairs import Provenance, TrainingPair
from library_training import BATCH, LAYERS, RATE, TOKENS, Device, train_with_library
from section_pairs import section_pairs

GENERATED = "generated"
MANUAL = "manuals/devices/smart_tv_remote.txt"
ASKED = {"emanual_tv": "emanual_tv", "scifact": "scifact", GENERATED: "emanual_tv"}
LEAST = -0.01
EPOCHS = 2
MEASURE = Measure.parse("ndcg@10")
SAMPLES = 10_000
WIDTH = 384


def main() -> int:
    """Train, measure and compare; exit code 1 where an interval reaches below the bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, help="Keep the models here instead of a temporary folder.")
    parser.add_argument("--only", action="append", choices=tuple(ASKED), help="Measure this set alone.")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--questions-per-passage", type=int, action="append")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="Where both trainers work.")
    arguments = parser.parse_args()
    work = arguments.work or Path(tempfile.mkdtemp(prefix="embedtune-bench-"))
    failed = False
    for name in arguments.only or ASKED:
        folder = arguments.data / ASKED[name]
        pairs = generated_pairs(arguments.data / MANUAL) if name == GENERATED else train_pairs(folder)
        print(f"{name}: {len(pairs)} training pairs, base {mean(scores(folder, locate_model(MINILM).folder)):.4f}")
        seeds, models = range(arguments.seeds), work / name
        library = over_seeds(
            folder, [with_library(pairs, models / f"library-{s}", s, arguments.device) for s in seeds], "library"
        )
        for together in arguments.questions_per_passage or (None,):
            label = together or "default"
            runs = {seed: models / f"embedtune-{label}-{seed}" for seed in seeds}
            trained = [with_embedtune(pairs, run, seed, together, arguments.device) for seed, run in runs.items()]
            ours = over_seeds(folder, trained, f"embedtune, questions of a passage together: {label}")
            failed |= compared(folder, library, ours) <= LEAST
    return int(failed)


def train_pairs(folder: Path) -> tuple[TrainingPair, ...]:
    """Return the pairs of the train split, each question with every section that answers it."""
    given = read_beir(folder, "train")
    text_of = {section.id: section.full_text for section in given.sections}
    return tuple(
        TrainingPair(query, text_of[section], (), Provenance(section, cluster=section))
        for query in given.queries
        for section in sorted(given.qrels.relevant(query.id))
    )


def generated_pairs(manual: Path) -> tuple[TrainingPair, ...]:
    """Return five generated questions of each section of a manual."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(manual, Path(folder) / manual.name)
        return tuple(section_pairs(Path(folder)))


def with_library(pairs: Sequence[TrainingPair], target: Path, seed: int, device: Device) -> Path:
    """Train with the library's trainer; returns the model's folder."""
    if not target.is_dir():
        train_with_library(pairs, EPOCHS, seed, device).model.save_pretrained(str(target), create_model_card=False)
    return target


def with_embedtune(pairs: Sequence[TrainingPair], run: Path, seed: int, together: int | None, device: Device) -> Path:
    """Train with embedtune; returns the model's folder."""
    if (run / "model").is_dir():
        return run / "model"
    base = locate_model(MINILM).folder
    settings = TrainingSettings(
        epochs=EPOCHS,
        batch_size=BATCH,
        train_layers=LAYERS,
        max_seq_length=TOKENS,
        learning_rate=RATE,
        base_share=0.0,
        device=device,
        speed=SpeedSettings(questions_per_passage=together),
    )
    return train_model(TrainingJob(tuple(pairs), None, base, model_digest(base), run, settings, seed)).model


def over_seeds(folder: Path, models: Sequence[Path], label: str) -> dict[str, float]:
    """Return each test question's mean score over models of several seeds."""
    by_seed = [scores(folder, model) for model in models]
    print(f"  {label}: {mean(by_seed[0]):.4f}" + "".join(f", {mean(other):.4f}" for other in by_seed[1:]), flush=True)
    return {query: float(np.mean([found[query] for found in by_seed])) for query in by_seed[0]}


def scores(folder: Path, model: Path) -> dict[str, float]:
    """Return the nDCG@10 of each test question over whole sections."""
    asked = read_beir(folder, "test")
    judged = [query for query in asked.queries if query.id in set(asked.qrels.query_ids)]
    encoder = load_encoder(model)
    freeze(encoder.model, LAYERS, None)
    # All models have the same frozen layers: what these make of a corpus is computed for the first one alone.
    with LeanForward(encoder.model, FrozenStates(encoder.model, states_of(folder))).installed():
        passages = encoder.encode([section.full_text for section in asked.sections])
        cosines = encoder.encode([query.text for query in judged]) @ passages.T
    ids = np.array([section.id for section in asked.sections])
    return {
        query.id: MEASURE.of(list(ids[np.argsort(-row, kind="stable")[:10]]), asked.qrels.grades(query.id))
        for query, row in zip(judged, cosines, strict=True)
    }


@cache
def states_of(folder: Path) -> StateStore:
    """Return what keeps the states of a set's texts."""
    return StateStore(WIDTH, 2 << 30, 0, folder)


def compared(folder: Path, before: dict[str, float], after: dict[str, float]) -> float:
    """Print the difference with its interval; returns the interval's lower end."""
    groups = query_groups(read_beir(folder, "test").qrels, None)
    queries = sorted(before)
    differences = GroupedDifferences.of([after[q] - before[q] for q in queries], [groups[q] for q in queries])
    low, high = bootstrap_interval(differences, SAMPLES, np.random.default_rng(42))
    print(f"    minus the library's: {differences.mean:+.4f} [{low:+.4f}, {high:+.4f}]", flush=True)
    return low


def mean(values: dict[str, float]) -> float:
    """Return the mean of scores."""
    return float(np.mean(list(values.values())))


if __name__ == "__main__":
    sys.exit(main())
