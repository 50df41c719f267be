"""Every command does its work: what it prints, what it writes, and one JSON object with `--json`."""

from __future__ import annotations

import json
import tomllib

import pytest

from embedtune.config.settings import EmbedtuneConfig
from embedtune.demo.project import SEARCHES
from embedtune.pipeline.project import open_project
from project_samples import PARTS, headings, snapshot

QUESTION = "bleed the brake caliper"


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_doctor(embedtune, project):
    answer = embedtune("doctor")
    assert answer.code == 0
    assert "✓ base model: base (folder)" in answer.out
    assert "✓ documents: 2 readable files in docs" in answer.out
    told = embedtune("doctor", "--json")
    assert {check["name"] for check in told.json["checks"]} >= {"python", "torch", "free disk", "base model"}
    assert all(check["ok"] for check in told.json["checks"])


def test_doctor_says_what_is_lacking(embedtune, project):
    (project / "embedtune.toml").write_text('[training]\nbase_model = "nowhere"\n')
    answer = embedtune("doctor")
    assert answer.code == 1
    assert "✗ base model: The model nowhere is not on this machine." in answer.out
    assert embedtune("doctor", "--json").code == 1


def test_init_writes_every_key_at_its_default(embedtune, tmp_path):
    answer = embedtune("init", tmp_path / "new")
    assert answer.code == 0
    assert "embedtune run" in answer.out
    written = tmp_path / "new" / "embedtune.toml"
    assert open_project(written).config == EmbedtuneConfig()
    assert set(tomllib.loads(written.read_text())) == set(EmbedtuneConfig.model_fields)
    assert embedtune("init", tmp_path / "newer", "--json").json == {
        "config": str(tmp_path / "newer" / "embedtune.toml")
    }


def test_sections(embedtune, project):
    answer = embedtune("sections", "docs", "-o", "out/sections.jsonl", "--json")
    assert answer.code == 0
    assert answer.json["sections"] == 24
    assert sum(answer.json["kinds"].values()) == 24
    found = rows(project / "out" / "sections.jsonl")
    assert [row["heading_path"][-1].lower() for row in found[:12]] == [h.lower() for h in headings("forklift")]
    text = embedtune("sections", "docs", "-o", "out/again.jsonl")
    assert text.out.startswith("24 sections (")
    assert (project / "out" / "again.jsonl").read_bytes() == (project / "out" / "sections.jsonl").read_bytes()


def test_generate(embedtune, project):
    options = ["--pairs-per-domain", "20", "--queries", "extractive", "--test-suite", "suite.json"]
    answer = embedtune("generate", "docs", "-o", "data/pairs.jsonl", *options, "--json")
    assert answer.code == 0
    made = rows(project / "data" / "pairs.jsonl")
    assert len(made) == answer.json["pairs"]
    assert {row["origin"] for row in made} == {"extractive"}
    train = [row for row in made if row["split"] == "train"]
    assert {row["domain"]: sum(r["domain"] == row["domain"] for r in train) for row in train} == {
        "forklift": 20,
        "tractor": 20,
    }
    assert not any(row["hard_negative"] for row in made)
    written = json.loads((project / "data" / "stats.json").read_text())
    assert written["pairs_digest"].startswith("sha256:")
    assert written == answer.json["stats"]


def test_generate_is_the_same_for_one_seed_and_another_for_another(embedtune, project):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert embedtune("generate", "docs", "-o", f"{name}.jsonl", "--seed", seed).code == 0
    made = {name: (project / f"{name}.jsonl").read_bytes() for name in "abc"}
    assert made["a"] == made["b"]
    assert made["a"] != made["c"]


def test_generate_with_hard_negatives_and_mine(embedtune, project):
    answer = embedtune("generate", "docs", "-o", "pairs.jsonl", "--include-hard-negatives")
    assert answer.code == 0
    assert any(row["hard_negative"] for row in rows(project / "pairs.jsonl"))
    answer = embedtune("mine", "pairs.jsonl", "-o", "mined.jsonl", "--negatives", "2", "--json")
    mined = rows(project / "mined.jsonl")
    assert answer.json["pairs"] == len(mined) == len(rows(project / "pairs.jsonl"))
    assert answer.json["negatives"] == sum(len(row["negative_sources"]) for row in mined) > len(mined) / 2


@pytest.fixture
def run_folder(embedtune, done):
    """A run made by `train` from a flat configuration of older scripts."""
    flat = {
        "input_jsonl": ".embedtune/data/pairs.jsonl",
        "output_dir": "runs/first",
        "base_model": "base",
        "num_epochs": 1,
        "train_batch_size": 16,
        "loss_function": "MultipleNegativesRankingLoss",
        "learning_rate": 0.002,
        "warmup_steps": 2,
        "max_seq_length": 64,
    }
    (done / "flat.json").write_text(json.dumps(flat))
    answer = embedtune("train", "--config", "flat.json", "--train-layers", "1", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["run"] == "runs/first"
    assert answer.json["steps"] == 10
    assert 0 < answer.json["trainable_params"] < answer.json["total_params"]
    return done / "runs" / "first"


def test_train_evaluate_publish_index_search(embedtune, done, run_folder):
    assert (run_folder / "model" / "model.safetensors").is_file()
    assert json.loads((run_folder / "training_progress.json").read_text())["training_completed"]
    again = embedtune("train", "--config", "flat.json", "--train-layers", "1", "--resume", "--json")
    assert again.json["steps"] == 10

    systems = ["base", "bm25", "runs/first", "hybrid:runs/first", "v1.0"]
    options = [part for system in systems for part in ("--system", system)]
    suite = ["--test-suite", "suite.json", "--corpus", "docs"]
    answer = embedtune("evaluate", *suite, *options, "-o", "out/result.json", "--json")
    assert answer.code == 0, answer.err
    assert list(answer.json["systems"]) == sorted(systems)
    assert answer.json["metadata"]["systems"] == systems
    assert answer.json == json.loads((done / "out" / "result.json").read_text())
    assert len(list((done / "out" / "runs").iterdir())) == len(systems) + 1

    publish = ["publish", "runs/first", "--version", "v1.1", "--evaluation", "out/result.json"]
    assert embedtune(*publish).code == 1
    published = embedtune(*publish, "--force-without-gain", "to search with it")
    assert published.out.startswith("Published embedtune-v1.1 in models/embedtune-v1.1\nsha256:")
    card = json.loads((done / "models" / "embedtune-v1.1" / "model_card.json").read_text())
    assert card["recall_at_5_finetuned"] == answer.json["systems"]["runs/first"]["metrics"]["recall@5"]

    indexed = embedtune("index", "docs", "--model", "v1.1", "--store", "store", "--engine", "qdrant", "--json")
    assert indexed.code == 0, indexed.err
    assert (indexed.json["version"], indexed.json["engine"], indexed.json["section_count"]) == ("v1.1", "qdrant", 24)
    found = embedtune("search", QUESTION, "--store", "store", "--limit", "2", "--json").json
    assert found["version"] == "v1.1"
    assert found["degraded"] == ""
    assert found["hits"][0]["heading_path"] == ["Bleed the brake caliper"]


def test_train_without_a_dev_set(embedtune, project):
    pairs = [
        {"query": f"how {n}", "positive": f"so {n}", "section_id": "ab"[n % 2], "split": "train"} for n in range(8)
    ]
    (project / "pairs.jsonl").write_text("\n".join(map(json.dumps, pairs)))
    answer = embedtune("train", "pairs.jsonl", "-o", "run", "--epochs", "1", "--seed", "1")
    assert answer.code == 0, answer.err
    assert answer.out.startswith("Trained ")


def test_training_in_a_pipe_writes_plain_lines(embedtune, done):
    answer = embedtune("train", ".embedtune/data/pairs.jsonl", "-o", "runs/new", "--batch-size", "8")
    assert answer.code == 0
    busy = ("Frozen layers: ", "Training: ")  # told of what takes long, as on a machine with other work
    told = [line for line in answer.err.splitlines() if not line.startswith(busy)]
    assert told[0].startswith("  dev questions, base model, step 0: ")
    assert all(line.startswith(("  dev questions", "  60 everyday questions")) for line in told)
    assert not any(character in answer.err for character in "\x1b\r━")
    assert answer.out.startswith("Trained 19 steps in ")
    assert answer.out.count("\n") == 1


def test_resume_with_other_settings_is_refused(embedtune, done, run_folder):
    before = snapshot(run_folder)
    answer = embedtune("train", "--config", "flat.json", "--train-layers", "2", "--resume")
    assert answer.code == 2
    assert "was trained with other pairs or settings" in answer.err
    assert snapshot(run_folder) == before


def test_evaluate_as_tables(embedtune, done):
    options = ["--test-suite", "suite.json", "--corpus", "docs", "--max-queries", "10"]
    answer = embedtune("evaluate", *options)
    assert answer.code == 0
    assert "test suite, 10 of 12 questions: 10 human questions" in answer.out
    for part in ("base", "bm25", "hybrid:base", "R@1", "nDCG@10", "domain: forklift", "difficulty: hard", "RRF"):
        assert part in answer.out
    assert "bm25 - base" in answer.out
    assert not (done / "runs").exists()


def test_evaluate_with_names_of_its_own(embedtune, done):
    cases = json.loads((done / "suite.json").read_text())
    (done / "mine.json").write_text(json.dumps([{"Q": case["query"], "A": case["expected"]} for case in cases]))
    names = ["--map", "query=Q", "--map", "expected=A"]
    suite = ["--test-suite", "mine.json", "--corpus", "docs", "--system", "bm25"]
    assert embedtune("evaluate", *suite, *names, "--json").json["metadata"]["queries"] == 12


def test_evaluate_a_beir_folder_tunes_on_dev(embedtune, project):
    beir = project / "tv"
    (beir / "qrels").mkdir(parents=True)
    corpus = [
        {"_id": f"d{n}", "title": part, "text": f"All about the {part}: turn it {n} times."}
        for n, part in enumerate(PARTS)
    ]
    queries = [{"_id": f"q{n}", "text": f"how many times do I turn the {part}"} for n, part in enumerate(PARTS * 4)]
    (beir / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)))
    (beir / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    for split, numbers in (("dev", range(24)), ("test", range(24, 48))):
        judged = [f"q{n}\td{n % len(PARTS)}\t1" for n in numbers]
        (beir / "qrels" / f"{split}.tsv").write_text("query-id\tcorpus-id\tscore\n" + "\n".join(judged) + "\n")
    answer = embedtune("evaluate", "--beir", "tv", "--system", "base", "--system", "hybrid:base", "--json")
    assert answer.code == 0, answer.err
    details = answer.json["metadata"]["details"]
    assert details["questions"] == "tv, test split"
    assert details["systems"]["hybrid:base"]["tuned_on"] == 24
    assert answer.json["metadata"]["queries"] == 24
    untuned = embedtune("evaluate", "--beir", "tv", "--split", "dev", "--system", "base", "--json")
    assert untuned.json["metadata"]["details"]["systems"]["base"]["tuned_on"] == 0
    assert (
        embedtune("index", "--beir", "tv", "--model", "base", "--store", "tv-index", "--json").json["section_count"]
        == 12
    )


def test_search(embedtune, done):
    answer = embedtune("search", QUESTION, "--limit", "2")
    assert answer.code == 0
    first = answer.out.splitlines()
    assert first[0] == "1. Bleed the brake caliper"
    assert first[1].strip().startswith("score 0.")
    assert "bm25 #1" in first[1]
    assert "dense #" in first[1]
    assert "[forklift]" in first[1]
    assert answer.out.count("score") == 2
    told = embedtune("search", QUESTION, "--limit", "2", "--json").json
    assert set(told) == {"query", "version", "degraded", "hits"}
    assert len(told["hits"]) == 2
    assert set(told["hits"][0]) == {
        "section_id", "passage", "score", "component_ranks", "component_scores", "heading_path", "domain", "degraded",
        "confidence", "matches",
    }  # fmt: skip


@pytest.mark.parametrize(("mode", "components"), [("dense", {"dense"}), ("bm25", {"bm25"})])
def test_search_modes(embedtune, done, mode, components):
    hits = embedtune("search", QUESTION, "--mode", mode, "--domain", "tractor", "--json").json["hits"]
    assert {hit["domain"] for hit in hits} == {"tractor"}
    assert {name for hit in hits for name in hit["component_ranks"]} == components


def test_search_that_finds_nothing(embedtune, done):
    assert embedtune("search", "zzzz", "--mode", "bm25").out == "Nothing found.\n"
    assert embedtune("search", QUESTION, "--threshold", "99").out == "Nothing found.\n"


def test_run_shows_the_result(embedtune, done):
    answer = embedtune("run")
    assert answer.code == 0
    assert answer.out.rstrip().endswith("Version: models/embedtune-v1.0")
    assert "tuned" in answer.out
    assert "hybrid:tuned" in answer.out
    assert answer.err.splitlines()[0] == "· sections: nothing changed"
    told = embedtune("run", "--config", "embedtune.toml", "--json")
    assert told.json["version"] == "models/embedtune-v1.0"
    assert told.json["evaluation"]["metadata"]["queries"] == 12
    assert told.err == ""


@pytest.mark.parametrize(
    "command",
    [
        ["run"],
        ["doctor"],
        ["sections", "docs", "-o", "s.jsonl"],
        ["generate", "docs", "-o", "p.jsonl", "--include-hard-negatives"],
        ["mine", ".embedtune/data/pairs.jsonl", "-o", "m.jsonl"],
        ["evaluate", "--test-suite", "suite.json", "--corpus", "docs"],
        ["publish", ".embedtune/run", "--version", "v3", "--force-without-gain", "x"],
        ["models", "list"],
        ["models", "show", "v1.0"],
        ["models", "verify", "v1.0"],
        ["index", "docs", "--model", "v1.0"],
        ["search", QUESTION],
        ["anomaly", "score", QUESTION, "--model", "v1.0"],
    ],
    ids=" ".join,
)
def test_quiet_is_quiet(embedtune, done, command):
    answer = embedtune(*command, "--quiet")
    assert answer.code == 0, answer.err
    assert answer.err == ""
    assert answer.out


def test_internal_error_has_a_log_and_no_traceback(embedtune, project, monkeypatch):
    def broken(*args):
        raise ZeroDivisionError("who divides by zero")

    monkeypatch.setattr("embedtune.pipeline.doctor.examine", broken)
    monkeypatch.setattr("tempfile.tempdir", str(project))
    answer = embedtune("doctor")
    assert answer.code == 4
    assert "ZeroDivisionError: who divides by zero" in answer.err
    (log,) = project.glob("embedtune-error-*.log")
    assert str(log) in answer.err
    assert "Traceback" in log.read_text()
    assert embedtune("doctor", "--json").json["exit_code"] == 4


def test_demo_asks_its_three_questions(embedtune, done, monkeypatch):
    config = open_project(done / "embedtune.toml").config
    monkeypatch.setattr("embedtune.demo.project.demo_config", lambda: config)
    answer = embedtune("demo", "--folder", done)
    assert answer.code == 0, answer.err
    assert [line for line in answer.out.splitlines() if line.startswith("search ")] == [
        f'search "{question}"' for question in SEARCHES
    ]
    told = embedtune("demo", "--folder", done, "--json").json
    assert [search["query"] for search in told["searches"]] == list(SEARCHES)
    assert all(len(search["hits"]) == 2 for search in told["searches"])
