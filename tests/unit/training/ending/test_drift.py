from __future__ import annotations

import numpy as np
import pytest

from embedtune.encoders.fake import FakeEncoder
from embedtune.training.ending.drift import general_questions, measure_drift


class Turned:
    """The encoder with every vector turned by an angle in a plane of its own, those of some texts by another."""

    def __init__(self, encoder, cosine, far=(), far_cosine=1.0):
        self.encoder, self.cosine, self.far, self.far_cosine = encoder, cosine, far, far_cosine

    def encode(self, texts):
        vectors = self.encoder.encode(texts)
        cosines = np.array([self.far_cosine if text in self.far else self.cosine for text in texts])[:, None]
        return np.hstack([cosines * vectors, np.sqrt(1 - cosines**2) * vectors]).astype(np.float32)


class Padded(Turned):
    def __init__(self, encoder):
        super().__init__(encoder, 1.0)


def test_the_questions_are_sixty_and_differ():
    questions = general_questions()

    assert len(questions) == len(set(questions)) == 60
    assert all(question == question.strip() and len(question.split()) >= 4 for question in questions)


def test_a_model_is_where_it_was():
    drift = measure_drift(FakeEncoder(), FakeEncoder())

    assert (drift.questions, drift.mean_cosine, drift.least_cosine) == (60, pytest.approx(1.0), pytest.approx(1.0))


def test_mean_and_least_cosine():
    far = general_questions()[:6]

    drift = measure_drift(Padded(FakeEncoder()), Turned(FakeEncoder(), 0.9, far, 0.4))

    assert drift.mean_cosine == pytest.approx(0.85)
    assert drift.least_cosine == pytest.approx(0.4)
