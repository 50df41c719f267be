from __future__ import annotations

import uuid

import pytest

from registry_samples import RegistryPlace
from s3_server import new_bucket, s3_running
from version_samples import make_keys

PLACES = ("path", "file", "memory", "s3")


@pytest.fixture(scope="session")
def s3():
    """An S3 for the whole test run."""
    with s3_running() as url:
        yield url


@pytest.fixture(params=PLACES)
def place(request, tmp_path):
    """Where a registry may lie, and how its files are reached behind its back."""
    if request.param == "path":
        return RegistryPlace(str(tmp_path / "models"), tmp_path)
    if request.param == "file":
        return RegistryPlace((tmp_path / "models").as_uri(), tmp_path)
    if request.param == "memory":
        return RegistryPlace(f"memory://{uuid.uuid4().hex}/models", tmp_path)
    request.getfixturevalue("s3")
    return RegistryPlace(f"s3://{new_bucket()}/team/models", tmp_path)


@pytest.fixture
def memory_place(tmp_path):
    """Makes places in this process's memory; each is new, and has a folder of its own beside it."""
    return lambda: RegistryPlace(f"memory://{uuid.uuid4().hex}/models", tmp_path / uuid.uuid4().hex)


@pytest.fixture
def s3_place(s3, tmp_path):
    """Makes places on S3; each is a new bucket, and has a folder of its own beside it."""
    return lambda: RegistryPlace(f"s3://{new_bucket()}/models", tmp_path / uuid.uuid4().hex)


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def other_keys(tmp_path_factory):
    return make_keys(tmp_path_factory.mktemp("keys"), "other")
