import json

import pytest

from embedtune.errors import FormatError
from embedtune.files import digest_value
from embedtune.pairs.formats.section_finder import ExpectedSection
from embedtune.pairs.formats.test_case import TestCase
from embedtune.pairs.formats.test_suite import TestSuite, read_test_suite, resolve, write_test_suite
from embedtune.vocabulary.corpus import Section, SectionKind
from embedtune.vocabulary.pairs import Origin, Query

SECTIONS = [
    Section("s1", digest_value(["v", "v/x.md"]), "v", ("Tyres",), SectionKind.OTHER, "Check tyres when cold.", (1, 1)),
    Section("s2", digest_value(["v", "v/x.md"]), "v", ("Oil",), SectionKind.OTHER, "Drain the old oil warm.", (2, 2)),
]


@pytest.fixture
def written(tmp_path):
    def write(document):
        path = tmp_path / "suite.json"
        path.write_text(json.dumps(document))
        return path

    return write


def test_the_form_of_the_shipped_suite(written):
    case = {
        "id": "v-001",
        "query": "how cold",
        "difficulty": "Easy",
        "category": "procedure",
        "domain": "v",
        "expected": [{"document": "v/x.md", "heading": "Tyres"}, {"document": "v/x.md", "heading": "Oil"}],
    }
    suite = read_test_suite(written([case]))
    assert suite.cases[0].query == Query("v-001", "how cold", Origin.HUMAN, "easy", "procedure", "v")
    assert suite.cases[0].expected_headings == (ExpectedSection("v/x.md", "Tyres"), ExpectedSection("v/x.md", "Oil"))
    resolved = resolve(suite, SECTIONS)
    assert dict(resolved.qrels.grades("v-001")) == {"s1": 1, "s2": 1}
    assert resolved.unresolved == ()


@pytest.mark.parametrize("container", [None, "tests", "queries", "examples", "test_cases"])
def test_containers(written, container):
    cases = [{"question": "q", "answer": "a"}]
    suite = read_test_suite(written({"name": "x", container: cases} if container else cases))
    assert [case.query.text for case in suite.cases] == ["q"]


@pytest.mark.parametrize(
    "name",
    ["expected", "expected_content", "expected_memory", "memory", "answer", "positive", "correct_memory_content"],
)
@pytest.mark.parametrize("value", ["a text", ["a text"], {"content": "a text"}, [{"text": "a text"}]])
def test_spellings_of_expected_content(written, name, value):
    (case,) = read_test_suite(written([{"query": "q", name: value}])).cases
    assert case.expected_texts == ("a text",)
    assert case.expected_ids == ()


@pytest.mark.parametrize(
    ("fields", "ids"),
    [
        ({"expected_ids": ["s1", "s2"]}, ("s1", "s2")),
        ({"relevant_ids": ["s1"]}, ("s1",)),
        ({"memory_id": 17}, ("17",)),
        ({"expected": {"id": "s1"}}, ("s1",)),
    ],
)
def test_spellings_of_ids(written, fields, ids):
    (case,) = read_test_suite(written([{"query": "q"} | fields])).cases
    assert case.expected_ids == ids
    assert case.expected_texts == ()


def test_other_names_by_mapping(written):
    row = {"Q": "q", "A": "text", "query": "not this", "level": 3, "nr": "c1"}
    mapping = {"query": "Q", "expected": "A", "difficulty": "level", "id": "nr"}
    (case,) = read_test_suite(written([row]), mapping=mapping).cases
    assert case.query == Query("c1", "q", Origin.HUMAN, "3")
    assert case.expected_texts == ("text",)


def test_a_mapping_of_an_unknown_name_is_refused(written):
    with pytest.raises(FormatError, match=r"'expectation' cannot be mapped.*query, expected, expected_ids"):
        read_test_suite(written([]), mapping={"expectation": "A"})


def test_default_ids_are_stable_and_unique(written):
    rows = [{"query": "q", "answer": "a"}, {"query": "q", "answer": "b"}, {"query": "q", "answer": "a"}]
    first = [case.query.id for case in read_test_suite(written(rows)).cases]
    assert len(set(first)) == 3
    assert [case.query.id for case in read_test_suite(written(rows[1:])).cases] == [first[1], first[0]]


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("text", "The case is a text, not an object"),
        ({"answer": "a"}, "It has no question: none of `query`, `question`"),
        ({"query": " ", "answer": "a"}, "`query` is empty"),
        ({"query": "q"}, r"It has no expected content: none of `expected`, .*`memory_id`"),
        ({"query": "q", "expected": []}, "It has no expected content"),
        ({"query": "q", "expected": [" "]}, "`expected` is empty"),
        ({"query": "q", "expected": [{"document": "x"}]}, "An entry of `expected` has no `heading`"),
        ({"query": "q", "expected": {"page": 3}}, "An entry of `expected` has no `text`"),
        ({"query": "q", "memory_id": True}, "`memory_id` is true or false"),
        ({"query": "q", "answer": "a", "id": "one"}, "'one' belongs to an earlier case already"),
        ({"query": "q", "answer": "a", "category": {}}, "`category` is an object"),
    ],
)
def test_a_bad_case_is_named(written, case, reason):
    good = {"id": "one", "query": "q", "answer": "a"}
    with pytest.raises(FormatError, match=rf"suite\.json, case 2: .*{reason}.*The text there: ") as caught:
        read_test_suite(written([good, case]))
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("document", "reason"),
    [({"cases": []}, "an object with cases"), (3, "a number"), ([], "holds no case"), ({"tests": []}, "holds no case")],
)
def test_another_file_is_refused(written, document, reason):
    with pytest.raises(FormatError, match=reason):
        read_test_suite(written(document))


def test_what_is_not_found_is_reported_and_never_dropped(written):
    rows = [
        {"id": "whole", "query": "q", "expected_ids": ["s1"]},
        {"id": "partly", "query": "q", "expected_ids": ["s1", "gone"]},
        {"id": "not", "query": "q", "expected": [{"document": "v/none.md", "heading": "Oil"}]},
        {"id": "nowhere", "query": "q", "answer": "a text that no section has"},
    ]
    resolved = resolve(read_test_suite(written(rows)), SECTIONS)
    assert [query.id for query in resolved.queries] == ["whole", "partly"]
    assert resolved.qrels.query_ids == ("partly", "whole")
    assert [(miss.query.id, miss.excluded) for miss in resolved.unresolved] == [
        ("partly", False),
        ("not", True),
        ("nowhere", True),
    ]
    assert "'gone'" in resolved.unresolved[0].reason


def test_a_text_makes_up_for_the_id_of_another_system(written):
    row = {"id": "c", "query": "q", "memory_id": "mem_9", "memory": "Drain the old oil"}
    resolved = resolve(read_test_suite(written([row])), SECTIONS)
    assert resolved.qrels.relevant("c") == {"s2"}
    assert resolved.unresolved == ()


def test_a_text_does_not_add_to_an_id_that_is_found(written):
    row = {"id": "c", "query": "q", "memory_id": "s1", "answer": "Drain the old oil"}
    assert resolve(read_test_suite(written([row])), SECTIONS).qrels.relevant("c") == {"s1"}


ROWS = [
    {"id": "1", "question": "what, then", "memory_id": 17, "memory": "a text", "difficulty": "Easy", "page": 3},
    {"query": "how", "expected": [{"document": "v/x.md", "heading": "Oil", "page": 3}, "12"], "tags": ["a", None]},
    {"id": "3", "query": "true", "relevant_ids": ["s1", "s2"], "answer": "[in brackets]", "note": "line\r\nbreak"},
]


@pytest.mark.parametrize("ending", ["json", "jsonl", "csv", "tsv", "parquet"])
def test_a_suite_is_written_with_all_its_fields(written, tmp_path, ending):
    first = read_test_suite(written(ROWS))
    path = tmp_path / f"copy.{ending}"
    write_test_suite(path, first)
    second = read_test_suite(path)
    for before, after in zip(first.cases, second.cases, strict=True):
        assert after.query == before.query
        assert after.expected_texts == before.expected_texts
        assert after.expected_ids == before.expected_ids
        assert after.expected_headings == before.expected_headings
        known = {name: value for name, value in before.fields.items() if name != "memory_id"}
        assert after.fields.items() >= known.items()


def test_a_suite_made_here_is_written_in_the_usual_names(tmp_path):
    query = Query("c1", "how", Origin.HUMAN, "hard", "procedure", "v")
    case = TestCase(query, ("s1",), ("a text",), (ExpectedSection("v/x.md", "Oil"),))
    path = tmp_path / "made.json"
    write_test_suite(path, TestSuite((case,)))
    (read,) = read_test_suite(path).cases
    assert (read.query, read.expected_ids, read.expected_texts) == (query, ("s1",), ("a text",))
    assert read.expected_headings == case.expected_headings


def test_mapped_names_are_written_as_the_usual_ones_and_nothing_is_lost(written, tmp_path):
    row = {"Q": "q", "A": "text", "query": "not this"}
    suite = read_test_suite(written([row]), mapping={"query": "Q", "expected": "A"})
    path = tmp_path / "copy.jsonl"
    write_test_suite(path, suite)
    (case,) = read_test_suite(path).cases
    assert (case.query.text, case.expected_texts) == ("q", ("text",))
    assert case.fields["query_"] == "not this"


def test_bad_cases_are_skipped_and_counted(written):
    path = written([{"query": "q", "answer": "a"}, "text", {"query": "r"}])
    suite = read_test_suite(path, skip_bad_lines=True)
    assert [case.query.text for case in suite.cases] == ["q"]
    assert [bad.line for bad in suite.skipped] == [2, 3]
