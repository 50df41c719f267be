"""From the log of an experiment to what it has shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.errors import InputError
from embedtune.evaluation.assignment_evidence import assignment_evidence
from embedtune.evaluation.confidence_sequences import SequentialMean, sequential_mean
from embedtune.evaluation.randomised_rates import randomised_rates
from embedtune.retrieval.abtest.experiment import Arm
from embedtune.retrieval.abtest.outcome import ArmOutcome, Outcome, Preference, SampleRatio

if TYPE_CHECKING:
    from embedtune.retrieval.abtest.log import Impression, LogContent

SETTLE = 1800.0
"""Seconds that a list waits for its clicks: half an hour, after which a visit counts as over."""

_Clicked = Mapping[str, set[str]]


@dataclass(frozen=True, slots=True)
class _Clicks:
    """The sections that were clicked on each list, at any time and before it settled, and what did not count."""

    ever: _Clicked
    in_time: _Clicked
    late: int
    strange: int


def outcome(content: LogContent, alpha: float, settle: float, now: float) -> Outcome:
    """Return what a log shows.

    What a list led to is settled once and never changes: whether it was clicked within ``settle`` seconds, asked no
    earlier. Else a list of a minute ago would count as one that nobody clicked, and no sequence would hold.

    Args:
        content: The log.
        alpha: How often an interval may miss the truth, at any time.
        settle: Seconds that a list waits for its clicks.
        now: The time, in seconds since 1970.

    Raises:
        InputError: ``alpha`` is not between 0 and 1, or ``settle`` is below 0.
    """
    if not 0 < alpha < 1:
        raise InputError(f"alpha = {alpha} is not between 0 and 1.", "Give how often an interval may miss: 0.05.")
    if not settle >= 0:
        raise InputError(f"settle = {settle} is below 0.", "Give the seconds that a list waits for its clicks.")
    lists = sorted(content.impressions, key=lambda entry: entry.time)
    clicks = _clicks(content, settle)
    settled = [entry for entry in lists if entry.time + settle <= now]
    first = [entry for entry in _first_of_each_unit(lists) if entry.time + settle <= now]
    rates = randomised_rates(
        [entry.arm is not Arm.CONTROL for entry in first],
        [entry.share for entry in first],
        [float(entry.id in clicks.in_time) for entry in first],
        alpha,
    )
    preference = _preference(settled, clicks.in_time, alpha)
    interleaved = any(entry.arm is Arm.INTERLEAVED for entry in lists)
    return Outcome(
        _arm(lists, Arm.CONTROL, clicks.ever, rates.untreated),
        _arm(lists, Arm.CANDIDATE, clicks.ever, SequentialMean(0.0, 0.0, 1.0, 0) if interleaved else rates.treated),
        difference=SequentialMean(0.0, -1.0, 1.0, 0) if interleaved else rates.difference,
        preference=preference,
        ratio=_ratio(lists),
        alpha=alpha,
        settle=settle,
        pending=len(lists) - len(settled),
        late=clicks.late,
        strange=content.skipped + clicks.strange,
    )


def _clicks(content: LogContent, settle: float) -> _Clicks:
    shown = {entry.id: entry for entry in content.impressions}
    ever: dict[str, set[str]] = {}
    in_time: dict[str, set[str]] = {}
    late = strange = 0
    for click in content.clicks:
        entry = shown.get(click.impression)
        if entry is None or click.section not in entry.sections:
            strange += 1
            continue
        ever.setdefault(entry.id, set()).add(click.section)
        if click.time <= entry.time + settle:
            in_time.setdefault(entry.id, set()).add(click.section)
        else:
            late += 1
    return _Clicks(ever, in_time, late, strange)


def _arm(impressions: Sequence[Impression], arm: Arm, clicked: _Clicked, rate: SequentialMean) -> ArmOutcome:
    own = [entry for entry in impressions if entry.arm is arm]
    return ArmOutcome(
        units=len({entry.unit for entry in own}),
        impressions=len(own),
        clicked=sum(entry.id in clicked for entry in own),
        failed=sum(bool(entry.failed) for entry in own),
        rate=rate,
    )


def _preference(impressions: Sequence[Impression], clicked: _Clicked, alpha: float) -> Preference | None:
    """Return the preference; without one the coin that begins a round makes each list fair, whoever saw it."""
    scores: list[float] = []
    for entry in impressions:
        if entry.arm is Arm.INTERLEAVED and not entry.failed:
            hit = clicked.get(entry.id, set())
            teams = [team for section, team in zip(entry.sections, entry.teams, strict=False) if section in hit]
            more = teams.count(Arm.CANDIDATE) - teams.count(Arm.CONTROL)
            scores.append(0.5 + 0.5 * ((more > 0) - (more < 0)))
    if not scores:
        return None
    return Preference(
        control=scores.count(0.0),
        candidate=scores.count(1.0),
        tied=scores.count(0.5),
        score=sequential_mean(scores, alpha),
    )


def _ratio(impressions: Sequence[Impression]) -> SampleRatio:
    first = _first_of_each_unit(impressions)
    assigned, shares = [entry.arm is not Arm.CONTROL for entry in first], [entry.share for entry in first]
    return SampleRatio(sum(shares), sum(assigned), assignment_evidence(assigned, shares))


def _first_of_each_unit(impressions: Sequence[Impression]) -> list[Impression]:
    first: dict[str, Impression] = {}
    for entry in impressions:
        first.setdefault(entry.unit, entry)
    return list(first.values())
