from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from embedtune.encoders.cache import VectorCache
from embedtune.encoders.cached_encoder import BLOCK, CachedEncoder
from embedtune.encoders.fake import FakeEncoder


@dataclass
class Counting:
    """Counts the texts that it encodes, and breaks down after so many."""

    inner: FakeEncoder = field(default_factory=FakeEncoder)
    seen: int = 0
    limit: int = 10**9

    name = "counting"

    @property
    def digest(self):
        return self.inner.digest

    @property
    def dimension(self):
        return self.inner.dimension

    def encode(self, texts):
        if self.seen + len(texts) > self.limit:
            raise OSError("stopped")
        self.seen += len(texts)
        return self.inner.encode(texts)


TEXTS = [f"step {number}" for number in range(2 * BLOCK + 5)]


@pytest.fixture
def cache(tmp_path):
    return VectorCache(tmp_path, 1 << 24)


def test_second_time_nothing_is_encoded(cache):
    first, second = Counting(), Counting()
    expected = FakeEncoder().encode(TEXTS)
    assert np.array_equal(CachedEncoder(first, cache).encode(TEXTS), expected)
    assert np.array_equal(CachedEncoder(second, cache).encode(TEXTS), expected)
    assert (first.seen, second.seen) == (len(TEXTS), 0)


def test_run_that_was_stopped_goes_on_where_it_was(cache):
    stopped, again = Counting(limit=BLOCK + 1), Counting()
    with pytest.raises(OSError, match="stopped"):
        CachedEncoder(stopped, cache).encode(TEXTS)
    CachedEncoder(again, cache).encode(TEXTS)
    assert again.seen == len(TEXTS) - BLOCK


def test_another_model_or_other_code_is_asked_anew(cache):
    CachedEncoder(Counting(), cache, "torch=1").encode(TEXTS)
    other_model, other_code = Counting(FakeEncoder(salt="x")), Counting()
    CachedEncoder(other_model, cache, "torch=1").encode(TEXTS)
    CachedEncoder(other_code, cache, "torch=2").encode(TEXTS)
    assert other_model.seen == other_code.seen == len(TEXTS)


def test_it_is_the_model_to_everybody_else(cache):
    encoder = CachedEncoder(Counting(), cache)
    assert (encoder.name, encoder.digest, encoder.dimension) == ("counting", FakeEncoder().digest, 32)
    assert encoder.encode([]).shape == (0, 32)
