"""What the page about a log of queries says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DriftPart:
    """A part of the log.

    Attributes:
        begin: When it began, ISO 8601.
        flagged: The share of its different queries that were flagged.
        unusual: The share of those that were unusual.
        expected_high: What the first share seldom exceeds in a part of this size.
    """

    begin: str
    flagged: float
    unusual: float
    expected_high: float


@dataclass(frozen=True, slots=True)
class DriftTest:
    """A comparison of the log with the normal queries.

    Attributes:
        name: What is compared.
        usual: What is usual, in words.
        found: What the log shows, in words.
        p_value: The chance of such a difference where nothing has changed.
        alarm: Whether it is outside its bounds.
    """

    name: str
    usual: str
    found: str
    p_value: float
    alarm: bool


@dataclass(frozen=True, slots=True)
class DriftDomain:
    """A domain and its shares.

    Attributes:
        name: Its name, empty for none named.
        usual: Its share of the normal queries.
        before: Its share of what was logged before; ``None`` where too little was.
        share: Its share of the log.
        flagged: The share of its logged queries that was flagged.
    """

    name: str
    usual: float
    before: float | None
    share: float
    flagged: float


@dataclass(frozen=True, slots=True)
class DriftCluster:
    """Unusual queries about one thing: how many, how many different ones, their share of the log, and examples."""

    queries: int
    distinct: int
    share: float
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DriftContent:
    """The page.

    Attributes:
        version: Whose detector judged.
        begin: When the log begins.
        end: When it ends.
        queries: How many it holds.
        distinct: How many different ones.
        promise: What the calibration promises, in words.
        alarms: What is outside its bounds, in words; empty for no alarm.
        tests: The comparisons.
        parts: How the log went.
        expected: The share of flagged queries that is usual.
        p_values: Queries by p-value, in equal steps from 0 to 1.
        domains: The domains; empty where the log names none.
        rules: Written rules that held, with how often.
        clusters: Which questions to write next.
        with_texts: Whether the log has the queries' texts.
    """

    version: str
    begin: str
    end: str
    queries: int
    distinct: int
    promise: str
    alarms: tuple[str, ...]
    tests: tuple[DriftTest, ...]
    parts: tuple[DriftPart, ...]
    expected: float
    p_values: tuple[int, ...]
    domains: tuple[DriftDomain, ...]
    rules: tuple[tuple[str, int], ...]
    clusters: tuple[DriftCluster, ...]
    with_texts: bool
