from __future__ import annotations

from dataclasses import replace

from embedtune.events import Alert
from embedtune.training.batching.columns import FILLER, UNKNOWN, pair_columns
from embedtune.vocabulary.pairs import Negative, Origin, Provenance, Query, TrainingPair


def pair(text, positive="answer", negatives=(), section="", cluster=""):
    return TrainingPair(
        Query(text, text, Origin.HUMAN),
        positive,
        tuple(Negative(shown, place) for shown, place in negatives),
        Provenance(section_id=section, cluster=cluster),
    )


def columns(pairs):
    events = []
    return pair_columns(pairs, events.append), events


def test_texts_stand_in_columns_with_the_row_as_label():
    made, events = columns([pair("q0", "p0", [("n0", "")]), pair("q1", "p1", [("n1", "")])])

    assert made.texts == {
        "anchor": ["q0", "q1"],
        "positive": ["p0", "p1"],
        "negative_1": ["n0", "n1"],
        "label": [0, 1],
    }
    assert list(made.texts) == ["anchor", "positive", "negative_1", "label"]  # the loss reads them in this order
    assert events == []


def test_equal_passages_have_one_number():
    made, _ = columns([pair("q0", "p0"), pair("q1", "p1"), pair("q2", "p0")])

    assert made.passages == [0, 1, 0]


def test_the_passages_of_equal_questions_and_equal_passages_of_two_sections_are_answers():
    made, _ = columns(
        [
            pair("Which oil?", "p0", section="a"),
            pair("which OIL", "p1", section="b"),
            pair("Which wheel?", "p1", section="c"),
            pair("Which belt?", "p3", section="d"),
        ]
    )

    assert made.answers == ((0, 1), (0, 1, 2), (1, 2), (3,))


def test_pairs_without_negatives_have_no_negative_column():
    made, events = columns([pair("q0"), pair("q1")])

    assert list(made.texts) == ["anchor", "positive", "label"]
    assert made.negative_clusters == ((), ())
    assert events == []


def test_a_pair_that_lacks_negatives_gets_fillers_and_costs_the_others_nothing():
    made, events = columns([pair("q0", negatives=[("n0", "")]), pair("q1"), pair("q2", negatives=[("n2", "")])])

    assert made.texts["negative_1"] == ["n0", "", "n2"]
    assert made.negative_clusters == ((UNKNOWN,), (FILLER,), (UNKNOWN,))
    assert events == []


def test_a_single_pair_with_a_negative_keeps_it():
    made, events = columns([pair("q0"), pair("q1"), pair("q2"), pair("q3", negatives=[("n", "")])])

    assert made.texts["negative_1"] == ["", "", "", "n"]
    assert events == []


def test_negatives_beyond_what_half_of_the_pairs_have_are_left_out_and_reported():
    many = [(f"n{number}", "") for number in range(50)]
    made, events = columns([pair("q0", negatives=many[:2]), pair("q1", negatives=many), pair("q2", negatives=many[:1])])

    assert [name for name in made.texts if name.startswith("negative")] == ["negative_1", "negative_2"]
    assert made.negative_clusters[2] == (UNKNOWN, FILLER)
    assert events == [Alert("1 of 3 pairs have more than 2 hard negatives; 2 of each are used.")]


def test_a_pairs_cluster_is_the_first_thing_known_of_cluster_section_and_positive():
    made, _ = columns(
        [
            pair("q0", "p", cluster="c", section="s"),
            pair("q1", "p", section="s"),
            pair("q2", "p"),
            pair("q3", "p"),
        ]
    )

    assert made.clusters == ("c", "s", "p", "p")
    assert made.positive_clusters[2] == made.positive_clusters[3]
    assert len(set(made.positive_clusters)) == 3


def test_a_negative_is_known_by_the_cluster_of_its_section():
    made, _ = columns(
        [
            pair("q0", "p0", [("n", "s1")], section="s0", cluster="c0"),
            pair("q1", "p1", [("n", "elsewhere")], section="s1", cluster="c1"),
            pair("q2", "p2", [("n", "s0")], section="s2", cluster="c0"),
        ]
    )

    first, second, third = made.positive_clusters
    assert first == third != second
    assert made.negative_clusters == ((second,), (UNKNOWN,), (first,))


def test_no_pairs_make_empty_columns():
    made, _ = columns([])

    assert made.texts == {"anchor": [], "positive": [], "label": []}


def test_a_negative_is_as_like_as_it_was_given_and_a_rankers_score_says_nothing():
    graded = (Negative("n0", score=0.4), Negative("n1"), Negative("n2", source="bm25", score=12.5))
    made = pair_columns([replace(pair("q0"), negatives=graded), pair("q1")], lambda event: None, 3)

    assert made.negative_names == ["negative_1", "negative_2", "negative_3"]
    assert made.negative_scores == ((0.4, 0.0, 0.0), (0.0, 0.0, 0.0))
