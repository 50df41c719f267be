import json

import pytest

from embedtune.errors import FormatError
from embedtune.pairs.formats.asked import read_asked
from embedtune.pairs.formats.section_finder import ExpectedSection
from embedtune.vocabulary.pairs import Negative, Origin, Split

PAIR = {
    "query_id": "7", "query": "how", "positive": "Like this.", "negative": "not", "section_id": "s1", "split": "test",
    "synthetic": True, "page": 3,
}  # fmt: skip


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


INNER = {name: value for name, value in PAIR.items() if name not in ("query", "positive")}
TABLE = "query_id,query,positive,negative,section_id,split,synthetic,page\n7,how,Like this.,not,s1,test,true,3\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.jsonl", lines([PAIR])),
        ("p.json", json.dumps({"metadata": {}, "examples": [PAIR]})),
        ("p.json", json.dumps([{"query": "how", "positive": "Like this.", "metadata": INNER}])),
        ("p.csv", TABLE),
    ],
)
def test_a_training_pair(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    (asked,) = read_asked(tmp_path / name).questions
    assert (asked.case.query.id, asked.case.query.text, asked.case.query.origin) == ("7", "how", Origin.TEMPLATE)
    assert (asked.case.expected_ids, asked.case.expected_texts) == (("s1",), ("Like this.",))
    assert asked.negatives == (Negative("not"),)
    assert (asked.part, asked.extras) == (Split.TEST, {"page": 3})


def test_a_question_with_its_answer(tmp_path):
    path = tmp_path / "qa.jsonl"
    path.write_text(lines([{"question": "why", "answer": "Because.", "id": 3, "context": "c", "difficulty": "hard"}]))
    (asked,) = read_asked(path).questions
    assert (asked.case.query.id, asked.case.query.difficulty, asked.case.query.origin) == ("3", "hard", Origin.HUMAN)
    assert (asked.case.expected_texts, asked.part) == (("Because.",), Split.TRAIN)
    assert asked.extras == {"id": 3, "context": "c"}


@pytest.mark.parametrize(
    "row",
    [
        {"query": "how", "expected": [{"document": "x.md", "heading": "H"}], "id": "1"},
        {"question": "how", "answer": "text", "memory_id": "m", "id": "1"},
        {"query": "how", "positive": ["text"], "id": "1"},
    ],
)
def test_a_case_of_a_test_suite(tmp_path, row):
    (tmp_path / "suite.json").write_text(json.dumps({"tests": [row]}))
    (tmp_path / "suite.jsonl").write_text(lines([row]))
    for name in ("suite.json", "suite.jsonl"):
        (asked,) = read_asked(tmp_path / name).questions
        assert (asked.case.query.id, asked.case.query.text) == ("1", "how")
        assert asked.case.expected_headings == ((ExpectedSection("x.md", "H"),) if "expected" in row else ())
        assert asked.case.expected_ids == (("m",) if "memory_id" in row else ())
        assert asked.part is Split.TRAIN


def test_bad_rows_are_told_or_skipped(tmp_path):
    path = tmp_path / "mixed.jsonl"
    path.write_text(lines([{"query": "how", "positive": "so"}, {"query": "how"}]))
    with pytest.raises(FormatError, match=r"mixed\.jsonl, line 2: It has no expected content"):
        read_asked(path)
    read = read_asked(path, skip_bad_lines=True)
    assert (len(read.questions), [bad.line for bad in read.skipped]) == (1, [2])


def write_beir(folder, splits, *, corpus=True):
    (folder / "qrels").mkdir(parents=True)
    if corpus:
        rows = [{"_id": f"d{n}", "title": f"T{n}", "text": f"text {n}"} for n in range(3)]
        (folder / "corpus.jsonl").write_text(lines(rows))
    (folder / "queries.jsonl").write_text(lines([{"_id": f"q{n}", "text": f"question {n}"} for n in range(4)]))
    for split, judged in splits.items():
        (folder / "qrels" / f"{split}.tsv").write_text("".join("\t".join(map(str, row)) + "\n" for row in judged))
    return folder


def test_of_a_beir_folder_the_train_split_is_taken_and_the_others_are_held_out(tmp_path):
    splits = {
        "train": [("q0", "d0", 1), ("q0", "d1", 2), ("q1", "d0", 1), ("q3", "d2", 0)],
        "dev": [("q1", "d1", 1)],
        "test": [("q2", "d0", 1)],
    }
    read = read_asked(write_beir(tmp_path / "tv", splits))
    (asked,) = read.questions
    assert asked.case.query.text == "question 0"
    assert asked.case.expected_ids == ("d1", "d0")
    assert asked.case.expected_texts == ("T1\ntext 1", "T0\ntext 0")
    assert read.held_out == ("question 1", "question 2")


def test_a_beir_folder_without_a_corpus_of_its_own(tmp_path):
    (asked,) = read_asked(write_beir(tmp_path / "tv", {"train": [("q0", "d0", 1)]}, corpus=False)).questions
    assert (asked.case.expected_ids, asked.case.expected_texts) == (("d0",), ())


def test_a_beir_folder_without_a_train_split(tmp_path):
    with pytest.raises(FormatError, match=r"no qrels/train\.tsv"):
        read_asked(write_beir(tmp_path / "tv", {"test": [("q0", "d0", 1)]}))
