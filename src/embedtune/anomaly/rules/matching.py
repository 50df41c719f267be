"""Apply the rules to a query."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from embedtune.anomaly.rules.disguises import undisguised
from embedtune.anomaly.rules.encoded import ENCODED
from embedtune.anomaly.rules.length import LENGTH
from embedtune.anomaly.rules.markup import MARKUP
from embedtune.anomaly.rules.phrases import PHRASES
from embedtune.anomaly.rules.rule import Rule, RuleHit, RuleKind, pattern
from embedtune.anomaly.windows import looked_at
from embedtune.errors import InputError

RULES = (*PHRASES, *MARKUP, *ENCODED, *LENGTH)

_DISGUISED = "disguised "
_SHOWN = 80
# A decoding that holds none of these is not worth the time of asking every rule.
_CUES = pattern(
    r"instruct|ignor|disregard|rule|prompt|guideline|pretend|role|password|passphrase|key|token|credential|secret|system"
)


def rule_hits(text: str, rules: Collection[Rule] = RULES) -> tuple[RuleHit, ...]:
    """Return the rules that hold for a query, in the order of the rules; each hit once.

    Args:
        text: The query; of a very long one the middle is passed over.
        rules: Which rules are asked.
    """
    seen = looked_at(text)
    hits = {hit.rule: hit for hit in _hits(seen, rules)}
    for hidden in undisguised(seen):
        if _CUES.search(hidden):
            phrases = [rule for rule in rules if rule in PHRASES and rule.name not in hits]
            for hit in _hits(hidden, phrases):
                hits.setdefault(f"{_DISGUISED}{hit.rule}", _disguised(hit))
    return tuple(hits.values())


def rule_names(hits: Iterable[RuleHit]) -> frozenset[str]:
    """Return the names of the rules that hold, be it behind an encoding."""
    return frozenset(hit.rule.removeprefix(_DISGUISED) for hit in hits)


def chosen_rules(left_out: Collection[str]) -> tuple[Rule, ...]:
    """Return all rules but those that are named.

    Raises:
        InputError: There is no rule of such a name.
    """
    names = [rule.name for rule in RULES]
    if unknown := sorted(set(left_out) - set(names)):
        raise InputError(f"There is no rule {unknown[0]!r}.", f"Known rules: {', '.join(names)}.")
    return tuple(rule for rule in RULES if rule.name not in left_out)


def _hits(text: str, rules: Collection[Rule]) -> Iterator[RuleHit]:
    for rule in rules:
        if found := rule.pattern.search(text):
            yield RuleHit(rule.name, rule.kind, rule.meaning, " ".join(found[0].split())[:_SHOWN])


def _disguised(hit: RuleHit) -> RuleHit:
    return RuleHit(f"{_DISGUISED}{hit.rule}", RuleKind.ENCODED, f"{hit.meaning}, behind an encoding", hit.found)
