"""What an experiment has shown so far, valid at every look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.evaluation.confidence_sequences import SequentialMean, balance_evidence, sequential_mean
from embedtune.retrieval.abtest.experiment import Arm

if TYPE_CHECKING:
    from embedtune.retrieval.abtest.log import Impression, LogContent

_MISMATCH_ALPHA = 0.001


@dataclass(frozen=True, slots=True)
class ArmOutcome:
    """What one arm led to.

    Attributes:
        units: How many units were shown it.
        impressions: How many lists they were shown.
        clicked: How many of these got a click.
        failed: How many of these the candidate could not answer, so that the control did.
        rate: Share of units whose first list got a click, with its confidence sequence. Later lists of a
            unit depend on its first: they are counted above and not here.
    """

    units: int
    impressions: int
    clicked: int
    failed: int
    rate: SequentialMean


@dataclass(frozen=True, slots=True)
class Preference:
    """Which search's results were clicked where both were interleaved.

    Attributes:
        control: Lists on which the control's results got more clicks.
        candidate: Lists on which the candidate's did.
        tied: Lists with as many of both, among them those without a click.
        score: From 0 (control always preferred) to 1 (candidate always), .5 without preference.
    """

    control: int
    candidate: int
    tied: int
    score: SequentialMean


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Whether units were divided as they were meant to be.

    Attributes:
        expected: How many units should have met the candidate, on average.
        observed: How many did.
        evidence: Against the right division; above 1000 there is a fault, at whatever time one looks.
    """

    expected: float
    observed: int
    evidence: float

    @property
    def mismatch(self) -> bool:
        """Whether the division is wrong, so that no figure of the experiment can be trusted."""
        return self.evidence > 1 / _MISMATCH_ALPHA


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an experiment has shown so far.

    Attributes:
        control: The arm of the search in use.
        candidate: The arm of the new one.
        low: Lower end of the interval of the difference in rate, candidate less control.
        high: Upper end.
        preference: Of the interleaved lists; ``None`` if there were none.
        ratio: Whether units were divided rightly.
        alpha: How often an interval may miss the truth, at any time.
        strange: Clicks on what was not shown, and lines that could not be read.
    """

    control: ArmOutcome
    candidate: ArmOutcome
    low: float
    high: float
    preference: Preference | None
    ratio: SampleRatio
    alpha: float
    strange: int

    @property
    def verdict(self) -> str:
        """``better``, ``worse``, ``no clear difference yet``, or ``mismatch`` where nothing can be trusted."""
        if self.ratio.mismatch:
            return "mismatch"
        low, high = self.low, self.high
        if self.preference is not None:
            low, high = self.preference.score.low - 0.5, self.preference.score.high - 0.5
        if low > 0:
            return "better"
        return "worse" if high < 0 else "no clear difference yet"


def outcome(content: LogContent, alpha: float = 0.05) -> Outcome:
    """Return what a log shows.

    The difference of the arms has the interval that follows from those of both, each missing the truth in half of
    the allowed cases.

    Args:
        content: The log.
        alpha: How often an interval may miss the truth.
    """
    shown = {entry.id: entry for entry in content.impressions}
    clicked: dict[str, set[str]] = {}
    strange = content.skipped
    for click in content.clicks:
        entry = shown.get(click.impression)
        if entry is None or click.section not in entry.sections:
            strange += 1
        else:
            clicked.setdefault(entry.id, set()).add(click.section)
    control = _arm(content.impressions, Arm.CONTROL, clicked, alpha)
    candidate = _arm(content.impressions, Arm.CANDIDATE, clicked, alpha)
    return Outcome(
        control,
        candidate,
        low=candidate.rate.low - control.rate.high,
        high=candidate.rate.high - control.rate.low,
        preference=_preference(content.impressions, clicked, alpha),
        ratio=_ratio(content.impressions),
        alpha=alpha,
        strange=strange,
    )


def _arm(impressions: Sequence[Impression], arm: Arm, clicked: Mapping[str, set[str]], alpha: float) -> ArmOutcome:
    own = [entry for entry in impressions if entry.arm is arm]
    first: dict[str, Impression] = {}
    for entry in _first_of_each_unit(impressions):
        if entry.arm is arm:
            first[entry.unit] = entry
    return ArmOutcome(
        units=len({entry.unit for entry in own}),
        impressions=len(own),
        clicked=sum(entry.id in clicked for entry in own),
        failed=sum(bool(entry.failed) for entry in own),
        rate=sequential_mean([float(entry.id in clicked) for entry in first.values()], alpha / 2),
    )


def _preference(impressions: Sequence[Impression], clicked: Mapping[str, set[str]], alpha: float) -> Preference | None:
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
    return SampleRatio(sum(shares), sum(assigned), balance_evidence(assigned, shares))


def _first_of_each_unit(impressions: Sequence[Impression]) -> list[Impression]:
    first: dict[str, Impression] = {}
    for entry in impressions:
        first.setdefault(entry.unit, entry)
    return list(first.values())
