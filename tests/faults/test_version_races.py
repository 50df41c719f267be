"""Others write while a version is loaded, listed and found: nobody gets wrong bytes or half a state."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from contextlib import contextmanager

import pytest

from embedtune.artifacts.setting_channels import promote
from embedtune.artifacts.verified_copy import verified_copy
from embedtune.errors import VerificationError
from version_samples import fill_smallest, fill_version, registry_in, unsealed, version_facts

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

FORK = multiprocessing.get_context("fork")
ATTEMPTS = 1_000
READERS = 50
PUBLICATIONS = 20
GOOD, EVIL = b"good " * 200, b"evil " * 200


@contextmanager
def beside(work, *arguments):
    """Do something in another process as long as the block lasts."""
    stop = FORK.Event()
    process = FORK.Process(target=work, args=(stop, *arguments))
    process.start()
    try:
        yield
    finally:
        stop.set()
        process.join(30)
        assert process.exitcode == 0


def exchange(stop, weights):
    """Put other bytes of equal size into a file and back, by writing and by renaming, as fast as it goes."""
    aside = weights.parents[2] / "aside"
    while not stop.is_set():
        for content in (EVIL, GOOD):
            weights.write_bytes(content)
        for content in (EVIL, GOOD):
            aside.write_bytes(content)
            aside.replace(weights)


def test_exchanged_bytes_are_never_loaded(tmp_path, monkeypatch):
    version = registry_in(tmp_path).publish(version_facts(), lambda f: fill_version(f, GOOD))
    unsealed(version.folder)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    refusals = loads = 0
    with beside(exchange, version.folder / "model" / "model.safetensors"):
        for attempt in range(ATTEMPTS):
            try:
                copy = verified_copy(version, tmp_path / f"cache-{attempt % 7}")
            except VerificationError as error:
                refusals += "model/model.safetensors: " in error.message
            else:
                assert (copy / "model" / "model.safetensors").read_bytes() == GOOD
                if attempt % 3:
                    copy.rename(tmp_path / f"away-{attempt}")
                loads += 1
    assert refusals + loads == ATTEMPTS
    assert min(refusals, loads) > 0


def read_on(number, root, stop, log):
    """List, find, verify and follow the channel until told to stop, and write down what went wrong."""
    wrong, rounds, counter = [], 0, 0
    registry = registry_in(root)
    while not stop.is_set() or not rounds:
        try:
            versions = registry.list(wrong.append)
            if versions:
                newest = versions[number % len(versions)]
                if problems := registry.verify(newest):
                    wrong.append(str(problems))
            if registry.channels.exists("production"):
                now = registry.channels.current("production").deed.counter
                if now < counter:
                    wrong.append(f"the counter fell from {counter} to {now}")
                counter = now
                registry.find("production")
            registry.history.entries()
        except Exception as error:  # noqa: BLE001 - any error is a finding
            wrong.append(f"{type(error).__name__}: {error}")
        rounds += 1
        time.sleep(0.02)  # leaves the processor to those who write
    log.write_text(json.dumps({"wrong": [str(item) for item in wrong], "rounds": rounds, "counter": counter}))


@pytest.mark.timeout(120)
def test_readers_see_no_half_state_while_others_publish_and_promote(tmp_path):
    stop = FORK.Event()
    logs = [tmp_path / f"reader-{number}.json" for number in range(READERS)]
    readers = [FORK.Process(target=read_on, args=(number, tmp_path, stop, log)) for number, log in enumerate(logs)]
    for reader in readers:
        reader.start()
    registry = registry_in(tmp_path)
    for number in range(PUBLICATIONS):
        registry.publish(version_facts(version=f"v1.{number}"), fill_smallest)
        promote(registry, f"v1.{number}", "production")
    stop.set()
    for reader in readers:
        reader.join(60)
    told = [json.loads(log.read_text()) for log in logs]
    assert [item for reader in told for item in reader["wrong"]] == []
    assert len(told) == READERS
    assert sum(reader["rounds"] for reader in told) > READERS
    assert registry.channels.current("production").deed.counter == PUBLICATIONS
