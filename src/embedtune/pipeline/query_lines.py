"""Queries of a file or of a stream, one a line, as they come; one bad line spoils no other."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from embedtune.corpus.readers.decoding import read_text
from embedtune.errors import FormatError
from embedtune.pairs.formats.strict_json import parse_json

_MOST_LINE = 4 << 20  # bytes; of a longer line the beginning is judged
_NAMED = ("query", "domain", "group")
_FORM = 'Write each as {"query": "…"}, with "domain" and "group" where they are known.'


@dataclass(frozen=True, slots=True)
class QueryLine:
    """A query and what is known of it.

    Attributes:
        text: The query.
        domain: The domain it is asked of, empty for none.
        group: What it asks about, empty where nobody said.
        number: Its line, 0 for none.
    """

    text: str
    domain: str = ""
    group: str = ""
    number: int = 0


class QueryLines:
    """The queries of a binary stream, one a line; iterated once.

    Blank lines are passed over; so are lines that hold no query, which are counted. Bytes that are no UTF-8 are read
    as Windows-1252.

    Args:
        stream: The lines.
        name: What messages call it.
        as_json: Whether a line is an object with ``query`` and, where they are known, ``domain`` and ``group``.
    """

    def __init__(self, stream: BinaryIO, name: str, *, as_json: bool) -> None:
        self._stream = stream
        self._name = name
        self._as_json = as_json
        self._bad = 0
        self._first = ""

    def __iter__(self) -> Iterator[QueryLine]:
        """Yield the queries.

        Raises:
            FormatError: The stream cannot be read, or is in UTF-16.
        """
        for number, line in enumerate(self._lines(), start=1):
            if number == 1 and line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise FormatError(f"{self._name} is in UTF-16.", "Save it as UTF-8.")
            text = _decoded(line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).strip()
            if not text:
                continue
            try:
                yield _parsed(text, number) if self._as_json else QueryLine(text, number=number)
            except FormatError as error:
                self._bad += 1
                self._first = self._first or f"line {number}: {error.message}"

    def check(self, others: str) -> None:
        """Tell of lines that were passed over, once the others are done with.

        Args:
            others: What became of the others, in a sentence.

        Raises:
            FormatError: There were some.
        """
        if self._bad:
            raise FormatError(
                f"{self._bad} lines of {self._name} hold no query; the first is {self._first}.",
                f"{_FORM} {others}",
            )

    def _lines(self) -> Iterator[bytes]:
        try:
            while line := self._stream.readline(_MOST_LINE):
                yield line
                while len(line) == _MOST_LINE and not line.endswith(b"\n"):
                    line = self._stream.readline(_MOST_LINE)
        except OSError as error:
            raise FormatError(f"{self._name} cannot be read: {error.strerror or error}.", "Check the path.") from error


def read_queries(path: Path) -> list[QueryLine]:
    """Return all queries of a file: of a ``.jsonl`` one as `query_lines`, else the lines of a text in any encoding.

    Raises:
        FormatError: Lines of a ``.jsonl`` file hold no query.
        DocumentError: The file cannot be read as text.
    """
    if _has_objects(path):
        return list(query_lines(path, "Nothing was done with the others."))
    lines = enumerate(read_text(path).split("\n"), start=1)
    return [QueryLine(line.strip(), number=number) for number, line in lines if line.strip()]


def query_lines(path: Path, others: str = "The others were used.") -> Iterator[QueryLine]:
    """Yield the queries of a file as they are read: of a ``.jsonl`` one an object a line, else the lines.

    Args:
        path: The file.
        others: What is said to become of the others, where some lines hold no query.

    Raises:
        FormatError: The file cannot be read; at the end, where lines hold no query.
    """
    try:
        with path.open("rb") as stream:
            lines = QueryLines(stream, str(path), as_json=_has_objects(path))
            yield from lines
            lines.check(others)
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror or error}.", "Check the path.") from error


def _has_objects(path: Path) -> bool:
    return path.suffix.lower() == ".jsonl"


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def _parsed(text: str, number: int) -> QueryLine:
    """Return the query of a line of JSON.

    Raises:
        FormatError: It is none; the message is the reason.
    """
    try:
        value = parse_json(text)
    except json.JSONDecodeError as error:
        raise FormatError(f"not valid JSON ({error.msg})", _FORM) from error
    if not isinstance(value, dict):
        raise FormatError("no object", _FORM)
    query, domain, group = (value.get(name, "") for name in _NAMED)
    if not (isinstance(query, str) and isinstance(domain, str) and isinstance(group, str)):
        raise FormatError("query, domain and group must be texts", _FORM)
    if not query.strip():
        raise FormatError("there is no query in it", _FORM)
    return QueryLine(query.strip(), domain, group, number)
