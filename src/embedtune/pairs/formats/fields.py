"""Typed values out of the untyped fields of a row.

Every function raises `FormatError` with the reason alone; the reader of the file adds the place.
A field that is ``null`` counts as missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from embedtune.errors import FormatError

_Choice = TypeVar("_Choice", bound=StrEnum)

Row = Mapping[str, object]


def required_text(row: Row, name: str) -> str:
    """Return a text that must be there and hold more than white space."""
    value = row.get(name)
    if value is None:
        known = ", ".join(f"`{field:.40}`" for field in list(row)[:8]) or "none"
        raise FormatError(f"`{name}` is missing; the fields are {known}.", f"Give `{name}` as a text.")
    return filled_text(value, name)


def filled_text(value: object, name: str) -> str:
    """Return a value that must be a text of more than white space."""
    if not isinstance(value, str):
        raise FormatError(f"`{name}` is {kind_of(value)}, not a text.", f"Give `{name}` as a text.")
    if not value.strip():
        raise FormatError(f"`{name}` is empty.", f"Give `{name}` a text, or remove the entry.")
    return value


def label(row: Row, name: str) -> str:
    """Return a short text such as an id or a category; a whole number counts as one; empty if missing."""
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise FormatError(f"`{name}` is {kind_of(value)}, not a text.", f"Give `{name}` as a text, or leave it out.")
    return value


def flag(row: Row, name: str) -> bool | None:
    """Return true, false, or ``None`` if the field is missing."""
    value = row.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise FormatError(f"`{name}` is {kind_of(value)}, not true or false.", f"Give `{name}` as true or false.")


def choice(row: Row, name: str, options: type[_Choice], default: _Choice) -> _Choice:
    """Return one of a set of names; ``default`` if the field is missing or empty."""
    value = row.get(name)
    if value is None or value == "":
        return default
    for option in options:
        if option.value == value:
            return option
    names = ", ".join(option.value for option in options)
    raise FormatError(
        f"`{name}` is {value!r:.60}, which is none of {names}.", f"Use one of these, or leave `{name}` out."
    )


def texts(row: Row, name: str) -> tuple[str, ...]:
    """Return the texts of a field that holds one text or a list of them; empty if missing."""
    value = row.get(name)
    if value is None:
        return ()
    if isinstance(value, list):
        return tuple(filled_text(entry, f"{name}[{number}]") for number, entry in enumerate(value))
    return (filled_text(value, name),)


def kind_of(value: object) -> str:
    """Return what a JSON value is, in words."""
    if isinstance(value, bool):
        return "true or false"
    names = {dict: "an object", list: "a list", int: "a number", float: "a number", str: "a text"}
    return names.get(type(value), "null")
