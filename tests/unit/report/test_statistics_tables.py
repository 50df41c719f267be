from __future__ import annotations

import pytest

from embedtune.pairs.statistics import Rejections, pair_statistics
from embedtune.report.statistics_tables import statistics_tables
from embedtune.vocabulary.pairs import Origin, Provenance, Query, Split, TrainingPair


def test_statistics_as_they_are_written():
    pairs = [
        TrainingPair(
            Query(f"q{n}", "how to descale", Origin.TEMPLATE, domain="kettle"),
            "a b c",
            (),
            Provenance("s", Split.TRAIN),
        )
        for n in range(3)
    ]
    written = pair_statistics(pairs, {}, Rejections(4, {"too short": 2, "generic": 0})).to_json()
    tables = {table.title: table for table in statistics_tables(written)}
    assert ("Pairs of question and passage", "3") in tables[""].rows
    assert ("Duplicates removed", "4") in tables[""].rows
    assert tables["Pairs by domain"].rows == (("kettle", "3", "100.0%"),)
    assert tables["Questions turned away, by filter"].rows == (("too short", "2", "100.0%"), ("generic", "0", "0.0%"))
    lengths = tables["Lengths in words"]
    assert lengths.rows == (("questions", *["3"] * 7), ("passages", *["3"] * 7))
    assert len(lengths.columns) == 8


def test_the_largest_counts_come_first():
    (table,) = statistics_tables({"by_domain": {"a": 1, "b": 3, "c": 3}})
    assert [row[0] for row in table.rows] == ["b", "c", "a"]


@pytest.mark.parametrize(
    "odd", [{}, {"by_domain": [1]}, {"total_pairs": None, "rejected": 3}, {"by_origin": {"human": "many"}}]
)
def test_what_is_absent_or_odd_is_not_shown(odd):
    assert statistics_tables(odd) == ()
