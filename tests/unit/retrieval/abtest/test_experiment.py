from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.errors import InputError
from embedtune.retrieval.abtest.experiment import Arm, Experiment

UNITS = [f"user-{number}" for number in range(4000)]


def arms(**changes):
    experiment = Experiment("new-model", "old", "new", **changes)
    return {unit: experiment.arm(unit) for unit in UNITS}


def test_the_same_unit_meets_the_same_search():
    assert arms(share=0.3) == arms(share=0.3)
    assert Experiment("new-model", "old", "new").draw("user-1") == 0.9275419693301786


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_units_are_divided_as_the_share_says(share):
    met = sum(arm is Arm.CANDIDATE for arm in arms(share=share).values()) / len(UNITS)
    assert met == pytest.approx(share, abs=4 * 0.5 / len(UNITS) ** 0.5)


@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_a_greater_share_sends_nobody_back(unit, one, other):
    less, more = sorted([one, other])
    if Experiment("e", "a", "b", less).arm(unit) is Arm.CANDIDATE:
        assert Experiment("e", "a", "b", more).arm(unit) is Arm.CANDIDATE


def test_the_switch_sends_everybody_to_the_control():
    assert set(arms(share=1.0, stopped=True).values()) == {Arm.CONTROL}
    assert Experiment("e", "a", "b", 0.5, stopped=True).effective_share == 0


def test_experiments_do_not_share_their_units():
    first, second = (Experiment(name, "a", "b", 0.5) for name in ("first", "second"))
    both = sum(first.arm(unit) is second.arm(unit) for unit in UNITS) / len(UNITS)
    assert both == pytest.approx(0.5, abs=0.05)


def test_an_interleaved_experiment_shows_both():
    assert set(arms(share=0.5, interleave=True).values()) == {Arm.CONTROL, Arm.INTERLEAVED}


def test_the_log_does_not_name_the_unit_and_differs_between_experiments():
    first, second = (Experiment(name, "a", "b") for name in ("first", "second"))
    assert "user-1" not in first.pseudonym("user-1") != second.pseudonym("user-1")


@pytest.mark.parametrize("changes", [{"share": 1.5}, {"share": -0.1}, {"name": ""}, {"name": "../up"}, {"name": "a b"}])
def test_what_is_no_experiment_is_refused(changes):
    with pytest.raises(InputError):
        Experiment(**{"name": "e", "control": "a", "candidate": "b"} | changes)
