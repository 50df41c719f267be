"""Put the same robustness cases to every system of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence

from embedtune.evaluation.robustness.generating import MINIMUM, generate_cases
from embedtune.evaluation.robustness.outcome import Robustness, cases_digest
from embedtune.evaluation.robustness.running import run_cases
from embedtune.events import Alert, Report, tracked
from embedtune.pipeline.questions import QuestionSet
from embedtune.pipeline.systems import BASE, SystemSpec, SystemUnderTest
from embedtune.pipeline.wiring import Models
from embedtune.vocabulary.ports import Encoder


def measure_robustness(
    questions: QuestionSet, systems: Sequence[SystemUnderTest], models: Models, seed: int, report: Report
) -> Robustness:
    """Return how systems do on variants of the test questions, side by side.

    Args:
        questions: The corpus and the questions that variants are made of.
        systems: The systems, ready to be asked.
        models: Gives each system's model, which it has loaded already.
        seed: Seed of the variants.
        report: Where progress goes, and what stands against the figures.

    Raises:
        InputError: No question has an answer in the corpus.
    """
    test = questions.test
    cases = generate_cases(test.queries, test.qrels, questions.sections, seed)
    if len(cases) < MINIMUM:
        report(Alert(f"The questions give {len(cases)} robustness cases, fewer than {MINIMUM}: there are too few."))
    asked = tracked(systems, f"Asking {len(cases)} robustness cases", "systems", report)
    results = [run_cases(one.ranker, _model(one.spec, models), cases, questions.sections) for one in asked]
    return Robustness(seed, cases_digest(cases), tuple(results))


def _model(spec: SystemSpec, models: Models) -> Encoder | None:
    if not spec.model:
        return None
    return models.base() if spec.model == BASE else models.named(spec.model)
