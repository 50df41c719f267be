import numpy as np

from embedtune.encoders.fake import FakeEncoder
from embedtune.encoders.last_vectors import LastVectors


class Counting(FakeEncoder):
    asked = 0

    def encode(self, texts):
        type(self).asked += 1
        return super().encode(texts)


def test_what_was_asked_last_is_not_encoded_again():
    model = Counting()
    remembering = LastVectors(model)
    first = remembering.encode(["a b", "c"])
    assert remembering.encode(("a b", "c")) is first
    assert Counting.asked == 1
    other = remembering.encode(["c"])
    assert Counting.asked == 2
    assert np.array_equal(other[0], first[1])
    assert (remembering.digest, remembering.dimension, remembering.name) == (model.digest, 32, "fake")
    assert remembering.token_table() is None
