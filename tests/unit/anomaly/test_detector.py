import dataclasses

import numpy as np
import pytest
from anomaly_samples import DIMENSION, far_vectors, fit_detector, normal_vectors

from embedtune.anomaly.conformal import confidence_of
from embedtune.anomaly.detector import AnomalyDetector, Verdict
from embedtune.errors import InputError, ModelError


def share(detector, vectors, verdict):
    return np.mean([score.verdict is verdict for score in detector.score(vectors)])


def test_false_positives_are_about_alpha(detector):
    # With 999 calibration scores the realised rate is Beta(100, 900), nearly always within .07 to .13.
    assert confidence_of(0.13, 999, 0.1) - confidence_of(0.07, 999, 0.1) > 0.998
    assert 0.07 <= share(detector, normal_vectors(2000, 7), Verdict.ANOMALOUS) <= 0.13


def test_far_vectors_are_found(detector):
    assert share(detector, far_vectors(300, 7), Verdict.ANOMALOUS) > 0.99


def test_verdict_follows_threshold_and_p_value(detector):
    scores = detector.score(np.vstack([normal_vectors(500, 8), far_vectors(5, 8)]))
    assert {score.verdict for score in scores} == set(Verdict)
    for score in scores:
        assert (score.score > detector.threshold) == (score.verdict is Verdict.ANOMALOUS)
        assert (0.1 < score.p_value <= 0.2) == (score.verdict is Verdict.UNUSUAL)
        assert (score.p_value > 0.2) == (score.verdict is Verdict.NORMAL)


def test_a_score_does_not_depend_on_its_batch(detector):
    vectors = normal_vectors(20, 9)
    together = [score.score for score in detector.score(vectors)]
    alone = [detector.score(vectors[i : i + 1])[0].score for i in range(20)]
    assert together == pytest.approx(alone, rel=1e-4)
    assert detector.score(vectors[:0]) == []


def test_the_detector_is_frozen(detector):
    with pytest.raises(dataclasses.FrozenInstanceError):
        detector.calibration = np.ones(999)
    with pytest.raises(ValueError, match="read-only"):
        detector.calibration[0] = 0
    with pytest.raises(ValueError, match="frozen"):
        detector.card.alpha = 0.5


def test_vectors_of_another_model_are_refused(detector):
    detector.check_digest("sha256:model")
    with pytest.raises(ModelError, match=r"sha256:model, not on sha256:other\. Fit it again"):
        detector.check_digest("sha256:other")
    with pytest.raises(InputError, match=rf"\(n, {DIMENSION}\)"):
        detector.score(np.eye(DIMENSION + 1, dtype=np.float32))


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ({"fit": 19}, "19 normal queries"),
        ({"calibration": 8}, r"8 calibration queries .*alpha = 0\.1: at least 9"),
        ({"calibration": 18, "alpha": 0.05}, "at least 19"),
    ],
)
def test_too_few_queries_are_refused(counts, reason):
    with pytest.raises(InputError, match=reason):
        fit_detector(epochs=1, **counts)


def test_the_smallest_calibration_can_flag():
    smallest = fit_detector(calibration=9, epochs=30)
    assert smallest.threshold == smallest.calibration[-1]
    assert share(smallest, far_vectors(50, 1), Verdict.ANOMALOUS) > 0.9


def test_two_fits_with_one_seed_save_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        fit_detector(epochs=3).save(tmp_path / name)
    one, two = sorted((tmp_path / "one").iterdir()), sorted((tmp_path / "two").iterdir())
    assert [path.name for path in one] == ["detector.json", "detector.safetensors"]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_a_loaded_detector_scores_the_same(detector, tmp_path):
    detector.save(tmp_path / "anomaly")
    loaded = AnomalyDetector.load(tmp_path / "anomaly")
    vectors = np.vstack([normal_vectors(50, 4), far_vectors(50, 4)])
    assert loaded.score(vectors) == detector.score(vectors)
    assert loaded.threshold == detector.threshold
    assert loaded.card == detector.card
    with pytest.raises(ValueError, match="read-only"):
        loaded.calibration[0] = 0
