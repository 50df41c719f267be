"""Read a configuration file; what is wrong with it is said with the nearest right key."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from embedtune.config.flat import FLAT_KEYS, from_flat
from embedtune.config.settings import EmbedtuneConfig
from embedtune.errors import ConfigError


def load_config(path: Path) -> EmbedtuneConfig:
    """Read ``path`` (TOML, JSON or YAML by its suffix) into the settings tree.

    Args:
        path: The configuration file.

    Raises:
        ConfigError: The file is missing or malformed, a key is unknown, or a value is impossible.
    """
    return parse_config(read_mapping(path), str(path))


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a TOML, JSON or YAML file that holds a mapping."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(f"The configuration {path} does not exist.", "`embedtune init` writes one.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The configuration {path} cannot be read: {error}.", "Save it as UTF-8 text.") from error
    try:
        value = _parse(text, path.suffix.lower())
    except ValueError as error:
        raise ConfigError(f"The configuration {path} is malformed: {error}.", "Mend it at that place.") from error
    if not isinstance(value, dict):
        raise ConfigError(f"The configuration {path} holds no table of settings.", "See `embedtune init`.")
    return value


def parse_config(values: Mapping[str, Any], source: str) -> EmbedtuneConfig:
    """Turn a mapping into the settings tree.

    Args:
        values: Nested tables, or the flat keys of older training scripts.
        source: Where they come from, for messages.

    Raises:
        ConfigError: A key is unknown or a value is impossible.
    """
    if values and set(values) <= FLAT_KEYS:
        values = from_flat(values)
    try:
        return EmbedtuneConfig.model_validate(values)
    except ValidationError as error:
        raise _explained(error, source) from error


def _parse(text: str, suffix: str) -> object:
    if suffix == ".toml":
        return tomllib.loads(text)
    if suffix == ".json":
        return json.loads(text)
    if suffix in {".yaml", ".yml"}:
        import yaml  # only where the user chose YAML

        try:
            return yaml.safe_load(text) or {}
        except yaml.YAMLError as error:
            raise ValueError(str(error)) from error
    raise ValueError(f"its suffix is {suffix or 'missing'}; .toml, .json and .yaml are known")


def _explained(error: ValidationError, source: str) -> ConfigError:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return ConfigError(f"{source}: unknown key `{place}`.", _nearest(tuple(map(str, first["loc"]))))
    return ConfigError(
        f"{source}: `{place}` cannot be {first['input']!r}: {first['msg'][:1].lower()}{first['msg'][1:]}.",
        "`embedtune init` writes a file with every key at its default.",
    )


def _nearest(place: tuple[str, ...]) -> str:
    known = known_keys()
    wanted = ".".join(place)
    match = difflib.get_close_matches(wanted, known, n=1, cutoff=0.6)
    if not match:
        by_last_name = {key.rsplit(".", 1)[-1]: key for key in known}
        close = difflib.get_close_matches(place[-1], by_last_name, n=1, cutoff=0.5)
        match = [by_last_name[name] for name in close]
    return f"Did you mean `{match[0]}`?" if match else f"Known tables: {', '.join(EmbedtuneConfig.model_fields)}."


def known_keys(model: type[BaseModel] = EmbedtuneConfig, prefix: str = "") -> list[str]:
    """Return every key of the tree as a dotted path, tables included."""
    keys: list[str] = []
    for name, field in model.model_fields.items():
        keys.append(prefix + name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys += known_keys(field.annotation, f"{prefix}{name}.")
    return keys
