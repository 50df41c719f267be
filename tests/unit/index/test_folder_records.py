from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from embedtune.errors import FormatError, InputError
from embedtune.index.description import Engine, IndexDescription
from embedtune.index.folder_records import DESCRIPTION_FILE, JOURNAL_FILE, SECTIONS_FILE, FolderRecords
from embedtune.index.held_sections import hold, hold_all
from embedtune.vocabulary.corpus import Section, SectionKind, corpus_digest
from embedtune.vocabulary.retrieval import FusionSettings, PassageSettings

CUT = PassageSettings(4, 0.5)
SECTIONS = (
    Section("s1", "d1", "hvac", ("Boiler", "Ignition"), SectionKind.PROCEDURE, "Open the valve.\nWait 5 s.", (3, 9)),
    Section("s2", "d1", "hvac", (), SectionKind.OTHER, "Größe „M8“ \u2028 \u0085", (10, 10), (("path", "a.md"),)),
)
HELD = hold_all(SECTIONS, CUT)


def described(held=HELD):
    return IndexDescription(
        model_digest="sha256:model",
        dimension=8,
        version="v1.0",
        corpus_digest=corpus_digest([one.section for one in held]),
        passages=CUT,
        fusion=FusionSettings(),
        engine=Engine.EXACT,
        section_count=len(held),
        passage_count=sum(len(one.passages) for one in held),
    )


@pytest.fixture
def records(tmp_path):
    made = FolderRecords(tmp_path / "one")
    made.begin(described(), HELD)
    made.put(HELD)
    made.finish(described(), HELD)
    return made


@pytest.fixture
def folder(records, tmp_path):
    return tmp_path / "one"


def changed(number=0, text="Close it."):
    return hold(replace(SECTIONS[number], text=text), CUT)


def test_what_was_written_is_read(records, folder):
    assert records.describe() == described()
    assert list(records.read().values()) == list(HELD)
    assert not records.unfinished
    assert sorted(path.name for path in folder.iterdir()) == [DESCRIPTION_FILE, SECTIONS_FILE]


def test_a_new_collection_is_empty(tmp_path):
    records = FolderRecords(tmp_path / "new")
    assert (records.describe(), records.read(), records.unfinished) == (None, {}, True)


def test_passages_are_named_by_their_sections_content():
    first, second = HELD
    assert [passage.id for passage in first.passages] == [f"s1@{first.digest}#0", f"s1@{first.digest}#1"]
    assert first.digest != changed().digest
    assert first.digest != hold(SECTIONS[0], PassageSettings(3, 0.5)).digest
    assert second.digest != hold(replace(SECTIONS[1], metadata=(("path", "b.md"),)), CUT).digest


def test_what_was_acknowledged_is_there_before_the_update_is_finished(records, folder):
    records.put([changed()])
    records.remove(["s2", "never held"])
    again = FolderRecords(folder)
    assert again.unfinished
    assert again.read() == {"s1": changed()}
    again.finish(described([changed()]), [changed()])
    assert FolderRecords(folder).read() == {"s1": changed()}


def test_an_acknowledgement_that_was_cut_off_never_was_one(records, folder):
    records.put([changed()])
    whole = (folder / JOURNAL_FILE).read_bytes()
    records.put([changed(1, "Something else.")])
    longer = (folder / JOURNAL_FILE).read_bytes()
    for end in range(len(whole), len(longer)):
        (folder / JOURNAL_FILE).write_bytes(longer[:end])
        assert FolderRecords(folder).read() == {"s1": changed(), "s2": HELD[1]}
    again = FolderRecords(folder)
    again.put([changed(1, "Yet another.")])
    assert again.read()["s2"].section.text == "Yet another."


@pytest.mark.parametrize("done", range(3))
def test_finishing_may_be_interrupted_anywhere(records, folder, monkeypatch, done):
    records.put([changed()])
    new = (changed(), HELD[1])
    steps = iter(range(10))
    replace_file, unlink = os.replace, Path.unlink

    def replace_or_die(*arguments):
        if next(steps) >= done:
            raise KeyboardInterrupt
        replace_file(*arguments)

    def unlink_or_die(path, missing_ok=False):
        if path.name == JOURNAL_FILE:
            raise KeyboardInterrupt
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(os, "replace", replace_or_die)
    monkeypatch.setattr(Path, "unlink", unlink_or_die)
    with pytest.raises(KeyboardInterrupt):
        records.finish(described(new), new)
    monkeypatch.undo()
    again = FolderRecords(folder)
    assert dict(again.read()) == {one.id: one for one in new}
    assert again.unfinished
    again.finish(described(new), new)
    assert not again.unfinished


def test_a_full_disk_is_reported_and_what_was_acknowledged_stays(records, folder, monkeypatch):
    records.put([changed()])

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"No space left.*the next run goes on from it"):
        records.put([changed(1)])
    monkeypatch.undo()
    assert FolderRecords(folder).read() == {"s1": changed(), "s2": HELD[1]}


@pytest.mark.parametrize("line", ["{", '{"id": "x"}', "[]", '{"content": "0000"}'])
@pytest.mark.parametrize("name", [SECTIONS_FILE, JOURNAL_FILE])
def test_a_malformed_line_is_reported(records, folder, name, line):
    with (folder / name).open("a") as stream:
        stream.write(line.replace('{"id"', '{"put": [{"id"').replace('"x"}', '"x"}]}') + "\n")
    if name == JOURNAL_FILE and line.startswith('{"content"'):
        return  # a line that acknowledges nothing
    with pytest.raises(FormatError, match=rf"{name}.*Index the corpus again"):
        FolderRecords(folder).read()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [("Open the valve", "Open the sluice", "the section s1 was changed"), ('"span": [3, 9]', '"span": [3, 8]', "s1")],
)
def test_a_changed_section_is_reported(records, folder, old, new, reason):
    path = folder / SECTIONS_FILE
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(FormatError, match=reason):
        records.read()


def test_a_section_too_few_is_reported(records, folder):
    path = folder / SECTIONS_FILE
    path.write_text(path.read_text().splitlines(keepends=True)[0])
    with pytest.raises(FormatError, match="not as many as described"):
        records.read()
    row = json.loads((folder / DESCRIPTION_FILE).read_text())
    row.update(section_count=1, passage_count=len(HELD[0].passages))
    (folder / DESCRIPTION_FILE).write_text(json.dumps(row))
    with pytest.raises(FormatError, match="its sections were changed"):
        records.read()
