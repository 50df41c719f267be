"""Whatever a file holds, a reader gives what it says or a `FormatError`, and never anything else."""

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embedtune.errors import InputError
from embedtune.evaluation.trec import read_run
from embedtune.pairs.formats.asked import read_asked
from embedtune.pairs.formats.beir_collection import read_beir_collection
from embedtune.pairs.formats.pairs_file import read_pairs_file, write_pairs_file
from embedtune.pairs.formats.qrels import qrels_of, read_judgements
from embedtune.pairs.formats.section_finder import SectionFinder
from embedtune.pairs.formats.test_suite import read_test_suite, resolve
from embedtune.pairs.formats.training_pairs import pair_from_row
from embedtune.vocabulary.corpus import Section, SectionKind

ENDINGS = ("jsonl", "json", "csv", "tsv", "parquet")
MEGABYTE = 1 << 20
NAMES = st.sampled_from(
    "query positive negative negatives negative_scores negative_sources question answer expected expected_ids id "
    "domain synthetic hard_negative origin split difficulty metadata examples tests _id text title".split()
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**400), 10**400) | st.floats() | st.text(max_size=8) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
ROWS = st.dictionaries(NAMES, VALUES, max_size=6)
EXTREMES = {
    "deep list": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000,
    "deep and closed": b'{"query": "q", "positive": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "deep in a field": b'{"query": "q", "positive": "p", "x": ' + b"[" * 120 + b"]" * 120 + b"}",
    "long line": b'{"query": "' + b"q" * MEGABYTE + b'", "positive": "p"}',
    "long garbage": b"x" * MEGABYTE,
    "many repeated fields": b"{" + b",".join(b'"f%d": 1' % n for n in range(50_000)) + b', "f49999": 2}',
    "many cells": b"query,positive\n" + b"," * MEGABYTE,
    "many columns": b",".join(b"c%d" % n for n in range(50_000)) + b"\n1\n",
    "open quote": b'query,positive\nq,"' + b"p\n" * 20_000,
    "quotes alone": b'query,positive\n"q" x,p\n' + b'"' * 100_001,
    "zeros": b"\0" * 10_000,
    "half surrogate": b'{"query": "\\ud800", "positive": "p"}',
    "encoded surrogate": b'query,positive\n\xed\xa0\x80,p\n{"query": "\xed\xa0\x80"}',
    "half of utf-16": b"\xff\xfeq\0u\0\xdc",
    "huge number": b'{"query": "q", "positive": "p", "negative": "n", "negative_scores": [' + b"9" * 400 + b"]}",
    "endless number": b'{"query": "q", "positive": "p", "x": ' + b"9" * 10_000 + b"}",
    "not a number": b'{"query": "q", "positive": "p", "x": NaN}',
    "one return": b"query,positive\rq,p\r",
    "empty": b"",
    "blank lines": b"\n" * 100_000,
    "false Parquet": b"PAR1" + b"\xff" * 1000 + b"PAR1",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


def attempt(read, *arguments, **options):
    """Return what a reader reads, or nothing where it says what is wrong and how to mend it, in few words."""
    try:
        return read(*arguments, **options)
    except InputError as error:
        refusal = error
    assert refusal.remedy
    assert len(str(refusal)) < 2000
    return None


def read_everything(path):
    """Try every reader of questions and pairs on a file; what they read can be written again."""
    for skip in (False, True):
        attempt(read_test_suite, path, skip_bad_lines=skip)
        attempt(read_asked, path, skip_bad_lines=skip)
        found = attempt(read_pairs_file, path, skip_bad_lines=skip)
        for ending in ENDINGS if found else ():
            write_pairs_file(path.with_name(f"again.{ending}"), found.items)
    attempt(read_judgements, path)
    attempt(read_run, path, "")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", EXTREMES)
def test_extremes(folder, name, ending):
    path = folder / f"extreme.{ending}"
    path.write_bytes(EXTREMES[name])
    read_everything(path)


@pytest.mark.parametrize("ending", ENDINGS)
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(data=st.binary(max_size=300) | st.text("[]{}\",:;\t\r\n\\'\0aé1", max_size=80).map(str.encode))
def test_random_bytes(folder, ending, data):
    path = folder / f"bytes.{ending}"
    path.write_bytes(data)
    read_everything(path)


@pytest.mark.parametrize("ending", ["jsonl", "json"])
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(ROWS, max_size=4))
def test_random_objects(folder, ending, rows):
    path = folder / f"rows.{ending}"
    path.write_text(json.dumps(rows) if ending == "json" else "".join(json.dumps(row) + "\n" for row in rows))
    read_everything(path)


@pytest.mark.parametrize("ending", ["csv", "tsv"])
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    names=st.lists(NAMES, min_size=1, max_size=4, unique=True),
    rows=st.lists(st.lists(st.text(max_size=6) | VALUES.map(json.dumps) | NAMES, max_size=5), max_size=4),
)
def test_random_tables(folder, ending, names, rows):
    path = folder / f"table.{ending}"
    delimiter = "," if ending == "csv" else "\t"
    lines = [delimiter.join(names), *(delimiter.join(row) for row in rows)]
    path.write_text("\n".join(lines), encoding="utf-8", errors="surrogatepass")
    read_everything(path)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_damaged_parquet(folder, seed):
    path = folder / "damaged.parquet"
    write_pairs_file(path, [pair_from_row({"query": f"q{n}", "positive": "p" * n, "x": n}) for n in range(1, 30)])
    data = bytearray(path.read_bytes())
    draw = random.Random(seed)
    for _ in range(draw.randint(1, 4)):
        data[draw.randrange(len(data))] = draw.randrange(256)
    path.write_bytes(data[: draw.choice([len(data), draw.randrange(len(data))])])
    read_everything(path)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    corpus=st.binary(max_size=60) | ROWS.map(json.dumps).map(str.encode),
    queries=st.binary(max_size=60) | ROWS.map(json.dumps).map(str.encode),
    qrels=st.binary(max_size=60) | st.text("q01 \td\n", max_size=30).map(str.encode),
)
def test_random_beir_folders(folder, corpus, queries, qrels):
    beir = folder / "beir"
    (beir / "qrels").mkdir(parents=True, exist_ok=True)
    (beir / "corpus.jsonl").write_bytes(corpus)
    (beir / "queries.jsonl").write_bytes(queries)
    (beir / "qrels" / "train.tsv").write_bytes(qrels)
    attempt(read_beir_collection, beir)
    attempt(read_asked, beir)


@given(st.text("q01 \t\n-d9", max_size=40))
def test_random_judgements(folder, text):
    path = folder / "judged.tsv"
    path.write_text(text)
    judgements = attempt(read_judgements, path)
    if judgements:
        attempt(qrels_of, path, judgements)


@pytest.mark.timeout(60)
def test_long_expected_texts_and_headings_are_looked_up_in_bounded_time(folder):
    sections = [
        Section(f"s{n}", "d", "default", (f"Heading {n}",), SectionKind.OTHER, "the pump " * 50 + str(n), (1, 1))
        for n in range(2_000)
    ]
    path = folder / "long.json"
    texts = ["the pump " * 20_000, "pump the " * 10_000 + "stops", "x " * 100_000]
    cases = [{"query": "q", "expected": text} for text in texts]
    cases.append({"query": "q", "expected": {"document": "x.md", "heading": "h" * 100_000}})
    path.write_text(json.dumps(cases))
    assert resolve(read_test_suite(path), sections).unresolved
    assert SectionFinder(sections).by_text("the pump 1999").section_ids == ("s1999",)
