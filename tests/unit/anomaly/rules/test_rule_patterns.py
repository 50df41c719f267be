"""No text makes a rule slow: at a place of the text there are few ways in which a pattern can match, or fail to.

A pattern's ways are counted from its parts, whatever the text: as many as a repetition may have lengths, unless it is
possessive and gives nothing back; those of parts that follow each other are multiplied, those of alternatives added.
Words exclude each other, so the count of a list of words is far above what can happen.
"""

import math
import re
from re import _constants as op
from re import _parser

import pytest

from embedtune.anomaly.rules import disguises, matching
from embedtune.anomaly.windows import _WORD

MOST_WAYS = 300_000
PATTERNS = {
    **{rule.name: rule.pattern for rule in matching.RULES},
    "cues": matching._CUES,
    "words": _WORD,
}
KEPT = {op.LITERAL, op.NOT_LITERAL, op.IN, op.ANY, op.AT, op.ASSERT, op.ASSERT_NOT, op.CATEGORY}


def ways(parts):
    return math.prod(ways_of(kind, value) for kind, value in parts)


def ways_of(kind, value):
    if kind in KEPT:
        return 1
    if kind is op.SUBPATTERN:
        return ways(value[-1])
    if kind is op.BRANCH:
        return sum(map(ways, value[1]))
    if kind in {op.POSSESSIVE_REPEAT, op.ATOMIC_GROUP}:
        return 1
    assert kind in {op.MAX_REPEAT, op.MIN_REPEAT}, f"{kind} is not counted"
    least, most, inner = value
    if most is op.MAXREPEAT:
        return math.inf
    return sum(ways(inner) ** count for count in range(least, most + 1))


def inner_repeats(parts):
    """Yield what is repeated possessively: it may try its own ways once for each repetition."""
    for kind, value in parts:
        if kind is op.POSSESSIVE_REPEAT:
            yield value[2]
        for child in children(kind, value):
            yield from inner_repeats(child)


def children(kind, value):
    if kind is op.BRANCH:
        return value[1]
    if kind is op.SUBPATTERN:
        return [value[-1]]
    if kind in {op.POSSESSIVE_REPEAT, op.MAX_REPEAT, op.MIN_REPEAT}:
        return [value[2]]
    if kind in {op.ASSERT, op.ASSERT_NOT}:
        return [value[1]]
    return [value] if kind is op.ATOMIC_GROUP else []


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_has_few_ways_to_match_at_a_place(name):
    parsed = _parser.parse(PATTERNS[name].pattern, PATTERNS[name].flags)
    assert ways(parsed) <= MOST_WAYS
    assert all(ways(inner) <= 30 for inner in inner_repeats(parsed))


@pytest.mark.parametrize(
    ("slow", "count"), [(r"(?:a+)+b", math.inf), (r"\W+[\w']+x", math.inf), (r"(?:ab|cd){1,9}e", 1022)]
)
def test_a_slow_pattern_would_be_seen(slow, count):
    assert ways(_parser.parse(slow)) == count


@pytest.mark.parametrize("name", ["_BASE64", "_HEX", "_ESCAPE", "_SPELLED"])
def test_undoing_an_encoding_repeats_only_what_has_one_length(name):
    pattern = getattr(disguises, name)
    for kind, value in _parser.parse(pattern.pattern):
        for child in children(kind, value):
            assert ways(child) <= 2
    assert re.compile(pattern.pattern)
