"""The demo as a project: its manuals, its questions, its settings."""

from __future__ import annotations

from pathlib import Path

from embedtune.config.settings import EmbedtuneConfig, ProjectSettings

_FOLDER = Path(__file__).parent
MANUALS = _FOLDER / "manuals"
TEST_SUITE = _FOLDER / "test_suite.json"

SEARCHES = (
    "truck pulls to one side when braking",
    "picture on the display is smeared by rain",
    "boiler locks out and will not light",
)


def demo_config() -> EmbedtuneConfig:
    """Return the default settings over the shipped manuals and their test suite."""
    return EmbedtuneConfig(project=ProjectSettings(corpus=str(MANUALS), test_suites=(str(TEST_SUITE),)))
