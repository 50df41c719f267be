import io

import pytest

from embedtune.errors import FormatError
from embedtune.pipeline import query_lines as module
from embedtune.pipeline.query_lines import QueryLine, QueryLines, query_lines, read_queries


def lines(data, *, as_json=False):
    return QueryLines(io.BytesIO(data), "the file", as_json=as_json)


def test_lines_are_numbered_and_blank_ones_passed_over():
    found = list(lines(b"\xef\xbb\xbffirst\r\n\n  \n second \nlast"))
    assert found == [QueryLine("first", number=1), QueryLine("second", number=4), QueryLine("last", number=5)]


def test_an_object_a_line():
    data = b'{"query": " how ", "domain": "pump", "group": "7"}\n{"query": "why", "more": 1}\n'
    assert list(lines(data, as_json=True)) == [QueryLine("how", "pump", "7", 1), QueryLine("why", number=2)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"how", "not valid JSON"),
        (b"[1]", "no object"),
        (b'{"query": 3}', "must be texts"),
        (b'{"domain": "pump"}', "there is no query"),
        (b'{"query": "\\ud800"}', "surrogate"),
        (b'{"query": "how", "query": "why"}', "not valid JSON"),
    ],
)
def test_a_bad_line_spoils_no_other_and_is_told_in_the_end(line, reason):
    made = lines(b'{"query": "first"}\n' + line + b'\n{"query": "last"}\n', as_json=True)
    assert [found.text for found in made] == ["first", "last"]
    with pytest.raises(FormatError, match=rf"1 lines of the file hold no query; the first is line 2: .*{reason}"):
        made.check("The others were used.")


def test_the_rest_of_an_endless_line_is_not_held(monkeypatch):
    monkeypatch.setattr(module, "_MOST_LINE", 8)
    assert [line.text for line in lines(b"x" * 100 + b"\nnext\n")] == ["x" * 8, "next"]


def test_files_that_are_no_text_are_refused(tmp_path):
    with pytest.raises(FormatError, match="UTF-16"):
        list(lines("how".encode("utf-16")))
    with pytest.raises(FormatError, match="cannot be read"):
        list(query_lines(tmp_path / "nowhere.txt"))
    (tmp_path / "queries.jsonl").write_text("how\n")
    with pytest.raises(FormatError, match="1 lines"):
        list(query_lines(tmp_path / "queries.jsonl"))


def test_what_is_fitted_on_may_be_in_any_encoding(tmp_path):
    (tmp_path / "queries.txt").write_text("first\n\nf\u00fcr", encoding="utf-16")
    assert read_queries(tmp_path / "queries.txt") == [QueryLine("first", number=1), QueryLine("f\u00fcr", number=3)]
    (tmp_path / "queries.jsonl").write_text('{"query": "how", "domain": "pump"}\n')
    assert read_queries(tmp_path / "queries.jsonl") == [QueryLine("how", "pump", number=1)]


def test_what_is_fitted_on_is_used_as_a_whole_or_not_at_all(tmp_path):
    (tmp_path / "queries.jsonl").write_text('{"query": "how"}\nwhy\n')
    for read, said in ((query_lines, "The others were used."), (read_queries, "Nothing was done with the others.")):
        with pytest.raises(FormatError) as caught:
            list(read(tmp_path / "queries.jsonl"))
        assert caught.value.remedy.endswith(f" {said}")
