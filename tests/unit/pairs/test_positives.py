from dataclasses import replace

import pytest

from embedtune.pairs.positives import join_positives
from embedtune.pairs.split import CorpusSplit
from embedtune.vocabulary.pairs import GeneratedQuery, Origin, Provenance, Query, Split
from embedtune.vocabulary.retrieval import PassageSettings

WORDS = [f"w{n}" for n in range(100)]
PASSAGES = PassageSettings(words=20, overlap=0.5)


@pytest.fixture
def section(make_section):
    return replace(make_section("Bleeding", " ".join(WORDS)), heading_path=("Brakes", "Bleeding"))


def ask(section, *answer_words):
    return [
        GeneratedQuery(Query(f"q{n}", f"question {n}", Origin.EXTRACTIVE, domain="hvac"), section.id, Split.DEV, word)
        for n, word in enumerate(answer_words)
    ]


def join(section, questions, *, share=0.0, seed=1, passages=PASSAGES):
    split = CorpusSplit({section.id: "cluster"}, {section.id: Split.DEV})
    return join_positives(questions, {section.id: section}, split, passages, heading_share=share, seed=seed)


def test_the_heading_is_answered_by_the_start(section):
    (pair,) = join(section, ask(section, None))
    assert pair.positive == " ".join(WORDS[:20])


@pytest.mark.parametrize(("word", "start"), [(0, 0), (14, 0), (15, 10), (50, 40), (99, 80)])
def test_a_quotation_is_answered_by_the_window_with_most_room_around_it(section, word, start):
    (pair,) = join(section, ask(section, word))
    assert pair.positive == " ".join(WORDS[start : start + 20])


def test_whole_sections(section):
    pairs = join(section, ask(section, None, 70), passages=PassageSettings(words=None))
    assert [pair.positive for pair in pairs] == [section.text, section.text]


def test_the_heading_path_stands_in_front(section):
    (pair,) = join(section, ask(section, 50), share=1.0)
    assert pair.positive == "Brakes > Bleeding\n" + " ".join(WORDS[40:60])


def test_a_section_without_heading_has_none(make_section):
    section = make_section("", "one two three")
    (pair,) = join(section, ask(section, None), share=1.0)
    assert pair.positive == "one two three"


def test_the_share_of_headings_is_kept_and_drawn_by_seed(section):
    questions = ask(section, *[50] * 600)
    shown = {
        seed: [pair.positive.startswith("Brakes") for pair in join(section, questions, share=0.3, seed=seed)]
        for seed in (1, 2)
    }
    assert 0.24 < sum(shown[1]) / 600 < 0.36
    assert shown[1] != shown[2]
    assert shown[1] == [pair.positive.startswith("Brakes") for pair in join(section, questions, share=0.3, seed=1)]


def test_a_pair_knows_where_it_comes_from(section):
    questions = ask(section, 3)
    (pair,) = join(section, questions)
    assert pair.query is questions[0].query
    assert pair.negatives == ()
    assert pair.provenance == Provenance(section.id, "Bleeding", "cluster", Split.DEV)
