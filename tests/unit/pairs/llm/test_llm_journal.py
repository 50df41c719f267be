"""Rows survive whatever happens to the process, and only one process writes."""

from __future__ import annotations

import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.errors import InputError
from embedtune.pairs.llm.answers import DraftedQuestion
from embedtune.pairs.llm.budget import Usage
from embedtune.pairs.llm.journal import AnswerRow, FailureRow, Journal

ASKED = (DraftedQuestion(question="Why?", answer_quote="because", kind="natural"),)


def answer(key="k", tokens=3, questions=ASKED):
    return AnswerRow(key=key, section_id="s", model="tiny", questions=questions, input_tokens=tokens, output_tokens=1)


def failure(tokens=5):
    return FailureRow(key="k", reason="an empty answer", input_tokens=tokens, output_tokens=0)


def written(path, *rows):
    with Journal(path) as journal:
        for row in rows:
            journal.append(row)


def recorded(path):
    with Journal(path) as journal:
        return journal.recorded


@pytest.fixture
def path(tmp_path):
    return tmp_path / "llm" / "answers.jsonl"


def test_rows_come_back(path):
    written(path, answer("a"), failure(), answer("b"))
    assert recorded(path).answers == {"a": ASKED, "b": ASKED}
    assert recorded(path).spent == Usage(11, 2)
    assert path.stat().st_mode & 0o077 == 0


def test_first_answer_holds(path):
    other = (DraftedQuestion(question="Where?", answer_quote="here", kind="natural"),)
    written(path, answer(), answer(questions=other))
    assert recorded(path).answers == {"k": ASKED}


@given(cut=st.integers(1, 60))
def test_torn_line_is_cut_off_and_the_next_row_whole(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("torn") / "answers.jsonl"
    written(path, answer("a"), answer("b"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    written(path, answer("c"))
    assert recorded(path).answers.keys() == {"a", "c"}
    assert recorded(path).unreadable == 0


def test_line_that_is_no_row_is_counted_and_kept(path):
    written(path, answer("a"))
    with path.open("ab") as stream:
        stream.write(b'{"row": "answer"}\n\xff\n')
    written(path, answer("b"))
    assert recorded(path).unreadable == 2
    assert recorded(path).answers.keys() == {"a", "b"}


def test_many_threads_write_whole_rows(path):
    with Journal(path) as journal:
        threads = [
            threading.Thread(target=lambda n=n: [journal.append(answer(f"{n}-{m}")) for m in range(10)])
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(recorded(path).answers) == 80


def test_second_holder_is_turned_away_until_the_first_lets_go(path):
    with Journal(path), pytest.raises(InputError, match="Another process"), Journal(path):
        pass
    assert recorded(path).answers == {}


def test_place_that_cannot_be_written(tmp_path):
    (tmp_path / "llm").write_text("a file")
    with pytest.raises(InputError, match="cannot be used"), Journal(tmp_path / "llm" / "answers.jsonl"):
        pass
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(InputError, match="cannot be used"), Journal(tmp_path / "folder.jsonl"):
        pass


def test_full_disk_is_told(path, monkeypatch):
    with Journal(path) as journal:

        def full(*arguments):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(InputError, match="No space left"):
            journal.append(answer())


def test_short_writes_are_completed(path, monkeypatch):
    write = os.write
    with Journal(path) as journal:
        monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, bytes(data[:7])))
        journal.append(answer())
    assert recorded(path).answers == {"k": ASKED}


def test_closed_journal_takes_no_rows(path):
    with Journal(path) as journal:
        pass
    with pytest.raises(ValueError, match="closed"):
        journal.append(answer())
