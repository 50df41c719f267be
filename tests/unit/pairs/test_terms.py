from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.pairs.terms import corpus_terms, is_content_word, plain_word


@pytest.fixture(scope="session")
def corpus(make_section):
    def make(*bodies, heading=""):
        return [make_section(heading, body, path=f"{number}.md") for number, body in enumerate(bodies)]

    return make


def test_a_word_is_the_more_telling_the_fewer_sections_hold_it(corpus):
    terms = corpus_terms(corpus("winch drum pawl", "winch drum", "winch, Winch. winch"))
    assert terms.weight("winch") == pytest.approx(math.log(4 / 3.5))
    assert terms.weight("drum") == pytest.approx(math.log(4 / 2.5))
    assert terms.weight("pawl") == pytest.approx(math.log(4 / 1.5))
    assert terms.weight("zorbex") == terms.rare == pytest.approx(math.log(4 / 0.5))


def test_case_and_punctuation_do_not_matter(corpus):
    terms = corpus_terms(corpus("The (Winch), again", "drum"))
    assert terms.weight("winch") == terms.weight("WINCH:") == terms.weight("\u201cWinch\u201d") < terms.rare


def test_words_of_a_heading_count(corpus):
    terms = corpus_terms(corpus("one pawl", "one drum", heading="Grease the winch"))
    assert terms.weight("winch") < terms.weight("pawl")


def test_a_word_without_content_weighs_nothing(corpus):
    terms = corpus_terms(corpus("the winch", "a drum"))
    assert [terms.weight(word) for word in ("the", "The", "zzz's", "--", "")] == [0.0] * 5


def test_no_sections():
    terms = corpus_terms([])
    assert terms.weight("winch") == terms.rare == pytest.approx(math.log(2))


@given(st.lists(st.lists(st.sampled_from("winch drum pawl E42 (hose) the".split())), max_size=8), st.randoms())
def test_the_order_of_sections_does_not_matter(corpus, bodies, shuffled: random.Random):
    sections = corpus(*(" ".join(body) for body in bodies))
    terms = corpus_terms(sections)
    shuffled.shuffle(sections)
    assert corpus_terms(sections) == terms
    assert all(0 <= weight <= terms.rare for weight in terms.weights.values())


@pytest.mark.parametrize(
    ("word", "telling"),
    [
        ("winch", True),
        ("E-42", True),
        ("10", True),
        ("\u00d6lfilter,", True),
        ("not", False),
        ("The", False),
        ("(please)", False),
        ("don't", False),
        ("you\u2019ll", False),
        ("owner's", False),
        ("'winch'", True),
        ("\u201cwinch\u201d", True),
        ("|", False),
        ("***", False),
        ("", False),
    ],
)
def test_content_words(word, telling):
    assert is_content_word(word) is telling


@pytest.mark.parametrize(
    ("word", "plain"),
    [
        ("Winch,", "winch"),
        ("(E-42)", "e-42"),
        ("\u201cMenu\u201d", "menu"),
        ("`a_b`", "a_b"),
        ("?!", ""),
        ("3.5", "3.5"),
    ],
)
def test_plain_words(word, plain):
    assert plain_word(word) == plain
