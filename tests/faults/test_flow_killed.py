"""The flow is killed at many places, started again, and leaves what an undisturbed one leaves."""

from __future__ import annotations

import json
import shutil

import pytest

from command_process import INTERRUPT, KILL, TERMINATE, Blow, run_command
from project_samples import lasting_outputs, write_project

MANY = 25


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny_model, private_cache):
    folder = write_project(tmp_path_factory.mktemp("undisturbed") / "project", tiny_model)
    outcome = run_command(["run"], folder)
    assert outcome.code == 0, outcome.errors
    return folder


@pytest.fixture(scope="module")
def undisturbed(finished):
    return lasting_outputs(finished)


@pytest.fixture
def folder(tmp_path, tiny_model):
    return write_project(tmp_path / "project", tiny_model)


def same(folder, undisturbed):
    left = lasting_outputs(folder)
    assert left.keys() == undisturbed.keys()
    assert [name for name in left if left[name] != undisturbed[name]] == []


def test_killed_flow_goes_on(folder, undisturbed):
    blows = {
        "▸ data": ["sections", "split"],
        "dev questions, step 4": ["sections", "split", "data"],
        "▸ publish": ["sections", "split", "data", "run", "anomaly", "evaluation"],
    }
    skipped = []
    for marker, done in blows.items():
        killed = run_command(["run"], folder, Blow(KILL, marker))
        assert killed.code == -KILL
        assert killed.errors.splitlines()[-1].strip().startswith(marker)
        assert skipped_stages(killed) == skipped
        skipped = done
    again = run_command(["run"], folder)
    assert again.code == 0, again.errors
    assert skipped_stages(again) == skipped
    same(folder, undisturbed)


def skipped_stages(outcome):
    return [line[2:].split(":")[0] for line in outcome.errors.splitlines() if line.startswith("·")]


def test_flow_killed_again_and_again_comes_to_its_end(folder, undisturbed):
    """Each start gets as far as a few renamings more; the longest way is one stage's."""
    codes = []
    while 0 not in codes and len(codes) < MANY:
        codes.append(run_command(["run", "--quiet"], folder, Blow(KILL, renaming=16)).code)
    assert codes[-1] == 0
    assert len(codes) > 3
    assert set(codes[:-1]) == {-KILL}
    same(folder, undisturbed)


def test_half_published_version_is_none(folder, finished, undisturbed):
    shutil.copytree(finished / ".embedtune", folder / ".embedtune")
    (folder / ".embedtune" / "published.json").unlink()
    shutil.rmtree(folder / ".embedtune" / "index")
    # the renamings are those of the card, the readme, the manifest and the version itself
    for renaming in (2, 4, 5):
        assert run_command(["run"], folder, Blow(KILL, renaming=renaming)).code == -KILL
        assert not list((folder / "models").glob("embedtune-*"))
    again = run_command(["run"], folder)
    assert again.code == 0, again.errors
    same(folder, undisturbed)


def test_stopped_flow_says_so_and_goes_on(folder, undisturbed):
    blows = [
        (TERMINATE, "▸ data", "Interrupted."),
        (INTERRUPT, "dev questions, step 2", "Stopped by SIGINT at step 3 of 10; the state is saved."),
        (TERMINATE, "dev questions, step 6", "Stopped by SIGTERM at step 7 of 10; the state is saved."),
        (INTERRUPT, "▸ evaluation", "Interrupted."),
    ]
    for number, marker, message in blows:
        stopped = run_command(["run"], folder, Blow(number, marker))
        assert stopped.code == 3, stopped.errors
        assert f"Error: {message}" in stopped.errors
        assert "command again" in stopped.errors
        assert "Traceback" not in stopped.errors
        assert not list((folder / ".embedtune").glob(".*"))
    again = run_command(["run"], folder)
    assert again.code == 0, again.errors
    same(folder, undisturbed)


def test_stopped_flow_leaves_one_json_object(folder, private_cache):
    stopped = run_command(["run", "--json"], folder, Blow(TERMINATE, renaming=8))
    assert stopped.code == 3
    assert json.loads(stopped.output)["exit_code"] == 3
    assert stopped.output.count("\n") == 1
