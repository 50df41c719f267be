import pytest

from embedtune.errors import FormatError
from embedtune.pairs.formats.case_selection import Difficulty, Selection, select_cases
from embedtune.pairs.formats.test_case import TestCase
from embedtune.pairs.formats.test_suite import TestSuite
from embedtune.vocabulary.pairs import Origin, Query

LABELS = {
    "1": ("easy", "procedure"),
    "2": ("Medium ", "symptom"),
    "3": ("hard", "Symptom"),
    "4": ("", ""),
    "5": ("expert", "parts"),
}
SUITE = TestSuite(
    tuple(
        TestCase(Query(name, "q", Origin.HUMAN, difficulty, category), ("s",), (), ())
        for name, (difficulty, category) in LABELS.items()
    )
)


def ids(selected):
    return "".join(case.query.id for case in selected.suite.cases)


@pytest.mark.parametrize(
    ("least", "stay", "left_out"),
    [
        (None, "12345", {}),
        (Difficulty.EASY, "12345", {}),
        (Difficulty.MEDIUM, "2345", {"difficulty easy": 1}),
        (Difficulty.HARD, "345", {"difficulty easy": 1, "difficulty medium": 1}),
    ],
)
def test_easier_cases_are_left_out_and_unknown_ones_stay(least, stay, left_out):
    selected = select_cases(SUITE, Selection(least))
    assert ids(selected) == stay
    assert selected.left_out == left_out


def test_categories_are_skipped_whatever_their_case():
    selected = select_cases(SUITE, Selection(Difficulty.MEDIUM, ("SYMPTOM", "parts")))
    assert ids(selected) == "4"
    assert selected.left_out == {"category parts": 1, "category symptom": 2, "difficulty easy": 1}


def test_a_category_that_no_case_has_is_a_slip():
    with pytest.raises(FormatError, match=r"No question has the category .symptoms.*parts, procedure") as caught:
        select_cases(SUITE, Selection(skip_categories=("symptom", "symptoms")))
    assert "Symptom" in caught.value.remedy


def test_nothing_left_is_told_with_the_reasons():
    easy = TestSuite(SUITE.cases[:1])
    with pytest.raises(FormatError, match="No question is left: 1 of difficulty easy"):
        select_cases(easy, Selection(Difficulty.HARD))


def test_the_default_selection_wants_everything():
    assert all(not Selection().reason_against(case.query) for case in SUITE.cases)
