from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from embedtune.config.data_settings import CorpusSettings, QuestionSettings, SplitSettings
from embedtune.events import Progress
from embedtune.pairs.filters.cascade import Filtered
from embedtune.pairs.questions import (
    OVER_DOMAIN_LIMIT,
    OVER_SECTION_LIMIT,
    SECTION_TOO_SHORT,
    NamedWriter,
    question_key,
    question_writers,
    write_questions,
)
from embedtune.pairs.split import CorpusSplit, split_sections
from embedtune.pairs.statistics import Rejections
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
quick = effort(max_examples=25)


class Scripted:
    """Asks what it was told to, and remembers whom it was asked about."""

    def __init__(self, *texts, word=None):
        self.texts = texts
        self.word = word
        self.asked = []

    def write(self, section, seed):
        self.asked.append((section.id, seed))
        return [(text, self.word) for text in self.texts]


def keep_all(drafts):
    return Filtered(tuple(drafts), Rejections())


def asked(sections, split, writers=None, keep=keep_all, seed=1, **given):
    chosen = QuestionSettings(**given)
    named = question_writers(chosen, sections) if writers is None else writers
    return write_questions(sections, split, named, keep, chosen, CORPUS, seed=seed)


def alone(*sections, part=Split.TRAIN):
    return CorpusSplit({s.id: s.id for s in sections}, {s.id: part for s in sections})


def texts(written):
    return [question.query.text for question in written.questions]


@pytest.fixture(scope="session")
def corpus(make_section):
    def make(rows):
        sections = [
            make_section(heading, f"{body} {end}", domain=domain, path=f"{n}.md")
            for n, (domain, heading, body, end) in enumerate(rows)
        ]
        return sections, split_sections(sections, SHARES, 0.7, 1)

    return make


@pytest.fixture(scope="session")
def long_section(make_section):
    text = " ".join(f"Turn screw number {n} by {n} degrees." for n in range(60))
    return make_section("Adjusting the screws", text)


@quick
@given(rows, st.integers(0, 9))
def test_questions_carry_what_is_known_and_are_the_same_for_a_seed(corpus, rows, seed):
    sections, split = corpus(rows)
    written = asked(sections, split, seed=seed)
    assert written == asked(sections, split, seed=seed)
    by_id = {section.id: section for section in sections}
    assert len({question.query.id for question in written.questions}) == len(written.questions)
    order = [section.id for section in sections]
    assert [order.index(q.section_id) for q in written.questions] == sorted(
        order.index(q.section_id) for q in written.questions
    )
    for question in written.questions:
        section = by_id[question.section_id]
        assert question.split is split.split_of[section.id]
        assert (question.query.domain, question.query.category) == (section.domain, section.kind.value)
        assert (question.answer_word is None) == (question.query.origin is Origin.TEMPLATE)
        assert question.answer_word is None or question.answer_word < len(section.text.split())


@quick
@given(rows, st.integers(1, 4), st.integers(1, 9), st.integers(0, 9))
def test_limits_hold_and_every_question_is_accounted_for(corpus, rows, per_section, per_domain, seed):
    sections, split = corpus(rows)
    everything = asked(sections, split, seed=seed, max_per_section=1000)
    some = asked(sections, split, seed=seed, max_per_section=per_section, pairs_per_domain=per_domain)
    assert set(some.questions) <= set(everything.questions)
    for section in sections:
        assert sum(question.section_id == section.id for question in some.questions) <= per_section
    for domain in ("hvac", "radar"):
        train = [q for q in some.questions if q.query.domain == domain and q.split is Split.TRAIN]
        assert len(train) <= per_domain
    counts = some.rejections.by_filter
    dropped = counts.get(OVER_SECTION_LIMIT, 0) + counts.get(OVER_DOMAIN_LIMIT, 0)
    assert len(some.questions) + dropped == len(everything.questions)


@pytest.mark.parametrize("per_domain", [0, 30])
def test_limits_are_for_what_passed_the_filters(long_section, per_domain):
    def keep(drafts):
        kept = [draft for draft in drafts if draft.query.origin is Origin.TEMPLATE]
        return Filtered(tuple(kept), Rejections(4, {"round_trip": 7}, {"round_trip": ("lost",)}))

    written = asked([long_section], alone(long_section), keep=keep, max_per_section=2, pairs_per_domain=per_domain)
    assert {question.query.origin for question in written.questions} == {Origin.TEMPLATE}
    assert len(written.questions) == 2
    assert written.rejections == Rejections(4, {"round_trip": 7}, {"round_trip": ("lost",)})


def test_the_filters_see_every_draft_once(make_section):
    sections = [make_section("", f"one two three {n}", path=f"{n}.md") for n in range(3)]
    seen = []

    def keep(drafts):
        seen.append([draft.query.text for draft in drafts])
        return Filtered((), Rejections())

    writers = [NamedWriter(Origin.LLM, Scripted("a", "b", "a")), NamedWriter(Origin.TEMPLATE, Scripted("a"))]
    written = asked(sections, alone(*sections), writers, keep)
    assert written.questions == ()
    assert seen == [["a", "b", "a"] * 3]


def test_two_writers_of_one_name_may_agree(make_section):
    section = make_section("", "one two three")
    writers = [NamedWriter(Origin.EXTRACTIVE, Scripted("a", word=word)) for word in (1, 2)]
    (question,) = asked([section], alone(section), writers).questions
    assert question.answer_word == 1


def test_an_id_is_of_section_origin_and_text_alone(make_section):
    one, other = (make_section("", "one two three", path=path) for path in ("a.md", "b.md"))
    split = alone(one, other)
    llm, template = NamedWriter(Origin.LLM, Scripted("a")), NamedWriter(Origin.TEMPLATE, Scripted("a", "b"))
    first = asked([one, other], split, [llm, template]).questions
    assert len({question.query.id for question in first}) == 6
    again = asked([other, one], split, [template, llm], seed=7).questions
    assert set(again) == set(first)


def test_questions_per_section_are_drawn_from_the_whole_section(long_section):
    written = asked([long_section], alone(long_section), max_per_section=6, words_per_extractive=6)
    places = [question.answer_word or 0 for question in written.questions]
    assert len(places) == 6
    assert max(places) > 210
    assert written.rejections.by_filter[OVER_SECTION_LIMIT] > 30
    assert len(written.rejections.examples[OVER_SECTION_LIMIT]) == 5
    assert not set(written.rejections.examples[OVER_SECTION_LIMIT]) & set(texts(written))


def test_questions_per_domain_limit_training_alone(long_section, make_section):
    held_out = make_section("Locking the screws", long_section.text.replace("Turn", "Lock"), path="b.md")
    split = CorpusSplit(
        {long_section.id: "a", held_out.id: "b"}, {long_section.id: Split.TRAIN, held_out.id: Split.TEST}
    )
    unlimited = asked([long_section, held_out], split)
    written = asked([long_section, held_out], split, pairs_per_domain=5)
    assert [question.split for question in written.questions].count(Split.TRAIN) == 5
    assert written.rejections.by_filter[OVER_DOMAIN_LIMIT] == len(unlimited.questions) - len(written.questions)
    assert [q for q in written.questions if q.split is Split.TEST] == [
        q for q in unlimited.questions if q.split is Split.TEST
    ]


def test_each_domain_has_its_own_limit(make_section):
    sections = [make_section("", f"one two three {n}", domain=f"d{n % 2}", path=f"{n}.md") for n in range(6)]
    writers = [NamedWriter(Origin.LLM, Scripted("a", "b", "c"))]
    written = asked(sections, alone(*sections), writers, pairs_per_domain=4)
    assert sorted(question.query.domain for question in written.questions) == ["d0"] * 4 + ["d1"] * 4
    assert len({question.section_id for question in written.questions}) > 2


def test_short_sections_are_not_asked_about(make_section):
    short, enough = make_section("Note", "Too short"), make_section("Hint", "just long enough", path="b.md")
    writer = Scripted("a")
    written = asked([short, enough], alone(short, enough), [NamedWriter(Origin.LLM, writer)], seed=3)
    assert writer.asked == [(enough.id, 3)]
    assert written.rejections == Rejections(0, {SECTION_TOO_SHORT: 1}, {SECTION_TOO_SHORT: ("Note",)})


def test_progress_is_reported(make_section):
    section = make_section("Pump", "one two three")
    events = []
    write_questions([section], alone(section), (), keep_all, QuestionSettings(), CORPUS, seed=1, report=events.append)
    assert events == [Progress("Writing questions", 1, 1, "sections")]


LLM = Scripted("from the model")


@pytest.mark.parametrize(
    ("given", "llm", "origins"),
    [
        ({}, None, [Origin.TEMPLATE, Origin.EXTRACTIVE, Origin.EXTRACTIVE]),
        ({"writers": ("extractive",)}, None, [Origin.EXTRACTIVE]),
        ({"writers": ("keyphrase",)}, None, [Origin.EXTRACTIVE]),
        ({"writers": ("llm", "template")}, LLM, [Origin.TEMPLATE, Origin.LLM]),
        ({"writers": ("template",)}, LLM, [Origin.TEMPLATE]),
        ({"writers": ("template",), "templates_per_section": 0}, None, []),
    ],
)
def test_writers_are_those_of_the_settings(make_section, given, llm, origins):
    named = question_writers(QuestionSettings(**given), [make_section("Pump", "one two three")], llm)
    assert [writer.origin for writer in named] == origins
    assert ([writer.writer for writer in named if writer.origin is Origin.LLM] or [llm]) == [llm]


def test_settings_reach_the_writers(make_section, long_section):
    def count(writer, **given):
        (named,) = question_writers(QuestionSettings(writers=(writer,), **given), [long_section])
        return len(list(named.writer.write(long_section, 1)))

    assert [count("template", templates_per_section=limit) for limit in (1, 3)] == [1, 3]
    for writer in ("extractive", "keyphrase"):
        few, many = (count(writer, **{f"words_per_{writer}": size}) for size in (210, 42))
        assert 1 <= few <= 2 < many <= 10


@pytest.mark.parametrize(
    ("text", "key"),
    [("How DO I, bleed?", "how do i bleed"), ("10w-30 oil", "10w 30 oil"), ("\u00d6l?", "\u00f6l"), ("?!", "")],
)
def test_question_key(text, key):
    assert question_key(text) == key
