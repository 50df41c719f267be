"""Conditions for publishing, each with a reason that carries its figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from embedtune.evaluation.slices import slice_name
from embedtune.vocabulary.evaluation import Comparison, GateResult

if TYPE_CHECKING:
    from embedtune.evaluation.outcome import Evaluation


class Gate(Protocol):
    """A condition on an evaluation."""

    def check(self, evaluation: Evaluation) -> GateResult:
        """Say whether the condition holds, and why."""
        ...


@dataclass(frozen=True, slots=True)
class OverallGain:
    """The candidate beats the baseline over all questions: the whole interval lies above 0."""

    metric: str
    baseline: str
    candidate: str

    def check(self, evaluation: Evaluation) -> GateResult:
        """Pass if the interval lies above 0; fail also when there is no interval."""
        gate = f"{self.metric}: {self.candidate} better than {self.baseline}"
        comparison = evaluation.comparison(self.metric, self.baseline, self.candidate)
        if comparison is None:
            reason = (
                f"There is no interval for {self.metric} of {self.candidate} against {self.baseline}: "
                f"{evaluation.groups} independent questions were asked and {evaluation.settings.min_slice} are "
                "needed, or the two were not compared."
            )
            return GateResult(gate, passed=False, reason=reason)
        passed = comparison.ci_low > 0
        ending = "the interval lies above 0" if passed else "the interval does not lie above 0"
        return GateResult(gate, passed, f"{_figures(comparison)}; {ending}.")


@dataclass(frozen=True, slots=True)
class NoDomainWorse:
    """In no domain is the candidate clearly worse: no interval lies wholly below 0."""

    metric: str
    baseline: str
    candidate: str

    def check(self, evaluation: Evaluation) -> GateResult:
        """Pass if no domain's interval lies below 0; the reason names domains too small to judge."""
        gate = f"{self.metric}: {self.candidate} not worse than {self.baseline} in any domain"
        judged: list[Comparison] = []
        unjudged: list[str] = []
        system = evaluation.system(self.candidate)
        for part in system.slices if system else ():
            if part.attribute != "domain":
                continue
            name = slice_name(part.attribute, part.value)
            comparison = evaluation.comparison(self.metric, self.baseline, self.candidate, name)
            if comparison is None:
                unjudged.append(f"{part.value} (n = {part.n})")
            else:
                judged.append(comparison)
        worse = [comparison for comparison in judged if comparison.ci_high < 0]
        sentences = [f"{_figures(comparison)}; the interval lies below 0." for comparison in worse]
        if not worse:
            sentences.append(f"No interval of {self.metric} lies below 0 in {_counted(len(judged))} with an interval.")
        if unjudged:
            sentences.append(f"Without an interval: {', '.join(unjudged)}.")
        return GateResult(gate, not worse, " ".join(sentences))


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of several conditions holds."""

    gates: tuple[Gate, ...]

    def check(self, evaluation: Evaluation) -> GateResult:
        """Pass if all pass; the reason joins theirs, the failed ones first."""
        results = sorted((gate.check(evaluation) for gate in self.gates), key=lambda result: result.passed)
        passed = all(result.passed for result in results)
        return GateResult("all of: " + "; ".join(r.gate for r in results), passed, " ".join(r.reason for r in results))


def _counted(domains: int) -> str:
    return "the 1 domain" if domains == 1 else f"the {domains} domains"


def _figures(comparison: Comparison) -> str:
    where = "" if comparison.slice == "all" else f" on {comparison.slice}"
    return (
        f"{comparison.metric}{where} is {comparison.candidate_value:.3f} for {comparison.candidate} and "
        f"{comparison.baseline_value:.3f} for {comparison.baseline}: {comparison.delta:+.3f} (95 % interval "
        f"{comparison.ci_low:+.3f} to {comparison.ci_high:+.3f}, p = {comparison.p_value:.4f}, n = {comparison.n})"
    )
