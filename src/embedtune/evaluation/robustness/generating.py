"""Make the robustness cases of a test suite: the same cases for the same questions, sections and seed."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from embedtune.errors import InputError
from embedtune.evaluation.robustness.cases import RobustnessCase, Subject, word_frequencies
from embedtune.evaluation.robustness.families import FAMILIES, Family
from embedtune.vocabulary.corpus import Section
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Query

MINIMUM = 111
"""Cases made at least, where the questions allow it."""
PER_FAMILY = 8
_MORE_PER_FAMILY = (12, 20, 40)
_ROUNDS = 3
_ASKED = 2_000  # questions looked at for each family, so that a rare detail in a large suite costs bounded time
_LONGEST = 2_000  # characters of a question that is varied


def generate_cases(
    queries: Sequence[Query], qrels: Qrels, sections: Sequence[Section], seed: int
) -> tuple[RobustnessCase, ...]:
    """Return the cases that judged questions give, family by family.

    Each family goes through the questions in an order of its own and takes the first `PER_FAMILY` variants. Where a
    suite has no units or part numbers, the other families make more, so that there are at least `MINIMUM`; a case
    keeps its name and text whatever the others make. A suite of very few questions gives fewer.

    Args:
        queries: The questions; those without an answer in the corpus are passed over.
        qrels: Which sections answer them.
        sections: The corpus.
        seed: Seed of every choice.

    Raises:
        InputError: No question has an answer in the corpus.
    """
    subjects = _subjects(queries, qrels, sections)
    if not subjects:
        raise InputError(
            "No question has an answer in the corpus, so there is nothing to vary.", "Check the judgements."
        )
    for count in (PER_FAMILY, *_MORE_PER_FAMILY):
        cases = tuple(case for family in FAMILIES for case in _family_cases(family, subjects, qrels, seed, count))
        if len(cases) >= MINIMUM:
            break
    return cases


def _subjects(queries: Sequence[Query], qrels: Qrels, sections: Sequence[Section]) -> dict[str, Subject]:
    """Return what each answered question offers to its variants, by query id."""
    text_of = {section.id: section.full_text for section in sections}
    frequencies = word_frequencies(text_of.values())
    subjects = {}
    for query in queries:
        answers = tuple(text_of[section] for section in sorted(qrels.relevant(query.id)) if section in text_of)
        if answers and query.text.strip() and len(query.text) <= _LONGEST:
            subjects[query.id] = Subject(query.text, answers, frequencies)
    return subjects


def _family_cases(
    family: Family, subjects: dict[str, Subject], qrels: Qrels, seed: int, count: int
) -> list[RobustnessCase]:
    order = sorted(subjects)
    Random(f"{seed}:{family.name}").shuffle(order)  # noqa: S311 - not for secrets
    cases: list[RobustnessCase] = []
    seen: set[tuple[str, str]] = set()
    for turn in range(_ROUNDS):
        for query_id in order[:_ASKED]:
            if len(cases) == count:
                return cases
            rng = Random(f"{seed}:{family.name}:{query_id}:{turn}")  # noqa: S311 - not for secrets
            variant = family.vary(subjects[query_id], rng)
            if variant is None or not variant.text.strip() or variant.text == variant.reference:
                continue
            # a question that names a detail itself is better than one with a detail of its section behind it
            borrowed = variant.reference != subjects[query_id].text
            if (borrowed and turn == 0) or (query_id, variant.text) in seen:
                continue
            seen.add((query_id, variant.text))
            cases.append(
                RobustnessCase(
                    name=f"{family.name}-{len(cases) + 1:02d}",
                    family=family.name,
                    query_id=query_id,
                    reference=variant.reference,
                    text=variant.text,
                    expectation=family.expectation,
                    answers=qrels.relevant(query_id),
                )
            )
    return cases
