import numpy as np

from embedtune.anomaly.detector import AnomalyDetector
from embedtune.config.settings import AnomalySettings

DIMENSION = 32


def on_sphere(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def normal_vectors(count, seed):
    """Three Gaussian clusters in an eight-dimensional part of the sphere."""
    space = np.random.default_rng(0)
    basis = np.linalg.qr(space.normal(size=(DIMENSION, 8)))[0].T
    centres = space.normal(size=(3, 8))
    generator = np.random.default_rng([1, seed])
    codes = centres[generator.integers(3, size=count)] + 0.3 * generator.normal(size=(count, 8))
    return on_sphere(codes @ basis + 0.02 * generator.normal(size=(count, DIMENSION)))


def far_vectors(count, seed):
    return on_sphere(np.random.default_rng([2, seed]).normal(size=(count, DIMENSION)))


def fit_detector(*, seed=3, alpha=0.1, epochs=60, fit=200, calibration=999):
    settings = AnomalySettings(alpha=alpha, epochs=epochs, learning_rate=3e-3)
    return AnomalyDetector.fit(
        "sha256:model",
        DIMENSION,
        normal_vectors(fit, 1),
        normal_vectors(calibration, 2),
        settings,
        seed,
        widths=(16, 8),
    )
