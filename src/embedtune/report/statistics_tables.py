"""What the training data consists of, from its ``stats.json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from embedtune.report.content import Table

if TYPE_CHECKING:
    from embedtune.files import JsonValue

_MOST_ROWS = 40
_LENGTHS = ("minimum", "p5", "p25", "median", "p75", "p95", "maximum")
_LENGTH_COLUMNS = ("", "shortest", "5 %", "25 %", "median", "75 %", "95 %", "longest")
_TOTALS = (
    ("total_pairs", "Pairs of question and passage"),
    ("negatives", "Negatives"),
    ("duplicates_removed", "Duplicates removed"),
)
_COUNTED = (
    ("by_domain", "Pairs by domain"),
    ("by_section_kind", "Pairs by kind of section"),
    ("by_origin", "Pairs by who wrote the question"),
    ("by_split", "Pairs by part of the corpus"),
    ("negatives_by_source", "Negatives by who found them"),
)
_MEASURED = (("query_words", "questions"), ("positive_words", "passages"))


def statistics_tables(statistics: Mapping[str, JsonValue]) -> tuple[Table, ...]:
    """Return counts and lengths as tables; parts that are missing or of another form are left out.

    Args:
        statistics: What `PairStatistics.to_json` returned, perhaps of another version.
    """
    totals = tuple((name, f"{value:,}") for key, name in _TOTALS if isinstance(value := statistics.get(key), int))
    tables = [Table("", ("", "count"), totals)] if totals else []
    tables += [_shares(title, counts) for key, title in _COUNTED if (counts := _counts(statistics.get(key)))]
    rejected = statistics.get("rejected")
    if isinstance(rejected, Mapping):
        counts = _counts({name: row.get("count") for name, row in rejected.items() if isinstance(row, Mapping)})
        tables += [_shares("Questions turned away, by filter", counts)] if any(counts.values()) else []
    lengths = tuple(
        (name, *(f"{row.get(quantile, '')}" for quantile in _LENGTHS))
        for key, name in _MEASURED
        if isinstance(row := statistics.get(key), Mapping)
    )
    return (*tables, Table("Lengths in words", _LENGTH_COLUMNS, lengths)) if lengths else tuple(tables)


def _counts(value: JsonValue) -> dict[str, int]:
    if not isinstance(value, Mapping):
        return {}
    return {name: count for name, count in value.items() if isinstance(count, int)}


def _shares(title: str, counts: Mapping[str, int]) -> Table:
    total = sum(counts.values()) or 1
    largest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_ROWS]
    rows = ((name.replace("_", " "), f"{count:,}", f"{count / total:.1%}") for name, count in largest)
    return Table(title, ("", "count", "share"), tuple(rows))
