import json

import pytest

from embedtune.errors import FormatError
from embedtune.pairs.formats.qa_pairs import qa_pair_from_row, qa_row, read_qa_pairs, write_qa_pairs
from embedtune.pairs.formats.training_pairs import pair_row
from embedtune.vocabulary.pairs import Origin

ROW = {"question": "Why?", "answer": "So.", "context": "Long ago", "id": 7, "source": "book", "domain": "hvac"}


def test_the_answer_is_the_positive_and_nothing_is_lost():
    pair = qa_pair_from_row(ROW)
    assert (pair.query.id, pair.query.text, pair.positive) == ("7", "Why?", "So.")
    assert (pair.query.domain, pair.query.origin) == ("hvac", Origin.HUMAN)
    assert pair.provenance.extras == {"context": "Long ago", "id": 7, "source": "book"}
    row = pair_row(pair)
    assert (row["query"], row["positive"], row["context"], row["id"]) == ("Why?", "So.", "Long ago", 7)


def test_without_an_id_the_id_is_a_stable_digest():
    first, second = (qa_pair_from_row({"question": "q", "answer": answer}) for answer in ("a", "b"))
    assert first.query.id == qa_pair_from_row({"question": "q", "answer": "a"}).query.id
    assert first.query.id != second.query.id
    assert len(first.query.id) == 16


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"question": "q"}, "`answer` is missing"),
        ({"question": "", "answer": "a"}, "`question` is empty"),
        ({"question": "q", "answer": "a", "query": "other"}, "`query` beside"),
    ],
)
def test_a_bad_line_is_named(tmp_path, row, reason):
    path = tmp_path / "qa.jsonl"
    path.write_text(json.dumps(ROW) + "\n" + json.dumps(row) + "\n")
    with pytest.raises(FormatError, match=rf"line 2: .*{reason}"):
        read_qa_pairs(path)
    assert len(read_qa_pairs(path, skip_bad_lines=True).items) == 1


@pytest.mark.parametrize(
    "row",
    [
        {"question": "q", "answer": "a"},
        {"question": "q", "answer": "a", "id": "7", "context": "c", "source": "s", "domain": "d"},
        {"question": "q", "answer": "a", "id": 7},
        {"question": "q", "answer": "a", "id": "7", "query_id": "8"},
        {"question": "q", "answer": "a", "id": None, "page": 3},
    ],
)
@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_questions_and_answers_are_written_with_all_their_fields(tmp_path, row, ending):
    pair = qa_pair_from_row(row)
    written = qa_row(pair)
    assert all(written[name] == value for name, value in row.items() if value is not None and name != "id")
    assert str(written["id"]) == str(row.get("id") or pair.query.id)
    path = tmp_path / f"qa.{ending}"
    write_qa_pairs(path, [pair])
    (read,) = read_qa_pairs(path).items
    assert (read.query, read.positive) == (pair.query, pair.positive)
    assert all(read.provenance.extras.get(name) == row[name] for name in ("context", "source", "page") if name in row)
