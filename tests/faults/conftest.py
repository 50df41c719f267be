from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def private_cache(tmp_path_factory):
    """Verified copies of versions go to a folder of the test run, not to the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
