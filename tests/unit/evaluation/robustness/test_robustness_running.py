from __future__ import annotations

import numpy as np
import pytest

from embedtune.encoders.fake import FakeEncoder
from embedtune.evaluation.robustness.cases import Expectation, RobustnessCase
from embedtune.evaluation.robustness.running import kept_within, run_cases
from embedtune.vocabulary.corpus import Section, SectionKind
from embedtune.vocabulary.evaluation import Ranked

WORDS = (
    "pump valve gear winch fan belt hose rim axle lamp horn seat door roof tank pipe plug gauge wire bolt " * 2
).split()
SECTIONS = tuple(
    Section(f"s{n:02d}", "d", "hall", (), SectionKind.OTHER, f"{word} number{n}", (1, 2))
    for n, word in enumerate(WORDS)
)


class Ranker:
    """Answers from a table of rankings by text; a text that is not in it is an error."""

    system = "table"

    def __init__(self, **rankings):
        self.rankings = {text.replace("_", " "): rows for text, rows in rankings.items()}
        self.calls = 0

    def rank(self, queries, depth):
        self.calls += 1
        return {query.id: self._ranked(query.text) for query in queries}

    def _ranked(self, text):
        rows = self.rankings[text]
        pairs = rows.items() if isinstance(rows, dict) else ((id_, 1 - n / 100) for n, id_ in enumerate(rows.split()))
        return tuple(Ranked(id_, score) for id_, score in pairs)


def case(expectation, text="changed", number=1, answers=("s01",)):
    return RobustnessCase(f"f-{number:02d}", "f", "q", "asked", text, expectation, frozenset(answers))


def what(ranker, one, encoder=None):
    """Return what happened to one case, empty if it held."""
    result = run_cases(ranker, encoder, [one], SECTIONS)
    assert (result.passed, result.total) == (1 - len(result.failed), 1)
    return result.failed[0].happened if result.failed else ""


@pytest.mark.parametrize(("sections", "first"), [(1, 1), (4, 1), (11, 2), (19, 4), (20, 5), (10_000, 5)])
def test_how_many_results_count(sections, first):
    assert kept_within(sections) == first


@pytest.mark.parametrize(
    ("before", "after", "happened"),
    [
        ("s00 s01 s02 s03 s04 s05", "s05 s04 s03 s02 s01 s00", ""),
        ("s00 s01 s02 s03 s04 s05", "s05 s04 s03 s02 s00 s01", "an answer went from rank 2 to rank 6"),
        ("s01", "s07 s08", "an answer went from rank 1 to nowhere in the ranking"),
        ("s07 s08 s09", "s01 s02 s03 s04 s05 s07", "the first result went from rank 1 to rank 6"),
        ("s07 s08 s09", "s08 s07", ""),
        ("s02 s03 s04 s05 s06 s01", "s03 s04 s05 s06 s01 s02", "the first result went from rank 1 to rank 6"),
        ("s07", "", "the first result went from rank 1 to nowhere in the ranking"),
        ("", "s01", "nothing was found for the question as it was"),
    ],
)
def test_same_answer(before, after, happened):
    assert what(Ranker(asked=before, changed=after), case(Expectation.SAME_ANSWER)) == happened


def test_another_section_that_answers_is_as_good():
    ranker = Ranker(asked="s01 s07", changed="s02 s07")
    assert what(ranker, case(Expectation.SAME_ANSWER, answers=("s01", "s02"))) == ""


@pytest.mark.parametrize(
    ("before", "after", "holds"),
    [
        (0.9, 0.8, True),
        (0.9, 0.9, False),
        (0.9, 0.899999, False),
        (0.8, 0.9, False),
        (0.9, None, True),
        (None, None, False),
    ],
)
def test_detail_by_the_score_of_the_ranking(before, after, holds):
    scores = [{"s00": 5.0} | ({} if score is None else {"s01": score}) for score in (before, after)]
    ranker = Ranker(asked=scores[0], changed=scores[1])
    assert (what(ranker, case(Expectation.DETAIL)) == "") is holds


def test_detail_by_the_cosine_where_there_is_a_model():
    ranker = Ranker(asked="s00", valve_number1="s00", gear="s00")
    nearer = what(ranker, case(Expectation.DETAIL, "valve number1"), FakeEncoder())
    assert nearer.startswith("the right section scores 1.0000, and ")
    reference = RobustnessCase("f-01", "f", "q", "valve number1", "gear", Expectation.DETAIL, frozenset({"s01"}))
    assert what(ranker, reference, FakeEncoder()) == ""


@pytest.mark.parametrize("expectation", Expectation)
def test_a_crash_fails_its_case_alone(expectation):
    ranker = Ranker(asked="s01", fine="s01", also_fine="s01")
    texts = ["fine", "broken", "also fine", "also broken"]
    result = run_cases(ranker, None, [case(expectation, text, n) for n, text in enumerate(texts)], SECTIONS)
    crashed = {one.name: one.happened for one in result.failed if "KeyError" in one.happened}
    assert crashed == {"f-01": "KeyError: 'broken'", "f-03": "KeyError: 'also broken'"}
    assert ranker.calls <= 1 + 7


def test_what_breaks_on_the_question_itself_is_raised():
    with pytest.raises(KeyError, match="asked"):
        run_cases(Ranker(changed="s01"), None, [case(Expectation.NO_CRASH)], SECTIONS)


class Damaged(FakeEncoder):
    """Returns a number that is not finite for texts that say so."""

    def encode(self, texts):
        vectors = FakeEncoder.encode(self, texts)
        vectors[["bad" in text for text in texts], 3] = np.nan
        return vectors


@pytest.mark.parametrize("expectation", Expectation)
def test_every_case_needs_finite_numbers(expectation):
    ranker = Ranker(asked="s01", bad="s01")
    assert what(ranker, case(expectation, "bad"), Damaged()) == "the vector holds a number that is not finite"
    assert what(Ranker(asked="s01", changed={"s01": float("inf")}), case(expectation)) == "a score is not finite"


def test_families_are_counted_and_long_texts_cut():
    text = "word " * 100
    cases = [case(Expectation.SAME_ANSWER), case(Expectation.SAME_ANSWER, text, 2)]
    result = run_cases(Ranker(asked="s01", changed="s01", **{text: "s02"}), None, cases, SECTIONS)
    (family,) = result.families
    assert (family.family, family.expectation, family.passed, family.total) == ("f", Expectation.SAME_ANSWER, 1, 2)
    (failed,) = result.failed
    assert (failed.name, failed.query_id, failed.reference, len(failed.text)) == ("f-02", "q", "asked", 301)


def test_no_cases_no_outcome():
    result = run_cases(Ranker(), FakeEncoder(), [], SECTIONS)
    assert (result.system, result.passed, result.total) == ("table", 0, 0)
