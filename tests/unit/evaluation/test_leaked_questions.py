import random

import pytest

from embedtune.evaluation.leaked_questions import Closeness, trained_questions
from embedtune.vocabulary.pairs import Origin, Query

PARTS = "pump valve hose clutch gauge relay gearbox heater nozzle bearing".split()
WORK = "drain bleed adjust replace inspect tighten calibrate lubricate align secure".split()
PLACES = "Marwick T-40,Orlan 7,Kestrel M2,Tundra's winch".split(",")
TESTED = [f"How do I {work} the {part} of the {place}?" for work in WORK for part in PARTS for place in PLACES]
TRAINED = [
    f"When must the {part} be checked for {work} marks on a Dorval {n}?"
    for n, part in enumerate(PARTS)
    for work in WORK
]


def asked(texts, prefix):
    return [Query(f"{prefix}{number}", text, Origin.HUMAN) for number, text in enumerate(texts)]


def found(tested, trained, *corpus):
    return trained_questions(asked(tested, "t"), asked(trained, "r"), 0.7, lambda: corpus)


def paraphrased(text, generator):
    words = text.rstrip("?").split()
    cut = generator.randrange(1, len(words))
    moved = " ".join([*words[cut:], "-", *words[:cut]])
    bare = moved.replace("-", " ").replace("'", "") if generator.random() < 0.5 else moved
    return generator.choice([str.upper, str.lower, str.title])(bare) + generator.choice(["", "!", " ...?"])


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_leak_is_found_in_full_and_nothing_else(seed):
    generator = random.Random(seed)
    planted = generator.sample(range(len(TESTED)), 30)
    leaks = [TESTED[n] if n in planted[10:] else paraphrased(TESTED[n], generator) for n in planted]
    trained = [*TRAINED, *leaks]
    generator.shuffle(trained)
    leaked = {int(one.query_id[1:]) for one in found(TESTED, trained) if one.closeness.is_leak}
    assert leaked == set(planted)


def test_closeness_is_the_closest_and_names_the_first():
    trained = ["pump: drain it", "DRAIN THE PUMP", "drain the pump!", "the pump, how do I drain it"]
    (same,) = found(["Drain the pump."], trained)
    assert (same.query_id, same.trained_id, same.closeness) == ("t0", "r1", Closeness.SAME_TEXT)
    (words,) = found(["Drain pumps"], trained)
    assert (words.trained_id, words.closeness) == ("r0", Closeness.SAME_WORDS)
    (similar,) = found(["Drain the old pump"], trained)
    assert (similar.trained_id, similar.closeness) == ("r0", Closeness.SIMILAR)
    assert not similar.closeness.is_leak


@pytest.mark.parametrize("other", ["How do I replace the hose?", "How do I drain the gauge?", "", "What is it?"])
def test_other_questions_are_no_leak(other):
    assert found(["How do I drain the hose?", "?!", "Is it?"], [other]) == ()


def test_questions_of_function_words_alone_are_the_same_only_word_for_word():
    assert [one.closeness for one in found(["What is this?"], ["what is THIS"])] == [Closeness.SAME_TEXT]
    assert found(["What is this?"], ["this is what"]) == ()


def test_a_typo_is_a_leak_and_one_more_word_is_similar():
    leaks = found(["How do I tighten the gearbox?"], ["How do I tigthen the gearbox?"])
    assert [one.closeness for one in leaks] == [Closeness.MISSPELT]
    assert leaks[0].closeness.is_leak
    more = found(["How do I tighten the gearbox?"], ["How do I tighten the old gearbox?"])
    assert [one.closeness for one in more] == [Closeness.SIMILAR]
    assert found([], ["x"]) == found(["x"], []) == ()


def test_two_words_that_the_corpus_knows_are_no_typo_of_each_other():
    one, other = ["How do I remove the pump?"], ["How do I remove the sump?"]
    assert [leak.closeness for leak in found(one, other)] == [Closeness.MISSPELT]
    assert not any(leak.closeness.is_leak for leak in found(one, other, "The pump is beside the sump."))


def test_an_exchange_of_roles_counts_as_another_order():
    leaks = found(
        ["Is the front wheel heavier than the rear wheel?"], ["Is the rear wheel heavier than the front wheel?"]
    )
    assert [one.closeness for one in leaks] == [Closeness.SAME_WORDS]


@pytest.mark.parametrize("seed", range(10))
def test_a_planted_typo_is_found_and_nothing_else(seed):
    generator = random.Random(seed)
    planted = generator.randrange(len(TESTED))
    leaks = found(TESTED, [*TRAINED, slipped(TESTED[planted], generator)], *TRAINED)
    assert [one.query_id for one in leaks if one.closeness.is_leak] == [f"t{planted}"]


def slipped(text, generator):
    """The text with two letters of a word exchanged that are not the same."""
    words = text.split()
    places = [place for place, word in enumerate(words) if word.isalpha() and len(word) > 4]
    place = generator.choice(places)
    word = words[place]
    cut = generator.choice([n for n in range(1, len(word) - 1) if word[n] != word[n + 1]])
    words[place] = word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :]
    return " ".join(words)
