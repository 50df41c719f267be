"""Which rules honest queries meet: a rule that does not fit the domain uses up the false positives of the others.

No rule is left out without being asked for: what meets it may as well be an attack among the queries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from embedtune.anomaly.rules.matching import rule_names
from embedtune.anomaly.rules.rule import RuleHit
from embedtune.errors import InputError

_SHOWN = 80


class BlindingRulesError(InputError):
    """Calibration queries meet written rules so often that nothing could be flagged.

    Attributes:
        rules: Names of the rules without which it could, the noisiest first.
    """

    def __init__(self, message: str, remedy: str, rules: tuple[str, ...]) -> None:
        super().__init__(message, remedy)
        self.rules = rules


def check_rules(texts: Sequence[str], hits: Sequence[Sequence[RuleHit]], beyond: int) -> None:
    """Check that the rules leave a threshold beyond which anything can lie: a query that meets a rule scores infinity.

    Args:
        texts: The different queries that calibrate.
        hits: The rules that hold for each.
        beyond: How many of their scores lie beyond the threshold.

    Raises:
        BlindingRulesError: More queries meet a rule.
    """
    met = {text: rule_names(own) for text, own in zip(texts, hits, strict=True) if own}
    if len(met) <= beyond:
        return
    noisy = noisiest_rules(list(met.values()), beyond // 2)
    named = "; ".join(
        f"{name} ({sum(name in own for own in met.values())}), such as {_example(met, name)!r}" for name in noisy
    )
    raise BlindingRulesError(
        f"{len(met)} of the {len(texts)} calibration queries meet a written rule, where {beyond} may lie beyond the "
        f"threshold, so that nothing would be flagged: {named}.",
        "Remove these queries if they are attacks. If users ask so, leave the rules out: anomaly.left_out_rules = "
        f"{list(noisy)}.",
        noisy,
    )


def noisiest_rules(met: Sequence[Collection[str]], most: int) -> tuple[str, ...]:
    """Return the rules to leave out one by one, the noisiest first, until at most ``most`` queries meet any.

    Args:
        met: Names of the rules that each query meets.
        most: How many queries may meet a rule.
    """
    left = [set(own) for own in met]
    noisy: list[str] = []
    while sum(map(bool, left)) > most:
        counts = Counter(name for own in left for name in own)
        noisy.append(min(counts, key=lambda name: (-counts[name], name)))
        left = [own - {noisy[-1]} for own in left]
    return tuple(noisy)


def _example(met: dict[str, frozenset[str]], name: str) -> str:
    return " ".join(next(text for text, own in met.items() if name in own).split())[:_SHOWN]
