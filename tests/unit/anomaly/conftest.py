import pytest
from anomaly_samples import fitted


@pytest.fixture(scope="session")
def detector():
    return fitted()
