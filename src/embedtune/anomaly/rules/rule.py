"""What a rule is, and what its hit says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class RuleKind(StrEnum):
    """What a rule looks for."""

    OVERRIDE = "override"
    SECRETS = "secrets"
    MARKUP = "markup"
    ENCODED = "encoded"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern with a name.

    Attributes:
        name: Unique; what settings and hits call it.
        kind: What it looks for.
        pattern: Searched for in the text; its repetitions are bounded or possessive, so that there are few ways to
            match at a place and time grows with the text's length.
        meaning: What a hit tells, for people.
    """

    name: str
    kind: RuleKind
    pattern: re.Pattern[str]
    meaning: str


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A rule that holds for a query.

    Attributes:
        rule: The rule's name.
        kind: What the rule looks for.
        meaning: What that tells.
        found: The place of the query that matched, shortened; of what a disguise hid, the hidden text.
    """

    rule: str
    kind: RuleKind
    meaning: str
    found: str


def pattern(*alternatives: str) -> re.Pattern[str]:
    """Return a pattern for any of the alternatives, in any case."""
    return re.compile("|".join(alternatives), re.IGNORECASE)
