"""The families of robustness cases: what is changed in a question, and what must then hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from embedtune.evaluation.robustness import details, form, noise, spelling, wording
from embedtune.evaluation.robustness.cases import Expectation, Subject, Variant, Vary


@dataclass(frozen=True, slots=True)
class Family:
    """One way to change questions.

    Attributes:
        name: Its name; cases are called by it.
        expectation: What must hold for its variants.
        vary: Writes one.
    """

    name: str
    expectation: Expectation
    vary: Vary


def _of_text(change: Callable[[str, Random], str | None]) -> Vary:
    """Return a writer of variants from a function that needs nothing but the question."""

    def vary(subject: Subject, rng: Random) -> Variant | None:
        text = change(subject.text, rng)
        return None if text is None else Variant(text, subject.text)

    return vary


FAMILIES = (
    Family("typos", Expectation.SAME_ANSWER, _of_text(spelling.typos)),
    Family("casing", Expectation.SAME_ANSWER, _of_text(spelling.casing)),
    Family("spacing", Expectation.SAME_ANSWER, _of_text(spelling.spacing)),
    Family("look-alikes", Expectation.SAME_ANSWER, _of_text(spelling.look_alikes)),
    Family("synonyms", Expectation.SAME_ANSWER, _of_text(wording.synonyms)),
    Family("word-order", Expectation.SAME_ANSWER, _of_text(form.word_order)),
    Family("question-form", Expectation.SAME_ANSWER, _of_text(form.question_form)),
    Family("negation", Expectation.DETAIL, details.negation),
    Family("units", Expectation.DETAIL, details.other_unit),
    Family("unit-spelling", Expectation.SAME_ANSWER, details.unit_spelling),
    Family("part-numbers", Expectation.DETAIL, details.part_number),
    Family("long", Expectation.SAME_ANSWER, _of_text(form.long)),
    Family("very-long", Expectation.FINITE, _of_text(form.very_long)),
    Family("short", Expectation.SAME_ANSWER, form.short),
    Family("very-short", Expectation.NO_CRASH, _of_text(form.very_short)),
    Family("instructions", Expectation.SAME_ANSWER, _of_text(noise.instructions)),
    Family("markup", Expectation.SAME_ANSWER, _of_text(noise.markup)),
    Family("languages", Expectation.SAME_ANSWER, _of_text(wording.languages)),
    Family("other-scripts", Expectation.FINITE, _of_text(noise.other_scripts)),
)
