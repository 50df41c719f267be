import numpy as np
import pytest
import torch

from embedtune.anomaly.detectors.autoencoder import Autoencoder, Layout
from embedtune.anomaly.detectors.unit_vectors import unit_vectors
from embedtune.errors import InputError, ModelError

LAYOUT = Layout(dimension=2, hidden=2, code=1)


def arrays(**changed):
    """Layers that add the two coordinates, keep the positive part, and give it to both outputs."""
    values = {
        "mean": [0.0, 0.0],
        "scale": [1.0],
        "layer0.weight": [[1.0, 0.0], [0.0, 1.0]],
        "layer0.bias": [0.0, 0.0],
        "layer1.weight": [[1.0, 1.0]],
        "layer1.bias": [0.0],
        "layer2.weight": [[1.0], [-1.0]],
        "layer2.bias": [0.0, 0.0],
        "layer3.weight": [[1.0, 0.0], [1.0, 0.0]],
        "layer3.bias": [0.0, 0.0],
    }
    built = {name: np.array(value, dtype=np.float32) for name, value in values.items()}
    return {**built, **changed}


def test_default_widths():
    assert Layout(384).widths == (384, 128, 64, 128, 384)


def test_errors_by_hand():
    # (1, 0) -> code 1 -> (1, 1): error (0 + 1) / 2.  (-1, 0) -> code 0 -> (0, 0): error 1 / 2.
    # (.6, .8) -> code 1.4 -> (1.4, 1.4): (.8 ** 2 + .6 ** 2) / 2.
    model = Autoencoder.from_arrays(LAYOUT, arrays())
    errors = model.errors(np.array([[1, 0], [-1, 0], [0.6, 0.8]], dtype=np.float32))
    assert errors == pytest.approx([0.5, 0.5, 0.5])
    shifted = Autoencoder.from_arrays(
        LAYOUT, arrays(mean=np.array([1, 0], dtype=np.float32), scale=np.array([0.5], dtype=np.float32))
    )
    # (1, 0) is the mean; (0, 1) becomes (-2, 2) -> after ReLU code 2 -> (2, 2): error 16 / 2.
    assert shifted.errors(np.array([[1, 0], [0, 1]], dtype=np.float32)) == pytest.approx([0.0, 8.0])


def test_errors_agree_with_torch():
    layout = Layout(dimension=6, hidden=5, code=3)
    generator = np.random.default_rng(0)
    stored = {name: generator.normal(size=shape).astype(np.float32) for name, shape in layout.shapes.items()}
    stored["scale"] = np.array([0.7], dtype=np.float32)
    vectors = generator.normal(size=(9, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    state = target = (torch.from_numpy(vectors) - torch.from_numpy(stored["mean"])) / 0.7
    for layer in range(4):
        weight, bias = (torch.from_numpy(stored[f"layer{layer}.{part}"]) for part in ("weight", "bias"))
        state = torch.nn.functional.linear(state, weight, bias)
        state = torch.relu(state) if layer < 3 else state
    expected = (state - target).square().mean(dim=1).numpy()
    assert Autoencoder.from_arrays(layout, stored).errors(vectors) == pytest.approx(expected, rel=1e-4)


def test_no_vectors_give_no_errors():
    errors = Autoencoder.from_arrays(LAYOUT, arrays()).errors(np.empty((0, 2), dtype=np.float32))
    assert errors.shape == (0,)
    assert errors.dtype == np.float64


def test_the_model_is_frozen():
    given = arrays()
    model = Autoencoder.from_arrays(LAYOUT, given)
    given["mean"][0] = 9
    assert model.parts["mean"][0] == 0
    with pytest.raises(ValueError, match="read-only"):
        model.parts["mean"][0] = 1


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"layer1.weight": np.zeros((2, 1), dtype=np.float32)}, r"layer1\.weight is float32\(2, 1\)"),
        ({"mean": np.zeros(2)}, r"mean is float64"),
        ({"layer3.bias": np.array([0, np.nan], dtype=np.float32)}, r"layer3\.bias holds values"),
        ({"scale": np.zeros(1, dtype=np.float32)}, "scale is not positive"),
        ({"layer4.bias": np.zeros(2, dtype=np.float32)}, r"do not match its layout: layer4\.bias"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(changed, reason):
    with pytest.raises(ModelError, match=reason):
        Autoencoder.from_arrays(LAYOUT, arrays(**changed))


def test_a_missing_array_is_named():
    stored = arrays()
    del stored["layer2.bias"]
    with pytest.raises(ModelError, match=r"layer2\.bias"):
        Autoencoder.from_arrays(LAYOUT, stored)


@pytest.mark.parametrize("shape", [(2,), (1, 3), (1, 1, 2)])
def test_vectors_of_another_shape_are_refused(shape):
    with pytest.raises(InputError, match=r"must be \(n, 2\)"):
        unit_vectors(np.ones(shape, dtype=np.float32), 2)


@pytest.mark.parametrize("bad", [[0.5, 0.5], [np.nan, 1], [np.inf, 0], [0, 0]])
def test_vectors_that_are_not_unit_vectors_are_refused(bad):
    with pytest.raises(InputError, match=r"Vector 1 has the norm .*\(1 such"):
        unit_vectors(np.array([[1, 0], bad, [0, 1]], dtype=np.float32), 2)
