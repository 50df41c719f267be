"""Questions and answers as JSON lines: ``question``, ``answer``, optional ``context`` and more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedtune.errors import FormatError
from embedtune.pairs.formats.fields import Row, label, required_text
from embedtune.pairs.formats.lines import LinesRead, read_json_lines
from embedtune.pairs.formats.training_pairs import pair_from_row

if TYPE_CHECKING:
    from pathlib import Path

    from embedtune.vocabulary.pairs import TrainingPair


def read_qa_pairs(path: Path, *, skip_bad_lines: bool = False) -> LinesRead[TrainingPair]:
    """Read questions and answers as training pairs: the answer is the positive.

    ``id`` becomes the question's id. ``context``, ``source`` and all other fields are kept in
    ``provenance.extras``.

    Args:
        path: A JSON lines file.
        skip_bad_lines: Go on after a malformed line.

    Raises:
        FormatError: The file cannot be read or a line is malformed.
    """
    return read_json_lines(path, qa_pair_from_row, skip_bad_lines=skip_bad_lines)


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
