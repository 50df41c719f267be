"""TREC run and qrels files: the formats that trec_eval, pytrec_eval and ir-measures read.

A run line is ``query Q0 section rank score tag``, a qrels line ``query 0 section grade``. Columns are divided
by white space, so no id may contain any.
"""

from __future__ import annotations

import hashlib
import math
import re
from typing import TYPE_CHECKING

from embedtune.errors import FormatError, InputError
from embedtune.evaluation.metrics import in_order
from embedtune.files import atomic_writer
from embedtune.vocabulary.evaluation import Qrels, Ranked, Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_RUN_COLUMNS = ("query", "Q0", "section", "rank", "score", "tag")
_QRELS_COLUMNS = ("query", "0", "section", "grade")


def run_file_name(system: str) -> str:
    """Return a file name for a system's run, such as ``bm25.run``; unequal names give unequal files."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", system).strip("-.")[:80]
    if plain == system:
        return f"{plain}.run"
    return f"{plain}-{hashlib.sha256(system.encode()).hexdigest()[:8]}.run"


def write_run(path: Path, run: Run) -> None:
    """Write a run, queries by id, scores with full precision.

    A query that was asked and found nothing has no line; `read_run` restores it from ``asked``. White space in
    the system's name becomes ``_`` in the tag.

    Raises:
        FormatError: An id contains white space or is empty.
        InputError: The file cannot be written.
    """
    tag = re.sub(r"\s+", "_", run.system) or "_"
    with atomic_writer(path) as stream:
        for query in sorted(run.rankings):
            for rank, entry in enumerate(in_order(run.rankings[query]), start=1):
                columns = (
                    _id(query, path),
                    "Q0",
                    _id(entry.section_id, path),
                    str(rank),
                    repr(float(entry.score)),
                    tag,
                )
                stream.write(" ".join(columns) + "\n")


def read_run(path: Path, corpus_digest: str, asked: Iterable[str] = (), system: str = "") -> Run:
    """Read a run. Scores give the order, as in trec_eval; the rank column is not looked at.

    Args:
        path: The file.
        corpus_digest: The digest of the sections it is known to have searched.
        asked: Queries known to have been asked; those without a line found nothing.
        system: The system's name; empty takes the tag of the first line, or the file's stem.

    Raises:
        FormatError: A line has not six columns, a score that is not a finite number, or a section that the
            query has already; the message names file and line.
        InputError: The file cannot be read.
    """
    found: dict[str, dict[str, float]] = {query: {} for query in asked}
    tag = ""
    for number, (query, _, section, _, score, line_tag) in _lines(path, _RUN_COLUMNS):
        ranking = found.setdefault(query, {})
        if section in ranking:
            raise _fault(path, number, f"section {section} appears twice for query {query}")
        ranking[section] = _score(score, path, number)
        tag = tag or line_tag
    rankings = {
        query: in_order([Ranked(section, score) for section, score in ranking.items()])
        for query, ranking in found.items()
    }
    return Run(system or tag or path.stem, corpus_digest, rankings)


def write_qrels(path: Path, qrels: Qrels, query_ids: Iterable[str] | None = None) -> None:
    """Write judgements, by query and section id.

    Args:
        path: The file.
        qrels: The judgements.
        query_ids: The queries to write; ``None`` for all that have a relevant section.

    Raises:
        FormatError: An id contains white space or is empty.
        InputError: The file cannot be written.
    """
    with atomic_writer(path) as stream:
        for query in sorted(qrels.query_ids if query_ids is None else query_ids):
            for section, grade in sorted(qrels.grades(query).items()):
                stream.write(f"{_id(query, path)} 0 {_id(section, path)} {grade}\n")


def read_qrels(path: Path) -> Qrels:
    """Read judgements.

    Raises:
        FormatError: A line has not four columns, a grade that is not a whole number, or judges a section a
            second time; the message names file and line.
        InputError: The file cannot be read.
    """
    grades: dict[str, dict[str, int]] = {}
    for number, (query, _, section, grade) in _lines(path, _QRELS_COLUMNS):
        judged = grades.setdefault(query, {})
        if section in judged:
            raise _fault(path, number, f"section {section} is judged twice for query {query}")
        try:
            judged[section] = int(grade)
        except ValueError as error:
            raise _fault(path, number, f"the grade {grade!r} is not a whole number") from error
    return Qrels(grades)


def _lines(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    try:
        with path.open(encoding="utf-8-sig") as stream:
            for number, line in enumerate(stream, start=1):
                parts = line.split()
                if parts and len(parts) != len(columns):
                    expected = " ".join(columns)
                    raise _fault(path, number, f"{len(parts)} columns instead of {len(columns)} ({expected})")
                if parts:
                    yield number, parts
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.", "Check the path and its encoding (UTF-8).") from error


def _score(text: str, path: Path, number: int) -> float:
    try:
        score = float(text)
    except ValueError as error:
        raise _fault(path, number, f"the score {text!r} is not a number") from error
    if not math.isfinite(score):
        raise _fault(path, number, f"the score {text!r} is not finite")
    return score


def _id(identifier: str, path: Path) -> str:
    if not identifier or re.search(r"\s", identifier):
        raise FormatError(
            f"{path} cannot hold the id {identifier!r}: TREC files divide columns by white space.",
            "Give questions and sections ids without white space.",
        )
    return identifier


def _fault(path: Path, number: int, reason: str) -> FormatError:
    return FormatError(f"{path}, line {number}: {reason}.", "Mend the line, or make the file again.")
