from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.encoders.fake import FakeEncoder

texts = st.lists(st.text(max_size=40), max_size=6)


@given(texts)
def test_vectors_have_length_one_in_float32(found):
    vectors = FakeEncoder(dimension=16).encode(found)

    assert vectors.shape == (len(found), 16)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(found)), abs=1e-5)


@given(texts)
def test_a_texts_vector_does_not_depend_on_its_company(found):
    encoder = FakeEncoder()

    alone = [encoder.encode([text])[0] for text in found]

    assert np.array_equal(encoder.encode(found), np.array(alone).reshape(len(found), 32))


def test_the_same_on_every_machine():
    vector = FakeEncoder(dimension=3).encode(["brake"])[0]

    assert vector == pytest.approx(FakeEncoder(dimension=3).encode(["BRAKE"])[0])
    assert vector == pytest.approx([-0.901616, 0.181994, 0.392386], abs=1e-5)


def test_shared_words_bring_texts_near():
    near, far = (
        FakeEncoder().encode(["bleed the brakes", "oil filter change"])
        @ FakeEncoder().encode(["how to bleed the brakes"])[0]
    )

    assert near > 0.5
    assert far < 0.4


def test_the_digest_differs_with_every_setting():
    encoders = [
        FakeEncoder(),
        FakeEncoder(dimension=64),
        FakeEncoder(name="other"),
        FakeEncoder(salt="x"),
    ]

    assert len({encoder.digest for encoder in encoders}) == 4
    assert FakeEncoder().digest == FakeEncoder().digest
    assert all(encoder.digest.startswith("sha256:") and len(encoder.digest) == 71 for encoder in encoders)


def test_the_salt_changes_the_vectors():
    assert not np.allclose(FakeEncoder().encode(["brake"]), FakeEncoder(salt="x").encode(["brake"]))
