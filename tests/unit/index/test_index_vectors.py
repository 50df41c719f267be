from __future__ import annotations

import numpy as np
import pytest

from embedtune.errors import InputError, ModelError
from embedtune.index.vectors import check_limit, check_model, unit_rows


def test_rows_get_length_one_and_zeros_stay():
    unit = unit_rows(np.array([[3, 4], [0, 0], [-2, 0]], dtype=np.float32), 2)
    np.testing.assert_allclose(unit, [[0.6, 0.8], [0, 0], [-1, 0]], rtol=1e-6)
    assert unit.dtype == np.float32


@pytest.mark.parametrize("shape", [(2, 3), (4,), (2, 2, 2), ()])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ModelError, match="2 dimensions"):
        unit_rows(np.ones(shape, dtype=np.float32), 2)


def test_the_largest_numbers_do_not_overflow():
    np.testing.assert_allclose(unit_rows(np.full((1, 4), 3e38, dtype=np.float32), 4), [[0.5] * 4], rtol=1e-6)


def test_models_must_agree():
    check_model("The index", ("sha256:a", 4), ("sha256:a", 4))
    with pytest.raises(ModelError, match=r"sha256:a, not of sha256:b.*[Ii]ndex the corpus again"):
        check_model("The index", ("sha256:a", 4), ("sha256:b", 4))
    with pytest.raises(ModelError, match=r"4 dimensions, not of 8.*[Ii]ndex the corpus again"):
        check_model("The index", ("sha256:a", 4), ("sha256:a", 8))


def test_limits():
    check_limit(1)
    with pytest.raises(InputError):
        check_limit(0)
