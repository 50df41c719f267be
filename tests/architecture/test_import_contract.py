"""The import contract of pyproject.toml holds, and it notices each kind of breach."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib

import pytest

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"

LAYERS = "Imports go down the layers, and rooms of one layer do not know each other"
TORCH = "torch and the model libraries stay in training, encoders and anomaly"
QDRANT = "The Qdrant engine stays in index"


def lint(folder, source):
    environment = {**os.environ, "PYTHONPATH": str(source), "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-c", LINT], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def skeleton(tmp_path, root):
    """A package with the rooms of the contract and nothing in them."""
    shutil.copy(root / "pyproject.toml", tmp_path)
    tools = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    package = tmp_path / "embedtune"
    for line in tools["importlinter"]["contracts"][0]["layers"]:
        for room in line.split(" | "):
            (package / room).mkdir(parents=True)
            (package / room / "__init__.py").write_text("", encoding="utf-8")
    (package / "__init__.py").write_text("", encoding="utf-8")
    return package


def test_embedtune_keeps_the_contract(root):
    outcome = lint(root, root / "src")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "3 kept, 0 broken" in outcome.stdout
    assert "No matches for ignored import" not in outcome.stdout


def test_every_room_may_ask_the_package_for_its_version(skeleton):
    (skeleton / "__init__.py").write_text("from embedtune import api\n", encoding="utf-8")
    (skeleton / "artifacts" / "__init__.py").write_text("from embedtune import __version__\n", encoding="utf-8")
    outcome = lint(skeleton.parent, skeleton.parent)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_empty_rooms_keep_the_contract(skeleton):
    outcome = lint(skeleton.parent, skeleton.parent)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    ("room", "line", "broken"),
    [
        pytest.param("vocabulary", "import embedtune.pipeline", LAYERS, id="upward"),
        pytest.param("errors", "import embedtune.files", LAYERS, id="upward-by-one"),
        pytest.param("pairs", "from embedtune import index", LAYERS, id="sideways"),
        pytest.param("index", "def late():\n    import embedtune.retrieval", LAYERS, id="upward-in-a-function"),
        pytest.param("retrieval", "import torch", TORCH, id="torch-in-retrieval"),
        pytest.param("pipeline", "def late():\n    from datasets import Dataset", TORCH, id="datasets-in-a-function"),
        pytest.param("pipeline", "import qdrant_edge", QDRANT, id="qdrant-in-pipeline"),
        pytest.param("utils", "", LAYERS, id="room-without-a-layer"),
    ],
)
def test_breach_is_noticed(skeleton, room, line, broken):
    (skeleton / room).mkdir(exist_ok=True)
    (skeleton / room / "__init__.py").write_text(line + "\n", encoding="utf-8")
    outcome = lint(skeleton.parent, skeleton.parent)
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert f"{broken} BROKEN" in outcome.stdout
    assert "2 kept, 1 broken" in outcome.stdout


@pytest.mark.parametrize("room", ["training", "encoders", "anomaly"])
def test_torch_is_welcome_where_models_live(skeleton, room):
    (skeleton / room / "__init__.py").write_text("import torch\nimport sentence_transformers\n", encoding="utf-8")
    outcome = lint(skeleton.parent, skeleton.parent)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
