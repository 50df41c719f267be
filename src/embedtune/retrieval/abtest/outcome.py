"""What an experiment has shown so far, valid at every look."""

from __future__ import annotations

from dataclasses import dataclass

from embedtune.evaluation.confidence_sequences import SequentialMean

_MISMATCH_ALPHA = 0.001


@dataclass(frozen=True, slots=True)
class ArmOutcome:
    """What one arm led to.

    Attributes:
        units: How many units were shown it.
        impressions: How many lists they were shown.
        clicked: How many of these got a click.
        failed: How many of these the candidate could not answer, so that the control did.
        rate: Share of units whose first list got a click in time, with its confidence sequence. Units are weighed
            by the share that was in force when they came, so that both arms speak of the same times. Later lists
            of a unit depend on its first: they are counted above and not here.
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
        difference: The candidate's rate less the control's, from -1 to 1; nothing where lists were interleaved.
        preference: Of the interleaved lists; ``None`` if there were none.
        ratio: Whether units were divided rightly.
        alpha: How often an interval may miss the truth, at any time.
        settle: Seconds after which a list counts, and within which its clicks do.
        pending: Lists that were shown more lately: they count in no rate and no preference yet.
        late: Clicks that came after their list had settled: they count in no rate and no preference.
        strange: Clicks on what was not shown, and lines that could not be read.
    """

    control: ArmOutcome
    candidate: ArmOutcome
    difference: SequentialMean
    preference: Preference | None
    ratio: SampleRatio
    alpha: float
    settle: float
    pending: int
    late: int
    strange: int

    @property
    def verdict(self) -> str:
        """``better``, ``worse``, ``no clear difference yet``, or ``mismatch`` where nothing can be trusted."""
        if self.ratio.mismatch:
            return "mismatch"
        low, high = self.difference.low, self.difference.high
        if self.preference is not None:
            low, high = self.preference.score.low - 0.5, self.preference.score.high - 0.5
        if low > 0:
            return "better"
        return "worse" if high < 0 else "no clear difference yet"
