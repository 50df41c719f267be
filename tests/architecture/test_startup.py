"""Help is quick: no command loads a heavy library before it has work to do.

Seconds are measured in the benchmarks; here the cause is tested, which does not depend on the machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import click
import pytest

from embedtune.cli.main import cli

HEAVY = {
    "accelerate",
    "boto3",
    "bm25s",
    "cryptography",
    "datasets",
    "fsspec",
    "rensa",
    "huggingface_hub",
    "jinja2",
    "matplotlib",
    "model_signing",
    "pandas",
    "pyarrow",
    "qdrant_edge",
    "scipy",
    "sentence_transformers",
    "sklearn",
    "tokenizers",
    "torch",
    "transformers",
}

HELP = """
import json, sys
from embedtune.cli.main import run
codes = [run([*command, "--help"]) for command in json.loads(sys.argv[1])]
sys.stderr.write(json.dumps({"codes": codes, "modules": sorted(sys.modules)}))
"""
IMPORT = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
sys.stderr.write(json.dumps(sorted(sys.modules)))
"""


def commands(group=cli, path=()):
    yield list(path)
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield [*path, name]


def fresh(script, argument, root):
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    outcome = subprocess.run(
        [sys.executable, "-c", script, argument], env=environment, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout, json.loads(outcome.stderr)


@pytest.mark.parametrize("module", ["embedtune", "embedtune.cli.main"])
def test_import_loads_nothing_heavy(module, root):
    _, loaded = fresh(IMPORT, module, root)
    assert module in loaded
    assert HEAVY.intersection(loaded) == set()


def test_the_flow_loads_no_model_library_before_a_stage_needs_it(root):
    _, loaded = fresh(IMPORT, "embedtune.pipeline.flow", root)
    assert {"matplotlib", "sentence_transformers", "torch", "transformers"}.intersection(loaded) == set()


def test_help_of_every_command_loads_nothing_heavy(root):
    asked = list(commands())
    assert len(asked) > 10
    shown, outcome = fresh(HELP, json.dumps(asked), root)
    assert set(outcome["codes"]) == {0}
    assert shown.count("Usage: embedtune") == len(asked)
    assert HEAVY.intersection(outcome["modules"]) == set()
