"""A version after accidents and attacks: every damage is named, no half version ever appears."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

import embedtune.errors
from embedtune.artifacts.manifest import ProblemKind, VersionFacts
from embedtune.artifacts.store import Registry
from embedtune.errors import InputError, VerificationError, VersionExistsError
from embedtune.vocabulary.versions import Lineage

SOURCE = Path(embedtune.errors.__file__).parents[1]
FACTS = VersionFacts("embedtune", "v1.0", "2030-01-02T03:04:05Z", Lineage("base", ""), {}, {})


def fill(folder, weights=bytes(range(256)) * 8):
    model = folder / "model"
    model.mkdir()
    (model / "model.safetensors").write_bytes(weights)
    (model / "config.json").write_text("{}")
    modules = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
    (model / "modules.json").write_text(json.dumps(modules))
    (folder / "training.log").write_text("done\n")


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path / "models")


@pytest.fixture
def version(registry):
    version = registry.publish(FACTS, fill)
    for path in (version.folder, *version.folder.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)
    return version


def found(registry, version):
    return [(problem.path, problem.kind) for problem in registry.verify(version)]


@pytest.mark.parametrize("position", [0, 1023, 2047])
def test_one_flipped_bit_in_the_weights_is_named(registry, version, position):
    path = version.folder / "model" / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    assert found(registry, version) == [("model/model.safetensors", ProblemKind.ALTERED)]


@pytest.mark.parametrize("name", ["model/modeling_evil.py", ".hidden", "model/1_Dense/weights.bin", "extra.json"])
def test_one_added_file_is_named(registry, version, name):
    (version.folder / name).parent.mkdir(exist_ok=True)
    (version.folder / name).write_text("")
    assert found(registry, version) == [(name, ProblemKind.ADDED)]


@pytest.mark.parametrize("name", ["model/config.json", "training.log"])
def test_one_removed_file_is_named(registry, version, name):
    (version.folder / name).unlink()
    assert found(registry, version) == [(name, ProblemKind.MISSING)]


def test_a_truncated_manifest_is_refused_and_named(registry, version):
    path = version.folder / "manifest.json"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(VerificationError, match=r"embedtune-v1\.0/manifest\.json is not a whole manifest"):
        registry.find("v1.0")
    assert found(registry, version) == [("manifest.json", ProblemKind.ALTERED)]


def test_a_publisher_killed_before_the_rename_leaves_no_version(registry, version):
    script = f"""
        import os, signal, sys
        from pathlib import Path
        sys.path[:0] = [{str(SOURCE)!r}, {str(Path(__file__).parent)!r}]
        from test_version_tampering import FACTS, fill
        from dataclasses import replace
        from embedtune.artifacts.store import Registry

        os.rename = Path.rename = lambda *names: os.kill(os.getpid(), signal.SIGKILL)
        Registry(Path({str(registry.root)!r})).publish(replace(FACTS, version="v2.0"), fill)
    """
    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, check=False, timeout=60
    )
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()
    left = [path for path in registry.root.iterdir() if path.name.startswith(".embedtune-v2.0.")]
    assert len(left) == 1
    assert (left[0] / "manifest.json").is_file(), "it was killed before all files were written"
    assert not (registry.root / "embedtune-v2.0").exists()
    assert registry.list() == (version,)
    registry.ensure_free("embedtune", "v2.0")


def test_a_full_disk_leaves_nothing(registry):
    def fill_until_full(folder):
        fill(folder)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(InputError, match="No space left on device"):
        registry.publish(FACTS, fill_until_full)
    assert list(registry.root.iterdir()) == []


def test_a_disk_that_fills_up_while_flushing_leaves_nothing(registry, monkeypatch):
    flush = os.fsync
    calls = []

    def fail_later(descriptor):
        calls.append(descriptor)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", fail_later)
    with pytest.raises(InputError, match="No space left on device"):
        registry.publish(FACTS, fill)
    assert list(registry.root.iterdir()) == []


def test_of_two_publishers_at_once_exactly_one_wins(registry):
    both_wrote = threading.Barrier(2, timeout=30)
    outcomes = {}

    def publish(name):
        def fill_and_wait(folder):
            fill(folder, weights=name.encode())
            both_wrote.wait()

        try:
            outcomes[name] = registry.publish(FACTS, fill_and_wait)
        except VersionExistsError as error:
            outcomes[name] = error

    threads = [threading.Thread(target=publish, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [name for name, outcome in outcomes.items() if not isinstance(outcome, Exception)]
    assert len(outcomes) == 2
    assert len(winners) == 1
    version = registry.find("v1.0")
    assert (version.folder / "model" / "model.safetensors").read_bytes() == winners[0].encode()
    assert registry.verify(version) == ()
    assert [path.name for path in registry.root.iterdir()] == ["embedtune-v1.0"]
