import csv
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.errors import FormatError
from embedtune.pairs.formats.cells import CellRules, cell_of, cell_value
from embedtune.pairs.formats.pairs_file import read_pairs_file, write_pairs_file
from embedtune.pairs.formats.training_pairs import PAIR_CELLS, pair_row
from embedtune.vocabulary.pairs import Negative, Origin, Provenance, Query, TrainingPair
from pair_strategies import json_values, pairs

ENDINGS = ("jsonl", "csv", "tsv", "parquet")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pairs_files")


def as_text(pair):
    return json.dumps(pair_row(pair), sort_keys=True)


@settings(max_examples=60)
@given(st.lists(pairs, min_size=1, max_size=4), st.permutations(ENDINGS))
def test_no_field_is_lost_or_changed_from_format_to_format(folder, made, endings):
    carried = tuple(made)
    for ending in (*endings, "json"):
        path = folder / f"carried.{ending}"
        write_pairs_file(path, carried)
        carried = read_pairs_file(path).items
        if ending != "json":
            assert list(map(as_text, carried)) == list(map(as_text, made))
    for before, after in zip(made, carried, strict=True):
        assert (after.query, after.positive, after.negatives) == (before.query, before.positive, before.negatives)
        assert after.provenance.extras.items() >= before.provenance.extras.items()


@settings(max_examples=10)
@given(st.lists(pairs, min_size=1, max_size=4), st.sampled_from(("csv", "parquet")))
def test_writing_reading_and_writing_again_gives_the_same_bytes(folder, made, ending):
    first, second = folder / f"first.{ending}", folder / f"second.{ending}"
    write_pairs_file(first, made)
    write_pairs_file(second, read_pairs_file(first).items)
    assert first.read_bytes() == second.read_bytes()


@given(st.sampled_from(("negatives", "synthetic", "other")), json_values)
def test_every_value_comes_back_from_its_cell(name, value):
    rules = CellRules(lists=frozenset(["negatives"]), flags=frozenset(["synthetic"]))
    cell = cell_of(name, value, rules)
    if value is None and rules.knows(name):
        assert cell == ""
    elif name == "negatives" and not isinstance(value, str | list | dict):
        assert cell_value(name, cell, rules) == cell  # a list column knows texts, lists and objects alone
    else:
        assert json.dumps(cell_value(name, cell, rules)) == json.dumps(value)


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("query", "12", "12"),
        ("page", "12", 12),
        ("page", "007", "007"),
        ("page", "1.10", "1.10"),
        ("page", "true", True),
        ("synthetic", "TRUE", True),
        ("synthetic", "False", False),
        ("negatives", '[ "a","b" ]', ["a", "b"]),
        ("negatives", "[see page 3]", "[see page 3]"),
        ("negatives", "12", "12"),
        ("note", '"quoted" words', '"quoted" words'),
    ],
)
def test_cells_of_people(name, cell, value):
    found = cell_value(name, cell, PAIR_CELLS)
    assert found == value
    assert type(found) is type(value)


def test_a_list_that_is_no_json_is_told():
    with pytest.raises(FormatError, match="`negatives` looks like a list and is not JSON"):
        cell_value("negatives", "['a', 'b']", PAIR_CELLS)


def test_a_table_of_questions_and_answers(folder):
    path = folder / "qa.csv"
    path.write_text('id,question,answer,context,page\n7,"why, then?","Because\nof it.",true,3\n', encoding="utf-8")
    (pair,) = read_pairs_file(path).items
    assert (pair.query.id, pair.query.text, pair.positive) == ("7", "why, then?", "Because\nof it.")
    assert pair.provenance.extras == {"id": "7", "context": "true", "page": 3}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(("name", "delimiter"), [("t.csv", ","), ("t.csv", ";"), ("t.tsv", "\t"), ("T.CSV", ",")])
def test_encodings_and_delimiters(folder, encoding, name, delimiter):
    path = folder / name
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerows(
            [["query", "positive", "negatives"], ["wie heiß?", "so\nheiß", '["kalt"]'], [], ["q", "p", ""]]
        )
    first, second = read_pairs_file(path).items
    assert (first.query.text, first.positive, first.negatives[0].text) == ("wie heiß?", "so\nheiß", "kalt")
    assert second.negatives == ()


@pytest.mark.parametrize(
    ("line", "reason", "shown"),
    [
        (b"only one cell", "1 cells where the header names 2 columns", "only one cell"),
        (b"a,b,c", "3 cells where the header names 2 columns", "a | b | c"),
        (b"caf\xe9,b", "Not UTF-8: byte 0xe9", "caf"),
        (b'"a"b,c', "Not a row", '"a"b,c'),
        (b"a,", "`positive` is missing", "a"),
    ],
)
def test_a_bad_row_is_told_with_its_line_or_skipped(folder, line, reason, shown):
    path = folder / "bad.csv"
    path.write_bytes(b'query,positive\n"q\nof two lines",p\n' + line + b"\nlast,p\n")
    with pytest.raises(FormatError, match=rf"bad\.csv, line 4: {reason}.*The text there: ") as caught:
        read_pairs_file(path)
    assert shown in caught.value.message
    assert caught.value.remedy
    read = read_pairs_file(path, skip_bad_lines=True)
    assert [pair.query.text for pair in read.items] == ["q\nof two lines", "last"]
    assert [bad.line for bad in read.skipped] == [4]


def test_an_open_quote_is_told_where_it_begins(folder):
    path = folder / "open.csv"
    path.write_text('query,positive\nq,p\nr,"open\nand\nopen\n')
    with pytest.raises(FormatError, match=r"line 3: Not a row: .*read up to line 5.*r,\"open"):
        read_pairs_file(path)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "is empty"), (b"query,query\na,b\n", "2 columns are called 'query'"), (b"qu\xe9,b\n", "line 1: not UTF-8")],
)
def test_a_header_that_is_none(folder, data, reason):
    path = folder / "header.csv"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=reason):
        read_pairs_file(path, skip_bad_lines=True)


def test_long_texts_survive_csv(folder):
    path = folder / "long.csv"
    made = TrainingPair(Query("1", "q", Origin.HUMAN), "word " * 100_000, (), Provenance())
    write_pairs_file(path, [made])
    assert read_pairs_file(path).items[0].positive == made.positive


def test_parquet_columns_have_plain_types(folder):
    path = folder / "typed.parquet"
    mined = (Negative("n", "s", "bm25", 1.5), Negative("m", "t", "base", None))
    made = [TrainingPair(Query("1", "q", Origin.HUMAN), "p", mined, Provenance(extras={"page": 3, "note": "x"}))]
    made.append(TrainingPair(Query("2", "q", Origin.HUMAN), "p", (), Provenance(extras={"note": 3})))
    write_pairs_file(path, made)
    schema = pq.read_schema(path)
    assert schema.field("query").type == pa.string()
    assert schema.field("negatives").type == pa.list_(pa.string())
    assert schema.field("negative_scores").type == pa.list_(pa.float64())
    assert schema.field("synthetic").type == pa.bool_()
    assert schema.field("page").type == pa.int64()
    assert schema.field("note").metadata == {b"embedtune": b"json"}


def test_parquet_of_others(folder):
    path = folder / "others.parquet"
    table = pa.table(
        {
            "question": pa.array(["q1", "q2"], pa.large_string()),
            "answer": pa.array(["a1", "a2"]).dictionary_encode(),
            "weight": pa.array([0.5, float("nan")]),
            "tags": pa.array([["x", "y"], None]),
            "place": pa.array([{"page": 3}, None]),
        }
    ).replace_schema_metadata({"pandas": '{"index_columns": []}'})
    pq.write_table(table, path)
    first, second = read_pairs_file(path).items
    assert first.provenance.extras == {"weight": 0.5, "tags": ["x", "y"], "place": {"page": 3}}
    assert second.provenance.extras == {}


@pytest.mark.parametrize(
    "column",
    [
        pa.array([b"bytes"]),
        pa.array([1]).cast(pa.timestamp("s")),
        pa.array([1], pa.int32()).cast(pa.date32()),
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16], pa.binary(16))),
    ],
    ids=["bytes", "time", "date", "extension"],
)
def test_parquet_types_that_json_has_not_are_refused(folder, column):
    path = folder / "types.parquet"
    pq.write_table(pa.table({"query": ["q"], "positive": ["p"], "x": column}), path)
    with pytest.raises(FormatError, match="the column 'x' holds"):
        read_pairs_file(path)


def test_a_bad_parquet_row_is_told_with_its_number_or_skipped(folder):
    path = folder / "rows.parquet"
    pq.write_table(pa.table({"query": ["q", None, "r"], "positive": ["p", "p", "p"]}), path)
    with pytest.raises(FormatError, match=r"rows\.parquet, row 2: `query` is missing"):
        read_pairs_file(path)
    read = read_pairs_file(path, skip_bad_lines=True)
    assert [pair.query.text for pair in read.items] == ["q", "r"]
    pq.write_table(pa.table({"query": ["q"], "positive": ["p"], "x": [float("inf")]}), path)
    with pytest.raises(FormatError, match="row 1: It holds a number that is infinite"):
        read_pairs_file(path)


def test_a_parquet_text_that_is_not_utf_8_is_one_bad_row(folder):
    path = folder / "utf.parquet"
    broken = pa.array([b"good", b"caf\xe9", b"fine"]).view(pa.string())
    pq.write_table(pa.table({"query": broken, "positive": ["p"] * 3}), path)
    read = read_pairs_file(path, skip_bad_lines=True)
    assert [pair.query.text for pair in read.items] == ["good", "fine"]
    assert [bad.line for bad in read.skipped] == [2]


def test_parquet_is_read_in_batches(folder):
    path = folder / "many.parquet"
    made = [TrainingPair(Query(str(n), f"q{n}", Origin.HUMAN), "p", (), Provenance()) for n in range(300)]
    write_pairs_file(path, made)
    assert [pair.query.id for pair in read_pairs_file(path).items] == [str(n) for n in range(300)]


@pytest.mark.parametrize("ending", [*ENDINGS, "json"])
def test_no_pairs_are_written_and_read(folder, ending):
    path = folder / f"none.{ending}"
    write_pairs_file(path, ())
    assert read_pairs_file(path).items == ()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_too_many_different_fields_for_a_table(folder, ending):
    path = folder / f"wide.{ending}"
    made = [
        TrainingPair(Query(str(n), "q", Origin.HUMAN), "p", (), Provenance(extras={f"x{n}": n})) for n in range(1_100)
    ]
    with pytest.raises(FormatError, match="more than 1,000 different fields"):
        write_pairs_file(path, made)
    assert not path.exists()


def test_metadata_of_training_examples_is_kept(folder):
    path = folder / "examples.json"
    path.write_text(json.dumps({"metadata": {"source": "x"}, "examples": [{"query": "q", "positive": "p"}]}))
    read = read_pairs_file(path)
    write_pairs_file(path, read.items, read.metadata)
    assert json.loads(path.read_text())["metadata"] == {"source": "x", "total_examples": 1}


@pytest.mark.parametrize("ending", [*ENDINGS, "json"])
def test_a_missing_file(folder, ending):
    with pytest.raises(FormatError, match="does not exist"):
        read_pairs_file(folder / f"absent.{ending}")
