from __future__ import annotations

import pytest

from index_samples import corpus_sections
from project_samples import copied, write_corpus, write_project


@pytest.fixture(scope="module")
def sections(tmp_path_factory):
    return corpus_sections(write_corpus(tmp_path_factory.mktemp("corpus") / "docs"))


@pytest.fixture
def events():
    return []


@pytest.fixture
def finished_copy(finished, tmp_path):
    return copied(finished, tmp_path / "project")


@pytest.fixture
def project_folder(tmp_path, tiny_model):
    return write_project(tmp_path / "project", tiny_model)
