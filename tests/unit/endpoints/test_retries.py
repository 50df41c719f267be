"""Waits between attempts."""

from __future__ import annotations

import pytest

from embedtune.endpoints.retries import backoff_seconds, retry_after_seconds

NOW = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT


def test_waits_double_within_their_jitter_and_end_at_30_seconds():
    for attempt, whole in enumerate([0.5, 1, 2, 4, 8, 16, 30, 30]):
        assert whole / 2 <= backoff_seconds(attempt, "a") <= whole
    assert backoff_seconds(10_000, "a") <= 30


def test_jitter_repeats_and_differs_between_tasks():
    assert backoff_seconds(3, "a") == backoff_seconds(3, "a")
    assert backoff_seconds(3, "a") != backoff_seconds(3, "b")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Tue, 14 Nov 2023 22:14:20 GMT", 60.0),
        ("Tue, 14 Nov 2023 22:12:20 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
    ],
)
def test_server_says_how_long(value, seconds):
    assert retry_after_seconds({"retry-after": value}, NOW) == seconds


def test_server_says_nothing():
    assert retry_after_seconds({}, NOW) is None
