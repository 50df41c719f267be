"""The commented configuration that ``embedtune init`` writes."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import tomlkit

from embedtune.config.base import Settings
from embedtune.config.settings import EmbedtuneConfig

if TYPE_CHECKING:
    from pydantic import BaseModel
    from tomlkit.items import Table


def commented_toml(config: EmbedtuneConfig) -> str:
    """Return ``config`` as TOML with the description of every table and key as a comment.

    A key whose value is "not set" has no TOML form; it stands as a comment.
    """
    document = tomlkit.document()
    document.add(tomlkit.comment("embedtune.toml: every key at its default; delete what you do not change."))
    for name in EmbedtuneConfig.model_fields:
        document.add(tomlkit.nl())
        document.add(name, _table(getattr(config, name)))
    return tomlkit.dumps(document)


def _table(group: BaseModel) -> Table:
    """Return a group of settings as a commented table, groups within it at its end."""
    table = tomlkit.table()
    summary = (type(group).__doc__ or "").strip().splitlines()[0]
    table.add(tomlkit.comment(summary))
    values = {key: getattr(group, key) for key in type(group).model_fields}
    for key, field in type(group).model_fields.items():
        value = values[key]
        if isinstance(value, Settings):
            continue
        for line in textwrap.wrap(field.description or "", 96):
            table.add(tomlkit.comment(line))
        if value is None:
            table.add(tomlkit.comment(f"{key} ="))
        else:
            table.add(key, list(value) if isinstance(value, tuple) else value)
    for key, value in values.items():
        if isinstance(value, Settings):
            table.add(tomlkit.nl())
            table.add(key, _table(value))
    return table
