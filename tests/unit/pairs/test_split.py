from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.config.data_settings import SplitSettings
from embedtune.pairs.split import split_sections
from embedtune.vocabulary.pairs import Split

WORDS = ["alpha", "bravo", "delta", "echo", "golf", "hotel", "india", "lima", "mike", "oscar", "papa", "tango"]
rows = st.lists(
    st.tuples(
        st.sampled_from(["hvac", "radar"]),
        st.sampled_from(["", "Pump", "pump ", "Valve", "Fan", "Belt", "Fuse", "Hose"]),
        st.lists(st.sampled_from(WORDS), min_size=3, max_size=6).map(" ".join),
    ),
    min_size=1,
    max_size=14,
)
shares = st.floats(0, 0.4)
quick = settings(max_examples=15, deadline=None)


@pytest.fixture(scope="session")
def corpus(make_section):
    def make(rows):
        return [make_section(h, text, domain=d, path=f"{n}.md") for n, (d, h, text) in enumerate(rows)]

    return make


@pytest.fixture(scope="session")
def distinct(make_section):
    """Sections of one domain that are all clusters of their own."""

    def make(count, domain="hvac"):
        texts = [" ".join(f"{domain}{n}{letter}" for letter in "abcde") for n in range(count)]
        return [make_section(f"{domain} {n}", text, domain=domain, path=f"{n}.md") for n, text in enumerate(texts)]

    return make


@quick
@given(rows, shares, shares, st.integers(0, 99))
def test_a_cluster_is_on_one_side_and_a_heading_in_one_cluster(corpus, rows, dev, test, seed):
    sections = corpus(rows)
    split = split_sections(sections, SplitSettings(dev_share=dev, test_share=test), 0.7, seed)
    assert set(split.cluster_of) == set(split.split_of) == {section.id for section in sections}
    parts = defaultdict(set)
    clusters = defaultdict(set)
    texts = defaultdict(set)
    for section in sections:
        parts[split.cluster_of[section.id]].add(split.split_of[section.id])
        texts[section.text].add(split.cluster_of[section.id])
        if section.heading:
            heading = (section.domain, section.heading.lower().strip())
            clusters[heading].add(split.cluster_of[section.id])
    assert all(len(found) == 1 for found in parts.values())
    assert all(len(found) == 1 for found in clusters.values())
    assert all(len(found) == 1 for found in texts.values())


@quick
@given(rows, st.randoms(use_true_random=False), st.integers(0, 99))
def test_the_order_of_the_sections_does_not_matter(corpus, rows, random, seed):
    sections = corpus(rows)
    settings = SplitSettings(dev_share=0.3, test_share=0.3)
    shuffled = random.sample(sections, len(sections))
    assert split_sections(shuffled, settings, 0.7, seed) == split_sections(sections, settings, 0.7, seed)


@quick
@given(rows, shares, shares, st.integers(0, 99))
def test_shares_are_kept_to_within_a_cluster(corpus, rows, dev, test, seed):
    sections = corpus([("hvac", heading, text) for _, heading, text in rows])
    split = split_sections(sections, SplitSettings(dev_share=dev, test_share=test), 0.7, seed)
    largest = max(Counter(split.cluster_of.values()).values())
    found = Counter(split.split_of.values())
    assert found[Split.TRAIN] > 0
    assert abs(found[Split.DEV] - dev * len(sections)) <= largest
    assert abs(found[Split.TEST] - test * len(sections)) <= largest


@pytest.mark.parametrize("seed", range(2))
def test_shares_of_sections_that_are_all_different(distinct, seed):
    split = split_sections(distinct(50), SplitSettings(dev_share=0.1, test_share=0.2), 0.7, seed)
    assert Counter(split.split_of.values()) == {Split.TRAIN: 35, Split.TEST: 10, Split.DEV: 5}


def test_every_domain_is_divided_by_itself(distinct):
    sections = distinct(20) + distinct(10, "radar")
    split = split_sections(sections, SplitSettings(), 0.7, 1)
    radar = Counter(split.split_of[section.id] for section in sections if section.domain == "radar")
    assert radar == {Split.TRAIN: 8, Split.TEST: 1, Split.DEV: 1}


def test_the_seed_decides(distinct):
    sections = distinct(30)
    splits = [split_sections(sections, SplitSettings(), 0.7, seed).split_of for seed in (1, 1, 2)]
    assert splits[0] == splits[1]
    assert splits[0] != splits[2]


def test_a_document_of_another_domain_moves_nothing(distinct):
    before = split_sections(distinct(30), SplitSettings(), 0.7, 3)
    after = split_sections(distinct(7, "radar") + distinct(30), SplitSettings(), 0.7, 3)
    assert {id_: after.split_of[id_] for id_ in before.split_of} == before.split_of


def test_a_document_of_the_same_domain_moves_little(distinct):
    before = split_sections(distinct(100), SplitSettings(), 0.7, 3).split_of
    after = split_sections(distinct(103), SplitSettings(), 0.7, 3).split_of
    assert sum(after[id_] is not part for id_, part in before.items()) <= 6


@settings(max_examples=10, deadline=None)
@given(st.integers(5, 40), st.integers(1, 4), st.integers(0, 99))
def test_adding_sections_moves_few_others(distinct, count, added, seed):
    limits = SplitSettings(dev_share=0.2, test_share=0.2)
    before = split_sections(distinct(count), limits, 0.7, seed).split_of
    after = split_sections(distinct(count + added), limits, 0.7, seed).split_of
    # Each one added may take a held-out place from another, and shifts where test and dev end.
    assert sum(after[id_] is not part for id_, part in before.items()) <= 3 * added + 2


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=20), st.integers(0, 99))
def test_no_near_duplicate_is_on_two_sides(make_section, rows, seed):
    def text(base, change):
        words = [f"b{base}w{at}" for at in range(60)]
        words[change] = "changed"
        return " ".join(words)

    sections = [make_section(f"H{n}", text(*row), path=f"{n}.md") for n, row in enumerate(rows)]
    split = split_sections(sections, SplitSettings(dev_share=0.3, test_share=0.3), 0.7, seed)
    sides = defaultdict(set)
    for section, (base, _) in zip(sections, rows, strict=True):
        sides[base].add((split.cluster_of[section.id], split.split_of[section.id]))
    assert all(len(side) == 1 for side in sides.values())


def test_near_duplicates_of_different_headings_and_domains_share_a_cluster(make_section):
    text = "open the valve by a quarter turn wait for the gauge to settle and close it again"
    one, other = make_section("Bleeding", text), make_section("Venting", text + " slowly", domain="radar")
    apart = make_section("Charging", "the battery takes nine hours at ten ampere")
    cluster_of = split_sections([one, other, apart], SplitSettings(), 0.7, 1).cluster_of
    assert cluster_of[one.id] == cluster_of[other.id] == min(one.id, other.id)
    assert cluster_of[apart.id] == apart.id


def test_sections_without_a_heading_are_not_one_cluster(make_section):
    sections = [make_section("", f"text {n} {n + 1} {n + 2}", path=f"{n}.md") for n in range(4)]
    assert len(set(split_sections(sections, SplitSettings(), 0.7, 1).cluster_of.values())) == 4


def test_a_single_cluster_trains(make_section):
    section = make_section("Pump", "one two three")
    split = split_sections([section], SplitSettings(dev_share=0.45, test_share=0.5), 0.7, 1)
    assert split.split_of == {section.id: Split.TRAIN}


def test_no_sections():
    split = split_sections([], SplitSettings(), 0.7, 1)
    assert (split.cluster_of, split.split_of) == ({}, {})
