"""What a section is for, told by its heading first and its body second."""

from __future__ import annotations

import re

from embedtune.vocabulary.corpus import SectionKind

_DIAGNOSTIC = re.compile(
    r"\b(troubleshoot\w*|fault|faults|error|errors|alarm|alarms|symptom\w*|diagnos\w*|problem\w*|failure\w*|"
    r"trouble|malfunction\w*|lockout|does not|do not|will not|cannot|can't|won't|codes?|if the)\b",
    re.IGNORECASE,
)
_PARTS = re.compile(
    r"\b(parts?( list| numbers?| catalog\w*)?|specifications?|technical data|torque (values|table|settings)|"
    r"capacit(y|ies)|spares?|consumables|dimensions|fluids and lubricants|ratings|pinouts?)\b",
    re.IGNORECASE,
)
_PROCEDURE_VERBS = frozenset(
    "adjust aim align apply assemble attach bleed calibrate change charge check clean clear close configure connect "
    "control create delete disable disassemble disconnect drain edit enable enter exit fill find fit fix flush get "
    "inspect install jump launch lift load lock lower lubricate make manage measure mount move open operate order "
    "park perform play prepare prime program purge put read record refill register remove rename replace reset "
    "restart restore run save scan search select send service set setup shut start stop store switch test tighten "
    "tow transfer troubleshoot tune turn unlock unload update upgrade use view wash wire".split()
)
_STEP = re.compile(r"^\s*(?:step\s+)?\(?(?:\d{1,2}|[a-h])[.):]\s+\S", re.IGNORECASE | re.MULTILINE)
_MIN_STEPS = 3


def section_kind(heading: str, body: str) -> SectionKind:
    """Return the kind of a section: diagnostic, parts, procedure or other.

    Args:
        heading: Its own heading.
        body: Its text; three numbered steps make a procedure of anything not told by its heading.
    """
    if _DIAGNOSTIC.search(heading):
        return SectionKind.DIAGNOSTIC
    if _PARTS.search(heading):
        return SectionKind.PARTS
    first = heading.split()[0].lower().strip(":,") if heading.split() else ""
    if heading.lower().startswith("how to") or is_procedure_verb(first) or infinitive(first):
        return SectionKind.PROCEDURE
    if len(_STEP.findall(body)) >= _MIN_STEPS:
        return SectionKind.PROCEDURE
    return SectionKind.OTHER


def is_procedure_verb(word: str) -> bool:
    """Tell whether a lower-case word is the bare form of a known verb of work (``bleed``, ``adjust``)."""
    return word in _PROCEDURE_VERBS


def infinitive(word: str) -> str | None:
    """Return the bare form of a lower-case -ing form of a known verb of work, ``None`` for any other word."""
    if not word.endswith("ing"):
        return None
    stem = word[:-3]
    return next((form for form in (stem, f"{stem}e", stem[:-1]) if form in _PROCEDURE_VERBS), None)
