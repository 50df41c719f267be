from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from embedtune.encoders.fake import FakeEncoder
from embedtune.retrieval.serial_encoder import SerialEncoder


class Touchy:
    """Refuses two callers at once."""

    name, digest, dimension = "touchy", "sha256:t", 4

    def __init__(self):
        self.used = threading.Lock()

    def encode(self, texts):
        assert self.used.acquire(blocking=False), "two at once"
        threading.Event().wait(0.002)
        self.used.release()
        return FakeEncoder(4).encode(texts)


def test_is_the_encoder_for_one_caller_at_a_time():
    encoder = SerialEncoder(Touchy())
    assert (encoder.name, encoder.digest, encoder.dimension) == ("touchy", "sha256:t", 4)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: encoder.encode([f"text {number}"]), range(24)))
    assert np.array_equal(np.concatenate(found), FakeEncoder(4).encode([f"text {number}" for number in range(24)]))
