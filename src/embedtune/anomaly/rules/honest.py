"""Which rules honest queries meet: a rule that does not fit the domain would use up the false positives of the others.

Decided on queries that do not calibrate, so that the promise made on the others stays exact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from embedtune.anomaly.rules.matching import met_rules
from embedtune.anomaly.rules.rule import Rule


def fitting_rules(texts: Sequence[str], rules: Collection[Rule], most: int) -> tuple[Rule, ...]:
    """Return the rules without those that honest queries meet, left out one by one until few queries meet any.

    Args:
        texts: Honest queries that do not calibrate.
        rules: Which rules are asked.
        most: How many of the queries may meet a rule.
    """
    met = [met_rules(text, rules) for text in texts]
    kept = list(rules)
    while sum(map(bool, met)) > most:
        counts = Counter(name for own in met for name in own)
        noisiest = min(counts, key=lambda name: (-counts[name], name))
        kept = [rule for rule in kept if rule.name != noisiest]
        met = [own - {noisiest} for own in met]
    return tuple(kept)


def counted_rules(texts: Sequence[str], rules: Collection[Rule]) -> Counter[str]:
    """Return how many queries meet each rule, for the rules that any query meets."""
    return Counter(name for text in texts for name in met_rules(text, rules))
