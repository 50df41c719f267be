"""Write what happens while training: ``metrics.jsonl``, ``training_progress.json``, ``training.log``."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from embedtune.files import write_json, write_text

METRICS = "metrics.jsonl"
BASE_SHARE = "base_share"
PROGRESS = "training_progress.json"
LOG = "training.log"
PARAMETERS = "parameters.json"


@dataclass(slots=True)
class RunRecord:
    """The log files of one run folder.

    Attributes:
        run: The run folder.
        train_examples: Pairs trained on.
        eval_examples: Dev questions.
        seconds_before: Time spent by earlier, interrupted parts of the run.
    """

    run: Path
    train_examples: int
    eval_examples: int
    seconds_before: float = 0.0
    _started: float = field(default_factory=time.monotonic)

    def rewind(self, step: int) -> None:
        """Drop metric rows after a step, and that of the finished model: a resumed run writes them again."""
        path = self.run / METRICS
        if not path.is_file():
            return
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = [line for line in lines if _step(line) <= step and f'"{BASE_SHARE}"' not in line]
        write_text(path, "".join(f"{row}\n" for row in rows))

    def metric(self, row: Mapping[str, float | int]) -> None:
        """Append a row to ``metrics.jsonl``; a crash loses no row already written."""
        with (self.run / METRICS).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row) + "\n")

    def log(self, message: str) -> None:
        """Append a dated line to ``training.log``."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with (self.run / LOG).open("a", encoding="utf-8") as stream:
            stream.write(f"{now} {message}\n")

    @property
    def seconds(self) -> float:
        """Training time so far, interrupted parts included."""
        return self.seconds_before + time.monotonic() - self._started

    def progress(self, *, completed: bool, epoch: float, step: int, best_step: int, best_metric: float) -> None:
        """Write ``training_progress.json`` anew."""
        write_json(
            self.run / PROGRESS,
            {
                "training_completed": completed,
                "duration_seconds": round(self.seconds, 3),
                "train_examples": self.train_examples,
                "eval_examples": self.eval_examples,
                "epoch": epoch,
                "step": step,
                "best_step": best_step,
                "best_metric": best_metric,
            },
        )


def seconds_spent(run: Path) -> float:
    """Return the time an interrupted run had spent, 0 if unknown."""
    path = run / PROGRESS
    if not path.is_file():
        return 0.0
    value = json.loads(path.read_text(encoding="utf-8"))
    return float(value.get("duration_seconds", 0.0))


def _step(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
