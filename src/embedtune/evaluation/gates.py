"""Conditions for publishing, each with a reason that carries its figures.

Gates on a gain and on a loss differ in who must prove it: without proof of a gain nothing is published, and
without proof of a loss in one part, or of what was not measured, nothing is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from embedtune.evaluation.slices import slice_name
from embedtune.vocabulary.evaluation import Comparison, GateResult

if TYPE_CHECKING:
    from embedtune.config.settings import GateSettings
    from embedtune.evaluation.claim import Claim

_NAMED = 3


class Gate(Protocol):
    """A condition on a claim."""

    def check(self, claim: Claim) -> GateResult:
        """Say whether the condition holds, and why."""
        ...


@dataclass(frozen=True, slots=True)
class OverallGain:
    """The candidate beats the baseline over all questions: the whole interval lies above the bound."""

    metric: str
    least: float = 0.0

    def check(self, claim: Claim) -> GateResult:
        """Pass if the interval lies above the bound; fail also when there is no interval."""
        gate = f"{self.metric}: {claim.candidate} better than {claim.baseline}"
        comparison = claim.evaluation.comparison(self.metric, claim.baseline, claim.candidate)
        if comparison is None:
            reason = (
                f"There is no interval for {self.metric} of {claim.candidate} against {claim.baseline}: "
                f"{claim.evaluation.groups} independent questions were asked and "
                f"{claim.evaluation.settings.min_slice} are needed, or the two were not compared."
            )
            return GateResult(gate, passed=False, reason=reason, bound=self.least)
        passed = comparison.ci_low > self.least
        ending = f"the interval {'lies' if passed else 'does not lie'} above {self.least:g}"
        return GateResult(gate, passed, f"{_figures(comparison)}; {ending}.", comparison.ci_low, self.least)


@dataclass(frozen=True, slots=True)
class NoDomainWorse:
    """In no domain is the candidate clearly worse, by the verdict of `Comparison` on many slices."""

    metric: str
    accepted: float = 0.0

    def check(self, claim: Claim) -> GateResult:
        """Pass if no domain is clearly worse by more than is accepted; the reason names domains too small to judge."""
        gate = f"{self.metric}: {claim.candidate} not worse than {claim.baseline} in any domain"
        judged, unjudged = self._domains(claim)
        clear = [comparison for comparison in judged if comparison.verdict == "worse"]
        worse = [comparison for comparison in clear if comparison.delta < -self.accepted]
        sentences = [f"{_figures(comparison)}; that is clearly worse." for comparison in worse]
        if not worse:
            beyond = f" by more than {self.accepted:g}" if self.accepted else ""
            sentences.append(f"{self.metric} is clearly worse{beyond} in none of {_counted(len(judged))} judged.")
        if unjudged:
            sentences.append(f"Too few questions to judge: {', '.join(unjudged)}.")
        value = min((comparison.delta for comparison in clear), default=0.0 if judged else None)
        return GateResult(gate, not worse, " ".join(sentences), value, -self.accepted)

    def _domains(self, claim: Claim) -> tuple[list[Comparison], list[str]]:
        """Return the comparison of each domain, and the domains without one."""
        judged: list[Comparison] = []
        unjudged: list[str] = []
        system = claim.evaluation.system(claim.candidate)
        for part in system.slices if system else ():
            if part.attribute != "domain":
                continue
            name = slice_name(part.attribute, part.value)
            comparison = claim.evaluation.comparison(self.metric, claim.baseline, claim.candidate, name)
            if comparison is None:
                unjudged.append(f"{part.value} (n = {part.n})")
            else:
                judged.append(comparison)
        return judged, unjudged


@dataclass(frozen=True, slots=True)
class NoGeneralLoss:
    """On questions that have nothing to do with the corpus, the candidate loses no more than is accepted."""

    accepted: float

    def check(self, claim: Claim) -> GateResult:
        """Pass if the mean loss is not beyond the bound, or was not measured."""
        gate = f"general retrieval of {claim.candidate} kept"
        if claim.general is None:
            reason = "What general retrieval lost was not measured: no general set was given to the training."
            return GateResult(gate, passed=True, reason=reason, bound=-self.accepted)
        passed = claim.general.delta >= -self.accepted
        ending = f"a loss of {self.accepted:g} is accepted" if passed else f"more than {self.accepted:g} is lost"
        reason = f"On general questions {_figures(claim.general)}; {ending}."
        return GateResult(gate, passed, reason, claim.general.delta, -self.accepted)


@dataclass(frozen=True, slots=True)
class NoLeak:
    """No more of the test questions than is accepted were trained on."""

    accepted: float = 0.0

    def check(self, claim: Claim) -> GateResult:
        """Pass if few enough leaked, or the training questions are not known."""
        gate = "no test question trained on"
        if claim.leaked is None:
            reason = "Whether test questions were trained on was not examined: the training questions are not known."
            return GateResult(gate, passed=True, reason=reason, bound=self.accepted)
        share = len(claim.leaked) / claim.evaluation.n
        reason = f"{len(claim.leaked)} of {claim.evaluation.n} test questions were trained on"
        if claim.leaked:
            more = ", …" if len(claim.leaked) > _NAMED else ""
            reason += f" ({', '.join(claim.leaked[:_NAMED])}{more})"
        return GateResult(gate, share <= self.accepted, f"{reason}.", share, self.accepted)


@dataclass(frozen=True, slots=True)
class RobustnessKept:
    """The candidate passes no fewer robustness cases than the baseline, but for what is accepted."""

    accepted: float = 0.0

    def check(self, claim: Claim) -> GateResult:
        """Pass if the share of cases passed is high enough, or was not measured for both."""
        gate = f"{claim.candidate} as robust as {claim.baseline}"
        asked = claim.robustness
        before, after = (asked.system(name) if asked else None for name in (claim.baseline, claim.candidate))
        if not before or not after or not before.total or not after.total:
            return GateResult(gate, passed=True, reason="Robustness was not measured for both.")
        value, bound = after.passed / after.total, before.passed / before.total - self.accepted
        reason = (
            f"{claim.candidate} passes {after.passed} of {after.total} robustness cases, "
            f"{claim.baseline} {before.passed} of {before.total}."
        )
        return GateResult(gate, value >= bound, reason, value, bound)


@dataclass(frozen=True, slots=True)
class NotBelowHybridBaseline:
    """The candidate, with BM25 if it was asked so, is not clearly below the baseline with BM25."""

    metric: str
    accepted: float = 0.0

    def check(self, claim: Claim) -> GateResult:
        """Pass unless the whole interval lies below what is accepted; pass also when there is no interval."""
        asked = claim.evaluation.system(claim.hybrid_candidate) is not None
        candidate = claim.hybrid_candidate if asked else claim.candidate
        gate = f"{self.metric}: {candidate} not below {claim.hybrid_baseline}"
        comparison = claim.evaluation.comparison(self.metric, claim.hybrid_baseline, candidate)
        if comparison is None:
            reason = f"{candidate} was not compared with {claim.hybrid_baseline}, or on too few questions."
            return GateResult(gate, passed=True, reason=reason, bound=-self.accepted)
        passed = comparison.ci_high >= -self.accepted
        ending = f"the interval {'does not lie' if passed else 'lies'} below {-self.accepted or 0:g}"
        return GateResult(gate, passed, f"{_figures(comparison)}; {ending}.", comparison.ci_high, -self.accepted)


def gates_of(settings: GateSettings, metric: str) -> tuple[Gate, ...]:
    """Return the gates that are switched on, with their bounds.

    Args:
        settings: Which gates, and what each accepts.
        metric: The metric that they look at.
    """
    switched: tuple[tuple[bool, Gate], ...] = (
        (settings.gain, OverallGain(metric, settings.least_gain)),
        (settings.domains, NoDomainWorse(metric, settings.domain_loss)),
        (settings.general, NoGeneralLoss(settings.general_loss)),
        (settings.leaks, NoLeak(settings.leaked_share)),
        (settings.robustness, RobustnessKept(settings.robustness_loss)),
        (settings.hybrid, NotBelowHybridBaseline(metric, settings.hybrid_loss)),
    )
    return tuple(gate for on, gate in switched if on)


def _counted(domains: int) -> str:
    return "the 1 domain" if domains == 1 else f"the {domains} domains"


def _figures(comparison: Comparison) -> str:
    where = "" if comparison.slice == "all" else f" on {comparison.slice}"
    corrected = "" if comparison.p_adjusted is None else f", {comparison.p_adjusted:.4f} corrected for all slices"
    return (
        f"{comparison.metric}{where} is {comparison.candidate_value:.3f} for {comparison.candidate} and "
        f"{comparison.baseline_value:.3f} for {comparison.baseline}: {comparison.delta:+.3f} (95 % interval "
        f"{comparison.ci_low:+.3f} to {comparison.ci_high:+.3f}, p = {comparison.p_value:.4f}{corrected}, "
        f"n = {comparison.n})"
    )
