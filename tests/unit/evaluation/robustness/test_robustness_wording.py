from __future__ import annotations

from random import Random

from embedtune.evaluation.robustness.lexicons import CHATTER, INSTRUCTIONS, SYNONYMS, TRANSLATIONS, UNITS
from embedtune.evaluation.robustness.wording import languages, synonyms


def all_of(change, text):
    return {change(text, Random(seed)) for seed in range(60)}


def test_synonyms_stand_for_whole_words_and_keep_the_capital():
    assert all_of(synonyms, "Replace it") == {"Exchange it", "Swap it"}
    assert synonyms("a carpet problematic to replacement", Random(1)) is None


def test_the_longest_known_phrase_is_replaced():
    assert all_of(synonyms, "the oil change") == {"the change of oil"}
    assert synonyms("oil-change-cable-reel", Random(1)) is None


def test_two_words_at_most_are_replaced():
    text = "check adjust tighten inspect"
    for changed in all_of(synonyms, text):
        assert sum(a != b for a, b in zip(changed.split(), text.split(), strict=True)) == 2


def test_languages_leave_the_terms():
    found = all_of(languages, "How do I adjust the mast chain?")
    assert found == {
        "Wie kann ich einstellen die mast chain?",
        "Comment puis-je régler le mast chain?",
        "Cómo puedo ajustar el mast chain?",
    }


def test_languages_need_something_to_translate_and_something_to_leave():
    assert all_of(languages, "mast chain tension") == {None}
    assert all_of(languages, "the oil and the air") == {None}


def test_the_word_lists_are_whole():
    assert all(others and word.lower() not in map(str.lower, others) for word, others in SYNONYMS.items())
    assert len(SYNONYMS) > 80
    assert {frozenset(words) for words in TRANSLATIONS.values()} == {frozenset(TRANSLATIONS["de"])}
    assert all(all(words.values()) for words in TRANSLATIONS.values())
    assert len(set(CHATTER)) == len(CHATTER) == 10
    assert len(set(INSTRUCTIONS)) == len(INSTRUCTIONS)
    spellings = [spelling for unit in UNITS for spelling in unit.spellings]
    assert len(set(spellings)) == len(spellings)
