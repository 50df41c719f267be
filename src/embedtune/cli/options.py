"""What every command has: its options, its console, and the project it works on."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from embedtune.cli.console import Console

if TYPE_CHECKING:
    from embedtune.pipeline.project import Project

_Function = TypeVar("_Function", bound=Callable[..., Any])

FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False)
ANY_PATH = click.Path(path_type=Path)
STORE = click.option(
    "--store", help="Index folder, or http://HOST:6333 of a Qdrant server; by default the project's own folder."
)


@dataclass(frozen=True, slots=True)
class Session:
    """One invocation: where to report, and which project.

    Attributes:
        console: Renders events and results.
        config_file: The configuration, ``None`` for the folder's own or the defaults.
        seed: Replaces the configured seed.
    """

    console: Console = field(default_factory=Console)
    config_file: Path | None = None
    seed: int | None = None

    def project(self, *overrides: tuple[str, str, object], folder: Path | None = None) -> Project:
        """Open the project, with settings of the command line in place of the file's.

        Args:
            overrides: (table, key, value); a value of ``None`` overrides nothing.
            folder: The project folder, by default the configuration's, else the current one.
        """
        from embedtune.pipeline.project import open_project, with_value

        project = open_project(self.config_file, folder=folder, seed=self.seed, report=self.console.report)
        config = project.config
        for table, key, value in overrides:
            if value is not None:
                config = with_value(config, table, key, value)
        place = project.workspace.project
        return open_project(folder=place, config=config, seed=self.seed, report=self.console.report)


def common(function: _Function) -> _Function:
    """Give a command ``--config``, ``--json``, ``--quiet`` and ``--seed``, and pass it a `Session` first."""

    @click.option("--config", "config_file", type=FILE, help="Configuration (TOML, JSON or YAML).")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
    @click.option("--quiet", is_flag=True, help="No progress, no notices.")
    @click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Seed of everything random.")
    @functools.wraps(function)
    def wrapped(
        *args: object, config_file: Path | None, as_json: bool, quiet: bool, seed: int | None, **kwargs: object
    ) -> object:
        console = Console(as_json=as_json, quiet=quiet or as_json)
        click.get_current_context().call_on_close(console.close)
        return function(Session(console, config_file, seed), *args, **kwargs)

    return wrapped  # type: ignore[return-value]


def example(text: str) -> str:
    """Return an epilog that shows a command's use."""
    return f"\b\nExample:\n  {text}"


def field_names(given: tuple[str, ...], option: str = "--map", form: str = "query=NAME") -> dict[str, str]:
    """Return field to name of options such as ``--map FIELD=NAME``.

    Args:
        given: The options' values.
        option: What the option is called.
        form: An example of a value.

    Raises:
        click.UsageError: An option is not of this form, or two name one field.
    """
    pairs = [entry.partition("=") for entry in given]
    bad = ["".join(pair) for pair in pairs if not all(pair)]
    if bad:
        raise click.UsageError(f"{option} {bad[0]!r} is no pair: write it as {option} {form}.")
    names = [name for name, _, _ in pairs]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise click.UsageError(f"{option} names {twice!r} twice.")
    return {field_name: name for field_name, _, name in pairs}
