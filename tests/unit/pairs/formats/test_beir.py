import json

import pytest

from embedtune.errors import FormatError
from embedtune.pairs.formats.beir import has_split, read_beir
from embedtune.vocabulary.corpus import Section, SectionKind
from embedtune.vocabulary.pairs import Origin, Query

CORPUS = [
    {"_id": "d1", "title": "Tyres", "text": "Check them cold."},
    {"_id": "d2", "title": "", "text": "Bleed the brakes.", "metadata": {"domain": "brakes", "page": 3}},
    {"_id": 3, "text": ""},
]
QUERIES = [
    {"_id": "q2", "text": "how to bleed", "metadata": {"kind": "compound", "category": "x", "difficulty": "hard"}},
    {"_id": "q1", "text": "tyre pressure", "metadata": {"kind": ["a", "list"], "category": "normal"}},
    {"_id": "q3", "text": "not in this split"},
    {"_id": "q4", "text": "judged, nothing relevant"},
]
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t2\nq2\t3\t1\nq4\td1\t0\n"


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "garage"
    (root / "qrels").mkdir(parents=True)
    (root / "corpus.jsonl").write_text(lines(CORPUS))
    (root / "queries.jsonl").write_text(lines(QUERIES))
    (root / "qrels" / "test.tsv").write_text(QRELS)
    (root / "qrels" / "train.tsv").write_text("q3\td1\t1\n")
    return root


def test_sections_come_from_the_corpus(folder):
    read = read_beir(folder, "test")
    assert read.name == "garage"
    assert read.sections == (
        Section("d1", "d1", "garage", ("Tyres",), SectionKind.OTHER, "Check them cold.", (1, 1)),
        Section("d2", "d2", "brakes", (), SectionKind.OTHER, "Bleed the brakes.", (2, 2)),
        Section("3", "3", "garage", (), SectionKind.OTHER, "", (3, 3)),
    )


def test_queries_are_those_of_the_split_that_can_be_scored(folder):
    read = read_beir(folder, "test")
    assert read.queries == (
        Query("q2", "how to bleed", Origin.HUMAN, "hard", "compound", "garage"),
        Query("q1", "tyre pressure", Origin.HUMAN, "", "normal", "garage"),
    )
    assert dict(read.qrels.grades("q2")) == {"d2": 2, "3": 1}
    assert [query.id for query in read_beir(folder, "train").queries] == ["q3"]


def test_splits(folder, tmp_path):
    assert has_split(folder, "test")
    assert not has_split(folder, "dev")
    assert not has_split(folder, "../qrels/test")
    assert not has_split(tmp_path / "none", "test")
    with pytest.raises(FormatError, match=r"no split 'dev'.*Its splits are test, train"):
        read_beir(folder, "dev")
    with pytest.raises(FormatError, match="A BEIR folder has qrels"):
        read_beir(tmp_path / "none", "test")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("q9\td1\t1", "line 2: query 'q9' is not in queries.jsonl"),
        ("q1\td9\t1", "line 2: document 'd9' is not in corpus.jsonl"),
    ],
)
def test_a_judgement_of_something_unknown_is_named(folder, line, reason):
    (folder / "qrels" / "train.tsv").write_text(f"q3\td1\t1\n{line}\n")
    with pytest.raises(FormatError, match=rf"train\.tsv, {reason}"):
        read_beir(folder, "train")


@pytest.mark.parametrize(
    ("file", "row", "reason"),
    [
        ("corpus.jsonl", {"_id": "d1", "text": "again"}, "line 2: the id 'd1' stands in line 1 already"),
        ("corpus.jsonl", {"title": "t", "text": "x"}, "line 2: `_id` is missing"),
        ("corpus.jsonl", {"_id": "d5", "title": "t"}, "line 2: `text` is missing"),
        ("queries.jsonl", {"_id": "d1", "text": "again"}, "line 2: the id 'd1' stands in line 1 already"),
        ("queries.jsonl", {"_id": "q5", "text": " "}, "line 2: `text` is empty"),
        ("queries.jsonl", {"_id": "q5", "text": "q", "metadata": "m"}, "line 2: `metadata` is a text"),
    ],
)
def test_a_bad_line_of_the_collection_is_named(folder, file, row, reason):
    (folder / file).write_text(lines([CORPUS[0], row]))
    with pytest.raises(FormatError, match=rf"{file}, {reason}"):
        read_beir(folder, "test")


def test_a_missing_corpus_is_named(folder):
    (folder / "corpus.jsonl").unlink()
    with pytest.raises(FormatError, match=r"corpus\.jsonl does not exist"):
        read_beir(folder, "test")
