"""A roll-out as it goes: the share is widened, the clicks come later, what is asked changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from embedtune.errors import InputError
from embedtune.retrieval.abtest.experiment import Arm, Experiment
from embedtune.retrieval.abtest.log import Click, Impression, LogContent
from embedtune.retrieval.abtest.reckoning import outcome

WEEK = 7 * 86_400.0
SETTLE = 1800.0


def rolled_out(seed, periods, gain=0.0, delay=0.0):
    """A unit every few minutes of each period's week, which clicks by its rate, and more with the candidate.

    Args:
        seed: Of the draws.
        periods: Share, rate and number of units of each week; a share of ``None`` is a stopped week.
        gain: What the candidate adds to the rate.
        delay: The longest time from list to click, in seconds.
    """
    generator = np.random.default_rng(seed)
    impressions, clicks = [], []
    for week, (share, rate, count) in enumerate(periods):
        experiment = Experiment("e", "a", "b", share or 0.0, stopped=share is None)
        for number in range(count):
            unit = f"{seed}-{week}-{number}"
            arm, time = experiment.arm(unit), (week + number / count) * WEEK
            impressions.append(Impression(f"i{unit}", time, unit, arm, experiment.effective_share, ("s",)))
            if generator.random() < rate + gain * (arm is Arm.CANDIDATE):
                clicks.append(Click(f"i{unit}", "s", time + delay * generator.random()))
    return LogContent(tuple(impressions), tuple(clicks), 0)


def verdict(content, now=1e9):
    return outcome(content, 0.05, SETTLE, now).verdict


WIDENED = [(0.05, 0.6, 600), (0.5, 0.3, 600)]
STOPPED = [(0.5, 0.3, 500), (None, 0.9, 500), (0.5, 0.3, 500)]


def test_a_widened_share_and_a_worse_week_are_no_difference():
    whole = rolled_out(1, [(0.05, 0.6, 3000), (0.5, 0.3, 3000)])
    found = outcome(whole, 0.05, SETTLE, 1e9)

    clicked = {click.impression for click in whole.clicks}
    pooled = {
        arm: np.mean([one.id in clicked for one in whole.impressions if one.arm is arm])
        for arm in (Arm.CONTROL, Arm.CANDIDATE)
    }
    assert pooled[Arm.CANDIDATE] < pooled[Arm.CONTROL] - 0.1
    assert found.verdict == "no clear difference yet"
    assert found.control.rate.value == pytest.approx(found.candidate.rate.value, abs=0.05)
    assert found.candidate.rate.low < (0.0475 * 0.6 + 0.25 * 0.3) / 0.2975 < found.candidate.rate.high
    assert not found.ratio.mismatch


def test_a_stopped_week_counts_for_neither_arm():
    whole = rolled_out(2, STOPPED)
    without = LogContent(tuple(one for one in whole.impressions if one.share), whole.clicks, 0)
    found, other = (outcome(content, 0.05, SETTLE, 1e9) for content in (whole, without))

    assert found.verdict == "no clear difference yet"
    assert found.control.units == other.control.units + 500
    assert (found.control.rate.n, found.candidate.rate.n) == (other.control.rate.n, other.candidate.rate.n)
    assert found.control.rate.value == pytest.approx(0.3, abs=0.06)


@pytest.mark.parametrize("periods", [WIDENED, STOPPED])
def test_without_a_difference_no_look_at_a_changing_experiment_shows_one(periods):
    wrong = 0
    for seed in range(20):
        whole = rolled_out(seed, periods, delay=2 * SETTLE)
        looks = np.linspace(0.1, len(periods), 12) * WEEK
        wrong += any(verdict(_until(whole, now), now) != "no clear difference yet" for now in looks)
    assert wrong <= 1


def _until(content, now):
    """The log as it is at a time."""
    return LogContent(
        tuple(one for one in content.impressions if one.time <= now),
        tuple(click for click in content.clicks if click.time <= now),
        0,
    )


@pytest.mark.parametrize(("gain", "expected"), [(0.12, "better"), (-0.12, "worse")])
def test_a_difference_is_found_through_a_widened_share(gain, expected):
    found = outcome(rolled_out(3, [(0.05, 0.6, 3000), (0.5, 0.3, 3000)], gain), 0.05, SETTLE, 1e9)
    assert found.verdict == expected
    assert found.difference.low < gain < found.difference.high


def test_a_list_counts_when_its_time_for_clicks_has_passed():
    lists = [Impression(f"i{n}", 100.0 * n, f"u{n}", Arm.CANDIDATE, 0.5, ("s",)) for n in range(4)]
    content = LogContent(tuple(lists), (Click("i0", "s", 40.0), Click("i3", "s", 301.0)), 0)
    found = outcome(content, 0.05, 60.0, 310.0)

    assert (found.candidate.rate.n, found.pending) == (3, 1)
    assert (found.candidate.units, found.candidate.clicked) == (4, 2)
    assert outcome(content, 0.05, 60.0, 360.0).pending == 0


def test_a_late_click_is_told_and_does_not_count():
    one = Impression("i", 100.0, "u", Arm.CANDIDATE, 0.5, ("s", "t"))
    in_time, late = Click("i", "s", 160.0), Click("i", "t", 160.5)
    rates = {}
    for clicks in ((), (late,), (in_time, late)):
        found = outcome(LogContent((one,), clicks, 0), 0.05, 60.0, 1e6)
        rates[len(clicks)] = found.candidate.rate.value
        assert found.late == (late in clicks)
    assert rates[0] == rates[1] < rates[2]


def test_newer_units_with_one_arm_alone_do_not_make_it_look_worse():
    """Whoever has not had the time to click is no unit that did not."""
    whole = rolled_out(4, [(0.1, 0.5, 1500)], delay=SETTLE)
    fresh = [
        Impression(f"f{n}", 1.2 * WEEK - 1, f"f{n}", Experiment("e", "a", "b", 0.9).arm(f"f{n}"), 0.9, ("s",))
        for n in range(1500)
    ]
    now = 1.2 * WEEK
    before = outcome(whole, 0.05, SETTLE, now)
    found = outcome(LogContent((*whole.impressions, *fresh), whole.clicks, 0), 0.05, SETTLE, now)
    assert found.difference == before.difference
    assert found.pending == 1500


def test_a_pending_first_list_is_not_replaced_by_a_later_one():
    first = Impression("i0", 100.0, "u", Arm.CANDIDATE, 0.5, ("s",))
    later = replace(first, id="i1", time=10.0)  # written after it, by a process whose clock or disk is slower
    found = outcome(LogContent((first, later), (Click("i1", "s", 11.0),), 0), 0.05, 60.0, 80.0)
    assert (found.candidate.rate.n, found.pending) == (1, 1)
    assert found.candidate.rate.value > 0.5


@pytest.mark.parametrize(("alpha", "settle"), [(0.0, 1.0), (1.0, 1.0), (0.05, -1.0), (float("nan"), 1.0)])
def test_what_is_no_measure_is_refused(alpha, settle):
    with pytest.raises(InputError, match="= "):
        outcome(LogContent((), (), 0), alpha, settle, 0.0)
