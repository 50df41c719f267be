from __future__ import annotations

import pytest

from project_samples import copied, write_project


@pytest.fixture
def finished_copy(finished, tmp_path):
    return copied(finished, tmp_path / "project")


@pytest.fixture
def project_folder(tmp_path, tiny_model):
    return write_project(tmp_path / "project", tiny_model)
