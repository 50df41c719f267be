"""Questions and answers: ``question``, ``answer``, optional ``context`` and more, one record a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedtune.errors import FormatError
from embedtune.pairs.formats.cells import CellRules
from embedtune.pairs.formats.fields import Row, label, required_text
from embedtune.pairs.formats.record_files import read_records, write_records
from embedtune.pairs.formats.rows import LinesRead
from embedtune.pairs.formats.training_pairs import PAIR_CELLS, pair_from_row, pair_row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from embedtune.vocabulary.pairs import TrainingPair

QA_TEXTS = frozenset(("question", "answer", "id", "context", "source"))
_CELLS = CellRules(PAIR_CELLS.texts | QA_TEXTS, PAIR_CELLS.lists, PAIR_CELLS.flags)


def read_qa_pairs(path: Path, *, skip_bad_lines: bool = False) -> LinesRead[TrainingPair]:
    """Read questions and answers as training pairs: the answer is the positive.

    ``id`` becomes the question's id. ``context``, ``source`` and all other fields are kept in
    ``provenance.extras``.

    Args:
        path: A file of JSON lines, CSV, TSV or Parquet.
        skip_bad_lines: Go on after a malformed line.

    Raises:
        FormatError: The file cannot be read or a line is malformed.
    """
    return read_records(path, qa_pair_from_row, _CELLS, skip_bad_lines=skip_bad_lines)


def write_qa_pairs(path: Path, pairs: Sequence[TrainingPair]) -> None:
    """Write pairs as questions and answers, with all other fields of a pair beside them.

    Args:
        path: A file of JSON lines, CSV, TSV or Parquet, by its ending.
        pairs: The pairs.

    Raises:
        InputError: The file cannot be written.
    """
    write_records(path, pairs, qa_row, _CELLS)


def qa_row(pair: TrainingPair) -> dict[str, object]:
    """Return a pair as a row of questions and answers; ``id`` is the question's where the pair has no other."""
    row = pair_row(pair)
    identity = row["query_id"]
    row["id"] = row.get("id", identity)
    if row["id"] in (identity, None):
        row["id"] = row.pop("query_id")
    first = {"id": row.pop("id"), "question": row.pop("query"), "answer": row.pop("positive")}
    return first | row


def qa_pair_from_row(row: Row) -> TrainingPair:
    """Return the training pair that a question with its answer makes.

    Raises:
        FormatError: A field is missing, empty or of the wrong type; the message gives the reason only.
    """
    renamed: dict[str, object] = {
        "query": required_text(row, "question"),
        "positive": required_text(row, "answer"),
    }
    for name in renamed:
        if name in row:
            raise FormatError(
                f"There is `{name}` beside `question` and `answer`.", "Give a line one question and one answer."
            )
    if identity := label(row, "query_id") or label(row, "id"):
        renamed["query_id"] = identity
    return pair_from_row(renamed | {name: row[name] for name in row if name not in ("question", "answer", "query_id")})
