"""Event files for TensorBoard."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from transformers import TrainerCallback
from transformers.integrations.integration_utils import TensorBoardCallback

from embedtune.errors import UnavailableError

TENSORBOARD = "tensorboard"


def check_writer() -> None:
    """Check that what writes event files is installed.

    Raises:
        UnavailableError: It is not.
    """
    if importlib.util.find_spec("tensorboardX") is None:
        raise UnavailableError(
            "Event files for TensorBoard (training.tensorboard) need the package tensorboardX.",
            "pip install 'embedtune[tensorboard]'",
        )


def tensorboard_callback(run: Path, first_step: int) -> TrainerCallback:
    """Return what writes a training's figures into ``<run>/tensorboard``.

    The trainer's own callback is given its writer: left to itself (``report_to``) it would ask the environment
    where to write, and a run that goes on would show the steps it repeats twice.

    Args:
        run: The run folder.
        first_step: First step that is trained; what an interrupted run wrote of later ones is no longer shown.
    """
    from tensorboardX import SummaryWriter

    return TensorBoardCallback(  # type: ignore[no-untyped-call]
        # The writer names a file by the second: what an interruption and its continuation write must not be one file.
        SummaryWriter(log_dir=str(run / TENSORBOARD), purge_step=first_step, filename_suffix=f".{first_step}")
    )
