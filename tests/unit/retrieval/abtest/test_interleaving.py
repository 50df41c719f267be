from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from embedtune.retrieval.abtest.experiment import Arm
from embedtune.retrieval.abtest.interleaving import team_draft

RESULTS = st.lists(st.sampled_from([f"s{number}" for number in range(12)]), unique=True)


@given(RESULTS, RESULTS, st.integers(1, 15), st.integers(0, 99))
def test_each_result_is_shown_once_by_a_search_that_found_it(control, candidate, limit, seed):
    picks = team_draft(control, candidate, limit, Random(seed))
    shown = [pick.section_id for pick in picks]
    found = {Arm.CONTROL: control, Arm.CANDIDATE: candidate}

    assert len(shown) == len(set(shown)) == min(limit, len({*control, *candidate}))
    assert all(pick.section_id in found[pick.team] for pick in picks)
    for team, ranking in found.items():
        own = [pick.section_id for pick in picks if pick.team is team]
        assert own == sorted(own, key=ranking.index)


@given(st.integers(1, 6), st.integers(0, 99))
def test_teams_are_as_large_as_each_other_while_both_have_results(rounds, seed):
    picks = team_draft([f"a{n}" for n in range(9)], [f"b{n}" for n in range(9)], 2 * rounds, Random(seed))
    assert [pick.team for pick in picks].count(Arm.CONTROL) == rounds


def test_equal_rankings_keep_their_order_and_favour_nobody():
    same = ["a", "b", "c", "d"]
    first = 0
    for seed in range(400):
        picks = team_draft(same, same, 4, Random(seed))
        assert [pick.section_id for pick in picks] == same
        first += picks[0].team is Arm.CANDIDATE
    assert 160 < first < 240


def test_a_search_that_found_nothing_leaves_the_list_to_the_other():
    picks = team_draft(["a", "b"], [], 5, Random(1))
    assert [(pick.section_id, pick.team) for pick in picks] == [("a", Arm.CONTROL), ("b", Arm.CONTROL)]
