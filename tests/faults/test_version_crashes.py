"""Publishers and promoters are killed at every step; the registry then holds the old state or the new one.

A step is whatever changes the disk, as Python's audit events tell it, and each flush. The work is done in a
forked process that sends itself SIGKILL at a given step; which step comes last is found by going on until the
work is done.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from functools import partial

import model_signing.signing  # noqa: F401 - imported once here, not in each process that is killed
import pytest

from embedtune.artifacts.manifest import manifest_digest
from embedtune.artifacts.pruning import prune
from embedtune.artifacts.setting_channels import promote, roll_back
from version_samples import fill_smallest, make_keys, registry_in, unsealed, version_facts

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

STEPS = {"os.rename", "os.mkdir", "os.chmod", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate"}
NEXT = "v9.0"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Flushing is counted as a step and not waited for: a kill does not lose what the system holds."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(scope="module")
def before(tmp_path_factory, keys):
    """Two versions, the first of them in production; for copying."""
    place = tmp_path_factory.mktemp("before")
    registry = registry_in(place)
    for number in ("v1.0", "v2.0"):
        registry.publish(version_facts(version=number), lambda f, text=number: fill_smallest(f, text.encode()))
    promote(registry, "v1.0", "production")
    promote(registry, "v2.0", "production")
    promote(registry, "v1.0", "production", key=keys.private)
    return place / "models"


def publish(registry, keys):
    registry.publish(version_facts(version="v3.0"), lambda f: fill_smallest(f, b"v3"), keys.private)


def promote_next(registry, keys):
    promote(registry, "v2.0", "production", key=keys.private)


def set_back(registry, keys):
    roll_back(registry, "production", key=keys.private)


def state(registry):
    """Return what a reader finds: the versions, whole, and what production points to."""
    versions = registry.list()
    assert [registry.verify(version) for version in versions] == [()] * len(versions)
    for version in versions:
        assert [path.name for path in version.folder.rglob("*") if path.stat().st_mode & 0o222] == []
    pointed = registry.find("production")
    entries = registry.history.entries()
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    counter = registry.channels.current("production").deed.counter
    return {v.label: manifest_digest(v.manifest) for v in versions}, pointed.label, counter


def killed_at(step, work):
    """Do some work in a process that dies at a step; tell whether it did."""
    child = os.fork()
    if not child:
        count_down(step)
        try:
            work()
        except BaseException:  # noqa: BLE001 - whatever went wrong, the parent must hear of it
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the work failed by itself"
    return False


def count_down(step):
    left = [step]

    def strike():
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event, arguments):
        writing = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if event in STEPS or writing:
            strike()

    flush = os.fsync

    def fsync(descriptor):
        strike()
        flush(descriptor)

    os.fsync = fsync
    sys.addaudithook(hook)


@pytest.mark.parametrize(("work", "fewest"), [(publish, 40), (promote_next, 10), (set_back, 10)])
def test_killed_at_every_step_leaves_the_old_state_or_the_new(before, tmp_path, keys, work, fewest):
    old = new = None
    seen = set()
    step, died = 0, True
    while died:
        step += 1
        place = tmp_path / str(step)
        shutil.copytree(before, place / "models")
        registry = registry_in(place)
        old = old or state(registry)
        died = killed_at(step, partial(work, registry, keys))
        now = state(registry)
        if not died:
            new = now
        seen.add(str(now))
        version = registry.publish(version_facts(version=NEXT), fill_smallest)
        assert registry.verify(version) == ()
        assert [path.name for path in registry.root.glob(".embedtune*")] == []
        assert list((registry.root / ".registry" / "staging").iterdir()) == []
        logged = {entry.deed.version for entry in registry.history.entries()}
        assert logged == {version.label for version in registry.list()}
        assert registry.history.entries()[-1].deed.version == f"embedtune-{NEXT}"
        after = state(registry)
        assert after[1:] == now[1:]
        shutil.rmtree(unsealed(place))
    assert step > fewest
    assert seen == {str(old), str(new)}
    assert old != new


def test_killed_while_pruning_the_next_publisher_finishes_it(before, tmp_path, keys):
    promised = {"embedtune-v1.0", "embedtune-v2.0"}
    step, died = 0, True
    while died:
        step += 1
        place = tmp_path / str(step)
        shutil.copytree(before, place / "models")
        registry = registry_in(place)
        registry.publish(version_facts(version="v0.1"), fill_smallest)
        died = killed_at(step, partial(prune, registry, 0, {}))
        labels = {version.label for version in registry.list()}
        assert promised <= labels <= {*promised, "embedtune-v0.1"}
        registry.publish(version_facts(version=NEXT), fill_smallest)
        pruned = [str(entry.deed.action) for entry in registry.history.entries()].count("pruned")
        assert {version.label for version in registry.list()} - {"embedtune-v0.1"} == {*promised, f"embedtune-{NEXT}"}
        assert pruned == (0 if registry.root.joinpath("embedtune-v0.1").exists() else 1)
        shutil.rmtree(unsealed(place))
    assert step > 5
    assert pruned == 1
