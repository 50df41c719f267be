"""What a README says of the training data: numbers, and texts only where the maker asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedtune.artifacts.readme_tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedtune.artifacts.training_data import DataSummary, PairExample


def data_section(data: DataSummary | None) -> str:
    """Return the counts over the training pairs; empty where they are not known."""
    if data is None:
        return ""
    rows = [
        ["pairs", str(data.pairs)],
        ["by part", _counts(data.by_split)],
        ["by domain", _counts(data.by_domain)],
        ["by origin of the question", _counts(data.by_origin)],
        ["hard negatives", f"{data.negatives}{_in_brackets(data.negatives_by_source)}"],
        ["words of a question", _lengths(data.question_words)],
        ["words of a passage", _lengths(data.positive_words)],
    ]
    return "## Training data\n\n" + table(["what", "how many"], [row for row in rows if row[1]])


def examples_section(examples: Sequence[PairExample]) -> str:
    """Return the pairs that the maker asked to show; empty without any."""
    if not examples:
        return ""
    rows = [[example.question, example.positive] for example in examples]
    return "## Examples of the training data\n\n" + table(["question", "passage"], rows)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _in_brackets(counts: Mapping[str, int]) -> str:
    return f" ({_counts(counts)})" if counts else ""


def _lengths(quantiles: Mapping[str, int]) -> str:
    if not quantiles:
        return ""
    return f"median {quantiles['median']}, 95 % up to {quantiles['p95']}, longest {quantiles['maximum']}"
