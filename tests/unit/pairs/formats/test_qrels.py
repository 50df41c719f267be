import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.errors import FormatError
from embedtune.pairs.formats.qrels import Judgement, qrels_of, read_judgements, write_judgements
from embedtune.vocabulary.evaluation import Qrels


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "test.tsv"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    ("text", "first_line"),
    [
        ("query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n", 2),
        ("q1\td1\t2\nq1\td2\t0", 1),
        ("q1\t0\td1\t2\nq1\t0\td2\t0\n", 1),
        ("q1 0 d1 2\nq1 Q0 d2 0\n", 1),
        ("\ufeffquery-id\tcorpus-id\tscore\r\nq1\td1\t2\r\nq1\td2\t0\r\n", 2),
    ],
)
def test_all_layouts_say_the_same(written, text, first_line):
    judgements = read_judgements(written(text))
    assert judgements == (Judgement("q1", "d1", 2, first_line), Judgement("q1", "d2", 0, first_line + 1))


def test_grades_stay_graded(written):
    path = written("q1\td1\t3\nq1\td2\t-1\nq2\td1\t0\n")
    qrels = qrels_of(path, read_judgements(path))
    assert dict(qrels.grades("q1")) == {"d1": 3, "d2": -1}
    assert qrels.relevant("q1") == {"d1"}
    assert qrels.query_ids == ("q1",)


def test_ids_with_spaces_are_kept_between_tabs(written):
    assert read_judgements(written("my query\tdoc one\t1\n"))[0].section_id == "doc one"


@pytest.mark.parametrize("line", ["q1\td1", "q1\td1\thigh", "q1\td1\t1.5", "q1\t\t1", "a b c d e", "q\td\t0x1"])
def test_a_malformed_line_is_named(written, line):
    with pytest.raises(FormatError, match=r"test\.tsv, line 2: not a judgement\. The text there: "):
        read_judgements(written(f"q1\td1\t1\n{line}\n"))


def test_a_header_is_passed_over_at_the_top_alone(written):
    with pytest.raises(FormatError, match="line 2"):
        read_judgements(written("q1\td1\t1\nquery-id\tcorpus-id\tscore\n"))


def test_a_first_line_of_another_shape_is_no_header(written):
    with pytest.raises(FormatError, match="line 1"):
        read_judgements(written("query-id\tscore\nq1\td1\t1\n"))


def test_a_second_grade_must_agree(written):
    path = written("q1\td1\t1\nq1\td1\t1\n")
    assert qrels_of(path, read_judgements(path)).relevant("q1") == {"d1"}
    path = written("q1\td1\t1\nq1\td1\t2\n")
    with pytest.raises(FormatError, match=r"line 2: document d1 was judged 1 for query q1 before and is judged 2"):
        qrels_of(path, read_judgements(path))


def test_a_missing_file_and_another_encoding(tmp_path):
    with pytest.raises(FormatError, match="does not exist"):
        read_judgements(tmp_path / "none.tsv")
    path = tmp_path / "latin.tsv"
    path.write_bytes(b"caf\xe9\td\t1\n")
    with pytest.raises(FormatError, match="not UTF-8"):
        read_judgements(path)


IDS = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=6).filter(
    lambda identity: identity == identity.strip()
)


@given(st.dictionaries(IDS, st.dictionaries(IDS, st.integers(-9, 9), min_size=1, max_size=3), max_size=4))
def test_judgements_come_back_as_they_were_written(tmp_path_factory, grades):
    path = tmp_path_factory.mktemp("qrels") / "test.tsv"
    write_judgements(path, Qrels(grades), grades)
    assert qrels_of(path, read_judgements(path)) == Qrels(grades)


def test_queries_without_an_answer_are_written_if_they_are_named(tmp_path):
    path = tmp_path / "test.tsv"
    qrels = Qrels({"q1": {"d": 1}, "q2": {"d": 0}})
    write_judgements(path, qrels)
    assert path.read_text() == "query-id\tcorpus-id\tscore\nq1\td\t1\n"
    write_judgements(path, qrels, ["q2"])
    assert path.read_text() == "query-id\tcorpus-id\tscore\nq2\td\t0\n"


@pytest.mark.parametrize("identity", ["", "a\tb", "a\n", " a"])
def test_an_id_that_tabs_cannot_divide_is_refused(tmp_path, identity):
    with pytest.raises(FormatError, match="cannot hold the id"):
        write_judgements(tmp_path / "t.tsv", Qrels({identity: {"d": 1}}))
    assert list(tmp_path.iterdir()) == []
