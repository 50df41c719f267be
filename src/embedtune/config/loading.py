"""Read a configuration file; what is wrong with it is said with the nearest right key."""

from __future__ import annotations

import difflib
import json
import tomllib
from reprlib import repr as short
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from embedtune.config.flat import FLAT_KEYS, FLAT_NAMES, from_flat, is_flat
from embedtune.config.settings import EmbedtuneConfig
from embedtune.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_PLAIN_REASONS = {"model_type": "it is a table", "tuple_type": "it is a list"}


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
    flat = is_flat(values)
    if flat:
        _check_flat_keys(values, source)
        values = from_flat(values)
    # A YAML table whose keys are all commented out reads as null.
    tables = {key: {} if value is None else value for key, value in values.items()}
    try:
        return EmbedtuneConfig.model_validate(tables)
    except ValidationError as error:
        raise _explained(error, source, FLAT_NAMES if flat else {}) from error


def _parse(text: str, suffix: str) -> object:
    if suffix == ".toml":
        return tomllib.loads(text)
    if suffix == ".json":
        return json.loads(text)
    if suffix in {".yaml", ".yml"}:
        import yaml  # only where the user chose YAML

        try:
            value: object = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ValueError(str(error)) from error
        return {} if value is None else value
    raise ValueError(f"its suffix is {suffix or 'missing'}; .toml, .json and .yaml are known")


def _explained(error: ValidationError, source: str, names: Mapping[str, str]) -> ConfigError:
    first = error.errors()[0]
    parts = tuple(map(str, first["loc"]))
    place = ".".join(parts)
    if first["type"] == "extra_forbidden":
        return ConfigError(f"{source}: unknown key `{place}`.", _nearest(parts))
    reason = _PLAIN_REASONS.get(first["type"], first["msg"].removeprefix("Value error, "))
    return ConfigError(
        f"{source}: `{names.get(place, place)}` cannot be {short(first['input'])}: {reason[:1].lower()}{reason[1:]}.",
        "`embedtune init` writes a file with every key at its default.",
    )


def _check_flat_keys(values: Mapping[str, Any], source: str) -> None:
    for key in values:
        if key not in FLAT_KEYS:
            raise ConfigError(
                f"{source}: unknown key `{key}`.",
                _meant(_close(str(key), sorted(FLAT_KEYS))) or f"Known keys: {', '.join(sorted(FLAT_KEYS))}.",
            )


def _nearest(place: Sequence[str]) -> str:
    """Say which known key an unknown one resembles: the same name elsewhere, one of its table, or any."""
    table, name = ".".join(place[:-1]), place[-1]
    known = known_keys()
    own = [key for key in known if key.rpartition(".")[0] == table]
    same_name = [key for key in known if key.rpartition(".")[2] == name]
    meant = _meant(same_name or _close(name, own) or _close(name, known))
    if meant:
        return meant
    return f"Known {f'keys of `{table}`' if table else 'tables'}: {', '.join(key.rpartition('.')[2] for key in own)}."


def _close(name: str, keys: Sequence[str]) -> list[str]:
    """Return the keys whose last part is the most similar to a name, empty if none is similar."""
    last = {key: key.rpartition(".")[2] for key in keys}
    best = difflib.get_close_matches(name.lower(), last.values(), n=1)
    return [key for key in keys if last[key] in best]


def _meant(keys: Sequence[str]) -> str:
    return f"Did you mean {' or '.join(f'`{key}`' for key in keys)}?" if keys else ""


def known_keys(model: type[BaseModel] = EmbedtuneConfig, prefix: str = "") -> list[str]:
    """Return every key of the tree as a dotted path, tables included."""
    keys: list[str] = []
    for name, field in model.model_fields.items():
        keys.append(prefix + name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys += known_keys(field.annotation, f"{prefix}{name}.")
    return keys
