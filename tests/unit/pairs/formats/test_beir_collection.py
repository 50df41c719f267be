import json

import pytest

from embedtune.errors import FormatError, InputError
from embedtune.pairs.formats.beir import read_beir
from embedtune.pairs.formats.beir_collection import BeirCollection, read_beir_collection, write_beir_collection
from embedtune.vocabulary.corpus import Section, SectionKind
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Origin, Query

SECTIONS = (
    Section("s1", "d", "lift", ("Care", "Oil"), SectionKind.OTHER, "Drain it.", (1, 2)),
    Section("s2", "d", "lift", (), SectionKind.OTHER, "", (3, 3)),
)
QUERIES = (
    Query("q1", "how to drain", Origin.HUMAN, "hard", "procedure", "lift"),
    Query("q2", "nobody judged this", Origin.HUMAN, domain="lift"),
    Query("q3", "judged, nothing relevant", Origin.HUMAN, domain="lift"),
)
QRELS = {"test": Qrels({"q1": {"s1": 2, "s2": 0}, "q3": {"s1": 0}}), "dev": Qrels({})}


def test_a_corpus_with_questions_becomes_a_folder(tmp_path):
    write_beir_collection(tmp_path / "lift", BeirCollection(SECTIONS, QUERIES, QRELS))
    read = read_beir(tmp_path / "lift", "test")
    assert [(s.id, s.domain, s.heading, s.text) for s in read.sections] == [
        ("s1", "lift", "Care > Oil", "Drain it."),
        ("s2", "lift", "", ""),
    ]
    assert read.queries == QUERIES[:1]
    assert dict(read.qrels.grades("q1")) == {"s1": 2, "s2": 0}
    whole = read_beir_collection(tmp_path / "lift")
    assert whole.queries == QUERIES
    assert whole.qrels == QRELS


def test_no_field_of_a_folder_is_lost(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    (first / "qrels").mkdir(parents=True)
    files = {
        "corpus.jsonl": [{"_id": "d1", "title": "T", "text": "x", "metadata": {"url": "u", "domain": "m"}, "n": [1]}],
        "queries.jsonl": [{"_id": 7, "text": "q", "metadata": {"kind": "k", "page": 3}}],
    }
    for name, rows in files.items():
        (first / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (first / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n7\td1\t3\n")
    write_beir_collection(second, read_beir_collection(first))
    for name in (*files, "qrels/test.tsv"):
        assert (second / name).read_text() == (first / name).read_text()


def test_a_folder_that_is_not_empty_stays(tmp_path):
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(InputError, match="exists and is not empty"):
        write_beir_collection(tmp_path, BeirCollection(SECTIONS, QUERIES, QRELS))
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


@pytest.mark.parametrize("identity", ["a\tb", "a\nb", " a", ""])
def test_an_id_that_a_judgement_cannot_hold(tmp_path, identity):
    queries = (Query(identity, "q", Origin.HUMAN),)
    with pytest.raises(FormatError, match="cannot hold the id"):
        write_beir_collection(
            tmp_path / "new", BeirCollection(SECTIONS, queries, {"test": Qrels({identity: {"s1": 1}})})
        )
    assert not (tmp_path / "new").exists()
