"""Publishing where the disk fills up, or where somebody else is faster: no half version ever appears."""

from __future__ import annotations

import errno
import os
import threading

import pytest

from embedtune.errors import InputError, VersionExistsError
from version_samples import fill_version, registry_in, version_facts


@pytest.fixture
def registry(tmp_path):
    return registry_in(tmp_path)


def left_of(registry):
    return sorted(path.name for path in registry.root.iterdir() if path.name != ".registry")


def no_space():
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_nothing(registry):
    def fill_until_full(folder):
        fill_version(folder)
        raise no_space()

    with pytest.raises(InputError, match="No space left on device"):
        registry.publish(version_facts(), fill_until_full)
    assert left_of(registry) == []


@pytest.mark.parametrize("good", range(10))
def test_a_disk_that_fills_up_while_flushing_leaves_nothing(registry, monkeypatch, good):
    flush = os.fsync
    calls = []

    def fail_later(descriptor):
        calls.append(descriptor)
        if len(calls) > good:
            raise no_space()
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", fail_later)
    with pytest.raises(InputError, match="No space left on device"):
        registry.publish(version_facts(), fill_version)
    monkeypatch.undo()
    assert left_of(registry) == []
    registry.publish(version_facts(), fill_version)


def test_of_two_publishers_at_once_exactly_one_wins(registry):
    both_wrote = threading.Barrier(2, timeout=30)
    outcomes = {}

    def publish(name):
        def fill_and_wait(folder):
            fill_version(folder, weights=name.encode())
            both_wrote.wait()

        try:
            outcomes[name] = registry.publish(version_facts(), fill_and_wait)
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
    assert left_of(registry) == ["embedtune-v1.0"]
    assert len(registry.history.entries()) == 1
