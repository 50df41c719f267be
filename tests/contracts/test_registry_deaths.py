"""Who writes to an object store dies at each of its writes; the registry then holds the old state or the new one."""

from __future__ import annotations

import itertools

import pytest

from embedtune.artifacts.pruning import prune
from embedtune.artifacts.remote.fsspec_objects import FsspecObjects
from embedtune.artifacts.remote.s3 import S3Objects
from embedtune.artifacts.setting_channels import promote, roll_back
from embedtune.errors import InputError
from embedtune.events import Alert
from version_samples import fill_smallest, version_facts

WRITES = ("create", "put", "upload", "remove")


class DiedError(BaseException):
    """The process is no more."""


def prepared(place):
    """Two versions, the channel set twice."""
    registry = place.registry()
    for number in ("v1.0", "v2.0"):
        registry.publish(version_facts(version=number), lambda folder, n=number: fill_smallest(folder, n.encode()))
        promote(registry, number, "production")


def publish(registry):
    registry.publish(version_facts(version="v3.0"), lambda folder: fill_smallest(folder, b"v3.0"))


def promote_first(registry):
    promote(registry, "v1.0", "production")


def set_back(registry):
    roll_back(registry, "production")


def prune_all(registry):
    promote(registry, "v2.0", "production")
    promote(registry, "v2.0", "production")
    prune(registry, 0, {})


def state(place):
    registry = place.registry()
    versions = registry.list()
    assert [registry.verify(version) for version in versions] == [()] * len(versions)
    pointed = registry.find("production")
    return [version.label for version in versions], pointed.label, registry.channels.current("production").deed.counter


def dies(patch, step, when, work, registry):
    """Do some work that dies at a write, before or after it; tell whether it did."""
    left = [step]
    kind = type(registry.storage._objects)

    def deadly(name):
        alive = getattr(kind, name)

        def method(self, *arguments):
            left[0] -= 1
            if left[0] < 0 or (left[0] == 0 and when == "before"):
                raise DiedError
            alive(self, *arguments)
            if left[0] == 0:
                raise DiedError

        return method

    for name in WRITES:
        patch.setattr(kind, name, deadly(name))
    try:
        work(registry)
    except DiedError:
        return True
    finally:
        patch.undo()
    return False


@pytest.mark.parametrize(
    ("kind", "work", "when"),
    [
        ("memory", publish, "before"),
        ("memory", publish, "after"),
        ("memory", promote_first, "after"),
        ("memory", set_back, "before"),
        ("memory", prune_all, "after"),
        ("s3", publish, "after"),
    ],
)
def test_a_death_at_any_write_leaves_the_old_state_or_the_new(request, kind, work, when):
    patch = pytest.MonkeyPatch()
    make_place = request.getfixturevalue(f"{kind}_place")
    seen, old, new = set(), None, None
    for step in itertools.count(1, 4 if kind == "s3" else 1):  # a client of S3 takes long to make
        place = make_place()
        prepared(place)
        old = state(place)
        died = dies(patch, step, when, work, place.registry())
        now = state(place)
        seen.add(str(now))
        registry = place.registry()
        registry.publish(version_facts(version="v9.0"), fill_smallest)
        assert state(place)[1:] == now[1:]
        logged = [entry.deed.version for entry in registry.history.entries()]
        assert set(state(place)[0]) <= set(logged)
        if not died:
            new = now
            break
    assert step > 2
    if work is not prune_all:  # which sets the channel twice before
        assert seen <= {str(old), str(new)}
    assert old != new


@pytest.mark.parametrize("kind", ["memory", "s3"])
def test_what_a_dead_publisher_uploaded_is_removed_when_it_is_old(request, kind):
    place = request.getfixturevalue(f"{kind}_place")()
    prepared(place)
    old, young = "20200101T000000Z-0123456789abcdef", "29990101T000000Z-0123456789abcdef"
    for token in (old, young):
        place.write(f"files/embedtune-v5.0/{token}/model/a.json", b"{}")
    place.write("files/notes.txt", b"not an upload")
    before = {key for key in place.stored() if "v5.0" not in key}
    publish(place.registry())
    stored = place.stored()
    assert before <= stored
    assert [key for key in stored if old in key] == []
    assert [key for key in stored if young in key] != []


def test_a_store_without_conditional_writes_is_told_of_once(memory_place, monkeypatch):
    place, told = memory_place(), []
    monkeypatch.setattr("embedtune.artifacts.remote.fsspec_objects._CONDITIONAL", frozenset())
    registry = place.registry(report=told.append)
    for number in ("v1.0", "v1.1"):
        registry.publish(version_facts(version=number), fill_smallest)
    (alert,) = told
    assert isinstance(alert, Alert)
    assert "let one process at a time" in alert.message
    assert registry.verify(registry.find("v1.1")) == ()


def test_a_write_whose_answer_was_lost_is_not_taken_for_another_ones(s3_place, monkeypatch):
    """The client sends it again, and the store refuses what it has already."""
    create = S3Objects.create

    def twice(self, key, data):
        create(self, key, data)
        create(self, key, data)

    monkeypatch.setattr(S3Objects, "create", twice)
    registry = s3_place().registry()
    registry.publish(version_facts(), fill_smallest)
    assert len(registry.history.entries()) == 1


def test_a_store_that_does_not_answer_is_an_error_with_a_remedy(s3_place, monkeypatch, caplog):
    place = s3_place()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setattr("embedtune.artifacts.remote.s3._ATTEMPTS", 1)
    registry = place.registry()
    with pytest.raises(InputError, match="cannot be read: EndpointConnectionError") as caught:
        registry.find("v1.0")
    assert "credentials in the environment" in caught.value.remedy
    assert "very-secret" not in caplog.text + str(caught.value)


@pytest.mark.parametrize("url", ["s3://key:secret@bucket/x", "memory://a/b?token=secret", "ftp://u:secret@host/x"])
def test_credentials_do_not_stand_in_a_url(url, memory_place):
    with pytest.raises(InputError, match="more in it than a place") as caught:
        type(memory_place())(url, memory_place().beside).registry()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "told"),
    [("s3:///x", "names no bucket"), ("nosuch://x", "cannot hold a registry"), ("file://host/x", "no folder of this")],
)
def test_what_is_no_place_is_refused(url, told, memory_place):
    with pytest.raises(InputError, match=told):
        type(memory_place())(url, memory_place().beside).registry()


def test_nothing_is_asked_before_something_is_wanted(memory_place, monkeypatch):
    monkeypatch.setattr(FsspecObjects, "list", lambda *arguments: pytest.fail("asked"))
    monkeypatch.setattr(FsspecObjects, "read", lambda *arguments: pytest.fail("asked"))
    memory_place().registry()
