import random

import numpy as np
import pytest
import torch
from anomaly_samples import DIMENSION, far_vectors, normal_vectors

from embedtune.anomaly.detectors.autoencoder import Layout
from embedtune.anomaly.detectors.autoencoder_training import SMALLEST_TRAINING, train_autoencoder
from embedtune.config.anomaly_settings import AnomalySettings
from embedtune.errors import InputError

LAYOUT = Layout(DIMENSION, hidden=16, code=8)


def train(vectors, seed=0, epochs=3, learning_rate=3e-3):
    return train_autoencoder(vectors, LAYOUT, AnomalySettings(epochs=epochs, learning_rate=learning_rate), seed)


def test_training_learns_the_normal_vectors():
    fresh = normal_vectors(100, 9)
    barely = train(normal_vectors(200, 1), epochs=1).errors(fresh).mean()
    model = train(normal_vectors(200, 1), epochs=80)
    assert model.errors(fresh).mean() < 0.3 * barely
    assert model.errors(far_vectors(100, 9)).min() > model.errors(fresh).max()


def test_the_scale_makes_the_normal_variance_one():
    vectors = normal_vectors(200, 1)
    arrays = train(vectors).parts
    standardised = (vectors - arrays["mean"]) / arrays["scale"]
    assert np.mean(standardised**2) == pytest.approx(1, rel=0.05)


def test_one_seed_gives_the_same_bytes_and_another_does_not():
    vectors = normal_vectors(100, 1)
    first, again, other = train(vectors, 7), train(vectors, 7), train(vectors, 8)
    assert all(first.parts[name].tobytes() == again.parts[name].tobytes() for name in LAYOUT.shapes)
    assert not np.array_equal(first.parts["layer0.weight"], other.parts["layer0.weight"])


def test_global_random_state_is_neither_read_nor_changed():
    vectors = normal_vectors(60, 1)
    torch.manual_seed(1)
    before = torch.get_rng_state(), repr(np.random.get_state()), random.getstate()  # noqa: NPY002
    first = train(vectors)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert repr(np.random.get_state()) == before[1]  # noqa: NPY002
    assert random.getstate() == before[2]
    torch.manual_seed(2)
    assert np.array_equal(train(vectors).parts["layer0.weight"], first.parts["layer0.weight"])


def test_training_stops_early_and_keeps_the_best_epoch():
    vectors = far_vectors(40, 1)
    # Noise cannot be learned: the held-out error rises soon, and more epochs change nothing.
    short, long = train(vectors, epochs=300, learning_rate=1e-2), train(vectors, epochs=600, learning_rate=1e-2)
    assert np.array_equal(short.parts["layer0.weight"], long.parts["layer0.weight"])


def test_training_works_where_gradients_are_off():
    with torch.inference_mode():
        inside = train(normal_vectors(40, 1))
    assert np.array_equal(inside.parts["mean"], train(normal_vectors(40, 1)).parts["mean"])


def test_the_thread_count_changes_no_byte_and_is_restored():
    vectors, before = normal_vectors(60, 1), torch.get_num_threads()
    try:
        models = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            models.append(train(vectors))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert all(np.array_equal(models[0].parts[name], models[1].parts[name]) for name in LAYOUT.shapes)


def test_input_is_not_changed():
    vectors = normal_vectors(40, 1)
    vectors.flags.writeable = False
    copy = vectors.copy()
    train(vectors)
    assert np.array_equal(vectors, copy)


def test_too_few_vectors_are_refused_with_the_numbers():
    with pytest.raises(InputError, match=r"19 normal queries .* at least 20 .*Give 1 more"):
        train(normal_vectors(SMALLEST_TRAINING - 1, 1))
    train(normal_vectors(SMALLEST_TRAINING, 1))


def test_vectors_that_are_all_alike_are_refused():
    with pytest.raises(InputError, match="same vector"):
        train(np.repeat(normal_vectors(1, 1), 30, axis=0))


def test_a_learning_rate_that_diverges_is_refused():
    with pytest.raises(InputError, match=r"learning rate of 1e\+30"):
        train(normal_vectors(40, 1), learning_rate=1e30)
