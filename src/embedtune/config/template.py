"""The commented configuration that ``embedtune init`` writes."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import tomlkit

from embedtune.config.settings import EmbedtuneConfig

if TYPE_CHECKING:
    from pydantic import BaseModel


def commented_toml(config: EmbedtuneConfig) -> str:
    """Return ``config`` as TOML with the description of every table and key as a comment.

    A key whose value is "not set" has no TOML form; it stands as a comment.
    """
    document = tomlkit.document()
    document.add(tomlkit.comment("embedtune.toml: every key at its default; delete what you do not change."))
    for name in EmbedtuneConfig.model_fields:
        group: BaseModel = getattr(config, name)
        document.add(tomlkit.nl())
        table = tomlkit.table()
        summary = (type(group).__doc__ or "").strip().splitlines()[0]
        table.add(tomlkit.comment(summary))
        for key, field in type(group).model_fields.items():
            for line in textwrap.wrap(field.description or "", 96):
                table.add(tomlkit.comment(line))
            value = getattr(group, key)
            if value is None:
                table.add(tomlkit.comment(f"{key} ="))
            else:
                table.add(key, list(value) if isinstance(value, tuple) else value)
        document.add(name, table)
    return tomlkit.dumps(document)
