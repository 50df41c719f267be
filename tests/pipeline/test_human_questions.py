from __future__ import annotations

import json

import pytest

from embedtune.config.data_settings import CorpusSettings
from embedtune.config.settings import EmbedtuneConfig
from embedtune.corpus.folder import read_folder
from embedtune.errors import FormatError
from embedtune.events import Alert, Notice
from embedtune.pairs import human
from embedtune.pairs.formats.pairs_file import read_pairs_file, write_pairs_file
from embedtune.pairs.split import CorpusSplit
from embedtune.pipeline.corpus import SplitCorpus
from embedtune.pipeline.human_questions import human_questions, questions_digest
from embedtune.pipeline.project import open_project
from embedtune.vocabulary.pairs import Negative, Origin, Split
from project_samples import body, headings, write_corpus

DOMAIN = "forklift"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Twelve sections of a forklift: eight train, two dev, two test, each its own cluster."""
    folder = write_corpus(tmp_path_factory.mktemp("human") / "docs")
    sections = tuple(section for section in read_folder(folder, CorpusSettings()).sections if section.domain == DOMAIN)
    parts = [Split.DEV, Split.DEV, Split.TEST, Split.TEST]
    split_of = {s.id: parts[n] if n < len(parts) else Split.TRAIN for n, s in enumerate(sections)}
    return SplitCorpus(sections, CorpusSplit({s.id: f"c-{s.id}" for s in sections}, split_of))


@pytest.fixture
def told():
    return []


@pytest.fixture
def project(tmp_path, told):
    config = EmbedtuneConfig.model_validate(
        {"training": {"passage_words": 12, "heading_share": 1.0}, "split": {"dev_share": 0.0}}
    )
    return open_project(folder=tmp_path, config=config, report=told.append)


def sentence(number, place=2):
    """Return a sentence of a section of the corpus."""
    return body(DOMAIN, headings(DOMAIN)[number]).split(". ")[place]


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_each_question_goes_to_the_part_that_answers_it(project, corpus, tmp_path, told):
    suite = [
        {"id": "1", "query": f"alpha number{n}", "expected": {"document": "forklift/lift.md", "heading": heading}}
        for n, heading in enumerate(headings(DOMAIN))
    ]
    (tmp_path / "suite.json").write_text(json.dumps(suite[:1]))
    answers = write(
        tmp_path / "qa.jsonl",
        [{"id": "1", "question": f"beta number{n}", "answer": sentence(n)} for n in range(1, 12)],
    )
    found = human_questions(project, corpus, [tmp_path / "suite.json", answers], ())
    assert [query.text for query in found.dev.queries] == ["alpha number0", "beta number1"]
    assert [query.text for query in found.test.queries] == ["beta number2", "beta number3"]
    assert [pair.query.text for pair in found.train] == [f"beta number{n}" for n in range(4, 12)]
    assert len({query.id for query in (*found.dev.queries, *found.test.queries)}) == 4
    for judged, part in ((found.dev, Split.DEV), (found.test, Split.TEST)):
        for query in judged.queries:
            assert {corpus.split.split_of[s] for s in judged.qrels.relevant(query.id)} == {part}
    assert [pair.provenance.split for pair in found.pairs].count(Split.DEV) == 2
    assert Split.TEST not in {pair.provenance.split for pair in found.pairs}
    assert set(found.held_out) == {"alpha number0", "beta number1", "beta number2", "beta number3"}
    assert told == [Notice("12 questions from people: 8 train, 2 dev, 2 test, 0 not used.")]


def test_the_positive_is_the_window_around_the_answer(project, corpus, tmp_path):
    text = sentence(5, place=3)
    path = write(tmp_path / "qa.jsonl", [{"question": "where to look", "answer": text, "context": "c", "id": "x"}])
    (pair,) = human_questions(project, corpus, [path], ()).train
    section = next(s for s in corpus.sections if s.id == pair.provenance.section_id)
    head, _, window = pair.positive.partition("\n")
    assert head == section.heading
    assert len(window.split()) == 12
    assert text.split()[0] in window.split()
    assert " ".join(text.split()[:6]) in window
    assert pair.provenance.cluster == f"c-{section.id}"
    assert (pair.query.origin, pair.query.domain) == (Origin.HUMAN, DOMAIN)
    assert pair.provenance.extras == {"context": "c", "id": "x"}


def test_given_negatives_and_fields_stay(project, corpus, tmp_path):
    rows = [{"query": "where", "positive": sentence(6), "negatives": ["no", "not"], "page": 3}]
    (pair,) = human_questions(project, corpus, [write(tmp_path / "p.jsonl", rows)], ()).train
    assert pair.negatives == (Negative("no"), Negative("not"))
    write_pairs_file(tmp_path / "again.csv", [pair])
    assert read_pairs_file(tmp_path / "again.csv").items[0].provenance.extras == {"page": 3}


def test_all_sections_that_answer_are_known(project, corpus, tmp_path):
    ids = [section.id for section in corpus.sections]
    rows = [{"query": "either", "expected_ids": ids[4:6]}, {"query": "one of two", "expected_ids": ids[:2]}]
    found = human_questions(project, corpus, [write(tmp_path / "s.jsonl", rows)], ())
    assert [pair.provenance.section_id for pair in found.train] == ids[4:6]
    assert found.dev.qrels.relevant(found.dev.queries[0].id) == set(ids[:2])
    assert len(found.pairs) == 3


def test_one_question_with_two_answers_is_judged_once(project, corpus, tmp_path):
    rows = [{"question": text, "answer": sentence(n)} for text, n in (("what then", 2), ("What then?", 3))]
    found = human_questions(project, corpus, [write(tmp_path / "qa.jsonl", rows)], ())
    (query,) = found.test.queries
    assert len(found.test.qrels.relevant(query.id)) == 2


def test_an_answer_that_is_not_in_the_corpus_is_a_passage_of_its_own(project, corpus, tmp_path):
    answer = "The warranty lasts two years from the day of purchase."
    rows = [{"question": "how long is the warranty", "answer": answer, "domain": "office"}]
    (pair,) = human_questions(project, corpus, [write(tmp_path / "qa.jsonl", rows)], ()).train
    assert (pair.positive, pair.provenance.section_id, pair.query.domain) == (answer, "", "office")
    assert pair.provenance.cluster.startswith("answer:")


def test_leaks_are_dropped_and_counted(project, corpus, tmp_path):
    rows = [
        {"question": "how is the winch greased", "answer": sentence(5)},
        {"question": "greasing the winch", "answer": sentence(7)},
        {"question": "where stands the number plate", "answer": sentence(8)},
        {"question": "where does the number plate stand", "answer": sentence(2)},
        {"question": "nobody knows", "answer": sentence(9)},
    ]
    found = human_questions(project, corpus, [write(tmp_path / "qa.jsonl", rows)], ["How to grease the winch?"])
    assert [pair.query.text for pair in found.train] == ["nobody knows"]
    assert found.rejected == {human.LEAK: 3}
    assert len(found.examples[human.LEAK]) == 3


def test_malformed_rows_are_counted_and_told(project, corpus, tmp_path, told):
    path = write(tmp_path / "qa.jsonl", [{"question": "q", "answer": sentence(5)}, {"question": "q"}])
    with pytest.raises(FormatError, match="line 2"):
        human_questions(project, corpus, [path], ())
    assert len(human_questions(project, corpus, [path], (), skip_bad_lines=True).train) == 1
    alert = next(event for event in told if isinstance(event, Alert))
    assert "1 malformed row(s) skipped; number 2" in alert.message


def test_no_questions(project, corpus, told):
    found = human_questions(project, corpus, [], ())
    assert (found.pairs, found.dev, found.test, found.rejected) == ((), None, None, {})
    assert told == []


def test_the_digest_sees_every_file(tmp_path):
    path = write(tmp_path / "a.jsonl", [{"question": "q", "answer": "a"}])
    beir = tmp_path / "beir"
    (beir / "qrels").mkdir(parents=True)
    (beir / "queries.jsonl").write_text("{}")
    before = questions_digest([path, beir])
    assert questions_digest([path, beir]) == before
    (beir / "qrels" / "train.tsv").write_text("q\td\t1\n")
    assert questions_digest([path, beir]) != before
