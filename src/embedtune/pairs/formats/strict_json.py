"""JSON that can be written back byte for byte: no repeated fields, no NaN, no broken characters."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import TYPE_CHECKING, NoReturn

from embedtune.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

_EXCERPT = 100
_MAX_DEPTH = 100
_MAX_BYTES = 256 * 1024 * 1024


def parse_json(text: str) -> object:
    """Parse JSON text.

    Raises:
        json.JSONDecodeError: It is not JSON; or it repeats a field of an object (one of the two would
            be lost), holds NaN or an infinite number (not JSON, RFC 8259), holds half of a surrogate
            pair (not writable as UTF-8), or is nested more than 100 levels deep.
    """
    try:
        value: object = json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_finite_float
        )
        _refuse_depth(value, text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError:
        raise
    except UnicodeEncodeError as error:
        raise json.JSONDecodeError("half of a surrogate pair", text, 0) from error
    except RecursionError as error:
        raise json.JSONDecodeError("nested too deeply", text, 0) from error
    except ValueError as error:
        raise json.JSONDecodeError(str(error), text, 0) from error
    return value


def read_strict_json(path: Path) -> object:
    """Read a JSON file, UTF-8 with or without a byte order mark.

    Raises:
        FormatError: The file is missing, larger than 256 MiB, not UTF-8, or not JSON as `parse_json`
            takes it.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise FormatError(
                f"{path} is larger than {_MAX_BYTES >> 20} MiB.", "Write it as JSON lines (.jsonl), which are streamed."
            )
        return parse_json(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise FormatError(
            f"{path}, line {error.lineno}, column {error.colno}: not valid JSON: {error.msg}. "
            f"The text there: {excerpt(error.doc, error.pos)}",
            "Mend the file at that place.",
        ) from error
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path} is not UTF-8: byte 0x{error.object[error.start]:02x} at byte {error.start}.",
            "Save the file as UTF-8.",
        ) from error
    except OSError as error:
        raise not_readable(path, error) from error


def excerpt(text: str, position: int = 0) -> str:
    """Return the text around a position on one line, cut to 100 characters, safe for a terminal."""
    start = max(0, min(position, len(text)) - _EXCERPT // 2)
    end = min(len(text), start + _EXCERPT)
    shown = "".join(character if character.isprintable() else " " for character in text[start:end]).strip()
    return f"{'…' if start else ''}{shown}{'…' if end < len(text) else ''}"


def not_readable(path: Path, error: OSError) -> FormatError:
    """Return the error for a file that the operating system does not give."""
    if isinstance(error, FileNotFoundError):
        return FormatError(f"{path} does not exist.", "Check the path.")
    return FormatError(f"{path} cannot be read: {error.strerror or error}.", "Check the path and its permissions.")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"the field `{name[:60]}` is given twice")
    return fields


def _refuse_depth(value: object, text: str) -> None:
    """Refuse what would exhaust the stack of whoever writes it back; how deep that is depends on their own."""
    if text.count("[") + text.count("{") <= _MAX_DEPTH:
        return
    level = [value]
    for _ in range(_MAX_DEPTH + 1):
        inner: list[object] = []
        for container in level:
            if isinstance(container, dict):
                inner += container.values()
            elif isinstance(container, list):
                inner += container
        level = [entry for entry in inner if isinstance(entry, dict | list)]
        if not level:
            return
    raise json.JSONDecodeError("nested too deeply", text, 0)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite_float(literal: str) -> float:
    number = float(literal)
    if math.isinf(number):
        raise ValueError(f"the number {literal[:40]} is too large")
    return number
