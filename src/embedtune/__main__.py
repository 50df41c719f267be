"""``python -m embedtune``: the command line, and what torchrun starts in each process of a training."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

from embedtune.cli.main import BAD_INPUT, run

_COMMAND_OF_MANY = "train"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Started by torchrun, the first process speaks for all: the others write nothing to standard output.

    Args:
        arguments: Those of the command line, by default this process's own.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    processes, number = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    if processes > 1 and arguments[:1] != [_COMMAND_OF_MANY]:
        if number == 0:
            sys.stderr.write(
                f"Error: {processes} processes would all do the same.\n"
                f"Only `{_COMMAND_OF_MANY}` shares its work out; start the other commands without torchrun.\n"
            )
        return BAD_INPUT
    if number == 0:
        return run(arguments)
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        return run([*arguments, "--quiet"])


if __name__ == "__main__":
    raise SystemExit(main())
