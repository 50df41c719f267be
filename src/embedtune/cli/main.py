"""The entry point: run a command, turn what went wrong into a message and an exit code."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from embedtune import __version__
from embedtune.cli import (
    abtest,
    anomaly,
    duplicates,
    evaluate,
    flow,
    generate,
    mine,
    models,
    publish,
    search,
    sections,
    train,
    uses,
)
from embedtune.errors import EmbedtuneError, GateError, InputError, InterruptedRunError, VerificationError

DONE, REFUSED, BAD_INPUT, INTERRUPTED, INTERNAL = range(5)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="\b\nFirst steps:\n  embedtune demo                 the whole flow on the shipped manuals\n"
    "  embedtune init && embedtune run    the whole flow on your documents in docs/",
)
@click.version_option(__version__, prog_name="embedtune")
def cli() -> None:
    """From a folder of technical documents to a fine-tuned, proven, verified embedding model that searches."""


for _module in (
    flow,
    sections,
    duplicates,
    generate,
    mine,
    train,
    evaluate,
    publish,
    models,
    search,
    anomaly,
    abtest,
    uses,
):
    for _command in _module.COMMANDS:
        cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code: 0 done, 1 refused, 2 bad input, 3 interrupted, 4 internal."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    as_json = "--json" in arguments
    try:
        with _sigterm_interrupts():
            code = cli.main(args=list(arguments), prog_name="embedtune", standalone_mode=False)
    except click.ClickException as error:
        return _usage(error, as_json=as_json)
    except (click.Abort, KeyboardInterrupt):
        return _told("Interrupted.", "Finished stages are kept; run the command again to go on.", INTERRUPTED, as_json)
    except EmbedtuneError as error:
        return _told(error.message, error.remedy, exit_code(error), as_json)
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches the user
        return _internal(error, as_json=as_json)
    return code if isinstance(code, int) else DONE


@contextlib.contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """Treat SIGTERM as Ctrl-C: unfinished files are cleared away, and the exit code says what happened."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def exit_code(error: EmbedtuneError) -> int:
    """Return the exit code that stands for an error."""
    if isinstance(error, InterruptedRunError):
        return INTERRUPTED
    if isinstance(error, InputError):
        return BAD_INPUT
    return REFUSED if isinstance(error, GateError | VerificationError) else INTERNAL


def _usage(error: click.ClickException, *, as_json: bool) -> int:
    if as_json:
        return _told(error.format_message(), "See --help.", BAD_INPUT, as_json)
    error.show()
    return BAD_INPUT


def _told(message: str, remedy: str, code: int, as_json: bool) -> int:  # noqa: FBT001 - private
    if as_json:
        sys.stdout.write(json.dumps({"error": message, "remedy": remedy, "exit_code": code}, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"Error: {message}\n{remedy}\n" if remedy else f"Error: {message}\n")
    return code


def _internal(error: Exception, *, as_json: bool) -> int:
    handle, name = tempfile.mkstemp(prefix="embedtune-error-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write("".join(traceback.format_exception(error)))
    message = f"Something went wrong inside embedtune ({type(error).__name__}: {error})."
    return _told(message, f"The details are in {Path(name)}; please report them.", INTERNAL, as_json)
