import pytest

from embedtune.wording.stems import content_stem


@pytest.mark.parametrize(
    "forms",
    [
        ("brake", "brakes", "braking", "braked"),
        ("bleed", "bleeding", "bleeds"),
        ("stop", "stops", "stopped", "stopping"),
        ("battery", "batteries"),
        ("press", "presses", "pressed", "pressing"),
        ("doesn't", "don\u2019t", "cannot", "isn't", "not"),
        ("pump's", "pump", "pumps"),
        ("tie", "ties"),
        ("fill", "filling", "fills"),
    ],
)
def test_forms_of_one_word_have_one_stem(forms):
    assert len({content_stem(form) for form in forms}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bus", "bust"),
        ("gas", "gap"),
        ("string", "strip"),
        ("valve", "value"),
        ("on", "off"),
        ("42", "43"),
        ("red", "r"),
    ],
)
def test_different_words_stay_apart(one, other):
    assert content_stem(one) != content_stem(other)


@pytest.mark.parametrize("word", ["the", "how", "it's", "where\u2019s".replace("\u2019", "'"), "tell"])
def test_function_words_have_no_stem(word):
    assert content_stem(word) == ""


@pytest.mark.parametrize("word", ["off", "before", "without", "up", "not", "öl", "größe", "泵", "7"])
def test_words_that_change_the_meaning_have_one(word):
    assert content_stem(word)


@pytest.mark.parametrize("word", ["ss", "ies", "ing", "eed", "y", "e", "sses", "aaa", "edededed", "inging"])
def test_a_stem_is_never_lost(word):
    assert content_stem(word)
