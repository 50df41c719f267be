"""What an evaluation found out about leaks and robustness, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from embedtune.report.content import Table

if TYPE_CHECKING:
    from embedtune.evaluation.robustness.outcome import Robustness
    from embedtune.files import JsonValue

_MOST_ROWS = 25
_TOTALS = (
    ("training_questions", "Questions trained on"),
    ("test_questions", "Test questions"),
    ("test_questions_trained_on", "Test questions that were trained on"),
    ("test_questions_similar", "Test questions similar to one that was"),
)
_CHANGE_COLUMNS = ("without", "questions left", "system", "all questions", "without them", "change")
_PAIR_COLUMNS = ("test question", "training question", "closeness")
_LEFT_OUT = {
    "leaked": "those trained on",
    "leaked_or_similar": "those trained on or similar",
    "on_trained_sections": "those about sections trained on",
}


def leak_tables(leakage: Mapping[str, JsonValue], metric: str, systems: Sequence[str]) -> tuple[Table, ...]:
    """Return a leak report as tables: how many questions leaked, the figures without them, and which they are.

    Args:
        leakage: The part ``leakage`` of an evaluation result; parts that are missing are left out.
        metric: The metric whose change is shown.
        systems: The systems in their order; a file that was read back has lost it.
    """
    totals = [(name, f"{value:,}") for key, name in _TOTALS if isinstance(value := leakage.get(key), int)]
    sections = leakage.get("sections")
    if isinstance(sections, Mapping) and isinstance(asked := sections.get("test_questions"), int):
        totals.append(("Test questions about sections that were trained on (no leak)", f"{asked:,}"))
    tables = [Table("", ("", "count"), tuple(totals))] if totals else []
    without = leakage.get("without")
    changes = _changes(without, metric, systems) if isinstance(without, Mapping) else ()
    if changes:
        tables.append(Table("The figures without these questions", _CHANGE_COLUMNS, changes))
    pairs = leakage.get("pairs")
    rows = tuple(
        (str(row.get("query", "")), str(row.get("trained", "")), str(row.get("closeness", "")))
        for row in (pairs if isinstance(pairs, list) else ())
        if isinstance(row, Mapping)
    )
    if rows:
        more = f" (the first {_MOST_ROWS} of {len(rows)})" if len(rows) > _MOST_ROWS else ""
        tables.append(Table(f"Which questions{more}", _PAIR_COLUMNS, rows[:_MOST_ROWS]))
    return tuple(tables)


def robustness_tables(robustness: Robustness | None) -> tuple[Table, ...]:
    """Return how many cases of each family every system passed; nothing where none were put."""
    if robustness is None or not robustness.systems:
        return ()
    systems = robustness.systems
    rows = [
        (
            family.family,
            str(family.expectation),
            *(_share(s.families[at].passed, s.families[at].total) for s in systems),
        )
        for at, family in enumerate(systems[0].families)
    ]
    rows.append(("all", "", *(_share(system.passed, system.total) for system in systems)))
    return (Table("", ("what was changed", "expected", *(system.system for system in systems)), tuple(rows)),)


def _changes(without: Mapping[str, JsonValue], metric: str, systems: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    rows: list[tuple[str, ...]] = []
    for what, part in without.items():
        changed = part.get("systems") if isinstance(part, Mapping) else None
        left = part.get("n") if isinstance(part, Mapping) else None
        if not isinstance(changed, Mapping):
            continue
        for system in systems:
            metrics = changed.get(system)
            change = metrics.get(metric) if isinstance(metrics, Mapping) else None
            if isinstance(change, Mapping):
                figures = (_figure(change.get("all"), ""), _figure(change.get("without"), ""))
                rows.append(
                    (_LEFT_OUT.get(what, what), f"{left}", system, *figures, _figure(change.get("change"), "+"))
                )
    return tuple(rows)


def _figure(value: JsonValue, sign: str) -> str:
    return f"{value:{sign}.3f}" if isinstance(value, int | float) else ""


def _share(passed: int, total: int) -> str:
    return f"{passed} of {total}"
