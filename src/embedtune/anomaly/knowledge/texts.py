"""Texts that no detector should take for normal: what detectors that tell two kinds apart learn from.

Learning from other texts than those one expects to meet is Hendrycks, Mazeika and Dietterich, "Deep anomaly detection
with outlier exposure" (2019).
"""

from __future__ import annotations

import json
from importlib.resources import files


def attacks() -> tuple[str, ...]:
    """Return injected instructions of five families: code, exfiltration, forced output, prompt leak, secrets."""
    return _texts("attacks.json")


def everyday_questions() -> tuple[str, ...]:
    """Return questions of daily life on fifteen topics, from cooking to law."""
    return _texts("everyday.json")


def _texts(name: str) -> tuple[str, ...]:
    families: dict[str, list[str]] = json.loads((files(__package__) / name).read_text(encoding="utf-8"))
    return tuple(text for family in families.values() for text in family)
