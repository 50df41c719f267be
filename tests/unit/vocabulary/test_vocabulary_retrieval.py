from dataclasses import FrozenInstanceError, fields

import pytest

from embedtune.vocabulary.retrieval import Hit, PassageSettings

HIT = Hit("s1", "Open the valve.", 0.8, {"dense": 1}, {"dense": 0.7}, ("Pumps", "Bleeding"), "hvac")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("score", 0.8),
        ("content", "Open the valve."),
        ("passage", "Open the valve."),
        ("id", "s1"),
        ("section_id", "s1"),
        ("section", "Bleeding"),
        ("domain", "hvac"),
        ("degraded", ""),
    ],
)
def test_a_hit_reads_as_a_mapping(key, value):
    assert HIT[key] == value


def test_every_field_can_be_read_as_an_item():
    assert all(HIT[field.name] == getattr(HIT, field.name) for field in fields(Hit))


@pytest.mark.parametrize("key", ["colour", "__class__", "__getitem__", "delta"])
def test_anything_else_is_a_key_error(key):
    with pytest.raises(KeyError, match=key):
        HIT[key]


def test_a_hit_without_heading_has_an_empty_section():
    assert Hit("s1", "text", 0.5, {})["section"] == ""


def test_a_hit_is_frozen():
    with pytest.raises(FrozenInstanceError):
        HIT.score = 1.0


def test_labels_of_passage_sizes():
    assert [PassageSettings(words).label for words in (32, None)] == ["32 words", "whole section"]
