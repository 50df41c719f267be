"""Fine-tune a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.config.settings import EmbedtuneConfig
from embedtune.config.training_settings import TrainingSettings
from embedtune.events import Report, silent
from embedtune.pipeline.project import open_project
from embedtune.pipeline.training import train_run

if TYPE_CHECKING:
    from embedtune.training.trainer import TrainingResult

TrainingConfig = TrainingSettings


@dataclass(frozen=True, slots=True)
class EmbeddingFineTuner:
    """Trains on files of pairs with one set of settings.

    Attributes:
        config: How to train.
        seed: Seed of batches and dropout.
        report: Where progress goes.
    """

    config: TrainingConfig = field(default_factory=TrainingConfig)
    seed: int = 42
    report: Report = silent

    def train(self, pairs: str | Path, output: str | Path, *, resume: bool = False) -> TrainingResult:
        """Train on a JSON lines file of pairs and leave the model in ``<output>/model``.

        Raises:
            InputError: The pairs, the settings or the model do not fit.
            InterruptedRunError: A signal stopped the run; its state is saved.
        """
        config = EmbedtuneConfig(training=self.config)
        project = open_project(config=config, seed=self.seed, report=self.report)
        return train_run(project, Path(pairs), Path(output), resume=resume)


def train_embedding_model(
    pairs: str | Path,
    output: str | Path,
    config: TrainingConfig | None = None,
    *,
    seed: int = 42,
    resume: bool = False,
    report: Report = silent,
) -> TrainingResult:
    """Train on a file of pairs; see `EmbeddingFineTuner.train`."""
    return EmbeddingFineTuner(config or TrainingConfig(), seed, report).train(pairs, output, resume=resume)
