"""What is declared is used, what is used is declared, and all of it is pinned."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

RUNTIME_EXTRAS = ("offline", "llm", "lora", "qdrant", "s3", "tensorboard")
NEEDED_BY_OTHERS = {
    "accelerate",  # the trainer of transformers refuses to start without it
    "onnx",  # torch's exporter and onnxruntime's quantiser import it
    "pyopenssl",  # model-signing imports it and does not ask for it
}


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def pins(root):
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def names(requirements):
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def test_declared_is_what_is_imported(project, modules):
    tops = set()
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import):
                tops.update(name.name.split(".")[0] for name in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                tops.add(node.module.split(".")[0])
    tops -= {*sys.stdlib_module_names, "embedtune"}
    providers = packages_distributions()
    imported = {canonicalize_name(providers[top][0]) for top in tops}
    extras = project["optional-dependencies"]
    declared = names(project["dependencies"]).union(*(names(extras[extra]) for extra in RUNTIME_EXTRAS))
    assert declared - NEEDED_BY_OTHERS == imported


def test_every_requirement_is_pinned_within_its_bounds(project, pins):
    requirements = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    for requirement in map(Requirement, requirements):
        own = requirement.name == "embedtune"
        assert own or requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), str(requirement)


def test_pins_are_exact_sorted_and_portable(pins):
    assert list(pins) == sorted(pins)
    assert [version for version in pins.values() if "+" in version] == []
    assert pins["torch"] == "2.13.0"
