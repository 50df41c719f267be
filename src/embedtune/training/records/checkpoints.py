"""Which checkpoints a run has, and which one it goes on from.

The trainer writes ``state/checkpoint-<step>`` with everything a continuation needs, and deletes old ones
there. ``resume.json`` names the newest one that is complete; it is written after the folder, so a run
killed in the middle of a checkpoint goes on from the one before. ``checkpoint-best`` and
``checkpoint-epoch-N`` are plain models.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from embedtune.config.training_settings import Precision
from embedtune.errors import ConfigError, InputError
from embedtune.files import read_json, write_json
from embedtune.training.ending.merge import MERGE
from embedtune.training.records.plot import PLOT
from embedtune.training.records.recording import LOG, METRICS, PARAMETERS, PROGRESS
from embedtune.training.records.tensorboard import TENSORBOARD
from embedtune.training.steps.divergence import FAILED_BATCH

BEST = "checkpoint-best"
MODEL = "model"
STATE = "state"
_POINTER = "resume.json"
_FILES = (_POINTER, METRICS, PROGRESS, LOG, PARAMETERS, FAILED_BATCH, MERGE, PLOT)  # the pointer first
_FOLDERS = ("checkpoint-*", MODEL, STATE, TENSORBOARD)
NEGATIVES = "negatives-epoch-{}.jsonl"
_MINED = NEGATIVES.format("*")


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """The state a run goes on from.

    Attributes:
        checkpoint: Name of the trainer's checkpoint folder.
        step: Its step.
        inputs: Digest of settings and pairs; a run goes on only with the same ones.
        best_step: Step of the best model so far, 0 where nothing was measured yet.
        best_metric: Its dev metric, 0 where nothing was measured yet.
        loss_total: Sum of the losses since the last row of ``metrics.jsonl``.
        loss_steps: Their number.
        negatives: Digest of the file of negatives mined while training, empty before there is one.
        waited: Dev evaluations since the best one.
        precision: Of the matrix products; it must not change on the way.
        micro_batch: Texts that the model runs on at a time where the loss leaves the choice, 0 for all: it falls when
            memory runs out.
    """

    checkpoint: str
    step: int
    inputs: str
    best_step: int
    best_metric: float
    loss_total: float
    loss_steps: int
    negatives: str = ""
    waited: int = 0
    precision: Precision = "fp32"
    micro_batch: int = 0


def write_resume_point(run: Path, point: ResumePoint) -> None:
    """Name the checkpoint that a continuation starts from."""
    write_json(run / _POINTER, asdict(point))


def read_resume_point(run: Path, inputs: str) -> ResumePoint | None:
    """Return where a run goes on, ``None`` if it has no complete checkpoint.

    Args:
        run: The run folder.
        inputs: Digest of the present settings and pairs.

    Raises:
        ConfigError: The run was made with other settings or pairs.
        InputError: The pointer is damaged.
    """
    if not (run / _POINTER).is_file():
        return None
    value = read_json(run / _POINTER)
    try:
        point = ResumePoint(**value)  # type: ignore[arg-type]
    except TypeError as error:
        raise InputError(f"{run / _POINTER} is damaged.", "Delete the run folder and train anew.") from error
    if point.inputs != inputs:
        raise ConfigError(
            f"{run} was trained with other pairs or settings.",
            "Give the same ones to go on, or another run folder to start anew.",
        )
    return point if (run / STATE / point.checkpoint).is_dir() else None


def discard_other_states(run: Path, point: ResumePoint) -> None:
    """Remove half-written checkpoints and older ones, so that the rotation never counts them.

    What a killed process left beside the files and folders it was writing goes too, and the batch that a run
    diverged on: going on repeats it.
    """
    for path in sorted((run / STATE).glob("checkpoint-*")):
        if path.name != point.checkpoint:
            shutil.rmtree(path)
    (run / FAILED_BATCH).unlink(missing_ok=True)
    _remove_temporaries(run)


def discard_run_state(run: Path) -> None:
    """Remove the files of an earlier training from a run folder; other files stay.

    The pointer goes first: what a crash leaves of the rest is no longer gone on from.
    """
    for name in _FILES:
        (run / name).unlink(missing_ok=True)
    for path in sorted(run.glob(_MINED)):
        path.unlink()
    for pattern in _FOLDERS:
        for path in sorted(run.glob(pattern)):
            shutil.rmtree(path)
    _remove_temporaries(run)


def _remove_temporaries(run: Path) -> None:
    """Remove what `embedtune.files` names ``.<target>.<suffix>`` while it is being written."""
    for name in (*_FILES, _MINED):
        for path in sorted(run.glob(f".{name}.*")):
            path.unlink()
    for name in _FOLDERS:
        for path in sorted(run.glob(f".{name}.*")):
            shutil.rmtree(path)
