"""Sections that say the same in the same words count as one.

A manual that stands in the corpus twice gives every answer twice. The judgements know one copy, as a rule, and
a system that finds the other is as right. So all copies take the name of one: finding any of them finds the
answer, at the rank of the best, and the other copies are neither found again nor in the way (Fröbe, Bittner,
Potthast & Hagen, "The Effect of Content-Equivalent Near-Duplicates on the Evaluation of Search Engines", ECIR
2020).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedtune.evaluation.metrics import in_order
from embedtune.files import short_digest
from embedtune.vocabulary.evaluation import Qrels, Ranked, Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def equal_sections(texts: Mapping[str, str]) -> dict[str, str]:
    """Find the sections whose texts are equal but for white space.

    Args:
        texts: Section id to its text, heading included: two chapters that say "see above" answer
            different questions. Empty texts are equal to none.

    Returns:
        As `standing_for`.
    """
    groups: dict[str, list[str]] = {}
    for section, text in texts.items():
        words = text.split()
        if words:
            groups.setdefault(short_digest(words), []).append(section)
    return standing_for(group for group in groups.values() if len(group) > 1)


def standing_for(groups: Iterable[Sequence[str]]) -> dict[str, str]:
    """Say for each section of some groups which one stands for it: the one with the smallest id.

    Args:
        groups: The ids of sections that are equal; no section is in two groups.
    """
    return {section: min(group) for group in groups for section in group}


def collapsed_qrels(qrels: Qrels, standing: Mapping[str, str]) -> Qrels:
    """Return judgements in which equal sections are one, with the highest grade that any of them has.

    Args:
        qrels: The judgements.
        standing: Section id to the one that stands for it; an absent section stands for itself.
    """
    if not standing:
        return qrels
    grades: dict[str, dict[str, int]] = {}
    for query in qrels.judged:
        one = grades.setdefault(query, {})
        for section, grade in qrels.grades(query).items():
            name = standing.get(section, section)
            one[name] = max(grade, one.get(name, grade))
    return Qrels(grades)


def collapsed_run(run: Run, standing: Mapping[str, str]) -> Run:
    """Return a run in which equal sections are one, at the place of the first of them.

    A section that a ranking names twice stays there twice, so that `score_run` refuses it.

    Args:
        run: What a system returned.
        standing: Section id to the one that stands for it; an absent section stands for itself.
    """
    if not standing:
        return run
    rankings = {query: _collapsed(ranking, standing) for query, ranking in run.rankings.items()}
    return Run(run.system, run.corpus_digest, rankings)


def _collapsed(ranking: Sequence[Ranked], standing: Mapping[str, str]) -> tuple[Ranked, ...]:
    first_copy: dict[str, str] = {}
    kept: list[Ranked] = []
    for entry in in_order(ranking):
        name = standing.get(entry.section_id, entry.section_id)
        if first_copy.setdefault(name, entry.section_id) == entry.section_id:
            kept.append(Ranked(name, entry.score))
    return tuple(kept)
