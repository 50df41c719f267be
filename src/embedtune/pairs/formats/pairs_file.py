"""Training pairs in any file that holds them: format and columns are recognised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embedtune.pairs.formats.cells import CellRules
from embedtune.pairs.formats.fields import Row
from embedtune.pairs.formats.qa_pairs import QA_TEXTS, qa_pair_from_row
from embedtune.pairs.formats.record_files import read_records, write_records
from embedtune.pairs.formats.rows import BadLine
from embedtune.pairs.formats.training_examples import read_training_examples, write_training_examples
from embedtune.pairs.formats.training_pairs import PAIR_CELLS, pair_from_row, pair_row
from embedtune.vocabulary.pairs import TrainingPair

_JSON = ".json"
_CELLS = CellRules(PAIR_CELLS.texts | QA_TEXTS, PAIR_CELLS.lists, PAIR_CELLS.flags)


@dataclass(frozen=True, slots=True)
class PairsFile:
    """What a file of training pairs held.

    Attributes:
        items: The pairs, in order; duplicates are kept.
        skipped: The rows that could not be used.
        metadata: What a file of training examples says of itself; empty for other formats.
    """

    items: tuple[TrainingPair, ...]
    skipped: tuple[BadLine, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)


def read_pairs_file(path: Path, *, skip_bad_lines: bool = False) -> PairsFile:
    """Read training pairs, or questions with answers, by the file's ending.

    ``.json`` is a file of training examples; ``.csv``, ``.tsv`` and ``.parquet`` are tables; any other
    ending is JSON lines. A row with ``question`` and without ``query`` is a question with its answer.

    Args:
        path: The file.
        skip_bad_lines: Go on after a malformed row.

    Raises:
        FormatError: The file cannot be read, a row is malformed, or, with ``skip_bad_lines``, none of its
            rows can be used.
    """
    if path.suffix.lower() == _JSON:
        examples = read_training_examples(path, skip_bad_lines=skip_bad_lines)
        return PairsFile(examples.pairs, examples.skipped, examples.metadata)
    read = read_records(path, pair_or_qa_from_row, _CELLS, skip_bad_lines=skip_bad_lines)
    return PairsFile(read.items, read.skipped)


def write_pairs_file(path: Path, pairs: Sequence[TrainingPair], metadata: Mapping[str, object] | None = None) -> None:
    """Write training pairs in the format of the file's ending, wholly or not at all.

    A table has the columns of all pairs; where a pair lacks one, its cell is empty.

    Args:
        path: The file, with an ending as `read_pairs_file` takes it.
        pairs: The pairs.
        metadata: What a ``.json`` file says of itself; other formats have no place for it.

    Raises:
        FormatError: The pairs have too many different fields for a table.
        InputError: The file cannot be written.
    """
    if path.suffix.lower() == _JSON:
        write_training_examples(path, pairs, metadata or {})
    else:
        write_records(path, pairs, pair_row, _CELLS)


def pair_or_qa_from_row(row: Row) -> TrainingPair:
    """Return the pair that a row describes, by its fields.

    Raises:
        FormatError: A field is missing, empty or of the wrong type; the message gives the reason only.
    """
    return qa_pair_from_row(row) if "question" in row and "query" not in row else pair_from_row(row)
