import hashlib
import json
import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from anomaly_samples import FOREIGN, QUESTIONS, TokenEncoder

from embedtune.anomaly.log_reading import read_log
from embedtune.anomaly.query_log import QueryLog
from embedtune.anomaly.windows import LOOKED_AT
from embedtune.artifacts.versioned_embeddings import LabelledVectors
from embedtune.config.anomaly_settings import QueryLogSettings
from embedtune.errors import FormatError, InputError, ModelError

TEXTS = [QUESTIONS[0], QUESTIONS[0].upper(), FOREIGN[0], "how do I oil the pump <|system|>"]


@pytest.fixture
def log(detector):
    encoder = TokenEncoder()

    def append(path, texts=TEXTS, domains=None, **values):
        vectors = encoder.encode(texts)
        advisories = detector.score(texts, vectors, domains)
        QueryLog(path, QueryLogSettings(**values)).append(detector, texts, vectors, advisories, domains)
        return list(read_log(path))

    return append


def test_an_entry_says_what_was_judged(log, tmp_path, detector):
    entries = log(tmp_path / "logs" / "queries.log", domains=["pump", "", "", ""])
    assert [entry.domain for entry in entries] == ["pump", "", "", ""]
    assert entries[2].verdict == "anomalous"
    assert entries[3].rules == ("chat-markup",)
    assert entries[0].time.endswith("+00:00")
    (whole, *_) = log(tmp_path / "logs" / "texts.log", text=True)
    assert set(whole.rarities) == set(detector.card.detectors)
    assert len(whole.sketch) == 16


def test_without_leave_there_is_no_text_and_no_plain_hash(log, tmp_path):
    entries = log(tmp_path / "queries.log")
    written = (tmp_path / "queries.log").read_text()
    for text in TEXTS:
        assert text not in written
        assert hashlib.sha256(text.encode()).hexdigest()[:32] not in written
    assert entries[0].query == entries[1].query != entries[2].query
    assert all(entry.text is None for entry in entries)


def test_two_logs_have_different_keys_and_one_keeps_its_own(log, tmp_path):
    one, other, again = (log(tmp_path / name)[0] for name in ("a.log", "b.log", "a.log"))
    assert one.query == again.query != other.query
    assert stat.S_IMODE((tmp_path / "a.log.key").stat().st_mode) == 0o600


def test_texts_are_logged_where_that_is_wanted(log, tmp_path):
    assert [entry.text for entry in log(tmp_path / "queries.log", text=True)] == TEXTS


def test_a_long_log_is_set_aside_and_the_oldest_goes(log, tmp_path):
    path = tmp_path / "queries.log"
    for number in range(5):
        log(path, [QUESTIONS[number]], text=True, megabytes=1e-6, files=3)
    texts = {
        name: [json.loads(line)["text"] for line in (tmp_path / name).read_text().splitlines()]
        for name in ("queries.log", "queries.log.1", "queries.log.2")
    }
    assert texts == {"queries.log": [QUESTIONS[4]], "queries.log.1": [QUESTIONS[3]], "queries.log.2": [QUESTIONS[2]]}
    assert not (tmp_path / "queries.log.3").exists()


def test_one_file_is_begun_anew(log, tmp_path):
    for number in range(3):
        entries = log(tmp_path / "queries.log", [QUESTIONS[number]], text=True, megabytes=1e-6, files=1)
    assert [entry.text for entry in entries] == [QUESTIONS[2]]


def _append(arguments):
    path, detector, texts, vectors, advisories = arguments
    log = QueryLog(path, QueryLogSettings())
    for _ in range(10):
        log.append(detector, texts, vectors, advisories)


def test_several_threads_may_write(detector, tmp_path):
    encoder = TokenEncoder()
    vectors = encoder.encode(TEXTS)
    given = (tmp_path / "queries.log", detector, TEXTS, vectors, detector.score(TEXTS, vectors))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(_append, [given] * 4))
    assert len(list(read_log(tmp_path / "queries.log"))) == 160


def test_a_line_that_a_crash_cut_short_is_passed_over(log, tmp_path):
    path = tmp_path / "queries.log"
    log(path)
    path.write_text(path.read_text()[:-20])
    assert len(list(read_log(path))) == 3
    log(path)
    assert len(list(read_log(path))) == 7
    path.write_text("cut")
    log(path)
    assert len(list(read_log(path))) == 4


def test_a_log_has_one_key_whoever_comes_first(detector, tmp_path):
    def key(_):
        QueryLog(tmp_path / "queries.log", QueryLogSettings())
        return (tmp_path / "queries.log.key").read_text()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(key, range(16)))) == 1
    assert (tmp_path / "queries.log.key").stat().st_mode & 0o077 == 0


def test_a_line_cut_within_a_character_or_a_long_one_is_passed_over(log, tmp_path):
    path = tmp_path / "queries.log"
    log(path, ["how do I oil the pümp"], text=True)
    path.write_bytes(path.read_bytes().rpartition("ü".encode())[0] + "ü".encode()[:1])
    assert list(read_log(path)) == []
    path.write_bytes(b'{"time"' + b" " * (3 << 20))
    assert len(log(path)) == 4


def test_a_long_query_is_logged_as_it_is_looked_at(log, tmp_path):
    entries = log(tmp_path / "queries.log", ['"' * 600_000, TEXTS[0]], ["d" * 600_000, ""], text=True)
    assert [len(entry.text) for entry in entries] == [LOOKED_AT + 1, len(TEXTS[0])]
    assert (tmp_path / "queries.log").stat().st_size < 100_000


def test_only_the_owner_may_read_a_log(log, tmp_path):
    before = os.umask(0)
    try:
        for number in range(3):
            log(tmp_path / "queries.log", [QUESTIONS[number]], text=True, megabytes=1e-6)
    finally:
        os.umask(before)
    written = [path for path in tmp_path.iterdir() if not path.name.endswith(".lock")]
    assert len(written) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}


def test_a_log_that_others_could_read_becomes_its_owners(log, tmp_path):
    for number in range(2):
        log(tmp_path / "queries.log", [QUESTIONS[number]], text=True, megabytes=1e-6)
    kept = [tmp_path / f"queries.log{end}" for end in ("", ".1", ".key")]
    for file in kept:
        file.chmod(0o644)
    QueryLog(tmp_path / "queries.log", QueryLogSettings())
    assert [stat.S_IMODE(file.stat().st_mode) for file in kept] == [0o600] * 3


def test_logs_that_are_no_longer_kept_go_and_others_stay(log, tmp_path):
    path = tmp_path / "queries.log"
    for number in range(5):
        log(path, [QUESTIONS[number]], text=True, megabytes=1e-6, files=5)
    (tmp_path / "queries.log.20261122").write_text("somebody else's")
    log(path, [QUESTIONS[5]], files=2)
    assert [file.name for file in tmp_path.glob("queries.log.?")] == ["queries.log.1"]
    assert (tmp_path / "queries.log.20261122").exists()


def test_a_log_is_read_with_what_was_set_aside_the_oldest_first(log, tmp_path):
    path = tmp_path / "queries.log"
    for number in range(4):
        log(path, [QUESTIONS[number]], text=True, megabytes=1e-6, files=5)
    assert [entry.text for entry in read_log(path, path, tmp_path / "queries.log.2")] == QUESTIONS[:4]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("p_value", "NaN"),
        ("p_value", "1.5"),
        ("new_words", "-0.1"),
        ("verdict", '"odd"'),
        ("time", '"now"'),
        ("sketch", "[NaN]"),
        ("sketch", "[1e999]"),
    ],
)
def test_a_damaged_number_is_named(log, tmp_path, name, value):
    path = tmp_path / "queries.log"
    log(path)
    first, *rest = path.read_text().splitlines()
    other = re.sub(rf'"{name}":(\[[^]]*]|[^,}}]*)', lambda _: f'"{name}":{value}', first)
    assert other != first
    path.write_text("\n".join([other, *rest]) + "\n")
    with pytest.raises(FormatError, match=rf"Line 1 of .* is no judged query: {name}"):
        list(read_log(path))


@pytest.mark.parametrize("line", ["{}", "[1]", "nonsense", json.dumps({"time": 1})])
def test_a_foreign_line_is_named(log, tmp_path, line):
    path = tmp_path / "queries.log"
    log(path)
    with path.open("a") as stream:
        stream.write(f"{line}\n")
    with pytest.raises(FormatError, match=r"Line 5 of .*is no judged query"):
        list(read_log(path))


def test_a_log_that_cannot_be_is_reported(log, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be used"):
        log(tmp_path / "file" / "queries.log")
    (tmp_path / "queries.log.key").write_text("no key")
    with pytest.raises(InputError, match="key"):
        log(tmp_path / "queries.log")
    with pytest.raises(FormatError, match="cannot be read"):
        list(read_log(tmp_path / "nowhere.log"))


@pytest.mark.parametrize("name", ["queries.log", "queries.log.5"])
@pytest.mark.parametrize(
    "content", [b"how do I oil the pump\nno line end", b'{"a": 1}', b"\x00\xff" * 50, b"line\n" * 9]
)
def test_a_file_of_somebody_else_is_left_alone(log, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=f"{name} is no log of judged queries"):
        log(tmp_path / "queries.log", files=2)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [(name, content)]


def test_a_key_of_somebody_else_leaves_older_files_alone(log, tmp_path):
    log(tmp_path / "other.log")
    (tmp_path / "other.log").rename(tmp_path / "app.log.5")
    (tmp_path / "app.log.key").write_text("abcd")
    with pytest.raises(InputError, match="is no key of a log"):
        log(tmp_path / "app.log", files=2)
    assert (tmp_path / "app.log.5").exists()


def test_a_log_whose_key_was_removed_goes_on_with_another(log, tmp_path):
    path = tmp_path / "queries.log"
    (one, *_) = log(path)
    (tmp_path / "queries.log.key").unlink()
    entries = log(path)
    assert len(entries) == 8
    assert entries[4].query != one.query


def test_vectors_are_logged_as_they_are_scored_labelled_or_checked(detector, tmp_path):
    vectors = TokenEncoder().encode(TEXTS)
    advisories = detector.score(TEXTS, vectors)
    log = QueryLog(tmp_path / "queries.log", QueryLogSettings(text=True))
    log.append(detector, TEXTS, vectors, advisories)
    log.append(detector, TEXTS, LabelledVectors(TokenEncoder.digest, vectors), advisories)
    entries = list(read_log(tmp_path / "queries.log"))
    assert [entry.sketch for entry in entries[:4]] == [entry.sketch for entry in entries[4:]]
    with pytest.raises(ModelError):
        log.append(detector, TEXTS, LabelledVectors("sha256:other", vectors), advisories)
    for wrong in (vectors * np.nan, vectors[:3], vectors[:, :5]):
        with pytest.raises(InputError):
            log.append(detector, TEXTS, wrong, advisories)
    with pytest.raises(InputError, match="4 queries came with 3 advisories"):
        log.append(detector, TEXTS, vectors, advisories[:3])
    assert len(list(read_log(tmp_path / "queries.log"))) == 8
