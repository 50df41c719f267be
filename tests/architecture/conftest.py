from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "embedtune"


@dataclass(frozen=True)
class Module:
    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.relative_to(PACKAGE).as_posix()


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def modules():
    found = [path for path in sorted(PACKAGE.rglob("*.py")) if path.stat().st_size or path.name == "__init__.py"]
    assert len(found) > 50, "the source tree was not found"
    return [Module(path, text := path.read_text(encoding="utf-8"), ast.parse(text)) for path in found]
