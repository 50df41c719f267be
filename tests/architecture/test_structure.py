"""What every file of the source tree has in common."""

from __future__ import annotations

import ast

LONGEST = 300
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc"}
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
UNSAFE_CALLS = {"torch.load", "numpy.load", "np.load", "eval", "exec", "print"}
FACES = {"__init__.py", "api/__init__.py"}


def calls(tree):
    return [(node.lineno, ast.unparse(node.func)) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def test_every_module_says_what_it_is_for(modules):
    assert [module.name for module in modules if not ast.get_docstring(module.tree)] == []


def test_every_folder_of_modules_is_a_package(modules):
    folders = {module.path.parent for module in modules}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_packages_export_nothing_but_the_faces(modules):
    packages = [module for module in modules if module.path.name == "__init__.py" and module.name not in FACES]
    assert [module.name for module in packages if len(module.tree.body) != 1] == []


def test_files_are_short(modules):
    lengths = {module.name: len(module.text.splitlines()) for module in modules}
    assert {name: length for name, length in lengths.items() if not 1 <= length <= LONGEST} == {}


def test_no_file_is_named_vaguely(modules):
    parts = {module.name: set(module.path.with_suffix("").parts[-3:]) for module in modules}
    assert {name: names & VAGUE for name, names in parts.items() if names & VAGUE} == {}


def test_nothing_unpickles_prints_or_evaluates_text(modules):
    found = [f"{m.name}:{line} {call}" for m in modules for line, call in calls(m.tree) if call in UNSAFE_CALLS]
    found += [f"{m.name} imports {name}" for m in modules for name in imported(m.tree) if name in UNSAFE_MODULES]
    assert found == []


def test_only_the_command_line_ends_the_process(modules):
    exits = {"sys.exit", "exit", "quit", "os._exit"}
    found = [f"{m.name}:{line} {call}" for m in modules for line, call in calls(m.tree) if call in exits]
    assert [place for place in found if not place.startswith("cli/main.py:")] == []


def test_nothing_assigns_to_globals(modules):
    assert [m.name for m in modules for node in ast.walk(m.tree) if isinstance(node, ast.Global)] == []
