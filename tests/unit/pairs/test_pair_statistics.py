import json

from embedtune.pairs.statistics import RejectionCounts, Rejections, WordLengths, pair_statistics, word_lengths
from embedtune.vocabulary.corpus import SectionKind
from embedtune.vocabulary.pairs import Negative, Origin, Provenance, Query, Split, TrainingPair


def pair(words, origin, split, section, domain, negatives=()):
    query = Query("1", "w " * words, origin, domain=domain)
    return TrainingPair(query, "one two three", negatives, Provenance(section_id=section, split=split))


PAIRS = [
    pair(2, Origin.TEMPLATE, Split.TRAIN, "s1", "hvac", (Negative("n", "s3", "bm25"), Negative("m"))),
    pair(4, Origin.EXTRACTIVE, Split.TRAIN, "s1", "hvac"),
    pair(9, Origin.EXTRACTIVE, Split.DEV, "s2", "radar"),
    pair(5, Origin.HUMAN, Split.TEST, "", ""),
]
KINDS = {"s1": SectionKind.PROCEDURE, "s2": SectionKind.PARTS}


def test_counts():
    statistics = pair_statistics(PAIRS, KINDS)
    assert statistics.total == 4
    assert statistics.by_domain == {"hvac": 2, "radar": 1, "unknown": 1}
    assert statistics.by_kind == {"parts": 1, "procedure": 2, "unknown": 1}
    assert statistics.by_origin == {"extractive": 2, "human": 1, "template": 1}
    assert statistics.by_split == {"dev": 1, "test": 1, "train": 2}
    assert statistics.negatives == 2
    assert statistics.negatives_by_source == {"bm25": 1, "given": 1}


def test_lengths_are_those_of_texts():
    assert pair_statistics(PAIRS, KINDS).query_words == WordLengths(2, 2, 2, 4, 5, 9, 9)
    assert word_lengths(["a b", "a", "a b c"]) == WordLengths(1, 1, 1, 2, 3, 3, 3)
    assert word_lengths(["w " * n for n in range(1, 101)]) == WordLengths(1, 5, 25, 50, 75, 95, 100)
    assert word_lengths([]) is None


def test_json_holds_what_was_rejected():
    rejections = Rejections(7, {"too short": 3, "leak": 1}, {"too short": ("a", "b")})
    value = pair_statistics(PAIRS, KINDS, rejections, "sha256:0").to_json()
    assert json.loads(json.dumps(value)) == value
    assert value["duplicates_removed"] == 7
    assert value["rejected"] == {
        "leak": {"count": 1, "examples": []},
        "too short": {"count": 3, "examples": ["a", "b"]},
    }
    assert value["corpus_digest"] == "sha256:0"
    assert value["positive_words"]["median"] == 3


def test_no_pairs():
    value = pair_statistics([], {}).to_json()
    assert value["total_pairs"] == 0
    assert value["query_words"] is None
    assert value["rejected"] == {}


def test_rejections_of_two_steps_add_up():
    first = Rejections(1, {"too_short": 3, "leak": 0}, {"too_short": ("a",)})
    second = Rejections(2, {"too_short": 2, "markup": 1}, {"too_short": ("b",), "markup": ("c",)})
    both = first + second
    assert both.duplicates == 3
    assert both.by_filter == {"too_short": 5, "leak": 0, "markup": 1}
    assert both.examples == {"too_short": ("a",), "markup": ("c",)}


def test_a_filter_that_rejected_nothing_is_shown():
    value = pair_statistics(PAIRS, KINDS, Rejections(0, {"leak": 0})).to_json()
    assert value["rejected"] == {"leak": {"count": 0, "examples": []}}


def test_counts_keep_a_few_examples_in_order():
    counts = RejectionCounts()
    for number in range(9):
        counts.add("lost", f"q{number}")
    counts.add("short", "s")
    expected = Rejections(0, {"lost": 9, "short": 1}, {"lost": ("q0", "q1", "q2", "q3", "q4"), "short": ("s",)})
    assert counts.rejections == expected
