"""An experiment from its start to its report, on the command line and in Python."""

from __future__ import annotations

import shutil

import pytest

from embedtune import ABTest
from embedtune.events import Alert
from embedtune.pipeline.experiments import experiment_folder
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
    assert (found["settle"], found["pending"]) == (1800.0, 2)
    text = embedtune("abtest", "report", "trial").out
    assert "candidate  1 units, 1 lists, 1 with a click; first list clicked  nothing to compare yet" in text
    assert "within 1800 seconds  2 lists still wait for clicks, 0 clicks came late" in text
    assert text.endswith("verdict  no clear difference yet\n")


def test_what_has_settled_is_compared(embedtune, running):
    assert embedtune("abtest", "share", "trial", 0.5).code == 0
    for unit in ("ann", "bob", "cleo", "dora", "emil", "finn"):
        embedtune("abtest", "search", "trial", "bleed the brake", "--unit", unit)
    found = embedtune("abtest", "report", "trial", "--settle", 0, "--json").json
    assert (found["settle"], found["pending"], found["difference"]["n"]) == (0.0, 0, 6)
    assert -1 <= found["difference"]["low"] < 0 < found["difference"]["high"] <= 1
    assert "difference  " in embedtune("abtest", "report", "trial", "--settle", 0).out
    assert embedtune("abtest", "report", "trial", "--settle", -1).code == 2


def test_indexes_are_found_as_other_commands_find_them(embedtune, running, tmp_path, monkeypatch):
    """From the folder where the command is given, and afterwards from any other."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copytree(running / INDEX, elsewhere / "mine")
    config = running / "embedtune.toml"
    monkeypatch.chdir(elsewhere)
    both = ["--control", "mine", "--candidate", "mine", "--share", 0, "--config", config]
    made = embedtune("abtest", "start", "second", *both, "--json").json
    assert (made["control"], made["candidate"]) == (str(elsewhere / "mine"),) * 2

    monkeypatch.chdir(tmp_path)
    answer = embedtune("abtest", "search", "second", "bleed the brake", "--unit", "ann", "--config", config, "--json")
    assert (answer.code, answer.json["arm"]) == (0, "control")


def test_an_experiment_on_an_absent_index_is_not_begun(embedtune, running):
    for both in (["--control", INDEX, "--candidate", "none"], ["--control", "none", "--candidate", INDEX]):
        answer = embedtune("abtest", "start", "second", *both)
        assert (answer.code, "none holds no index" in answer.err) == (2, True)
    assert "There is no experiment second" in embedtune("abtest", "stop", "second").err


def test_a_candidate_whose_index_is_gone_does_not_stop_the_search(embedtune, running):
    shutil.rmtree(running / "other")
    shown = embedtune("abtest", "search", "trial", "bleed the brake", "--unit", "ann", "--json")
    assert (shown.code, shown.json["arm"]) == (0, "candidate")
    assert shown.json["hits"]
    assert embedtune("abtest", "report", "trial", "--json").json["candidate"]["failed"] == 1


def test_bad_requests_are_told(embedtune, running):
    again = embedtune("abtest", "start", "trial", "--control", INDEX, "--candidate", "other")
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
    assert other.report(settle=0).pending == 0


def test_the_settings_say_when_a_candidate_is_left_alone(tmp_path):
    (tmp_path / "embedtune.toml").write_text("[search]\nfailures = 1\nretry_seconds = 1e6\n")
    asked = []

    class Gone:
        def search(self, query, limit=10):
            asked.append(query)
            raise ConnectionError

    with ABTest("trial", Fixed("old"), Gone(), share=1.0, folder=tmp_path) as test:
        assert [test.search("ann", "oil").hits[0].section_id for _ in range(3)] == ["old"] * 3
        assert test.report().candidate.failed == 3
    assert asked == ["oil"]


@pytest.mark.parametrize("damage", ["deleted", "damaged"])
def test_an_experiment_goes_on_without_its_file(tmp_path, damage):
    events = []
    with ABTest("trial", Fixed("old"), Fixed("new"), share=1.0, folder=tmp_path, report=events.append) as test:
        path = experiment_folder(open_project(folder=tmp_path), "trial") / "experiment.json"
        whole = path.read_text()
        if damage == "deleted":
            path.unlink()
        else:
            path.write_text("{")
        assert [test.search("ann", "oil").hits[0].section_id for _ in range(2)] == ["new", "new"]
        (alert,) = events
        assert isinstance(alert, Alert)
        assert "goes on as it was, at share 1" in alert.message

        with ABTest("trial", Fixed("old"), Fixed("new"), folder=tmp_path) as begun:
            assert begun.search("ann", "oil").hits[0].section_id == "old"
            path.write_text(whole)
            assert begun.search("ann", "oil").hits[0].section_id == "new"


def test_a_wrong_division_is_exit_code_1(embedtune, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    test = ABTest("trial", Fixed("old"), Fixed("new"), share=0.5)
    units = [f"u{number}" for number in range(600)]
    for unit in units:
        if test._live._experiment().arm(unit) is Arm.CANDIDATE:
            test.search(unit, "oil")
    answer = embedtune("abtest", "report", "trial")
    assert (answer.code, "MISMATCH" in answer.out) == (1, True)
