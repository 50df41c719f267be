from __future__ import annotations

import dataclasses
import json
import shutil

import pytest

from embedtune.config.data_settings import SplitSettings
from embedtune.events import StageFinished, StageSkipped, StageStarted
from embedtune.pipeline import workspace as module
from embedtune.pipeline.workspace import Plan, Workspace

PLAN = Plan("stage", "doing it", {"documents": "sha256:1"}, (SplitSettings(), "64", 42), ("out.txt", "sub"))


class Work:
    """Writes what a stage must leave, counts how often, and dies where it is told to."""

    def __init__(self, text="made"):
        self.text = text
        self.runs = 0
        self.dies = False

    def __call__(self, folder):
        self.runs += 1
        self.found = sorted(path.name for path in folder.iterdir())
        (folder / "out.txt").write_text(self.text)
        (folder / "sub").mkdir(exist_ok=True)
        (folder / "sub" / "part.txt").write_text(f"{self.text} {self.runs}")
        if self.dies:
            raise RuntimeError("power cut")
        return "one line"


@pytest.fixture
def place(tmp_path):
    return Workspace(tmp_path)


@pytest.fixture
def events():
    return []


def run(place, work, plan=PLAN, events=None):
    return place.run_stage(plan, work, (events if events is not None else []).append)


def test_same_plan_is_skipped(place, events):
    work = Work()
    folder = run(place, work, events=events)
    assert folder == place.project / ".embedtune" / "stage"
    assert (folder / "out.txt").read_text() == "made"
    assert [type(event) for event in events] == [StageStarted, StageFinished]
    assert events[0].description == "doing it"
    assert events[1].summary == "one line"
    assert events[1].seconds >= 0
    events.clear()
    assert run(place, work, events=events) == folder
    assert work.runs == 1
    assert events == [StageSkipped("stage", "nothing changed")]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"inputs": {"documents": "sha256:2"}}, id="input"),
        pytest.param({"inputs": {"documents": "sha256:1", "more": "sha256:1"}}, id="one-more-input"),
        pytest.param({"settings": (SplitSettings(dev_share=0.2), "64", 42)}, id="setting"),
        pytest.param({"settings": (SplitSettings(), "64", 43)}, id="seed"),
    ],
)
@pytest.mark.parametrize("in_place", [False, True])
def test_changed_plan_runs_again_on_a_clean_folder(place, change, in_place):
    work = Work()
    plan = dataclasses.replace(PLAN, in_place=in_place)
    run(place, work, plan)
    (place.folder("stage") / "left over.txt").write_text("of the old plan")
    run(place, work, dataclasses.replace(plan, **change))
    assert work.runs == 2
    assert "left over.txt" not in work.found
    assert not (place.folder("stage") / "left over.txt").exists()


def test_description_does_not_matter(place):
    work = Work()
    run(place, work)
    run(place, work, dataclasses.replace(PLAN, description="said otherwise"))
    assert work.runs == 1


def test_other_code_version_runs_again(place, monkeypatch):
    work = Work()
    run(place, work)
    monkeypatch.setattr(module, "__version__", "99.0")
    run(place, work)
    assert work.runs == 2


def damage_text(folder):
    (folder / "out.txt").write_text("made!")


def damage_inner(folder):
    (folder / "sub" / "part.txt").write_text("")


def damage_tree(folder):
    (folder / "sub" / "more.txt").write_text("")


def damage_by_removal(folder):
    (folder / "out.txt").unlink()


def damage_receipt(folder):
    (folder / "receipt.json").write_text('{"stage": "st')


def lose_receipt(folder):
    (folder / "receipt.json").unlink()


@pytest.mark.parametrize(
    "damage", [damage_text, damage_inner, damage_tree, damage_by_removal, damage_receipt, lose_receipt, shutil.rmtree]
)
def test_damaged_output_runs_again(place, damage):
    work = Work()
    folder = run(place, work)
    damage(folder)
    run(place, work)
    assert work.runs == 2
    assert (folder / "out.txt").read_text() == "made"
    assert place.is_done(PLAN)


def test_files_that_are_no_outputs_do_not_count(place):
    work = Work()
    folder = run(place, work)
    (folder / "notes.txt").write_text("mine")
    run(place, work)
    assert work.runs == 1


def test_what_must_be_present_may_change_but_not_vanish(place):
    work = Work()
    plan = dataclasses.replace(PLAN, outputs=("out.txt",), present=("sub",))
    folder = run(place, work, plan)
    damage_inner(folder)
    run(place, work, plan)
    assert work.runs == 1
    shutil.rmtree(folder / "sub")
    run(place, work, plan)
    assert work.runs == 2


def test_crash_inside_work_leaves_the_old_folder(place):
    run(place, Work("old"))
    work = Work("new")
    work.dies = True
    changed = dataclasses.replace(PLAN, inputs={"documents": "sha256:2"})
    with pytest.raises(RuntimeError, match="power cut"):
        run(place, work, changed)
    folder = place.folder("stage")
    assert (folder / "out.txt").read_text() == "old"
    assert place.is_done(PLAN)
    assert not place.is_done(changed)
    assert [path.name for path in place.root.iterdir()] == ["stage"]


def test_crash_of_the_first_run_leaves_nothing(place):
    work = Work()
    work.dies = True
    with pytest.raises(RuntimeError):
        run(place, work)
    assert list(place.root.iterdir()) == []


def test_work_fills_a_folder_that_is_not_yet_the_stage(place):
    run(place, Work("old"))
    seen = []

    def look(folder):
        seen.append((folder / "out.txt").exists())
        seen.append((place.folder("stage") / "out.txt").read_text())
        return Work("new")(folder)

    run(place, look, dataclasses.replace(PLAN, inputs={}))
    assert seen == [False, "old"]
    assert (place.folder("stage") / "out.txt").read_text() == "new"


def test_folder_of_a_process_that_died_between_two_renames_is_put_back(place):
    work = Work()
    folder = run(place, work)
    folder.rename(folder.with_name(".stage.retired"))
    run(place, work)
    assert work.runs == 1
    assert [path.name for path in place.root.iterdir()] == ["stage"]


def test_stage_in_place_finds_what_it_left_under_the_same_plan(place):
    work = Work()
    work.dies = True
    plan = dataclasses.replace(PLAN, in_place=True)
    with pytest.raises(RuntimeError):
        run(place, work, plan)
    assert not place.is_done(plan)
    work.dies = False
    run(place, work, plan)
    assert work.found == ["out.txt", "receipt.json", "sub"]
    assert place.is_done(plan)


def test_stage_in_place_is_not_done_while_it_works_again(place):
    plan = dataclasses.replace(PLAN, in_place=True)
    work = Work()
    run(place, work, plan)
    damage_text(place.folder("stage"))
    work.dies = True
    with pytest.raises(RuntimeError):
        run(place, work, plan)
    assert not place.is_done(plan)


def test_receipt_names_inputs_and_outputs(place):
    folder = run(place, Work())
    receipt = json.loads((folder / "receipt.json").read_text())
    assert receipt["stage"] == "stage"
    assert receipt["inputs"] == {"documents": "sha256:1"}
    assert receipt["plan"] == PLAN.digest
    assert set(receipt["outputs"]) == {"out.txt", "sub"}
    # printf made | sha256sum
    assert receipt["outputs"]["out.txt"] == "sha256:ea0890697a77af0a2e054cccec587c8a42feb5cf38e778c6c6e2a96bfb945c0b"


def test_relative_paths_start_at_the_project(tmp_path):
    place = Workspace(tmp_path)
    assert place.resolve("docs") == tmp_path / "docs"
    assert place.resolve("/else/where").as_posix() == "/else/where"
