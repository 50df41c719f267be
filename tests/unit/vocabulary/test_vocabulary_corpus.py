from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.vocabulary.corpus import Passage, Section, SectionKind, corpus_digest, section_id

PLACE = st.tuples(st.text(), st.text(), st.lists(st.text(), max_size=3), st.integers(0, 3))
SECTION = Section("id1", "doc", "hvac", ("Pumps", "Bleeding"), SectionKind.PROCEDURE, "Open it.", (3, 9))


def test_the_id_of_a_known_place_never_changes():
    # printf '["hvac","boiler.txt",["Pump","Bleeding"],0]' | sha256sum
    assert section_id("hvac", "boiler.txt", ("Pump", "Bleeding")) == "8f67845344b39140"


@given(PLACE, PLACE)
def test_an_id_is_16_hex_digits_and_follows_from_the_place_alone(one, other):
    assert len(section_id(*one)) == 16
    assert int(section_id(*one), 16) >= 0
    assert (section_id(*one) == section_id(*other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "b", ("c", "d")), ("a", "b", ("c d",))),
        (("a", "b", ("c",)), ("ab", "", ("c",))),
        (("a", "b", ("c",), 0), ("a", "b", ("c",), 1)),
    ],
)
def test_places_that_look_alike_have_ids_of_their_own(one, other):
    assert section_id(*one) != section_id(*other)


def test_the_digest_of_a_corpus_forgets_the_order():
    sections = [SECTION, replace(SECTION, id="id2", text="b"), replace(SECTION, id="id0", domain="radar")]
    assert corpus_digest(sections) == corpus_digest(sections[::-1])


@pytest.mark.parametrize(
    "change", [{"id": "x"}, {"domain": "x"}, {"heading_path": ("Pumps",)}, {"text": "x"}, {"heading_path": ()}]
)
def test_the_digest_of_a_corpus_follows_from_what_is_searched(change):
    assert corpus_digest([replace(SECTION, **change)]) != corpus_digest([SECTION])


@pytest.mark.parametrize("change", [{"span": (1, 2)}, {"kind": SectionKind.OTHER}, {"document_id": "x"}])
def test_the_digest_of_a_corpus_forgets_the_rest(change):
    assert corpus_digest([replace(SECTION, **change)]) == corpus_digest([SECTION])


def test_a_section_more_is_another_corpus():
    assert len({corpus_digest([]), corpus_digest([SECTION]), corpus_digest([SECTION, SECTION])}) == 3


def test_headings_and_texts():
    assert (SECTION.heading, SECTION.full_text) == ("Bleeding", "Bleeding\nOpen it.")
    bare = replace(SECTION, heading_path=())
    assert (bare.heading, bare.full_text) == ("", "Open it.")


def test_the_body_of_a_passage_has_no_heading():
    assert Passage("a#0", "a", "Head\nbody text", 5).body == "body text"
    assert Passage("a#0", "a", "body text").body == "body text"
