from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.vocabulary.corpus import Section, SectionKind
from embedtune.vocabulary.retrieval import EVERYWHERE, Where, section_labels

SECTION = Section(
    "s", "d", "trucks", ("Brakes",), SectionKind.PROCEDURE, "Bleed.", (1, 2), (("path", "a.md"), ("shelf", "3"))
)
NAMES = st.sampled_from(["path", "shelf", "kind"])
VALUES = st.sampled_from(["a.md", "3", "procedure", "parts"])
FACTS = st.lists(st.tuples(NAMES, VALUES), max_size=3, unique=True).map(tuple)
KINDS = st.sampled_from(list(SectionKind))


@pytest.mark.parametrize(
    ("where", "admitted"),
    [
        (EVERYWHERE, True),
        (Where("trucks"), True),
        (Where("boats"), False),
        (Where(kind="procedure"), True),
        (Where(kind="parts"), False),
        (Where(metadata=(("shelf", "3"),)), True),
        (Where(metadata=(("shelf", "4"),)), False),
        (Where("trucks", "procedure", (("shelf", "3"), ("path", "a.md"))), True),
        (Where("trucks", "procedure", (("shelf", "3"), ("path", "b.md"))), False),
    ],
)
def test_every_condition_must_hold(where, admitted):
    assert where.admits(SECTION) is admitted


@given(KINDS, FACTS, st.none() | KINDS, FACTS)
def test_labels_say_the_same(kind, facts, wanted, conditions):
    section = replace(SECTION, kind=kind, metadata=facts)
    where = Where(kind=wanted, metadata=conditions)
    assert where.admits(section) == (set(where.labels) <= set(section_labels(section)))
