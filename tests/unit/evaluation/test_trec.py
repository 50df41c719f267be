import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.errors import FormatError, InputError
from embedtune.evaluation.trec import read_qrels, read_run, run_file_name, write_qrels, write_run
from embedtune.vocabulary.evaluation import Qrels, Ranked, Run

RUN = Run("hybrid:base", "sha256:1", {"q2": (Ranked("b", 0.1 + 0.2), Ranked("a", -1e-17)), "q1": (Ranked("c", 3.0),)})


def test_a_run_is_written_as_trec_eval_reads_it(tmp_path):
    write_run(tmp_path / "x.run", RUN)
    assert (tmp_path / "x.run").read_text() == (
        "q1 Q0 c 1 3.0 hybrid:base\nq2 Q0 b 1 0.30000000000000004 hybrid:base\nq2 Q0 a 2 -1e-17 hybrid:base\n"
    )
    with (tmp_path / "x.run").open() as stream:
        assert pytrec_eval.parse_run(stream)["q2"] == {"b": 0.1 + 0.2, "a": -1e-17}


def test_a_run_comes_back_as_it_was(tmp_path):
    write_run(tmp_path / "x.run", RUN)
    assert read_run(tmp_path / "x.run", "sha256:1") == RUN


def test_queries_that_found_nothing_come_back_when_they_are_named(tmp_path):
    run = Run("bm25", "sha256:1", {"q1": (Ranked("a", 1.0),), "q2": ()})
    write_run(tmp_path / "x.run", run)
    assert read_run(tmp_path / "x.run", "sha256:1", asked=["q1", "q2"]) == run
    assert "q2" not in read_run(tmp_path / "x.run", "sha256:1").rankings


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(
        st.text("abc%é-", min_size=1),
        st.dictionaries(st.text("xyz/#é", min_size=1), st.floats(allow_nan=False, allow_infinity=False), min_size=1),
    )
)
def test_any_run_survives_the_file(tmp_path_factory, scores):
    path = tmp_path_factory.mktemp("runs") / "x.run"
    rankings = {
        query: tuple(Ranked(s, v) for s, v in sorted(found.items(), key=lambda item: (-item[1], item[0])))
        for query, found in scores.items()
    }
    write_run(path, Run("s", "d", rankings))
    assert read_run(path, "d", system="s") == Run("s", "d", rankings)


def test_the_scores_decide_not_the_rank_column(tmp_path):
    (tmp_path / "x.run").write_text("q Q0 a 1 0.5 t\nq Q0 b 2 0.9 t\n")
    assert [entry.section_id for entry in read_run(tmp_path / "x.run", "").rankings["q"]] == ["b", "a"]


def test_an_empty_run_is_named_by_its_file(tmp_path):
    (tmp_path / "bm25.run").write_text("\n")
    assert read_run(tmp_path / "bm25.run", "d") == Run("bm25", "d", {})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("q Q0 a 1 0.5", r"5 columns instead of 6 \(query Q0 section rank score tag\)"),
        ("q Q0 a 1 high t", "'high' is not a number"),
        ("q Q0 a 1 nan t", "'nan' is not finite"),
        ("q Q0 b 2 0.1 t", "section b appears twice for query q"),
    ],
)
def test_a_faulty_run_line_is_named(tmp_path, line, reason):
    path = tmp_path / "x.run"
    path.write_text(f"q Q0 b 1 0.7 t\n\n{line}\n")
    with pytest.raises(FormatError, match=f"x.run, line 3: .*{reason}"):
        read_run(path, "")


def test_qrels_keep_their_grades(tmp_path):
    qrels = Qrels({"q2": {"b": 2, "a": 0}, "q1": {"c": 1}})
    write_qrels(tmp_path / "q.qrels", qrels)
    assert (tmp_path / "q.qrels").read_text() == "q1 0 c 1\nq2 0 a 0\nq2 0 b 2\n"
    assert read_qrels(tmp_path / "q.qrels") == qrels


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("q 0 a", "3 columns instead of 4"),
        ("q 0 a 1.5", "'1.5' is not a whole number"),
        ("q 0 b 1", "section b is judged twice for query q"),
    ],
)
def test_a_faulty_qrels_line_is_named(tmp_path, line, reason):
    path = tmp_path / "q.qrels"
    path.write_text(f"q 0 b 1\r\n{line}\r\n")
    with pytest.raises(FormatError, match=f"q.qrels, line 2: .*{reason}"):
        read_qrels(path)


@pytest.mark.parametrize("identifier", ["", "a b", "a\tb", "a\u00a0b"])
def test_ids_with_white_space_are_refused_and_nothing_is_written(tmp_path, identifier):
    with pytest.raises(FormatError, match="divide columns by white space"):
        write_run(tmp_path / "x.run", Run("s", "", {identifier: (Ranked("a", 1.0),)}))
    with pytest.raises(FormatError, match="divide columns by white space"):
        write_qrels(tmp_path / "q.qrels", Qrels({"q": {identifier: 1}}))
    assert list(tmp_path.iterdir()) == []


def test_white_space_in_a_system_name_does_not_shift_the_columns(tmp_path):
    write_run(tmp_path / "x.run", Run("my run", "d", RUN.rankings))
    assert read_run(tmp_path / "x.run", "d").system == "my_run"
    assert read_run(tmp_path / "x.run", "d", system="my run").system == "my run"


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_an_unreadable_file_is_bad_input(tmp_path, content):
    if content is not None:
        (tmp_path / "x").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read"):
        read_qrels(tmp_path / "x")


def test_run_files_of_unequal_systems_do_not_meet():
    names = ["base", "bm25", "hybrid:base", "hybrid-base", "remote:http://x/v1#m", "models/a b", "../../up", "é", "ü"]
    files = [run_file_name(name) for name in names]
    assert files[:2] == ["base.run", "bm25.run"]
    assert len({file.lower() for file in files}) == len(names)
    assert all("/" not in file and ":" not in file and not file.startswith(".") for file in files)
