"""Part numbers are found exactly, by parts and joined; one that is only near never stands before the right one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.index.bm25 import BM25Index
from embedtune.index.identifier_matches import IdentifierMatches, SectionIdentifiers
from embedtune.index.identifiers import identifier
from embedtune.index.near_misses import NearMiss
from embedtune.vocabulary.corpus import Section, SectionKind

PART_NUMBERS = ("P0420", "TM-9-803", "10W-30", "3/8-16", "AN/PRC-77")
NEAR = {
    "P0420": ("P0421", "P0430", "P042"),
    "TM-9-803": ("TM-9-804", "TM-8-803", "TM-9-8030"),
    "10W-30": ("10W-40", "20W-30", "5W-30"),
    "3/8-16": ("3/8-24", "1/8-16"),
    "AN/PRC-77": ("AN/PRC-78", "AN/PRC-7", "AN/VRC-77"),
}


def spellings(number):
    joined = number.replace("-", "").replace("/", "")
    return [number, number.lower(), joined] if identifier(joined.lower()) else [number, number.lower()]


@pytest.mark.parametrize("number", PART_NUMBERS)
def test_any_spelling_finds_any_spelling_first(number):
    for written in spellings(number):
        texts = [f"Set the {written} to the mark.", *(f"Set the {near} to the mark." for near in NEAR[number])]
        ids = [f"z{place}" for place in range(len(texts))]
        for asked in (number, number.lower(), number.replace("-", "").replace("/", "")):
            found = [id_ for id_, _ in BM25Index(["zz", *ids[1:]], texts).search(asked, 10)]
            assert found[0] == "zz", (written, asked, found)


@pytest.mark.parametrize("number", PART_NUMBERS)
def test_parts_find_the_whole(number):
    index = BM25Index(["right", "other"], [f"Fit the {number} here.", "Clean the seat with a brush."])
    for asked in (number.replace("-", " "), number.replace("/", " ").replace("-", " "), number.split("-")[-1]):
        assert [id_ for id_, _ in index.search(asked, 5)] == ["right"]


def test_a_measure_is_found_with_and_without_a_space():
    index = BM25Index(["apart", "together", "other"], ["at 12.5 V", "at 12.5V", "at 125 W"])
    for asked in ("12.5 V", "12.5V"):
        assert {id_ for id_, _ in index.search(asked, 2)} == {"apart", "together"}


PLAIN = st.lists(st.sampled_from("check replace the valve seat oil pump with care tm an w p".split()), max_size=30)
LETTERS = st.text("abcpwx", min_size=1, max_size=3)
DIGITS = st.text("0123456789", min_size=3, max_size=5)
NUMBERS = st.one_of(
    st.builds("{}{}".format, LETTERS, DIGITS),
    st.builds("{}-{}-{}".format, LETTERS, st.sampled_from("123"), DIGITS),
    st.builds("{}/{}-{}".format, LETTERS, LETTERS, DIGITS),
    st.builds("{}/{}-{}".format, st.sampled_from("123"), st.sampled_from("48"), st.sampled_from(["16", "20", "24"])),
)


@given(NUMBERS, st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=5), PLAIN, PLAIN, PLAIN)
def test_a_near_miss_never_outranks_the_exact_part_number(number, changes, asked, around, beside):
    """Whatever else stands in the sections and in the question, and however often the near misses are repeated."""
    assert identifier(number)
    near = [with_another_digit(number, *change) for change in changes]
    texts = [" ".join([*around, *around, number]), *(" ".join([*beside, *asked, other, other]) for other in near)]
    index = BM25Index(["z-exact", *(f"a-near-{place}" for place in range(len(near)))], texts)

    found = index.search(" ".join([*asked, number]), 50)

    assert found[0][0] == "z-exact"
    (apart,) = index.near_misses(number)
    assert apart.exact == {"z-exact"}
    assert apart.near == {f"a-near-{place}" for place in range(len(near))}


def with_another_digit(number, place, step):
    places = [at for at, character in enumerate(number) if character.isdigit()]
    at = places[place % len(places)]
    return f"{number[:at]}{(int(number[at]) + step) % 10}{number[at + 1 :]}"


def test_a_part_number_that_the_corpus_lacks_tells_nothing_apart():
    index = BM25Index(["a", "b"], ["the P0421 code", "the P0430 code"])
    assert index.near_misses("P0420") == index.near_misses("how") == index.near_misses("")
    assert [id_ for id_, _ in index.search("P0420 code", 5)] == ["a", "b"]


def test_a_section_with_one_of_two_part_numbers_is_no_near_miss_of_the_other():
    index = BM25Index(["one", "two", "near"], ["P0420 here", "P0421 here", "P0422 here"])
    assert index.near_misses("P0420 and P0421") == (
        NearMiss(frozenset({"one"}), frozenset({"near"})),
        NearMiss(frozenset({"two"}), frozenset({"near"})),
    )


def test_a_near_miss_of_one_part_number_is_one_even_beside_another_that_was_asked_for():
    texts = ["P0420 on the F-150", "P0421 F-150 F-150 light", "P0420 on a van", "light"]
    index = BM25Index(["both", "half", "van", "light"], texts)
    found = [id_ for id_, _ in index.search("P0420 F-150 light", 4)]
    assert found.index("half") > max(found.index("both"), found.index("van"))


@pytest.mark.parametrize("asked", ["TM 9 803 oil oil", "tm 9-803 oil oil", "TM9803 oil oil"])
def test_a_part_number_in_parts_has_no_near_miss_before_it(asked):
    index = BM25Index(["exact", "near"], ["see TM-9-803 for how it is filled and kept", "TM-9-804 oil oil oil"])
    assert index.search(asked, 2)[0][0] == "exact"


def test_numbers_of_another_shape_are_no_near_misses():
    index = BM25Index(["exact", "volts", "near"], ["the F-150", "from 40-50 bars", "the F-250"])
    (apart,) = index.near_misses("F-150 bars")
    assert apart.near == {"near"}


def test_near_misses_keep_their_order():
    texts = ["P0420", "P0421 pump", "P0422 pump seal", "P0423 pump seal valve", "other"]
    index = BM25Index(["exact", "d", "c", "b", "x"], texts)
    found = [id_ for id_, _ in index.search("P0420 pump seal valve", 9)]
    assert found == ["exact", "b", "c", "d"]


def test_what_is_filtered_out_puts_nothing_below_it():
    index = BM25Index(["exact", "near", "plain"], ["P0420 of the van", "P0421 light light", "light bulb for all"])
    asked = "P0420 light"
    assert index.search(asked, 3)[0][0] == "exact"
    kept = [id_ for id_, _ in index.search(asked, 3, lambda id_: id_ != "exact")]
    assert kept == ["near", "plain"]


def test_sections_are_told_apart_without_an_index_as_with_one():
    texts = ["P0420 on the F-150", "P0421 F-150 light", "TM-9-803", "TM-9-804", "light"]
    sections = [Section(f"s{n}", "d", "d", (), SectionKind.OTHER, text, (1, 1)) for n, text in enumerate(texts)]
    index = BM25Index([one.id for one in sections], [one.full_text for one in sections])
    alone = SectionIdentifiers(sections)
    for asked in ("P0420", "P0420 F-150", "tm 9 803 light", "light", "P0999", ""):
        assert alone.near_misses(asked) == index.near_misses(asked)
    assert alone.near_misses("P0420")


def test_matches_name_the_tokens():
    matches = IdentifierMatches({"tm-9-803": 0, "tm": 1, "9": 2, "803": 3, "tm9803": 4, "tm9804": 5, "pump77x": 6})
    (found,) = matches.of("see TM-9-803")
    assert (sorted(found.exact), found.near) == ([0, 4], (5,))
    assert matches.of("see TM-9-999 and the pump") == []
