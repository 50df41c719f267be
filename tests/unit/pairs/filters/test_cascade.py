import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.config.data_settings import FilterSettings
from embedtune.encoders.fake import FakeEncoder
from embedtune.errors import InputError
from embedtune.events import Progress
from embedtune.pairs.filters.cascade import FilterName, filter_questions
from embedtune.pairs.split import CorpusSplit
from embedtune.vocabulary.pairs import Split
from embedtune.wording.near_equal import near_equal_questions

WORDS = "pump hose clamp seal valve filter motor belt fuse lamp".split()
OFF = FilterSettings(round_trip="off", generic_clusters=2, generic_share=0.0)


class WordOverlap:
    """Ranks by the number of shared words; later sections lose ties."""

    def __init__(self, sections):
        self.sections = {section.id: set(section.text.split()) for section in sections}

    def ranks(self, queries, owners, limit=None):
        import numpy as np

        shared = [{i: len(set(q.split()) & words) for i, words in self.sections.items()} for q in queries]
        return np.array([1 + sum(v > s[o] for v in s.values()) for s, o in zip(shared, owners, strict=True)])


@pytest.fixture(scope="session")
def corpus(make_section):
    def make(bodies):
        sections = [make_section("", body, path=f"{n}.md") for n, body in enumerate(bodies)]
        return sections, CorpusSplit({s.id: s.id for s in sections}, {s.id: Split.TRAIN for s in sections})

    return make


def test_every_filter_has_its_say(corpus, make_draft):
    sections, split = corpus(["pump hose clamp", "pump hose seal", "pump hose valve", "pump filter motor"])
    asked = [
        ("?!", 0), ("pump", 0), ("clamp " * 41, 0), ("clamp <b>hose</b>", 0), ("Where is the clamp and the hose?", 0),
        ("seal the motor", 0), ("sealing a motor", 1), ("replace the clamp", 0), ("How to replace clamps", 0),
        ("the pump hoses", 0), ("valve motor", 0),
    ]  # fmt: skip
    drafts = [make_draft(text, sections[place].id) for text, place in asked]
    filtered = filter_questions(
        drafts,
        sections,
        split,
        FilterSettings(generic_clusters=2, generic_share=0.0, round_trip_top=1),
        test_questions=["hoses and clamps"],
        ranker=lambda: WordOverlap(sections),
    )
    assert [question.query.text for question in filtered.kept] == ["replace the clamp"]
    counts = {name.value: 1 for name in FilterName} | {"ambiguous": 2}
    assert filtered.rejections.by_filter == counts
    assert list(filtered.rejections.by_filter) == [name.value for name in FilterName]
    assert filtered.rejections.duplicates == 1
    assert filtered.rejections.examples["leak"] == ("Where is the clamp and the hose?",)
    assert set(filtered.rejections.examples["ambiguous"]) == {"seal the motor", "sealing a motor"}


def test_rephrasings_may_stay(corpus, make_draft):
    sections, split = corpus(["pump hose clamp", "lamp"])
    texts = ["How to replace the clamp", "how do I replace the clamp?", "How to replace the clamp?"]
    drafts = [make_draft(text, sections[0].id) for text in texts]
    kept = filter_questions(drafts, sections, split, OFF.model_copy(update={"keep_rephrasings": True})).kept
    assert [question.query.text for question in kept] == texts[:2]
    assert len(filter_questions(drafts, sections, split, OFF).kept) == 1


def test_examples_are_few_short_and_printable(corpus, make_draft):
    sections, split = corpus(["pump hose clamp"])
    drafts = [make_draft(f"clamp\ud800\x1b {n} " + "pump " * 30, sections[0].id) for n in range(9)]
    first = filter_questions(drafts, sections, split, OFF)
    examples = first.rejections.examples["markup"]
    assert first.rejections.by_filter["markup"] == 9
    assert (len(examples), max(map(len, examples))) == (5, 120)
    assert all(text.isprintable() and text.endswith("\u2026") for text in examples)
    random.Random(1).shuffle(drafts)
    assert filter_questions(drafts, sections, split, OFF).rejections.examples["markup"] == examples


def test_no_question(corpus):
    sections, split = corpus(["pump"])
    filtered = filter_questions([], sections, split, OFF, test_questions=["pump hose"])
    assert filtered.kept == ()
    assert set(filtered.rejections.by_filter.values()) == {0}
    assert "round_trip" not in filtered.rejections.by_filter
    assert filter_questions([], [], CorpusSplit({}, {}), OFF).kept == ()


@pytest.mark.parametrize("mode", ["bm25", "base", "either"])
def test_a_round_trip_needs_someone_to_ask(corpus, make_draft, mode):
    sections, split = corpus(["pump hose"])
    with pytest.raises(InputError, match=mode):
        filter_questions([make_draft("pump hose", sections[0].id)], sections, split, FilterSettings(round_trip=mode))


def test_one_of_two_is_enough_for_either(corpus, make_draft):
    sections, split = corpus(["pump hose", "lamp fuse", "belt seal"])
    drafts = [make_draft("lamp hose hose", sections[0].id)]

    class Never:
        def ranks(self, queries, owners, limit=None):
            import numpy as np

            return np.full(len(queries), limit + 1)

    def kept(mode):
        given_ = FilterSettings(round_trip=mode, round_trip_top=2)
        found = filter_questions(drafts, sections, split, given_, ranker=Never, encoder=FakeEncoder(64))
        return len(found.kept)

    assert [kept(mode) for mode in ("off", "bm25", "base", "either")] == [1, 0, 1, 1]


def test_progress_is_reported(corpus, make_draft):
    sections, split = corpus(["pump hose"])
    events = []
    filter_questions([make_draft("pump hose", sections[0].id)], sections, split, OFF, report=events.append)
    assert events[0] == Progress("Filtering questions", 1, 8, "filters")
    assert events[-1] == Progress("Filtering questions", 8, 8, "filters")


bodies = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join), min_size=1, max_size=6)
texts = st.lists(st.sampled_from([*WORDS, "the", "How", "12", "hoses", "sael", "<br>", "?"]), max_size=7).map(" ".join)


@settings(max_examples=80, deadline=None)
@given(
    bodies,
    st.lists(st.tuples(texts, st.integers(0, 5)), max_size=16),
    st.lists(texts, max_size=3),
    st.sampled_from([0.5, 0.7, 1.0]),
    st.randoms(use_true_random=False),
)
def test_laws(corpus, make_draft, bodies, asked, tests, leak, shuffled):
    sections, split = corpus(bodies)
    drafts = {d.query.id: d for d in (make_draft(text, sections[n % len(sections)].id) for text, n in asked)}
    drafts = list(drafts.values())
    given_ = FilterSettings(
        round_trip_top=2, generic_clusters=2, generic_share=0.0, duplicate_threshold=0.75, leak_threshold=leak
    )

    def run(drafts, sections=sections):
        return filter_questions(
            drafts, sections, split, given_, test_questions=tests, ranker=lambda: WordOverlap(sections)
        )

    first = run(drafts)
    assert len(first.kept) + sum(first.rejections.by_filter.values()) == len(drafts)
    assert [d for d in drafts if d in set(first.kept)] == list(first.kept)
    again = run(first.kept)
    assert again.kept == first.kept
    assert set(again.rejections.by_filter.values()) <= {0}
    assert near_equal_questions([d.query.text for d in first.kept], tests, leak) == []
    moved = list(sections)
    shuffled.shuffle(moved)
    assert run(drafts, moved) == first


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(texts, st.integers(0, 3)), max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_questions_decides_only_between_near_equal_ones(corpus, make_draft, asked, shuffled):
    sections, split = corpus(["pump hose", "lamp", "fuse belt", "seal"])
    drafts = list({d.query.id: d for d in (make_draft(t, sections[n].id) for t, n in asked)}.values())
    moved = list(drafts)
    shuffled.shuffle(moved)
    one, other = (filter_questions(order, sections, split, OFF) for order in (drafts, moved))
    counts = [Counter(found.rejections.by_filter) for found in (one, other)]
    assert counts[0] == counts[1]
    assert len(one.kept) == len(other.kept)
