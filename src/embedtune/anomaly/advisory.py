"""What a detector says of a query: advice with its reasons. It never blocks anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from embedtune.anomaly.rules.rule import RuleHit


class Verdict(StrEnum):
    """What a query's score means.

    ``anomalous``: beyond the threshold that the detector's promise speaks of. ``unusual``: at the edge of what is
    normal, with a p-value of at most twice alpha; for a log, not for a refusal. ``normal``: the rest.
    """

    NORMAL = "normal"
    UNUSUAL = "unusual"
    ANOMALOUS = "anomalous"


@dataclass(frozen=True, slots=True)
class KnownQuery:
    """A normal query that is near.

    Attributes:
        text: The query.
        cosine: How near, -1 to 1.
    """

    text: str
    cosine: float


@dataclass(frozen=True, slots=True)
class StrangeWindow:
    """The part of a query that a detector of words finds strangest.

    Attributes:
        detector: The detector's name.
        text: The part, as it was written.
    """

    detector: str
    text: str


@dataclass(frozen=True, slots=True)
class Advisory:
    """What is said of one query.

    Attributes:
        verdict: The advice.
        p_value: The share of normal queries that are at least as strange.
        score: The combined score; `inf` where a written rule holds.
        rarities: By detector, how rare the query is: 3 nats is a normal query of twenty.
        new_words: The share of its words that are known from nowhere; 0 where no detector counts words.
        calibrated_on: Whose threshold was used: a domain, or empty for all queries together.
        rules: The written rules that hold.
        windows: The strangest part for each detector that looks at parts; only where the verdict is not normal.
        nearest: The nearest normal queries, best first; only where the verdict is not normal and their texts are kept.
    """

    verdict: Verdict
    p_value: float
    score: float
    rarities: Mapping[str, float]
    new_words: float = 0.0
    calibrated_on: str = ""
    rules: tuple[RuleHit, ...] = ()
    windows: tuple[StrangeWindow, ...] = ()
    nearest: tuple[KnownQuery, ...] = ()

    @property
    def reason(self) -> str:
        """Why, in one line; empty for a normal query."""
        if self.verdict is Verdict.NORMAL:
            return ""
        if self.rules:
            return "; ".join(f"{hit.meaning} ({hit.rule}: {hit.found!r})" for hit in self.rules)
        strongest = max(self.rarities, key=lambda name: self.rarities[name])
        window = next((window for window in self.windows if window.detector == strongest), None)
        parts = [f"{strongest} is the most unusual"]
        if window:
            parts.append(f"in {window.text!r}")
        if self.nearest:
            parts.append(f"nearest known query: {self.nearest[0].text!r} (cosine {self.nearest[0].cosine:.2f})")
        return ", ".join(parts)
