from __future__ import annotations

import pytest

from embedtune.report.building import build_content
from embedtune.report.html import render
from report_samples import full_source


@pytest.fixture(scope="session")
def content():
    """A report with every section."""
    return build_content(full_source())


@pytest.fixture(scope="session")
def page(content):
    """The page of that report."""
    return render(content)
