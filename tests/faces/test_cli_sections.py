"""`sections` and `duplicates`: options, counts, and every file accounted for."""

from __future__ import annotations

import json

import pytest

NOTICE = "Disconnect the pump from the mains before you open the cover and wait for five minutes."
OTHER = "The oil level must stand between both marks of the glass while the pump is cold."


@pytest.fixture
def docs(tmp_path, monkeypatch):
    folder = tmp_path / "docs"
    (folder / "pumps").mkdir(parents=True)
    (folder / "pumps" / "one.md").write_text(f"# Pump One\n\n## Before work\n\n{NOTICE}\n\n## Oil\n\n{OTHER}\n")
    (folder / "pumps" / "two.md").write_text(f"# Pump Two\n\n## Opening\n\n{NOTICE}\n\n## Note\n\nSee one.\n")
    monkeypatch.chdir(tmp_path)
    return folder


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_sections_accounts_for_every_file(embedtune, docs, tmp_path):
    (docs / "photo.png").write_bytes(b"\x89PNG")
    (docs / "pumps" / "empty.txt").write_bytes(b"")
    answer = embedtune("sections", "docs", "-o", "out.jsonl", "--json")
    assert answer.code == 0
    assert answer.json["documents"] == 2
    assert answer.json["skipped"] == []
    assert answer.json["unread"] == [
        {"path": "photo.png", "reason": ".png"},
        {"path": "pumps/empty.txt", "reason": "empty"},
    ]
    assert "! 2 of 4 files were not read: 1 .png, 1 empty." in answer.err
    assert answer.json["sections"] == len(rows(tmp_path / "out.jsonl")) == sum(answer.json["kinds"].values())


def test_sections_stops_at_a_bad_file_or_skips_it(embedtune, docs, tmp_path):
    (docs / "pumps" / "bad.txt").write_bytes(b"\0\1\2")
    stopped = embedtune("sections", "docs", "-o", "out.jsonl")
    assert stopped.code == 2
    assert "bad.txt" in stopped.err
    assert not (tmp_path / "out.jsonl").exists()
    answer = embedtune("sections", "docs", "-o", "out.jsonl", "--skip-bad-files", "--json")
    assert answer.code == 0
    assert [item["path"] for item in answer.json["skipped"]] == ["pumps/bad.txt"]
    assert "! Skipped: " in answer.err


def test_lengths_of_sections_are_options(embedtune, docs, tmp_path):
    embedtune("sections", "docs", "-o", "out.jsonl")
    assert [row["heading_path"][-1] for row in rows(tmp_path / "out.jsonl")] == [
        "Before work",
        "Oil",
        "Pump Two",
        "Opening",
    ]
    embedtune("sections", "docs", "-o", "out.jsonl", "--min-words", "1")
    assert [row["text"] for row in rows(tmp_path / "out.jsonl")][-1] == "See one."
    (docs / "pumps" / "one.md").write_text(f"# Pump One\n\n{' '.join([OTHER] * 9)}\n")
    answer = embedtune("sections", "docs", "-o", "out.jsonl", "--max-words", "60", "--json")
    assert answer.json["sections"] == 5
    assert all(len(row["text"].split()) <= 60 for row in rows(tmp_path / "out.jsonl"))


def test_least_and_most_words_must_fit_together(embedtune, docs):
    answer = embedtune("sections", "docs", "-o", "out.jsonl", "--min-words", "70", "--max-words", "60")
    assert answer.code == 2
    assert "min_words" in answer.err


def test_duplicates_lists_clusters_across_documents(embedtune, docs, tmp_path):
    answer = embedtune("duplicates", "docs", "--json", "-o", "clusters.json")
    assert answer.code == 0
    assert answer.json == json.loads((tmp_path / "clusters.json").read_text())
    (cluster,) = answer.json["clusters"]
    assert [(item["document"], item["heading_path"], item["domain"]) for item in cluster] == [
        ("pumps/one.md", ["Pump One", "Before work"], "pumps"),
        ("pumps/two.md", ["Pump Two", "Opening"], "pumps"),
    ]
    assert (answer.json["sections"], answer.json["threshold"]) == (4, 0.7)


def test_duplicates_as_text(embedtune, docs):
    shown = embedtune("duplicates", "docs").out.splitlines()
    assert shown[0] == "1 clusters of 2 near-duplicates among 4 sections"
    assert [line.split("  ")[1:] for line in shown[2:]] == [
        ["pumps/one.md", "Pump One > Before work"],
        ["pumps/two.md", "Pump Two > Opening"],
    ]
    assert "in clusters.json" in embedtune("duplicates", "docs", "-o", "clusters.json").out


def test_the_threshold_is_an_option(embedtune, docs):
    path = docs / "pumps" / "two.md"
    path.write_text(path.read_text().replace("mains", "grid"))
    counts = [
        len(embedtune("duplicates", "docs", "--threshold", threshold, "--json").json["clusters"])
        for threshold in ("0.5", "0.9")
    ]
    assert counts == [1, 0]
