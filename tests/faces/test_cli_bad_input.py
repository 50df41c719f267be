"""Bad input ends with exit code 2, says what and where it is and how to mend it, and changes nothing."""

from __future__ import annotations

import json
import shutil

import pytest

from project_samples import snapshot


def pairs_file(path, broken=17):
    lines = [
        json.dumps({"query": f"how do I do thing {n}", "positive": f"thing {n} is done so", "section_id": f"s{n}"})
        for n in range(1, 31)
    ]
    if broken:
        lines[broken - 1] = '{"query": "how do I", "positive": '
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def refused(embedtune):
    """Runs a command that must be refused; returns what was said. Both forms of output are looked at."""

    def command(*arguments, folder):
        before = snapshot(folder)
        answer = embedtune(*arguments)
        told = embedtune(*arguments, "--json")
        assert (answer.code, told.code) == (2, 2), answer.err
        assert answer.out == ""
        assert answer.err.strip()
        assert told.json["exit_code"] == 2
        assert told.json["error"] in answer.err
        assert told.json["remedy"]
        assert snapshot(folder) == before
        return answer.err

    return command


CORPUS_COMMANDS = [
    pytest.param(["sections", "docs", "-o", "out/sections.jsonl"], id="sections"),
    pytest.param(["generate", "docs", "-o", "out/pairs.jsonl"], id="generate"),
    pytest.param(["run"], id="run"),
    pytest.param(["index", "docs", "--model", "base"], id="index"),
    pytest.param(["evaluate", "--test-suite", "suite.json", "--corpus", "docs", "-o", "out/r.json"], id="evaluate"),
]


@pytest.mark.parametrize("command", CORPUS_COMMANDS)
def test_missing_corpus(refused, project, command):
    shutil.rmtree(project / "docs")
    said = refused(*command, folder=project)
    assert "The corpus docs does not exist." in said
    assert "Give a folder of documents" in said


@pytest.mark.parametrize("command", CORPUS_COMMANDS)
def test_empty_corpus(refused, project, command):
    shutil.rmtree(project / "docs")
    (project / "docs" / "forklift").mkdir(parents=True)
    said = refused(*command, folder=project)
    assert "The corpus docs is empty." in said
    assert ".md" in said
    assert ".txt" in said


@pytest.mark.parametrize("command", CORPUS_COMMANDS)
def test_corpus_without_a_readable_file(refused, project, command):
    shutil.rmtree(project / "docs")
    (project / "docs").mkdir()
    for name in ("picture.png", "sheet.xls"):
        (project / "docs" / name).write_bytes(b"\x89PNG")
    assert "holds no readable file among its 2" in refused(*command, folder=project)


@pytest.mark.parametrize("command", CORPUS_COMMANDS)
def test_binary_file_named_like_text(refused, project, command):
    (project / "docs" / "tractor" / "photo.txt").write_bytes(bytes(range(256)) * 20)
    said = refused(*command, folder=project)
    assert "photo.txt" in said


@pytest.mark.parametrize(
    "command",
    [["train", "pairs.jsonl", "-o", "out/run"], ["mine", "pairs.jsonl", "-o", "out/mined.jsonl"]],
    ids=["train", "mine"],
)
def test_broken_line(refused, project, command):
    pairs_file(project / "pairs.jsonl")
    said = refused(*command, folder=project)
    assert "pairs.jsonl, line 17: Not valid JSON" in said
    assert '{"query": "how do I", "positive":' in said


def test_broken_line_can_be_skipped(embedtune, project):
    pairs_file(project / "pairs.jsonl")
    answer = embedtune("mine", "pairs.jsonl", "-o", "mined.jsonl", "--skip-bad-lines", "--json")
    assert answer.code == 0
    assert answer.json["pairs"] == 29
    assert "1 malformed row(s) skipped; number 17: Not valid JSON" in answer.err
    assert len((project / "mined.jsonl").read_text().splitlines()) == 29


def test_train_skips_a_broken_line_too(embedtune, project):
    pairs_file(project / "pairs.jsonl")
    answer = embedtune("train", "pairs.jsonl", "-o", "run", "--skip-bad-lines", "--epochs", "1", "--json")
    assert answer.code == 0, answer.err
    assert (project / "run" / "model" / "model.safetensors").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--freeze-layers", "10"], "Cannot freeze 10 layers: the model has 3.\nfreeze_layers must be between 0 and 2"),
        (["--freeze-layers", "3"], "between 0 and 2"),
        (["--train-layers", "12"], "Cannot train 12 layers: the model has 3.\ntrain_layers must be between 1 and 3"),
        (["--loss", "nope"], "'nope': input should be 'multiple_negatives_ranking'"),
        (["--epochs", "0"], "`training.epochs` cannot be 0"),
        (["--learning-rate", "-1"], "`training.learning_rate` cannot be -1.0"),
        (["--device", "gpu"], "`training.device` cannot be 'gpu': input should be 'auto', 'cpu', 'cuda' or 'mps'"),
        (["--base-model", "no-such-model"], "The model no-such-model is not on this machine."),
        (["--epochs", "many"], "'many' is not a valid integer"),
        (["--seed", "-1"], "-1 is not in the range"),
    ],
)
def test_training_that_cannot_be(refused, project, options, message):
    pairs_file(project / "pairs.jsonl", broken=0)
    assert message in refused("train", "pairs.jsonl", "-o", "out/run", *options, folder=project)


def test_pairs_of_one_section_alone(refused, project):
    rows = [{"query": f"q {n}", "positive": "the same", "section_id": "s"} for n in range(4)]
    (project / "pairs.jsonl").write_text("\n".join(map(json.dumps, rows)))
    said = refused("train", "pairs.jsonl", "-o", "out/run", folder=project)
    assert "pairs" in said


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.toml", "[training]\nepoch = 3\n", "a.toml: unknown key `training.epoch`.\nDid you mean `training.epochs`?"),
        ("a.toml", "[trainin]\nepochs = 3\n", "Did you mean `training`?"),
        ("a.json", '{"num_epoch": 3, "base_model": "x"}', "Did you mean `num_epochs`?"),
        ("a.yaml", "training:\n  epochs: none\n", "`training.epochs` cannot be 'none'"),
        ("a.toml", "[training\n", "a.toml is malformed"),
        ("a.ini", "x", "its suffix is .ini"),
        ("missing.toml", None, "missing.toml does not exist"),
    ],
)
@pytest.mark.parametrize("command", ["run", "doctor"])
def test_configuration_that_cannot_be(refused, project, name, text, message, command):
    if text is not None:
        (project / name).write_text(text)
    assert message in refused(command, "--config", name, folder=project)


@pytest.mark.parametrize(
    "names",
    [["query"], ["=Q"], ["query="], ["query=Q", "expected"]],
)
def test_malformed_map(refused, project, names):
    options = [part for name in names for part in ("--map", name)]
    said = refused("evaluate", "--test-suite", "suite.json", "--corpus", "docs", *options, folder=project)
    assert f"--map '{names[-1]}'" in said
    assert "--map query=NAME" in said


def test_map_of_an_unknown_field(refused, project):
    said = refused("evaluate", "--test-suite", "suite.json", "--corpus", "docs", "--map", "colour=C", folder=project)
    assert "'colour' cannot be mapped" in said
    assert "query, expected" in said


@pytest.mark.parametrize(
    ("system", "message"),
    [
        ("nowhere", "There is no version 'nowhere'"),
        ("hybrid:", "'hybrid:' is not a system"),
        ("docs", "docs holds no sentence-transformers model"),
    ],
)
def test_unknown_system(refused, project, system, message):
    command = ["evaluate", "--test-suite", "suite.json", "--corpus", "docs", "-o", "out/result.json"]
    assert message in refused(*command, "--system", "base", "--system", system, folder=project)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Give --beir DIR, or --test-suite FILE with --corpus DIR."),
        (["--corpus", "docs"], "Give --beir DIR, or --test-suite FILE with --corpus DIR."),
        (["--beir", "b", "--test-suite", "suite.json"], "Give --beir DIR, or --test-suite FILE with --corpus DIR."),
        (["--test-suite", "suite.json"], "--test-suite needs --corpus"),
    ],
)
def test_evaluation_of_nothing(refused, project, options, message):
    assert message in refused("evaluate", *options, folder=project)


@pytest.mark.parametrize(
    ("beir", "message"),
    [(["--beir", "docs"], "no split 'test'"), (["--beir", "nowhere"], "nowhere has no split 'test'")],
)
def test_folder_that_is_no_beir_set(refused, project, beir, message):
    assert message in refused("evaluate", *beir, folder=project)


def test_missing_index(refused, project):
    said = refused("search", "how", folder=project)
    assert ".embedtune/index/corpus holds no index" in said
    assert "embedtune index" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([""], "Question 1 of 1 is empty."),
        (["  \t"], "Question 1 of 1 is empty."),
        (["how", "--limit", "0"], "A search for 0 results"),
        (["how", "--domain", "boat"], "There is no domain 'boat'.\nKnown domains: forklift, tractor."),
        (["how", "--mode", "magic"], "'magic' is not one of 'hybrid', 'dense', 'bm25'"),
        ([], "Missing argument 'QUERY'"),
    ],
)
def test_search_for_nothing(refused, done, arguments, message):
    assert message in refused("search", *arguments, folder=done)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "base"], "Give a folder of documents, or --beir DIR."),
        (["docs", "--beir", "docs", "--model", "base"], "Give a folder of documents, or --beir DIR."),
        (["docs", "--model", "v7"], "There is no version 'v7'"),
        (["docs", "--model", "base", "--store", "docs"], "docs holds something that is no index"),
        (["docs", "--model", "base", "--engine", "faiss"], "'faiss' is not one of 'exact', 'qdrant'"),
        (["docs"], "Missing option '--model'"),
    ],
)
def test_index_that_cannot_be(refused, project, arguments, message):
    assert message in refused("index", *arguments, folder=project)


def test_version_that_exists(refused, done):
    options = ["--force-without-gain", "again", "--version", "v1.0"]
    said = refused("publish", ".embedtune/run", *options, folder=done)
    assert "models/embedtune-v1.0 was already published" in said
    assert "Choose another version number." in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["docs", "--version", "v2"], "docs holds no sentence-transformers model"),
        (["base", "--version", "v2"], "base is not a finished run of embedtune"),
        ([".embedtune/run", "--version", "two"], "'two' is not a version number.\nWrite it like v1.0."),
        ([".embedtune/run", "--version", "v2", "--name", "a/b"], "`publish.name` cannot be 'a/b'"),
        ([".embedtune/run", "--version", "v2", "--evaluation", "suite.json"], "not an evaluation result"),
        ([".embedtune/run"], "Missing option '--version'"),
    ],
)
def test_publication_that_cannot_be(refused, done, arguments, message):
    assert message in refused("publish", *arguments, "--force-without-gain", "why not", folder=done)


@pytest.mark.parametrize("command", ["show", "verify"])
def test_unknown_version(refused, done, command):
    said = refused("models", command, "v9", folder=done)
    assert "There is no version 'v9' in models.\nPublished there: embedtune-v1.0." in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "--queries", "few.txt", "--model", "v1.0"], "are too few"),
        (["fit", "--queries", "nowhere.txt", "--model", "v1.0"], "nowhere.txt"),
        (["fit", "--queries", "few.txt", "--model", "v9"], "There is no version 'v9'"),
        (["fit", "--queries", "few.txt", "--model", "v1.0", "--alpha", "2"], "`anomaly.alpha` cannot be 2.0"),
        (["score", "--model", "v1.0"], "Give queries, or --file FILE."),
        (["score", "how", "--file", "few.txt", "--model", "v1.0"], "Give queries, or --file FILE."),
        (["score", "--file", "nowhere.txt", "--model", "v1.0"], "nowhere.txt"),
        (["score", " ", "--model", "v1.0"], "Query 1 of 1 is empty."),
        (["report", "nowhere.log", "--model", "v1.0"], "nowhere.log cannot be read"),
        (["report", "few.txt", "--model", "v1.0"], "Line 1 of few.txt is no judged query"),
        (["score", "how", "--model", "v9"], "There is no version 'v9'"),
    ],
)
def test_anomaly_detection_that_cannot_be(refused, done, arguments, message):
    (done / "few.txt").write_text("one query\nanother one\n")
    assert message in refused("anomaly", *arguments, folder=done)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["docs", "-o", "p.jsonl", "--queries", "llm"], "questions.writers names llm, and llm.model is empty"),
        (["docs", "-o", "p.jsonl", "--pairs-per-domain", "0"], "0 is not in the range"),
        (["docs", "-o", "p.jsonl", "--test-suite", "nowhere.json"], "nowhere.json"),
        (["docs"], "Missing option '-o'"),
    ],
)
def test_generation_that_cannot_be(refused, project, arguments, message):
    assert message in refused("generate", *arguments, folder=project)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "pairs.jsonl"], "Give the run folder"),
        (["train", "-o", "run"], "Give the file of pairs"),
        (["nope"], "No such command 'nope'"),
        (["models", "nope"], "No such command 'nope'"),
        (["run", "--colour"], "No such option"),
        (["init"], "embedtune.toml exists already.\nEdit it, or delete it first."),
    ],
)
def test_usage(refused, project, arguments, message):
    assert message in refused(*arguments, folder=project)


def test_output_that_cannot_be_written(refused, project):
    (project / "file").write_text("in the way")
    said = refused("sections", "docs", "-o", "file/sections.jsonl", folder=project)
    assert "file/sections.jsonl cannot be written" in said


def test_changed_document_under_the_same_version(refused, done):
    (done / "docs" / "forklift" / "more.md").write_text("# More\n\nTurn the screw by hand until it stops.\n")
    said = refused("run", folder=done)
    assert "embedtune-v1.0 exists already" in said
    assert "publish.version" in said
