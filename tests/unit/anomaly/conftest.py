import pytest
from anomaly_samples import fit_detector


@pytest.fixture(scope="session")
def detector():
    return fit_detector()
