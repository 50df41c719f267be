"""Commands of embedtune, for benchmarks that work as a user would."""

from __future__ import annotations

import sys

from embedtune.cli.main import run


def checked(arguments: list[str]) -> None:
    """Run a command of embedtune, and stop where it fails."""
    code = run(arguments)
    if code:
        sys.exit(code)
