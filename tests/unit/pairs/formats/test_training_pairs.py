import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.errors import FormatError
from embedtune.files import digest_value
from embedtune.pairs.formats.training_pairs import (
    pair_from_row,
    pair_row,
    read_training_pairs,
    write_training_pairs,
)
from embedtune.vocabulary.pairs import Negative, Origin, Provenance, Query, Split, TrainingPair
from pair_strategies import filled, json_values, negatives, optional, pairs, unknown_fields

DOCUMENTED = {
    "query": "How do I check tire pressure?",
    "positive": "Locate the tire valve stem…",
    "negative": "Engine oil change…",
    "domain": "vehicle_civilian",
    "source_section": "HOW TO CHECK TIRE PRESSURE",
    "synthetic": True,
    "hard_negative": True,
}

rows = st.builds(
    lambda needed, extra: needed | extra,
    st.fixed_dictionaries(
        {"query": filled, "positive": filled},
        optional={
            "negative": st.none() | filled,
            "negatives": st.none() | filled | st.lists(filled, max_size=3),
            "domain": st.none() | optional,
            "source_section": st.none() | optional,
            "section_id": st.none() | optional,
            "query_id": st.none() | optional | st.integers(),
            "difficulty": st.none() | optional,
            "category": st.none() | optional,
            "cluster": st.none() | optional,
            "synthetic": st.none() | st.booleans(),
            "hard_negative": json_values,
            "origin": st.none() | st.sampled_from([origin.value for origin in Origin]),
            "split": st.none() | st.sampled_from([split.value for split in Split]),
        },
    ),
    unknown_fields,
)


def write_rows(path, given_rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in given_rows), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pairs")


def test_the_documented_line_becomes_a_pair():
    pair = pair_from_row(DOCUMENTED)
    identity = digest_value([DOCUMENTED["query"], DOCUMENTED["positive"]])[7:23]
    assert pair == TrainingPair(
        Query(identity, DOCUMENTED["query"], Origin.TEMPLATE, domain="vehicle_civilian"),
        DOCUMENTED["positive"],
        (Negative("Engine oil change…", source="given"),),
        Provenance(section_heading="HOW TO CHECK TIRE PRESSURE", split=Split.TRAIN, extras={}),
    )


def test_the_writer_adds_its_fields_to_the_documented_line():
    assert pair_row(pair_from_row(DOCUMENTED)) == {
        **DOCUMENTED,
        "query_id": digest_value([DOCUMENTED["query"], DOCUMENTED["positive"]])[7:23],
        "section_id": "",
        "cluster": "",
        "origin": "template",
        "split": "train",
        "negative_sources": ["given"],
    }


def test_query_and_positive_are_enough():
    pair = pair_from_row({"query": "q", "positive": "p"})
    assert pair.query.origin is Origin.HUMAN
    assert pair.negatives == ()
    assert pair_row(pair)["hard_negative"] is False
    assert pair_row(pair)["synthetic"] is False


def test_mined_negatives_are_written_with_their_sources():
    mined = (Negative("a", "s1", "bm25", 7.5), Negative("b", "s2", "base", None))
    pair = TrainingPair(Query("1", "q", Origin.LLM, "hard", "parts"), "p", mined, Provenance(cluster="c"))
    row = pair_row(pair)
    assert row["negative"] == "a"
    assert row["negatives"] == ["a", "b"]
    assert row["negative_sources"] == ["bm25", "base"]
    assert row["negative_section_ids"] == ["s1", "s2"]
    assert row["negative_scores"] == [7.5, None]
    assert row["hard_negative"] is True
    assert (row["difficulty"], row["category"], row["cluster"]) == ("hard", "parts", "c")
    assert pair_from_row(row) == pair


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"negative": "a"}, ["a"]),
        ({"negatives": ["a", "b"]}, ["a", "b"]),
        ({"negatives": "a"}, ["a"]),
        ({"negative": "a", "negatives": ["b", "c"]}, ["a", "b", "c"]),
        ({"negative": "b", "negatives": ["a", "b"]}, ["b", "a"]),
        ({"negative": "a", "negatives": ["a", "a"]}, ["a", "a"]),
        ({"negative": None, "negatives": []}, []),
    ],
)
def test_negative_and_negatives_are_joined(fields, expected):
    pair = pair_from_row({"query": "q", "positive": "p"} | fields)
    assert [negative.text for negative in pair.negatives] == expected


def test_what_was_given_of_synthetic_and_hard_negative_stays_until_negatives_are_mined():
    given_row = {"query": "q", "positive": "p", "negative": "n", "origin": "llm", "synthetic": False}
    pair = pair_from_row(given_row | {"hard_negative": False})
    assert pair_row(pair)["synthetic"] is False
    assert pair_row(pair)["hard_negative"] is False
    mined = TrainingPair(pair.query, "p", (Negative("m", "s", "base"),), pair.provenance)
    assert pair_row(mined)["hard_negative"] is True


def test_duplicates_are_kept_and_share_an_id(folder):
    path = folder / "duplicates.jsonl"
    write_rows(path, [DOCUMENTED, DOCUMENTED])
    first, second = read_training_pairs(path).items
    assert first == second


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"query": None}, "`query` is missing"),
        ({"query": " \t"}, "`query` is empty"),
        ({"positive": ""}, "`positive` is empty"),
        ({"positive": ["p"]}, "`positive` is a list, not a text"),
        ({"negative": ""}, "`negative` is empty"),
        ({"negatives": ["a", " "]}, r"`negatives\[1\]` is empty"),
        ({"negatives": [3]}, r"`negatives\[0\]` is a number"),
        ({"negatives": {"a": 1}}, "`negatives` is an object"),
        ({"origin": "gpl"}, "'gpl', which is none of human, template, extractive, llm"),
        ({"split": "validation"}, "which is none of train, dev, test"),
        ({"synthetic": "yes"}, "`synthetic` is a text, not true or false"),
        ({"domain": ["a"]}, "`domain` is a list"),
        ({"query_id": True}, "`query_id` is true or false"),
        ({"negative_sources": ["bm25", "base"]}, "2 entries for 0 negatives"),
        ({"negative": "n", "negative_sources": "bm25"}, "`negative_sources` is a text, not a list"),
        ({"negative": "n", "negative_sources": [1]}, "not a text"),
        ({"negative": "n", "negative_scores": ["high"]}, "`negative_scores` holds a text"),
    ],
)
def test_a_bad_field_is_refused_with_its_reason(fields, reason):
    with pytest.raises(FormatError, match=reason):
        pair_from_row({"query": "q", "positive": "p"} | fields)


def test_a_bad_line_is_named_or_skipped(folder):
    path = folder / "bad.jsonl"
    write_rows(path, [DOCUMENTED, {"query": "only a question"}])
    with pytest.raises(FormatError, match=r"bad\.jsonl, line 2: `positive` is missing; the fields are `query`"):
        read_training_pairs(path)
    read = read_training_pairs(path, skip_bad_lines=True)
    assert len(read.items) == 1
    assert read.skipped[0].line == 2


@settings(max_examples=10)
@given(st.lists(pairs, min_size=3, max_size=5))
def test_writing_reading_and_writing_again_gives_the_same_bytes(folder, made):
    first, second = folder / "first.jsonl", folder / "second.jsonl"
    write_training_pairs(first, made)
    read = read_training_pairs(first).items
    write_training_pairs(second, read)
    assert first.read_bytes() == second.read_bytes()
    for before, after in zip(made, read, strict=True):
        assert (after.query, after.positive, after.negatives) == (before.query, before.positive, before.negatives)


@given(pairs)
def test_a_row_that_is_read_and_written_is_the_same_text(pair):
    row = pair_row(pair)
    assert json.dumps(pair_row(pair_from_row(row))) == json.dumps(row)


@given(rows)
def test_no_field_of_a_line_is_ever_lost(row):
    written = pair_row(pair_from_row(row))
    assert json.dumps(pair_row(pair_from_row(written))) == json.dumps(written)
    assert row.keys() <= written.keys()
    # null in a field that is always written, an empty id, a number as id: these are filled in.
    replaceable = {name for name, value in row.items() if value is None} | {"negatives", "query_id"}
    for name in row.keys() - replaceable:
        assert written[name] == row[name]


@given(rows, st.lists(negatives, min_size=1, max_size=3).map(tuple))
def test_a_pair_that_was_read_can_be_written_with_other_negatives(row, mined):
    pair = pair_from_row(row)
    changed = TrainingPair(pair.query, pair.positive, mined, pair.provenance)
    assert pair_from_row(pair_row(changed)).negatives == mined


def test_a_failed_write_leaves_the_old_file(folder):
    path = folder / "kept.jsonl"
    path.write_text("old")
    broken = Provenance(extras={"x": float("nan")})
    with pytest.raises(ValueError, match="JSON"):
        write_training_pairs(path, [TrainingPair(Query("1", "q", Origin.HUMAN), "p", (), broken)])
    assert path.read_text() == "old"
    assert [file.name for file in folder.glob(".kept*")] == []
