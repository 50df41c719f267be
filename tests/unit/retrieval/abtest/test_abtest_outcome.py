from __future__ import annotations

import numpy as np
import pytest

from embedtune.retrieval.abtest.experiment import Arm, Experiment
from embedtune.retrieval.abtest.log import Click, Impression, LogContent
from embedtune.retrieval.abtest.reckoning import outcome as reckoned

BOTH = (Arm.CONTROL, Arm.CANDIDATE)
DAY = 86_400.0


def outcome(content, alpha=0.05, settle=60.0, now=100 * DAY):
    return reckoned(content, alpha, settle, now)


def shown(number, arm, *, unit="", share=0.5, teams=(), failed=""):
    return Impression(f"i{number}", float(number), unit or f"u{number}", arm, share, ("s1", "s2"), teams, failed)


def content(impressions, clicks=(), skipped=0):
    """Each click comes with its list, or with the log's end if its list is not in it."""
    times = {one.id: one.time for one in impressions}
    noted = tuple(Click(one, section, times.get(one, 9.0)) for one, section in clicks)
    return LogContent(tuple(impressions), noted, skipped)


def ran(rates, count=3000, seed=5, share=0.5):
    """Units who search once and click as often as their arm's rate says."""
    generator = np.random.default_rng(seed)
    experiment = Experiment("e", "a", "b", share)
    impressions = [shown(number, experiment.arm(f"u{number}"), share=share) for number in range(count)]
    clicks = [(one.id, "s1") for one in impressions if generator.random() < rates[one.arm]]
    return content(impressions, clicks)


@pytest.mark.parametrize(
    ("control", "candidate", "verdict"),
    [(0.3, 0.5, "better"), (0.5, 0.3, "worse"), (0.4, 0.4, "no clear difference yet")],
)
def test_the_verdict_follows_the_interval_of_the_difference(control, candidate, verdict):
    found = outcome(ran({Arm.CONTROL: control, Arm.CANDIDATE: candidate}))
    assert found.verdict == verdict
    assert found.difference.low <= candidate - control <= found.difference.high
    assert found.control.rate.low <= control <= found.control.rate.high
    assert found.candidate.rate.low <= candidate <= found.candidate.rate.high
    assert not found.ratio.mismatch


def test_without_a_difference_hardly_any_look_shows_one():
    wrong = 0
    for seed in range(40):
        whole = ran({Arm.CONTROL: 0.3, Arm.CANDIDATE: 0.3}, count=400, seed=seed)
        looks = (whole.impressions[:stop] for stop in range(50, 401, 50))
        wrong += any(outcome(LogContent(seen, whole.clicks, 0)).verdict != "no clear difference yet" for seen in looks)
    assert wrong <= 2


def test_counts_are_of_lists_and_the_rate_is_of_first_lists():
    lists = [
        shown(1, Arm.CONTROL, unit="a"),
        shown(2, Arm.CONTROL, unit="a"),
        shown(3, Arm.CANDIDATE, unit="b"),
        shown(4, Arm.CANDIDATE, unit="c", failed="gone"),
    ]
    found = outcome(content(lists, [("i2", "s1"), ("i3", "s1"), ("i3", "s2"), ("i3", "s1")]))
    assert (found.control.units, found.control.impressions, found.control.clicked) == (1, 2, 1)
    assert (found.control.rate.n, found.candidate.rate.n) == (1, 2)
    assert (found.candidate.units, found.candidate.clicked, found.candidate.failed) == (2, 1, 1)
    # Predicted .5, .25 and .5 for the units a, b and c; at a share of a half each deviation counts twice.
    assert found.control.rate.value == pytest.approx((0.5 + 0.25 + 0.5) / 3 + 2 * (0 - 0.5) / 3)
    assert found.candidate.rate.value == pytest.approx((0.5 + 0.25 + 0.5) / 3 + 2 * (0.75 - 0.5) / 3)


def test_a_unit_counts_for_the_search_that_it_met_first():
    lists = [shown(1, Arm.CONTROL, unit="a", share=0.1), shown(2, Arm.CANDIDATE, unit="a", share=0.9)]
    found = outcome(content(lists))
    assert (found.control.rate.n, found.candidate.rate.n) == (1, 0)
    assert (found.ratio.expected, found.ratio.observed) == (0.1, 0)


def test_clicks_on_what_was_not_shown_are_left_out_and_told():
    found = outcome(content([shown(1, Arm.CONTROL)], [("i1", "s9"), ("i7", "s1")], skipped=3))
    assert (found.control.clicked, found.strange) == (0, 5)


def test_a_wrong_division_voids_the_verdict():
    lists = [shown(number, Arm.CANDIDATE if number % 4 else Arm.CONTROL) for number in range(1000)]
    found = outcome(content(lists, [(one.id, "s1") for one in lists if one.arm is Arm.CANDIDATE]))
    assert found.ratio.mismatch
    assert found.verdict == "mismatch"


@pytest.mark.parametrize(("rate", "verdict"), [(0.8, "better"), (0.2, "worse"), (0.5, "no clear difference yet")])
def test_interleaved_clicks_tell_which_search_is_preferred(rate, verdict):
    generator = np.random.default_rng(2)
    lists, clicks = [], []
    for number in range(800):
        arm = Arm.INTERLEAVED if number % 2 else Arm.CONTROL
        lists.append(shown(number, arm, teams=BOTH if number % 2 else ()))
        if number % 2:
            clicks.append((f"i{number}", "s2" if generator.random() < rate else "s1"))
    found = outcome(content(lists, clicks))
    assert found.verdict == verdict
    assert found.preference.control + found.preference.candidate == 400
    assert found.preference.score.value == pytest.approx(found.preference.candidate / 400)


def test_a_click_for_each_search_is_a_tie():
    found = outcome(content([shown(1, Arm.INTERLEAVED, teams=BOTH)], [("i1", "s1"), ("i1", "s2")]))
    assert (found.preference.control, found.preference.candidate, found.preference.tied) == (0, 0, 1)


def test_an_empty_log_shows_nothing():
    found = outcome(content([]))
    assert (found.verdict, found.preference) == ("no clear difference yet", None)
    assert (found.difference.low, found.difference.high, found.difference.n) == (-1.0, 1.0, 0)
