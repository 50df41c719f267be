"""A command as it can be typed again."""

from __future__ import annotations

import shlex
from collections.abc import Collection

import click

_ANYHOW = frozenset({"seed", "as_json", "quiet"})


def invocation(context: click.Context, seed: int, leave_out: Collection[str] = ()) -> str:
    """Return the command of a context with the options that decide its figures, and with the seed it ran with.

    Args:
        context: The command that runs.
        seed: The seed in force, which may come from the configuration.
        leave_out: Parameters that only say where results go: the same figures give the same text.
    """
    words = ["embedtune", *(context.command_path.split()[1:])]
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE
        if given and parameter.name not in _ANYHOW.union(leave_out):
            words += _words(parameter, context.params[parameter.name or ""])
    return shlex.join([*words, "--seed", str(seed)])


def _words(parameter: click.Parameter, value: object) -> list[str]:
    if not isinstance(parameter, click.Option):
        return [str(value)]
    name = max(parameter.opts, key=len)
    if parameter.is_flag:
        return [name] if value else []
    values = value if parameter.multiple and isinstance(value, tuple | list) else (value,)
    return [word for one in values for word in (name, str(one))]
