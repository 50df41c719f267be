from __future__ import annotations

import pytest

from project_samples import copied, finished_project, write_project


@pytest.fixture(scope="session", autouse=True)
def private_cache(tmp_path_factory):
    """Verified copies of versions go to a folder of the test run, not to the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def finished(tmp_path_factory, tiny_model, private_cache):
    return finished_project(tmp_path_factory, tiny_model)


@pytest.fixture
def finished_copy(finished, tmp_path):
    return copied(finished, tmp_path / "project")


@pytest.fixture
def project_folder(tmp_path, tiny_model):
    return write_project(tmp_path / "project", tiny_model)
