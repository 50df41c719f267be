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
    r"\b(parts?( list| numbers?| catalog\w*)?|torques?( values| table| settings)?|capacit(y|ies)|spares?|consumables|"
    r"fluids and lubricants|filling quantities|order(ing)? (numbers?|data|information)|"
    r"(fuse|relay|contactor)s?\b.*\b(list|table|chart|allocation))\b",
    re.IGNORECASE,
)
_SAFETY = re.compile(
    r"\bsafety ((and \w+ )?(information|instructions?|precautions?|notes?|notices?|rules|regulations|warnings?|"
    r"summary|messages?|guidelines|symbols|requirements|measures|first)|data sheets?)\b|"
    r"\bsafety$|^safety (and|when|while|for)\b|^working\b.*\bsafely\b|\bwarnings and\b|"
    r"\b(precautions?|hazards|hazard (symbols?|statements?|information|warnings?)|"
    r"protective (equipment|clothing|measures)|regulatory|declaration of conformity|compliance|rf exposure|"
    r"(fcc|ce|rohs|weee|ised) (statement|notice|marking|information|directive)|specific absorption rate)\b|"
    r"\b(disposal|recycling)( of\b| and\b|$)|"
    r"^((general|important) )?(warnings?|cautions?|dangers?)( (and|notices?|symbols?)\b|$)",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\b(specifications?|specs|technical data|data ?sheets?|parameters?|pinouts?|pin (assignments?|tables?|maps?|"
    r"functions|descriptions?|layout)|ratings|dimensions|register maps?|apis?|glossary|abbreviations|acronyms|"
    r"(commands?|command[- ]line) (reference|list|summary|set|options)|"
    r"configuration (options|keys|variables|parameters|reference|files?)|environment variables|metrics|"
    r"(default|factory) (values|settings)|supported \w+|system requirements|"
    r"(keyboard )?shortcuts|key bindings|menu (structure|maps?|tree|items|options|overview)|file formats?|codecs|"
    r"resolutions|(reference|conversion|frequency|lookup) (tables?|values|data|guide|manual))\b|"
    r"\b(compatib(le|ility)( \w+)?|registers|reference)$|^reference\b",
    re.IGNORECASE,
)
_LIKELY_REFERENCE = re.compile(
    r"\b(settings?|options|preferences|menus?|limits|values|tables?|requirements|commands)"
    r"(?= (on|of|for|in|and)\b|$)",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"^(what|why|how|when|where|which|who|can|is|are|do|does|if|my)\b", re.IGNORECASE)
_NUMBER = re.compile(r"^(?:step\s+)?\d{1,3}(?:\.\d{1,3})*[.):]?\s+(?=\D)", re.IGNORECASE)
_PROHIBITION = re.compile(
    r"^(?:(?:warning|caution|danger)\b|(?:do not|don['\u2019]t|never|avoid|keep away|be careful)\b)|"
    r"\b(?:must not|never|injury|electric shock|serious damage|death)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n")
_TABLE_ROW = re.compile(r"\S \| \S|\S\t+\S|\S {3,}\S")
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
_STEP = re.compile(r"^[ \t]*(?:step\s+)?\(?(?:\d{1,2}|[a-h])[.):]\s+\S", re.IGNORECASE | re.MULTILINE)
_MIN_STEPS = 3
_MIN_PROHIBITIONS = 3
_PROHIBITION_SHARE = 0.4
_MIN_ROWS = 4
_ROW_SHARE = 0.5
_MAX_HEADING_CHARACTERS = 200
_MAX_LIKELY_WORDS = 5


def section_kind(heading: str, body: str) -> SectionKind:
    """Return the kind of a section, told by its heading where that says it, else by its body.

    Of a heading like ``Display settings``, which could stand above steps as well as above a list, the
    body decides.

    Args:
        heading: Its own heading.
        body: Its text: three numbered steps make a procedure, mostly prohibitions safety, mostly rows
            of a table a reference.
    """
    heading = _NUMBER.sub("", heading[:_MAX_HEADING_CHARACTERS])
    if _SAFETY.search(heading):
        return SectionKind.SAFETY
    if _names_work(heading):
        return SectionKind.PROCEDURE
    for pattern, kind in (
        (_DIAGNOSTIC, SectionKind.DIAGNOSTIC),
        (_PARTS, SectionKind.PARTS),
        (_REFERENCE, SectionKind.REFERENCE),
    ):
        if pattern.search(heading) and not (kind is SectionKind.REFERENCE and _QUESTION.match(heading)):
            return kind
    return _kind_of_body(body, SectionKind.REFERENCE if _could_name_reference(heading) else SectionKind.OTHER)


def _could_name_reference(heading: str) -> bool:
    words = heading.split()
    if len(words) > _MAX_LIKELY_WORDS or words[:1] == [] or words[0].lower().endswith("ing"):
        return False
    return bool(_LIKELY_REFERENCE.search(heading)) and not _QUESTION.match(heading)


def _kind_of_body(body: str, otherwise: SectionKind) -> SectionKind:
    if len(_STEP.findall(body)) >= _MIN_STEPS:
        return SectionKind.PROCEDURE
    sentences = [sentence for sentence in _SENTENCE_END.split(body) if sentence]
    prohibitions = sum(bool(_PROHIBITION.search(sentence)) for sentence in sentences)
    if prohibitions >= max(_MIN_PROHIBITIONS, _PROHIBITION_SHARE * len(sentences)):
        return SectionKind.SAFETY
    lines = [line for line in body.split("\n") if line.strip()]
    rows = sum(bool(_TABLE_ROW.search(line)) for line in lines)
    return SectionKind.REFERENCE if rows >= max(_MIN_ROWS, _ROW_SHARE * len(lines)) else otherwise


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
