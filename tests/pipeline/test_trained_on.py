"""The pairs that leaks are looked for in are those that a run or a version was trained on."""

from __future__ import annotations

import json

import pytest

from embedtune.errors import InputError
from embedtune.events import Alert
from embedtune.files import digest_file
from embedtune.pipeline.describing import PublishRequest
from embedtune.pipeline.publishing import publish_run
from embedtune.pipeline.systems import SystemSpec
from embedtune.pipeline.trained_on import recorded_pairs, trained_pairs
from stand_in_models import stand_in_project, write_stand_in, write_stand_in_run


@pytest.fixture
def pairs(tmp_path):
    """Two files of pairs; the run was trained on the first."""
    rows = [{"query": f"q {split}", "positive": "p", "split": split} for split in ("train", "dev", "test")]
    (tmp_path / "own.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "other.jsonl").write_text(json.dumps({"query": "more", "positive": "p"}))
    origin = write_stand_in_run(tmp_path / "run", "good") / "origin.json"
    made = json.loads(origin.read_text()) | {"pairs_hash": digest_file(tmp_path / "own.jsonl")}
    origin.write_text(json.dumps(made))
    write_stand_in(tmp_path / "run" / "checkpoint-best", "earlier")
    return tmp_path


def read(folder, *names, systems=("base", "@run"), events=None):
    specs = [SystemSpec.parse(name.replace("@", f"{folder}/")) for name in systems]
    found = trained_pairs(stand_in_project(folder, events), specs, [folder / name for name in names])
    return None if found is None else [pair.query.text for pair in found]


def test_what_was_held_out_was_not_trained_on(pairs):
    assert read(pairs, "own.jsonl") == ["q train"]
    assert read(pairs) is None


@pytest.mark.parametrize("system", ["@run", "hybrid:@run", "@run/checkpoint-best", "@run/model"])
def test_another_file_than_the_run_s_own_is_refused(pairs, system):
    with pytest.raises(InputError, match=r"was not trained on .*other\.jsonl: its record names .*sha256:") as caught:
        read(pairs, "other.jsonl", systems=(system,))
    assert "--trained-on" in caught.value.remedy


def test_a_file_that_changed_since_is_another_file(pairs):
    with (pairs / "own.jsonl").open("a") as stream:
        stream.write("\n")
    with pytest.raises(InputError, match="was not trained on"):
        read(pairs, "own.jsonl")


def test_files_of_several_systems_are_read_and_one_too_many_is_told(pairs):
    events = []
    assert read(pairs, "own.jsonl", "other.jsonl", events=events) == ["q train", "more"]
    told = [event.message for event in events if isinstance(event, Alert)]
    assert told == [f"No run or version here records that it was trained on {pairs / 'other.jsonl'}."]


def test_a_version_is_held_to_what_it_was_trained_on(pairs):
    project = stand_in_project(pairs)
    publish_run(project, PublishRequest(pairs / "run", "v1.0", "mine", reason="a test"))
    assert recorded_pairs(project, "v1.0") == digest_file(pairs / "own.jsonl")
    with pytest.raises(InputError, match=r"v1\.0 was not trained on"):
        read(pairs, "other.jsonl", systems=("v1.0",))


@pytest.mark.parametrize("system", ["base", "bm25", "@plain", "remote:http://127.0.0.1:9/v1#tiny"])
def test_systems_that_record_nothing_take_any_file(pairs, system):
    write_stand_in(pairs / "plain", "good")
    events = []
    assert read(pairs, "other.jsonl", systems=(system,), events=events) == ["more"]
    assert events == []
