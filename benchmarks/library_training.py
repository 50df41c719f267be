"""Training with sentence-transformers' own trainer, which benchmarks set embedtune's beside."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from embedtune.encoders.locate import MINILM, locate_model
from embedtune.vocabulary.pairs import TrainingPair

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH, LAYERS, TOKENS, RATE = 32, 2, 256, 5e-5
Device = Literal["cpu", "cuda"]


@dataclass(frozen=True, slots=True)
class LibraryTraining:
    """A model that the library trained, and the seconds that took without loading and saving."""

    model: SentenceTransformer
    seconds: float


def train_with_library(
    pairs: Sequence[TrainingPair], epochs: int, seed: int, device: Device = "cpu"
) -> LibraryTraining:
    """Train the top layers of MiniLM with no-duplicates batches, the library's loss, and its defaults otherwise."""
    from datasets import Dataset
    from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments
    from sentence_transformers.base.training_args import BatchSamplers
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    from embedtune.encoders.sentence_transformer import load_model
    from embedtune.training.engine.freezing import freeze

    model = load_model(locate_model(MINILM).folder)
    model.max_seq_length = TOKENS
    freeze(model, LAYERS, None)
    columns = {"anchor": [pair.query.text for pair in pairs], "positive": [pair.positive for pair in pairs]}
    with tempfile.TemporaryDirectory() as folder:
        trainer = SentenceTransformerTrainer(
            model=model,
            args=SentenceTransformerTrainingArguments(
                output_dir=folder,
                num_train_epochs=epochs,
                per_device_train_batch_size=BATCH,
                learning_rate=RATE,
                batch_sampler=BatchSamplers.NO_DUPLICATES,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                use_cpu=device == "cpu",
                seed=seed,
            ),
            train_dataset=Dataset.from_dict(columns),
            loss=MultipleNegativesRankingLoss(model),
        )
        begun = time.perf_counter()
        trainer.train()
        return LibraryTraining(model, time.perf_counter() - begun)
