"""Robustness cases as a table for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedtune.cli.console import Console
    from embedtune.evaluation.robustness.outcome import FamilyOutcome, Robustness


def robustness_table(console: Console, robustness: Robustness) -> str:
    """Return how many cases of each family each system passed, and of all."""
    systems = robustness.systems
    rows = [
        [family.family, family.expectation.value, *(_share(s.families[place]) for s in systems)]
        for place, family in enumerate(systems[0].families)
    ]
    rows.append(["all", "", *(f"{system.passed}/{system.total}" for system in systems)])
    return console.table("Robustness", ["family", "expected", *(system.system for system in systems)], rows)


def _share(family: FamilyOutcome) -> str:
    return f"{family.passed}/{family.total}"
