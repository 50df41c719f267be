from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from embedtune.artifacts.seen_counters import SeenCounters


@given(st.lists(st.integers(1, 50), min_size=1, max_size=12))
def test_the_highest_is_remembered_whatever_the_order(tmp_path_factory, counters):
    seen = SeenCounters(tmp_path_factory.mktemp("seen") / "channels")
    for number, counter in enumerate(counters):
        seen.remember("sha256:r", "production", counter)
        assert seen.highest("sha256:r", "production") == max(counters[: number + 1])


def test_registries_and_channels_are_apart(tmp_path):
    seen = SeenCounters(tmp_path)
    seen.remember("sha256:one", "production", 5)
    assert seen.highest("sha256:two", "production") == 0
    assert seen.highest("sha256:one", "staging") == 0


def test_a_place_that_cannot_be_written_remembers_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    seen = SeenCounters(tmp_path / "file")
    seen.remember("sha256:r", "production", 5)
    assert seen.highest("sha256:r", "production") == 0
