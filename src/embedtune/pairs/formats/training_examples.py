"""Training examples as one JSON file: an object with ``metadata`` and ``examples``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.errors import FormatError
from embedtune.files import write_json
from embedtune.pairs.formats.fields import Row, kind_of
from embedtune.pairs.formats.rows import BadLine, collect_rows
from embedtune.pairs.formats.strict_json import read_strict_json
from embedtune.pairs.formats.training_pairs import pair_from_row, pair_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from embedtune.vocabulary.pairs import TrainingPair

_OUTSIDE_METADATA = ("query", "positive", "negative", "negatives")


@dataclass(frozen=True, slots=True)
class TrainingExamples:
    """What a file of training examples held.

    Attributes:
        pairs: Its examples, in order; duplicates are kept.
        metadata: What the file says of itself (``source``, ``generated_at`` …).
        skipped: The examples that could not be used.
    """

    pairs: tuple[TrainingPair, ...]
    metadata: Mapping[str, object]
    skipped: tuple[BadLine, ...] = ()


def read_training_examples(path: Path, *, skip_bad_lines: bool = False) -> TrainingExamples:
    """Read training examples.

    The fields of an example's ``metadata`` count as fields of a training pair: ``domain``,
    ``section_id`` and the like are used, the others kept in ``provenance.extras``.

    Args:
        path: The JSON file.
        skip_bad_lines: Go on after a malformed example.

    Raises:
        FormatError: The file cannot be read or an example is malformed; the message gives its number.
    """
    document = read_strict_json(path)
    examples = document.get("examples") if isinstance(document, dict) else None
    metadata = document.get("metadata") or {} if isinstance(document, dict) else {}
    if not isinstance(examples, list) or not isinstance(metadata, dict):
        raise FormatError(
            f"{path} is not a file of training examples: it has no list `examples` beside an object `metadata`.",
            'Give {"metadata": {…}, "examples": [{"query": …, "positive": …, "negatives": […]}]}.',
        )
    rows = enumerate(examples, start=1)
    read = collect_rows(path, rows, pair_from_example, skip_bad_lines=skip_bad_lines, unit="example")
    return TrainingExamples(read.items, metadata, read.skipped)


def write_training_examples(path: Path, pairs: Sequence[TrainingPair], metadata: Mapping[str, object]) -> None:
    """Write training examples, wholly or not at all.

    Args:
        path: The JSON file.
        pairs: The examples.
        metadata: What the file says of itself; ``total_examples`` is counted anew.
    """
    described: dict[str, object] = {**metadata, "total_examples": len(pairs)}
    write_json(path, {"metadata": described, "examples": [_example(pair) for pair in pairs]})


def pair_from_example(example: Row) -> TrainingPair:
    """Return the training pair that an example describes; the fields of its ``metadata`` count as its own.

    Raises:
        FormatError: A field is missing, empty, of the wrong type, or given twice; the message gives the reason
            only.
    """
    metadata = {} if example.get("metadata") is None else example["metadata"]
    if not isinstance(metadata, dict):
        raise FormatError(
            f"`metadata` is {kind_of(metadata)}, not an object.", "Give it as an object, or leave it out."
        )
    own = {name: value for name, value in example.items() if name != "metadata"}
    for name in own.keys() & metadata.keys():
        if own[name] != metadata[name]:
            raise FormatError(
                f"`{name}` is given twice, in the example and in its metadata, with different values.", "Remove one."
            )
    return pair_from_row(own | metadata)


def _example(pair: TrainingPair) -> dict[str, object]:
    row = pair_row(pair)
    return {
        "query": pair.query.text,
        "positive": pair.positive,
        "negatives": [negative.text for negative in pair.negatives],
        "metadata": {name: value for name, value in row.items() if name not in _OUTSIDE_METADATA},
    }
