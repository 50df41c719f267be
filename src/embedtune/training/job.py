"""What a training is given and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.config.training_settings import TrainingSettings
from embedtune.files import digest_value
from embedtune.training.dev.dev_set import DevSet
from embedtune.training.ending.general import GeneralSet
from embedtune.vocabulary.pairs import TrainingPair
from embedtune.vocabulary.ports import Encoder

if TYPE_CHECKING:
    from embedtune.training.engine.freezing import Trainable

_NOT_DECIDING = {"base_model", "general_set", "teacher", "tensorboard"}  # the digests of the first three say more


@dataclass(frozen=True, slots=True)
class Remining:
    """What mines hard negatives again while a model trains.

    Attributes:
        mine: Returns the training pairs, in their order, with the negatives that the model in training
            finds hard. Equal weights must give equal negatives, and it must draw nothing from torch's
            global generator: a resumed run repeats it or leaves it out.
        per_pair: How many negatives it gives a pair, at most.
        digest: Digest of what decides them beside pairs and model.
    """

    mine: Callable[[Encoder], Sequence[TrainingPair]]
    per_pair: int
    digest: str


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
        remining: What mines negatives again after every ``settings.remine_epochs`` epochs.
        general: What the general retrieval of the result is measured on; ``None`` leaves it unmeasured.
        teacher_digest: Digest of the model that ``settings.teacher`` names.
    """

    pairs: tuple[TrainingPair, ...]
    dev: DevSet | None
    base: Path
    base_digest: str
    run: Path
    settings: TrainingSettings
    seed: int
    remining: Remining | None = None
    general: GeneralSet | None = None
    teacher_digest: str = ""

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
                [[other.text, other.section_id, other.source, other.score] for other in pair.negatives],
            ]
            for pair in self.pairs
        ]
        settings = self.settings.model_dump(mode="json", exclude=_NOT_DECIDING)
        deciding = [pairs, self.dev.digest if self.dev else "", self.base_digest, settings, self.seed]
        given = [part.digest for part in (self.remining, self.general) if part]
        return digest_value([*deciding, *given, *([self.teacher_digest] if self.teacher_digest else [])])


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
