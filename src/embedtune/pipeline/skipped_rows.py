"""Tell which rows of a file were skipped as malformed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from embedtune.events import Alert, Report
from embedtune.pairs.formats.rows import BadLine


def tell_skipped(path: Path, skipped: Sequence[BadLine], report: Report, unit: str = "row") -> None:
    """Report how many rows of a file were skipped, and why the first was; nothing where none was.

    Args:
        path: The file.
        skipped: The rows, in the order of the file.
        report: Where the alert goes.
        unit: What the file holds, in the singular.
    """
    if skipped:
        first = skipped[0]
        report(Alert(f"{path}: {len(skipped)} malformed {unit}(s) skipped; number {first.line}: {first.reason}"))
