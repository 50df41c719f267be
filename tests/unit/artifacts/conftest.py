from __future__ import annotations

import pytest

from version_samples import StubEncoder, fill_version, make_keys, model_card, version_facts, write_model


@pytest.fixture
def facts():
    return version_facts


@pytest.fixture
def card():
    return model_card


@pytest.fixture
def fill():
    return fill_version


@pytest.fixture
def model_folder(tmp_path):
    write_model(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def stub_encoder():
    return StubEncoder


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def other_keys(tmp_path_factory):
    return make_keys(tmp_path_factory.mktemp("keys"), "other")
