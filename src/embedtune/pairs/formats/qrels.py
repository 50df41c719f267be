"""Relevance judgements: BEIR's three columns and TREC's four, grades kept."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.errors import FormatError
from embedtune.files import atomic_writer
from embedtune.pairs.formats.strict_json import excerpt, not_readable
from embedtune.vocabulary.evaluation import Qrels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_BEIR_COLUMNS = 3
_TREC_COLUMNS = 4
_WHOLE_NUMBER = re.compile(r"[+-]?\d{1,9}", re.ASCII)
_MAX_LINE = 1 << 20
_REMEDY = "Write `query-id`, `corpus-id` and a whole number, or TREC's four columns."
_HEADER_FIRST = ("query-id", "query_id", "queryid", "qid", "query")
_HEADER_LAST = ("score", "grade", "relevance", "label")


@dataclass(frozen=True, slots=True)
class Judgement:
    """One line of a judgement file: how well a section answers a query, and the line's number."""

    query_id: str
    section_id: str
    grade: int
    line: int


def read_judgements(path: Path) -> tuple[Judgement, ...]:
    """Read judgements, in the order of the file.

    A line is ``query-id corpus-id score`` (BEIR; a header line is passed over) or
    ``query iteration document grade`` (TREC), separated by tabs or, without any, by white space.

    Raises:
        FormatError: The file cannot be read or a line has another shape; the message gives its number.
    """
    judgements: list[Judgement] = []
    header_possible = True
    for number, line in _lines(path):
        if not line.strip():
            continue
        columns = _columns(line)
        if not (header_possible and _is_header(columns)):
            judgements.append(_judgement(path, number, line, columns))
        header_possible = False
    return tuple(judgements)


def qrels_of(path: Path, judgements: Iterable[Judgement]) -> Qrels:
    """Return judgements as qrels.

    Raises:
        FormatError: A section has two different grades for one query.
    """
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for judgement in judgements:
        before = grades[judgement.query_id].setdefault(judgement.section_id, judgement.grade)
        if before != judgement.grade:
            raise FormatError(
                f"{path}, line {judgement.line}: document {judgement.section_id:.60} was judged {before} for query "
                f"{judgement.query_id:.60} before and is judged {judgement.grade} here.",
                "Keep one of the two lines.",
            )
    return Qrels(grades)


def write_judgements(path: Path, qrels: Qrels, query_ids: Iterable[str] | None = None) -> None:
    """Write judgements in BEIR's three columns with its header line, by query and section, grades kept.

    Args:
        path: The file, such as ``qrels/test.tsv``.
        qrels: The judgements.
        query_ids: The queries to write; ``None`` for all that have a relevant section.

    Raises:
        FormatError: An id is empty or holds a tab or a line end.
        InputError: The file cannot be written.
    """
    with atomic_writer(path) as stream:
        stream.write("query-id\tcorpus-id\tscore\n")
        for query in sorted(qrels.query_ids if query_ids is None else set(query_ids)):
            for section, grade in sorted(qrels.grades(query).items()):
                stream.write(f"{_id(query, path)}\t{_id(section, path)}\t{grade}\n")


def _id(identity: str, path: Path) -> str:
    if identity.strip() != identity or not identity or any(mark in identity for mark in "\t\n\r"):
        raise FormatError(
            f"{path} cannot hold the id {identity!r:.60}: its columns are divided by tabs.",
            "Give ids without tabs, line ends, or white space at their ends.",
        )
    return identity


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as stream:
            while line := stream.readline(_MAX_LINE):
                number += 1
                if len(line) == _MAX_LINE:
                    raise FormatError(f"{path}, line {number}: not a judgement, but a long text.", _REMEDY)
                yield number, line
    except OSError as error:
        raise not_readable(path, error) from error
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is not UTF-8.", "Save the file as UTF-8.") from error


def _columns(line: str) -> list[str]:
    cells = line.strip().split("\t") if "\t" in line.strip() else line.split()
    return [cell.strip() for cell in cells]


def _is_header(columns: list[str]) -> bool:
    if len(columns) not in (_BEIR_COLUMNS, _TREC_COLUMNS):
        return False
    return columns[0].lower() in _HEADER_FIRST and columns[-1].lower() in _HEADER_LAST


def _judgement(path: Path, number: int, line: str, columns: list[str]) -> Judgement:
    if len(columns) == _TREC_COLUMNS:
        columns = [columns[0], *columns[2:]]
    if len(columns) == _BEIR_COLUMNS and all(columns) and _WHOLE_NUMBER.fullmatch(columns[2]):
        return Judgement(columns[0], columns[1], int(columns[2]), number)
    raise FormatError(
        f"{path}, line {number}: not a judgement. The text there: {excerpt(line)}",
        _REMEDY,
    )
