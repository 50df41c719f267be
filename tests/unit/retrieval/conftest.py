from __future__ import annotations

import zlib

import numpy as np
import pytest

DIMENSION = 64


class WordEncoder:
    """Texts that share words are near: each word has a fixed random direction, a text is their sum."""

    name = "words"
    digest = "sha256:words"
    dimension = DIMENSION

    def __init__(self):
        self.calls = []

    def encode(self, texts):
        self.calls.append(list(texts))
        rows = np.array([self._vector(text) for text in texts], dtype=np.float32).reshape(len(texts), DIMENSION)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return (rows / np.where(lengths == 0, 1, lengths)).astype(np.float32)

    @staticmethod
    def _vector(text):
        words = text.lower().replace(".", " ").replace("?", " ").split()
        directions = [np.random.default_rng(zlib.crc32(word.encode())).standard_normal(DIMENSION) for word in words]
        return np.sum(directions, axis=0) if directions else np.zeros(DIMENSION)


@pytest.fixture
def encoder():
    return WordEncoder()
