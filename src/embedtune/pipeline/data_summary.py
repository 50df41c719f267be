"""Training pairs in numbers, and as examples where the maker of a version asks for some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from embedtune.artifacts.training_data import DataSummary, PairExample
from embedtune.errors import InputError
from embedtune.files import digest_file
from embedtune.pairs.statistics import WordLengths, pair_statistics
from embedtune.pipeline.pairs import read_pairs
from embedtune.vocabulary.pairs import Split, TrainingPair


def data_summary(pairs: Sequence[TrainingPair]) -> DataSummary:
    """Return what a model card says of training pairs: no text of theirs but the names of domains."""
    statistics = pair_statistics(pairs, {})
    return DataSummary(
        pairs=statistics.total,
        by_domain=statistics.by_domain,
        by_origin=statistics.by_origin,
        by_split=statistics.by_split,
        negatives=statistics.negatives,
        negatives_by_source=statistics.negatives_by_source,
        question_words=_quantiles(statistics.query_words),
        positive_words=_quantiles(statistics.positive_words),
    )


def pair_examples(pairs_file: Path | None, pairs_hash: str, count: int) -> tuple[PairExample, ...]:
    """Return some of the pairs that a run was trained on, evenly spread over the file.

    Args:
        pairs_file: The file of pairs; ``None`` where the user named none.
        pairs_hash: Digest of the file that the run was trained on.
        count: How many; 0 reads nothing.

    Raises:
        InputError: There is no file, or it is not the one that was trained on.
    """
    if not count:
        return ()
    if pairs_file is None:
        raise InputError("There are no training pairs to take examples from.", "Name their file: --pairs FILE")
    if not pairs_file.is_file() or digest_file(pairs_file) != pairs_hash:
        raise InputError(f"{pairs_file} is not what the run was trained on.", "Name the file it was trained on.")
    train = [pair for pair in read_pairs(pairs_file) if pair.provenance.split is Split.TRAIN]
    shown = min(count, len(train))
    chosen = [train[number * len(train) // shown] for number in range(shown)]
    return tuple(PairExample(pair.query.text, pair.positive) for pair in chosen)


def _quantiles(lengths: WordLengths | None) -> dict[str, int]:
    return asdict(lengths) if lengths else {}
