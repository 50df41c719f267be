"""What a section is for, told by its heading first and its body second."""

from __future__ import annotations

import re

from embedtune.vocabulary.corpus import SectionKind

_DIAGNOSTIC = re.compile(
    r"\b(troubleshoot\w*|diagnos\w*|faults?|errors?|alarms?|symptoms?|problems?|failures?|trouble|malfunction\w*|"
    r"lockouts?|(does|do|is|are|was|were|could|did|has|have)(n['\u2019]t| not)(?! disturb)|will not|cannot|"
    r"(wo|ca)n['\u2019]t|not working|fails?|failed|codes? [A-Z]{1,3}-?\d\w*|(flash|blink) codes?|^if the)\b",
    re.IGNORECASE,
)
_PARTS = re.compile(
    r"\b(parts?( list| numbers?| catalog\w*)?|specifications?|specs|technical data|torques?( values| table| settings)?|"
    r"capacit(y|ies)|spares?|consumables|dimensions|fluids and lubricants|filling quantities|"
    r"order(ing)? (numbers?|data|information)|ratings|pinouts?|"
    r"(fuse|relay|contactor)s?\b.*\b(list|table|chart|allocation))\b",
    re.IGNORECASE,
)
_VERBS = (
    "activate add adjust aim align allow apply assemble attach bleed block boost calibrate cancel change charge "
    "check choose clean clear close configure connect control convert copy correct create customize deactivate "
    "decrypt delete disable disassemble discharge disconnect download drain edit enable encrypt enlarge enter erase "
    "exchange exit export fill find fit fix flush format get handle identify import increase insert inspect install "
    "isolate jump launch lay lift load lock lower lubricate make manage measure modify mount move navigate open "
    "operate order pair park perform play prepare prevent prime program protect purge put read rearrange reconnect "
    "record recover reduce refill refit register reinstall release remove rename renew replace request reset "
    "restart restore return run save scan search select send service set setup shut sign start stop store switch "
    "take test tighten tow transfer troubleshoot tune turn uninstall unload unlock update upgrade upload use vent "
    "verify view wash wire"
)
_VERBS_OR_NOUNS = (
    "block boost charge control copy exit fill fit fix format handle increase jump lift load lock measure mount "
    "order park play program record release request return run scan service store switch test tow transfer wash "
    "wire"
)
_OBJECT_STARTS = (
    "a all an and any at back by down each every for from in into it its off on or out over the this through to up "
    "with without your"
)
_PROCEDURE_VERBS = frozenset(_VERBS.split())
_ALSO_NOUNS = frozenset(_VERBS_OR_NOUNS.split())
_AFTER_A_VERB = frozenset(_OBJECT_STARTS.split())
_DATA = re.compile(
    r"^\w+ing (torques?|quantit(y|ies)|data|temperatures?|pressures?|conditions|diagrams?|limits?|values|ranges?)\b",
    re.IGNORECASE,
)
_STEP = re.compile(r"^\s*(?:step\s+)?\(?(?:\d{1,2}|[a-h])[.):]\s+\S", re.IGNORECASE | re.MULTILINE)
_MIN_STEPS = 3


def section_kind(heading: str, body: str) -> SectionKind:
    """Return the kind of a section: diagnostic, parts, procedure or other.

    Args:
        heading: Its own heading.
        body: Its text; three numbered steps make a procedure of anything not told by its heading.
    """
    if _names_work(heading):
        return SectionKind.PROCEDURE
    if _DIAGNOSTIC.search(heading):
        return SectionKind.DIAGNOSTIC
    if _PARTS.search(heading):
        return SectionKind.PARTS
    return SectionKind.PROCEDURE if len(_STEP.findall(body)) >= _MIN_STEPS else SectionKind.OTHER


def _names_work(heading: str) -> bool:
    """Tell whether a heading names work to be done: ``Bleeding the brakes``, not ``Brake bleeding``."""
    if _DATA.match(heading):
        return False
    words = [word.strip(":,;()").lower() for word in heading.split()] or [""]
    first, second = words[0], words[1] if len(words) > 1 else ""
    if words[:2] == ["how", "to"] or infinitive(first) not in {None, "troubleshoot"}:
        return True
    if not is_procedure_verb(first) or first == "troubleshoot":
        return False
    return first not in _ALSO_NOUNS or second in _AFTER_A_VERB


def is_procedure_verb(word: str) -> bool:
    """Tell whether a lower-case word is the bare form of a known verb of work (``bleed``, ``adjust``)."""
    return word in _PROCEDURE_VERBS


def infinitive(word: str) -> str | None:
    """Return the bare form of a lower-case -ing form of a known verb of work, ``None`` for any other word."""
    if not word.endswith("ing"):
        return None
    stem = word[:-3]
    return next((form for form in (stem, f"{stem}e", stem[:-1]) if form in _PROCEDURE_VERBS), None)
