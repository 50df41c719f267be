"""What a training is given and what it returns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from embedtune.config.settings import TrainingSettings
from embedtune.files import digest_value
from embedtune.training.dev_set import DevSet
from embedtune.training.freezing import Trainable
from embedtune.vocabulary.pairs import TrainingPair


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """What to train, on what, and where.

    Attributes:
        pairs: The training pairs.
        dev: Held-out questions, ``None`` or empty to train without measuring.
        base: Folder of the base model.
        base_digest: Its digest.
        run: The run folder; made if needed.
        settings: How to train.
        seed: Seed of batches and dropout.
    """

    pairs: tuple[TrainingPair, ...]
    dev: DevSet | None
    base: Path
    base_digest: str
    run: Path
    settings: TrainingSettings
    seed: int

    @property
    def measured(self) -> bool:
        """Whether there are dev questions."""
        return self.dev is not None and bool(self.dev.queries)

    @property
    def digest(self) -> str:
        """Digest of everything that decides the result."""
        pairs = [
            [
                [pair.query.text, pair.positive, pair.provenance.cluster, pair.provenance.section_id],
                [[negative.text, negative.section_id] for negative in pair.negatives],
            ]
            for pair in self.pairs
        ]
        settings = self.settings.model_dump(mode="json", exclude={"base_model"})  # its digest says more
        return digest_value([pairs, self.dev.digest if self.dev else "", self.base_digest, settings, self.seed])


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A finished run.

    Attributes:
        model: Folder of the trained model (the best on dev, else the last).
        steps: Steps trained.
        best_step: Step the model is from.
        best_metric: Its dev MRR, ``None`` without a dev set.
        base_metric: The base model's dev MRR, ``None`` without a dev set.
        trainable: What learned.
        seconds: Training time, interrupted parts included.
    """

    model: Path
    steps: int
    best_step: int
    best_metric: float | None
    base_metric: float | None
    trainable: Trainable
    seconds: float
