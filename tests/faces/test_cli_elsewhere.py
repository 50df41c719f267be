"""A registry on S3, archives, and plain Hugging Face folders, from the command line and from Python."""

from __future__ import annotations

import json

import pytest
from huggingface_hub import ModelCard as HubCard

from embedtune import ModelRegistry, RegistrySettings, VersionedEmbeddings
from embedtune.files import digest_tree
from s3_server import new_bucket, s3_running
from version_samples import rewritten

RUN = ".embedtune/run"
QUESTION = "bleed the brake caliper"


@pytest.fixture(scope="module")
def s3():
    with s3_running() as url:
        yield url


@pytest.fixture
def url(s3):
    return f"s3://{new_bucket()}/models"


def succeed(embedtune, *arguments):
    answer = embedtune(*arguments, "--json")
    assert answer.code == 0, answer.err
    return answer.json


def test_a_registry_on_s3_serves_whatever_one_on_the_disk_does(embedtune, done, url):
    here = ("--registry", url)
    assert succeed(embedtune, "models", "keygen", "keys/release")["identity"]
    options = ("--force-without-gain", "a test", *here)
    for number in ("v1.0", "v1.1", "v1.2"):
        made = succeed(embedtune, "publish", RUN, "--version", number, "--sign", "keys/release.key", *options)
        assert made["folder"].startswith(f"{url}/files/embedtune-{number}/")
    again = embedtune("publish", RUN, "--version", "v1.0", *options)
    assert (again.code, "versions never change" in again.err) == (2, True)
    assert [item["version"][-4:] for item in succeed(embedtune, "models", "list", *here)["versions"]] == [
        "v1.0", "v1.1", "v1.2",
    ]  # fmt: skip
    assert succeed(embedtune, "models", "show", "v1.0", *here)["version"] == "v1.0"
    checked = succeed(embedtune, "models", "verify", "v1.0", "--public-key", "keys/release.pub", *here)
    assert checked["signed_by"].endswith("release.pub")
    assert succeed(embedtune, "models", "diff", "v1.0", "v1.1", *here)["left"] == "embedtune-v1.0"
    for number in ("v1.0", "v1.1"):
        succeed(embedtune, "models", "promote", number, "--channel", "production", *here)
    assert succeed(embedtune, "models", "rollback", "--channel", "production", *here)["version"] == "embedtune-v1.0"
    pruned = succeed(embedtune, "models", "prune", "--keep", "1", *here)
    assert pruned["removed"] == []
    assert "the index" in pruned["kept"]["embedtune-v1.1"]  # of the same run as the project's own index
    actions = [entry["deed"]["action"] for entry in succeed(embedtune, "models", "log", *here)["entries"]]
    assert actions == ["published"] * 3 + ["promoted"] * 2 + ["rolled back"]
    assert not (done / "s3:").exists()


def test_models_are_indexed_searched_and_evaluated_from_s3(embedtune, done, url):
    config = done / "embedtune.toml"
    config.write_text(config.read_text().replace("[publish]\n", f'[publish]\nregistry = "{url}"\n'))
    succeed(embedtune, "publish", RUN, "--version", "v1.0", "--force-without-gain", "a test")
    succeed(embedtune, "models", "promote", "v1.0", "--channel", "production")
    indexed = succeed(embedtune, "index", "docs", "--model", "production", "--store", "store")
    assert indexed["section_count"] > 0
    found = embedtune("search", QUESTION, "--store", "store", "--limit", "2", "--mode", "dense", "--json")
    assert (found.code, found.err) == (0, "")
    assert len(found.json["hits"]) == 2
    loaded = VersionedEmbeddings("production", fallback_to_baseline=False, registry=url)
    assert loaded.name == "embedtune-v1.0"
    registry = ModelRegistry(url)
    assert registry.verify("v1.0") == ()
    assert registry.card("v1.0").version == "v1.0"


def test_an_archive_goes_from_one_registry_to_another(embedtune, done, url):
    made = succeed(embedtune, "models", "export", "v1.0")
    assert made["archive"] == "embedtune-v1.0.tar"
    came = succeed(embedtune, "models", "import", "embedtune-v1.0.tar", "--registry", url)
    there = ModelRegistry(url)
    assert there.verify("v1.0") == ()
    assert came["digest"] == succeed(embedtune, "models", "verify", "v1.0")["digest"]
    assert there.export("v1.0", "again.tar").digest == made["digest"]
    back = ModelRegistry("back", RegistrySettings())
    assert back.import_archive("again.tar").label == "embedtune-v1.0"
    assert digest_tree(done / "back" / "embedtune-v1.0") == digest_tree(done / "models" / "embedtune-v1.0")
    answer = embedtune("models", "import", "again.tar", "--registry", url)
    assert (answer.code, "already published" in answer.err) == (2, True)


def test_an_archive_that_is_refused_leaves_nothing(embedtune, done):
    succeed(embedtune, "models", "keygen", "keys/release")
    succeed(embedtune, "models", "export", "v1.0", "-o", "v.tar")
    options = ("--registry", "there", "--public-key", "keys/release.pub")
    unsigned = embedtune("models", "import", "v.tar", *options)
    assert (unsigned.code, "there is none" in unsigned.err) == (1, True)
    (done / "v.tar").write_bytes((done / "v.tar").read_bytes()[:-512])
    cut = embedtune("models", "import", "v.tar", "--registry", "there")
    assert (cut.code, "is not the archive of a version" in cut.err) == (2, True)
    assert succeed(embedtune, "models", "list", "--registry", "there") == {"versions": []}


def test_a_version_becomes_a_plain_hugging_face_folder(embedtune, done):
    told = succeed(embedtune, "models", "push", "v1.0", "pushed")
    assert {"README.md", "model.safetensors", "modules.json", "model_card.json"} <= set(told["files"])
    assert "evaluation.json" in told["left_out"]
    assert not (done / "pushed" / "evaluation.json").exists()
    assert HubCard.load(done / "pushed" / "README.md").data.library_name == "sentence-transformers"
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(done / "pushed"), local_files_only=True)
    assert model.encode([QUESTION]).shape == (1, model.get_embedding_dimension())
    assert ModelRegistry().push("v1.0", "more", ["evaluation.json"]).left_out
    assert json.loads((done / "more" / "evaluation.json").read_text())
    again = embedtune("models", "push", "v1.0", "pushed")
    assert (again.code, "exists already" in again.err) == (2, True)


def test_a_version_is_published_without_its_evaluation_where_asked(embedtune, done):
    evaluation = ("--evaluation", ".embedtune/evaluation/evaluation.json", "--force-without-gain", "a test")
    succeed(embedtune, "publish", RUN, "--version", "v2.0", *evaluation)
    succeed(embedtune, "publish", RUN, "--version", "v2.1", *evaluation, "--without-evaluation")
    assert (done / "models" / "embedtune-v2.0" / "evaluation.json").exists()
    assert not (done / "models" / "embedtune-v2.1" / "evaluation.json").exists()
    card = json.loads((done / "models" / "embedtune-v2.1" / "model_card.json").read_text())
    assert card["questions"] > 0


def test_nothing_of_a_tampered_version_is_taken_elsewhere(embedtune, done):
    rewritten(done / "models" / "embedtune-v1.0" / "README.md", b"# evil\n")
    for arguments in (("export", "v1.0", "-o", "v.tar"), ("push", "v1.0", "pushed")):
        answer = embedtune("models", *arguments)
        assert (answer.code, "README.md: altered" in answer.err) == (1, True)
    assert not (done / "v.tar").exists()
    assert not (done / "pushed").exists()
    usage = embedtune("models", "push", "v1.0", "pushed", "--public")
    assert (usage.code, "--public is for" in usage.err) == (2, True)
