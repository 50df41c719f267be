import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.pairs.filters.duplicates import ambiguous, exact_duplicate, near_duplicate

LONG = "pump hose clamp seal valve filter motor belt fuse"


def test_the_same_question_of_two_clusters_is_nobodys(make_batch):
    batch = make_batch(
        ("How do I bleed the brakes?", "a"),
        ("Bleeding the brake", "b"),
        ("How do I bleed the clutch?", "b"),
        ("Charge the battery", "c"),
        ("how to charge batteries", "c"),
    )
    assert ambiguous(batch, 0.9).tolist() == [True, True, False, False, False]
    assert near_duplicate(batch, 0.9).tolist() == [False, False, False, False, True]
    assert exact_duplicate(batch).tolist() == [False] * 5


def test_one_more_word_counts_where_it_is_one_of_many(make_batch):
    batch = make_batch(
        (LONG, "a"), (f"{LONG} lamp", "b"), (f"{LONG} lamp", "a"), ("pump hose", "a"), ("pump hose oil", "b")
    )
    assert ambiguous(batch, 0.9).tolist() == [True, True, True, False, False]
    assert ambiguous(batch, 0.91).tolist() == [False, True, True, False, False]
    assert near_duplicate(batch, 0.9).tolist() == [False, False, True, False, False]
    assert near_duplicate(batch, 0.91).tolist() == [False] * 5


def test_another_word_is_another_question(make_batch):
    batch = make_batch((f"{LONG} left", "a"), (f"{LONG} right", "b"))
    assert not ambiguous(batch, 0.8).any()


def test_exact_duplicates_have_the_same_words(make_batch):
    batch = make_batch(
        ("How to charge?", "a"), ("how TO charge", "a"), ("How do I charge?", "a"), ("How to charge", "b")
    )
    assert exact_duplicate(batch).tolist() == [False, True, False, False]


def test_no_question(make_batch):
    batch = make_batch()
    for mask in (ambiguous(batch, 0.9), near_duplicate(batch, 0.9), exact_duplicate(batch)):
        assert mask.tolist() == []


def same(one, other, threshold):
    ours, theirs = set(one.split()), set(other.split())
    if ours == theirs:
        return True
    return len(ours ^ theirs) == 1 and len(ours & theirs) >= threshold * len(ours | theirs) - 1e-9


words = st.lists(st.sampled_from("pump oil seal fus belt lamp".split()), min_size=1, max_size=6).map(" ".join)
asked = st.lists(st.tuples(words, st.sampled_from("abc")), max_size=12)


@settings(max_examples=150, deadline=None)
@given(asked, st.sampled_from([0.5, 0.7, 0.8, 0.9, 1.0]))
def test_hashes_find_what_a_look_at_all_pairs_finds(make_batch, asked, threshold):
    batch = make_batch(*asked)
    wanted = [any(same(t, u, threshold) and c != d for u, d in asked) for t, c in asked]
    assert ambiguous(batch, threshold).tolist() == wanted
    kept = []
    for text, cluster in asked:
        if not any(same(text, other, threshold) and cluster == home for other, home in kept):
            kept.append((text, cluster))
    repeats = near_duplicate(batch, threshold)
    assert [pair for pair, repeat in zip(asked, repeats, strict=True) if not repeat] == kept


@settings(max_examples=50, deadline=None)
@given(asked, st.randoms(use_true_random=False))
def test_who_is_ambiguous_does_not_depend_on_the_order(make_batch, asked, random):
    order = list(range(len(asked)))
    random.shuffle(order)
    mixed = ambiguous(make_batch(*(asked[n] for n in order)), 0.8)
    assert mixed.tolist() == ambiguous(make_batch(*asked), 0.8)[np.array(order, dtype=int)].tolist()
