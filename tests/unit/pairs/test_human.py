from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.files import digest_value
from embedtune.pairs import human
from embedtune.pairs.formats.asked import Asked
from embedtune.pairs.formats.section_finder import ExpectedSection
from embedtune.pairs.formats.test_case import TestCase
from embedtune.pairs.human import place_questions
from embedtune.pairs.split import CorpusSplit
from embedtune.vocabulary.corpus import Section, SectionKind
from embedtune.vocabulary.pairs import Origin, Query, Split
from embedtune.wording.near_equal import near_equal_questions

PARTS = {"a": Split.TRAIN, "b": Split.TRAIN, "c": Split.DEV, "d": Split.TEST, "e": Split.TEST}
TEXTS = {
    "a": "Bleed the brake with the small brass screw.",
    "b": "Tension the mast chain with the long lever.",
    "c": "Flush the oil cooler twice with warm water.",
    "d": "Replace the fuel filter below the left step.",
    "e": "Align the steering rack with two steel pins.",
}
SPLIT = CorpusSplit(dict(zip(PARTS, "AACDD", strict=True)), PARTS)
DOCUMENT = digest_value(["lift", "lift/x.md"])
SECTIONS = [
    Section(name, DOCUMENT, "lift", (name.upper(),), SectionKind.OTHER, text, (1, 2)) for name, text in TEXTS.items()
]


def asked(text, *, ids=(), texts=(), headings=(), identity="", part=Split.TRAIN, origin=Origin.HUMAN):
    case = TestCase(Query(identity or text, text, origin), tuple(ids), tuple(texts), tuple(headings))
    return Asked(case, part=part)


def place(questions, references=(), dev_share=0.0, seed=1):
    return place_questions(questions, SECTIONS, SPLIT, references, leak_threshold=0.7, dev_share=dev_share, seed=seed)


@pytest.mark.parametrize(
    ("question", "sections", "part"),
    [
        (asked("which screw", ids=["a"]), ("a",), Split.TRAIN),
        (asked("which lever", texts=["the mast chain with the long lever"]), ("b",), Split.TRAIN),
        (asked("which water", headings=[ExpectedSection("lift/x.md", "c")]), ("c",), Split.DEV),
        (asked("which step", ids=["elsewhere"], texts=[TEXTS["d"]]), ("d",), Split.TEST),
        (asked("which of both", ids=["e", "d"]), ("e", "d"), Split.TEST),
    ],
)
def test_a_question_goes_where_its_answer_is(question, sections, part):
    (placed,) = place([question]).questions
    assert (placed.section_ids, placed.part, placed.asked) == (sections, part, question)


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (asked("which screw or step", ids=["a", "d"]), human.BOTH_SIDES),
        (asked("who knows", ids=["elsewhere"]), human.NOT_FOUND),
        (asked("which screw", ids=["a"], part=Split.TEST), human.HELD_OUT),
        (asked("which water", ids=["c"], part=Split.TEST), human.HELD_OUT),
        (asked("who knows", texts=["Nobody here does at all."], part=Split.DEV), human.HELD_OUT),
        (asked("which step", ids=["d"], origin=Origin.TEMPLATE), human.NOT_HUMAN),
    ],
)
def test_what_cannot_be_used_is_counted_with_an_example(question, reason):
    placement = place([question])
    assert placement.questions == ()
    assert placement.rejected == {reason: 1}
    assert placement.examples == {reason: (question.case.query.text,)}
    assert placement.held_out == ((question.case.query.text,) if reason == human.HELD_OUT else ())


def test_a_file_may_hold_out_less_than_the_split_does():
    (placed,) = place([asked("which step", ids=["d"], part=Split.DEV)]).questions
    assert placed.part is Split.TEST


def test_written_questions_may_train_whoever_wrote_them():
    assert len(place([asked("which screw", ids=["a"], origin=Origin.LLM)]).questions) == 1


@pytest.mark.parametrize(
    ("stricter", "leaks"),
    [
        (asked("Where is the fuel filter replaced?", ids=["d"]), asked("where are fuel filters replaced", ids=["a"])),
        (asked("Where is the fuel filter replaced?", ids=["d"]), asked("fuel filter: replaced where?", ids=["c"])),
        (asked("How is the oil cooler flushed?", ids=["c"]), asked("how to flush the oil cooler", ids=["b"])),
        (asked("why", ids=["c"]), asked("Why?", ids=["b"])),
    ],
)
def test_a_paraphrase_of_a_question_of_a_stricter_part_is_dropped(stricter, leaks):
    for order in ([stricter, leaks], [leaks, stricter]):
        placement = place(order)
        assert [placed.asked for placed in placement.questions] == [stricter]
        assert placement.rejected == {human.LEAK: 1}


@pytest.mark.parametrize("section", ["a", "c"])
def test_a_paraphrase_of_a_test_suite_is_dropped_but_not_from_test(section):
    suite = ["Where is the fuel filter replaced?"]
    assert place([asked("where to replace the fuel filter", ids=[section])], suite).rejected == {human.LEAK: 1}
    assert len(place([asked("where to replace the fuel filter", ids=["d"])], suite).questions) == 1


def test_a_paraphrase_of_what_a_file_holds_out_is_dropped():
    held_out = asked("which brass screw bleeds the brake", ids=["a"], part=Split.TEST)
    placement = place([asked("the brass screw bleeding the brake", ids=["a"]), held_out])
    assert placement.rejected == {human.HELD_OUT: 1, human.LEAK: 1}


def test_exact_duplicates_are_dropped_and_other_answers_kept():
    placement = place([asked("which one", ids=["a"]), asked("Which one?", ids=["a"]), asked("which one", ids=["b"])])
    assert [placed.section_ids for placed in placement.questions] == [("a",), ("b",)]
    assert placement.rejected == {human.DUPLICATE: 1}


def test_ids_that_two_files_give_to_different_questions_get_a_number():
    questions = [asked("which screw", ids=["a"], identity="1"), asked("which lever", ids=["b"], identity="1")]
    questions += [asked("Which screw?", ids=["b"], identity="1"), asked("which bolt", ids=["b"], identity="1-2")]
    assert [placed.query.id for placed in place(questions).questions] == ["1", "1-2", "1", "1-2-2"]


def loose(text, answer):
    return asked(text, texts=[answer])


def test_an_answer_that_the_corpus_does_not_hold_can_be_trained_on():
    question = loose("how long is the warranty", "Two years from the day of purchase.")
    (placed,) = place([question]).questions
    assert (placed.section_ids, placed.part, placed.asked.case.expected_texts) == (
        (),
        Split.TRAIN,
        question.case.expected_texts,
    )
    assert place([question], dev_share=1.0).questions[0].part is Split.DEV


def test_questions_with_one_answer_and_one_question_with_two_answers_stay_together():
    answers = [f"Answer number {n} says {word}." for n, word in enumerate("alpha beta gamma delta".split())]
    questions = [
        loose("how long is the warranty", answers[0]),
        loose("until when may it be returned", answers[0]),
        loose("How long is the warranty?", answers[1]),
        loose("who repairs it", answers[2]),
    ]
    for seed in range(6):
        placed = place(questions, dev_share=0.5, seed=seed).questions
        assert len({one.cluster for one in placed[:3]}) == 1
        assert len({one.part for one in placed[:3]}) == 1
        assert placed[3].cluster != placed[0].cluster


def test_the_share_of_dev_is_kept_and_the_order_of_the_files_does_not_matter():
    questions = [loose(f"what about item{n}", f"Item {n} weighs {n * n} kilos, item{n}.") for n in range(400)]
    placed = place(questions, dev_share=0.25).questions
    assert 70 < sum(one.part is Split.DEV for one in placed) < 130
    again = place(questions[::-1], dev_share=0.25).questions
    assert {one.query.id: one.part for one in placed} == {one.query.id: one.part for one in again}
    assert {one.query.id: one.part for one in placed} != {
        one.query.id: one.part for one in place(questions, dev_share=0.25, seed=2).questions
    }


WORDS = st.sampled_from("how where brake brakes filter filters oil the replace replaced cooler chain 7 8".split())
QUESTIONS = st.builds(
    asked,
    st.lists(WORDS, min_size=1, max_size=5).map(" ".join),
    ids=st.lists(st.sampled_from([*PARTS, "elsewhere"]), max_size=2, unique=True),
    texts=st.lists(st.sampled_from([*TEXTS.values(), "Two years from purchase.", "Two years."]), max_size=1),
    part=st.sampled_from(Split),
    origin=st.sampled_from(Origin),
)


@settings(max_examples=60)
@given(st.lists(QUESTIONS, max_size=12), st.lists(st.lists(WORDS, min_size=1, max_size=5).map(" ".join), max_size=3))
def test_no_section_cluster_and_no_paraphrase_on_both_sides(questions, suite):
    placement = place(questions, suite, dev_share=0.5)
    texts = {part: [one.query.text for one in placement.questions if one.part is part] for part in Split}
    clusters = {
        part: {one.cluster or SPLIT.cluster_of[one.section_ids[0]] for one in placement.questions if one.part is part}
        for part in Split
    }
    held_out = [*suite, *placement.held_out, *texts[Split.TEST]]
    assert near_equal_questions(texts[Split.TRAIN], [*held_out, *texts[Split.DEV]], 0.7) == []
    assert near_equal_questions(texts[Split.DEV], held_out, 0.7) == []
    assert not clusters[Split.TRAIN] & clusters[Split.DEV]
    assert not clusters[Split.TEST] & (clusters[Split.TRAIN] | clusters[Split.DEV])
    for one in placement.questions:
        assert {SPLIT.split_of[identity] for identity in one.section_ids} <= {one.part}
        assert one.part is Split.TRAIN or one.query.origin is Origin.HUMAN or not one.section_ids
    assert len(placement.questions) + sum(placement.rejected.values()) == len(questions)
    named = Counter((one.query.id, human.question_key(one.query.text)) for one in placement.questions)
    assert len({identity for identity, _ in named}) == len(named)
