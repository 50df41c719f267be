"""Questions that differ from the original in the one detail that decides the answer.

A variant is compared with a text that names the detail as the right section does: the question where it names
it already, else the question followed by the detail. The right section must then score lower for the variant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random

from embedtune.evaluation.robustness.cases import Subject, Variant, replaced
from embedtune.evaluation.robustness.lexicons import UNITS, Unit

# Capitals and digits, joined by hyphens or not, or a number of five digits and more: 10W-30, P0420, 06H-115-561.
_PART_NUMBER = re.compile(
    r"(?<![\w.,/-])(?:(?=[A-Z0-9/-]*[A-Z])(?=[A-Z0-9/-]*\d)[A-Z0-9]{2,}(?:[-/][A-Z0-9]+)*|\d{5,12})(?![\w/-])(?!\.\d)"
)
_SHORTEST_NUMBER = 4
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_DIGITS = "0123456789"
_NEGATION = re.compile(
    r"(?<!\w)(?:not|no|never|none|without|avoid|cannot|\w+n['\u2019]t|instead of|except|prohibited|forbidden)(?!\w)",
    re.IGNORECASE,
)
_HOW_DO_I = re.compile(r"(?<!\w)how (?:do|can|should|would|must) (?:i|you|we|one)(?!\w)", re.IGNORECASE)
_HOW_TO = re.compile(r"(?<!\w)how to(?!\w)", re.IGNORECASE)
_VERB_AND_SUBJECT = re.compile(
    r"(?<!\w)(?:is|are|was|does|do|did|can|could|may|should|must|will|would) (?:i|you|we|it|they|this|that)(?!\w)",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"(?<!\w)(?:(?:what|which|where|when|who) (?:is|are)|is|are|can|may|should|must|will)(?!\w)", re.IGNORECASE
)
_UNIT_OF = {spelling: unit for unit in UNITS for spelling in unit.spellings}
_SPELLINGS = "|".join(map(re.escape, sorted(_UNIT_OF, key=len, reverse=True)))
_QUANTITY = re.compile(rf"(?<![\w.,-])(?P<number>\d+(?:[.,]\d+)?)\s?(?P<unit>{_SPELLINGS})(?![\w/·-])")

# The first that stands in a question is negated; "{}" is what stood there.
_NEGATED = (
    (_HOW_DO_I, ("when must I not", "why should I never", "how do I avoid having to")),
    (_HOW_TO, ("when not to", "why never to", "how to avoid having to")),
    (_VERB_AND_SUBJECT, ("{} not", "{} never")),
    (_VERB, ("{} not", "{} never")),
)

_Accept = Callable[[re.Match[str]], bool]


def negation(subject: Subject, rng: Random) -> Variant | None:
    """Ask for the opposite ("when must I not …", "what is not …").

    Not where the question or a section that answers it negates something: the opposite may then be what the
    section is about.
    """
    if _NEGATION.search(subject.text) or any(map(_NEGATION.search, subject.answers)):
        return None
    for pattern, forms in _NEGATED:
        match = pattern.search(subject.text)
        if match:
            negated = rng.choice(forms).format(match.group())
            return Variant(replaced(subject.text, match, negated), subject.text)
    return None


def other_unit(subject: Subject, rng: Random) -> Variant | None:
    """Give the number of a quantity the unit of another one: 35 psi in the place of 35 Nm."""
    found = _named_detail(subject, _QUANTITY, rng, lambda _: True)
    if found is None:
        return None
    reference, match = found
    own = _UNIT_OF[match["unit"]].quantity
    units = [unit.spellings[0] for unit in UNITS if unit.quantity != own]
    units = [unit for unit in units if not _stands_in(f"{match['number']} {unit}", subject.answers)]
    return Variant(replaced(reference, match, f"{match['number']} {rng.choice(units)}"), reference) if units else None


def unit_spelling(subject: Subject, rng: Random) -> Variant | None:
    """Write the unit of a quantity another way: 35 newton metres for 35 Nm."""
    found = _named_detail(subject, _QUANTITY, rng, lambda match: bool(_other_spellings(match)))
    if found is None:
        return None
    reference, match = found
    return Variant(replaced(reference, match, f"{match['number']} {rng.choice(_other_spellings(match))}"), reference)


def part_number(subject: Subject, rng: Random) -> Variant | None:
    """Change one character of a part number, so that no section of the corpus has it."""
    found = _named_detail(subject, _PART_NUMBER, rng, lambda match: len(match.group()) >= _SHORTEST_NUMBER)
    if found is None:
        return None
    reference, match = found
    others = [number for number in _one_off(match.group()) if number.lower() not in subject.frequencies]
    return Variant(replaced(reference, match, rng.choice(others)), reference) if others else None


def _named_detail(
    subject: Subject, pattern: re.Pattern[str], rng: Random, accept: _Accept
) -> tuple[str, re.Match[str]] | None:
    """Return a text that asks with a detail of the right section, and where the detail stands in it."""
    own = [match for match in pattern.finditer(subject.text) if _stands_in(match.group(), subject.answers)]
    own = [match for match in own if accept(match)]
    if own:
        return subject.text, rng.choice(own)
    theirs = [match for answer in subject.answers for match in pattern.finditer(answer) if accept(match)]
    if not theirs or pattern.search(subject.text):
        return None
    reference = f"{subject.text.rstrip(' ?.!')}, {rng.choice(theirs).group()}"
    last = list(pattern.finditer(reference))
    return (reference, last[-1]) if last else None


def _stands_in(detail: str, texts: tuple[str, ...]) -> bool:
    """Tell whether one of the texts holds a detail as written, but for case and blanks."""
    written = r"\s*".join(re.escape(part) for part in _parts(detail))
    pattern = re.compile(rf"(?<![\w.,])(?:{written})(?!\w)", re.IGNORECASE)
    return any(pattern.search(text) for text in texts)


def _parts(detail: str) -> list[str]:
    match = _QUANTITY.fullmatch(detail)
    return [match["number"], match["unit"]] if match else detail.split()


def _other_spellings(match: re.Match[str]) -> list[str]:
    unit: Unit = _UNIT_OF[match["unit"]]
    return [spelling for spelling in unit.spellings if spelling != match["unit"]]


def _one_off(number: str) -> Iterator[str]:
    """Yield the part numbers that differ in one character of the same kind."""
    for place, character in enumerate(number):
        kind = _DIGITS if character.isdigit() else _LETTERS if character.isalpha() else ""
        for other in kind:
            if other != character:
                yield number[:place] + other + number[place + 1 :]
