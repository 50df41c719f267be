from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.config.settings import CorpusSettings, QuestionSettings, SplitSettings
from embedtune.events import Progress
from embedtune.pairs.questions import question_key, question_writers, write_questions
from embedtune.pairs.split import CorpusSplit, split_sections
from embedtune.vocabulary.pairs import Origin, Split

CORPUS = CorpusSettings(min_words=3)
SHARES = SplitSettings(dev_share=0.2, test_share=0.2)
BODIES = [
    "Open the bleed valve by a quarter turn. Close the valve when no air leaves the hose.",
    "The battery needs nine hours of charge. Switch off the charger before you remove it.",
    "Replace the desiccant when it has turned pink. Dry the old desiccant in an oven.",
    "Too short.",
    "",
]
rows = st.lists(
    st.tuples(
        st.sampled_from(["hvac", "radar"]),
        st.sampled_from(["", "Bleeding the brakes", "Charging", "How to dry", "Error E-42: Fan slow"]),
        st.sampled_from(BODIES),
        st.sampled_from(["left", "right", "front"]),
    ),
    min_size=1,
    max_size=8,
)
quick = settings(max_examples=15, deadline=None)


@pytest.fixture(scope="session")
def corpus(make_section):
    def make(rows):
        sections = [
            make_section(heading, f"{body} {end}", domain=domain, path=f"{n}.md")
            for n, (domain, heading, body, end) in enumerate(rows)
        ]
        return sections, split_sections(sections, SHARES, 0.7, 1)

    return make


@quick
@given(rows, st.integers(0, 9), st.data())
def test_no_question_twice_none_forbidden_none_of_two_clusters(corpus, rows, seed, data):
    sections, split = corpus(rows)
    first = write_questions(sections, split, QuestionSettings(), CORPUS, seed=seed)
    texts = [question.query.text for question in first.questions]
    forbidden = data.draw(st.lists(st.sampled_from(texts).map(str.upper), max_size=3) if texts else st.just([]))
    written = write_questions(sections, split, QuestionSettings(), CORPUS, seed=seed, forbidden=forbidden)
    keys = [question_key(question.query.text) for question in written.questions]
    assert len(set(keys)) == len(keys)
    assert set(keys) == set(map(question_key, texts)) - set(map(question_key, forbidden))
    askers = defaultdict(set)
    for section in sections:
        for writer in question_writers(QuestionSettings()).values():
            for text, _ in writer.write(section, seed) if len(section.text.split()) >= 3 else ():
                askers[question_key(text)].add(split.cluster_of[section.id])
    assert all(len(askers[key]) == 1 for key in keys)


@quick
@given(rows, st.integers(0, 9))
def test_questions_carry_what_is_known_and_are_the_same_for_a_seed(corpus, rows, seed):
    sections, split = corpus(rows)
    written = write_questions(sections, split, QuestionSettings(), CORPUS, seed=seed)
    assert written == write_questions(sections, split, QuestionSettings(), CORPUS, seed=seed)
    by_id = {section.id: section for section in sections}
    assert len({question.query.id for question in written.questions}) == len(written.questions)
    for question in written.questions:
        section = by_id[question.section_id]
        assert question.split is split.split_of[section.id]
        assert (question.query.domain, question.query.category) == (section.domain, section.kind.value)
        assert (question.answer_word is None) == (question.query.origin is Origin.TEMPLATE)


@pytest.fixture
def long_section(make_section):
    text = " ".join(f"Turn screw number {n} by {n} degrees." for n in range(60))
    return make_section("Adjusting the screws", text)


def everything(sections, split, **given):
    settings = QuestionSettings(**given)
    return write_questions(sections, split, settings, CORPUS, seed=1)


def alone(*sections, part=Split.TRAIN):
    return CorpusSplit({s.id: s.id for s in sections}, {s.id: part for s in sections})


def test_questions_per_section_are_drawn_from_the_whole_section(long_section):
    written = everything([long_section], alone(long_section), max_per_section=6, words_per_extractive=6)
    asked = [question.answer_word or 0 for question in written.questions]
    assert len(asked) == 6
    assert max(asked) > 210
    assert written.rejected["more than max_per_section"] > 30
    assert len(written.examples["more than max_per_section"]) == 3


def test_questions_per_domain_limit_training_alone(long_section, make_section):
    held_out = make_section("Locking the screws", long_section.text.replace("Turn", "Lock"), path="b.md")
    split = CorpusSplit(
        {long_section.id: "a", held_out.id: "b"}, {long_section.id: Split.TRAIN, held_out.id: Split.TEST}
    )
    unlimited = everything([long_section, held_out], split)
    written = everything([long_section, held_out], split, pairs_per_domain=5)
    train = [question for question in written.questions if question.split is Split.TRAIN]
    assert len(train) == 5
    assert set(train) <= set(unlimited.questions)
    assert [q for q in written.questions if q.split is Split.TEST] == [
        q for q in unlimited.questions if q.split is Split.TEST
    ]


def test_reasons_are_counted_with_examples(make_section):
    one = make_section("Charging", "Charge the left battery for nine hours.")
    other = make_section("Charging", "Dry the desiccant in a warm oven.", domain="radar")
    short = make_section("Note", "Too short")
    written = write_questions(
        [one, other, short],
        alone(one, other, short),
        QuestionSettings(writers=("template",), templates_per_section=9),
        CORPUS,
        seed=1,
    )
    assert written.questions == ()
    assert written.rejected == {"section too short": 1, "answered by several sections": 8}
    assert written.examples["section too short"] == ("Note",)


def test_of_equal_questions_in_a_cluster_the_first_stays(make_section):
    one, other = (make_section("Brake fluid", "one two three four", path=path) for path in ("a.md", "b.md"))
    split = CorpusSplit({one.id: "c", other.id: "c"}, dict.fromkeys((one.id, other.id), Split.TRAIN))
    written = everything([one, other], split, writers=("template",), templates_per_section=9)
    assert {question.section_id for question in written.questions} == {one.id}
    assert written.rejected == {"exact duplicate": 4}


def test_a_test_question_never_comes_out(make_section):
    section = make_section("Bleeding the brakes", "one two three four")
    written = write_questions(
        [section],
        alone(section),
        QuestionSettings(writers=("template",), templates_per_section=9),
        CORPUS,
        seed=1,
        forbidden=["how do I bleed   the brakes"],
    )
    assert "How do I bleed the brakes?" not in {question.query.text for question in written.questions}
    assert written.rejected == {"equal to a test question": 1}
    assert written.examples == {"equal to a test question": ("How do I bleed the brakes?",)}


def test_writers_are_those_of_the_settings():
    assert list(question_writers(QuestionSettings(writers=("extractive",)))) == [Origin.EXTRACTIVE]
    assert list(question_writers(QuestionSettings())) == [Origin.TEMPLATE, Origin.EXTRACTIVE]


def test_progress_is_reported(make_section):
    section = make_section("Pump", "one two three")
    events = []
    write_questions([section], alone(section), QuestionSettings(), CORPUS, seed=1, report=events.append)
    assert events == [Progress("Writing questions", 1, 1, "sections")]


@pytest.mark.parametrize(
    ("text", "key"), [("How DO I, bleed?", "how do i bleed"), ("10w-30 oil", "10w 30 oil"), ("Öl?", "öl"), ("?!", "")]
)
def test_question_key(text, key):
    assert question_key(text) == key
