"""An experiment from its start to its report, on the command line and in Python."""

from __future__ import annotations

import shutil

import pytest

from embedtune import ABTest
from embedtune.pipeline.abtest import experiment_folder
from embedtune.pipeline.project import open_project
from embedtune.retrieval.abtest.experiment import Arm
from embedtune.vocabulary.retrieval import Hit

INDEX = ".embedtune/index/corpus"


@pytest.fixture
def running(embedtune, done):
    """A finished project with a second index and an experiment on both."""
    shutil.copytree(done / INDEX, done / "other")
    answer = embedtune("abtest", "start", "trial", "--control", INDEX, "--candidate", "other", "--share", 1, "--json")
    assert answer.code == 0
    assert answer.json["share"] == 1.0
    return done


def test_an_experiment_from_start_to_report(embedtune, running):
    shown = embedtune("abtest", "search", "trial", "bleed the brake", "--unit", "ann", "--limit", 3, "--json").json
    section = shown["hits"][0]["section_id"]
    assert (shown["arm"], len(shown["hits"])) == ("candidate", 3)
    assert embedtune("abtest", "click", "trial", shown["impression"], section).code == 0

    assert "is stopped" in embedtune("abtest", "stop", "trial").out
    after = embedtune("abtest", "search", "trial", "bleed the brake", "--unit", "ann", "--json").json
    assert after["arm"] == "control"
    assert embedtune("abtest", "share", "trial", 0.5, "--json").json["stopped"] is False

    answer = embedtune("abtest", "report", "trial", "--json")
    assert answer.code == 0
    found = answer.json
    assert (found["candidate"]["clicked"], found["control"]["impressions"]) == (1, 1)
    assert (found["verdict"], found["ratio"]["observed"]) == ("no clear difference yet", 1)
    text = embedtune("abtest", "report", "trial").out
    assert "candidate  1 units, 1 lists, 1 with a click; first list clicked 1.000 [" in text
    assert text.endswith("verdict  no clear difference yet\n")


def test_bad_requests_are_told(embedtune, running):
    again = embedtune("abtest", "start", "trial", "--control", "a", "--candidate", "b")
    assert (again.code, "already" in again.err) == (2, True)
    for command in (["report", "none"], ["stop", "none"], ["search", "none", "oil", "--unit", "u"]):
        answer = embedtune("abtest", *command)
        assert (answer.code, "There is no experiment none." in answer.err) == (2, True)
    assert embedtune("abtest", "share", "trial", 2).code == 2
    assert "was not shown" in embedtune("abtest", "click", "trial", "i", "s").err
    assert embedtune("abtest", "report", "trial", "--alpha", 0).code == 2


def test_a_damaged_experiment_is_told(embedtune, running):
    folder = experiment_folder(open_project(folder=running), "trial")
    (folder / "experiment.json").write_text('{"name": "trial"}')
    answer = embedtune("abtest", "report", "trial")
    assert (answer.code, "does not describe an experiment" in answer.err) == (2, True)


class Fixed:
    def __init__(self, section):
        self.section = section

    def search(self, query, limit=10):
        return [Hit(self.section, "text", 1.0, {})]


def test_share_and_switch_reach_a_running_search(tmp_path):
    test = ABTest("trial", Fixed("old"), Fixed("new"), share=1.0, folder=tmp_path)
    other = ABTest("trial", Fixed("old"), Fixed("new"), folder=tmp_path)

    assert test.search("ann", "oil").arm is Arm.CANDIDATE
    other.stop()
    assert test.search("ann", "oil").hits[0].section_id == "old"
    other.set_share(1.0)
    shown = test.search("ann", "oil")
    assert shown.hits[0]["id"] == "new"
    test.click(shown.impression, "new")
    assert other.report().candidate.clicked == 1


def test_a_wrong_division_is_exit_code_1(embedtune, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    test = ABTest("trial", Fixed("old"), Fixed("new"), share=0.5)
    units = [f"u{number}" for number in range(600)]
    for unit in units:
        if test._trial._experiment().arm(unit) is Arm.CANDIDATE:
            test.search(unit, "oil")
    answer = embedtune("abtest", "report", "trial")
    assert (answer.code, "MISMATCH" in answer.out) == (1, True)
