"""A command as it can be typed again."""

from __future__ import annotations

import shlex

import click


def invocation(context: click.Context, seed: int) -> str:
    """Return the command of a context with the options that were given, and with the seed it ran with.

    Args:
        context: The command that runs.
        seed: The seed in force, which may come from the configuration.
    """
    words = ["embedtune", *(context.command_path.split()[1:])]
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE
        if given and parameter.name != "seed":
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
