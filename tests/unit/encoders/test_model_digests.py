from __future__ import annotations

import json
import shutil

import pytest

from embedtune.encoders.digests import model_digest, weights_digest
from embedtune.files import digest_bytes, digest_value

FILES = {
    "modules.json": b"[]",
    "config.json": b"{}",
    "config_sentence_transformers.json": b"{}",
    "model.safetensors": b"weights",
    "tokenizer.json": b"{}",
    "1_Pooling/config.json": b'{"pooling_mode": "mean"}',
}


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "model", FILES)


def write(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_a_golden_digest(folder):
    rows = [
        ["1_Pooling/config.json", digest_bytes(b'{"pooling_mode": "mean"}')],
        ["config.json", digest_bytes(b"{}")],
        ["config_sentence_transformers.json", digest_bytes(b"{}")],
        ["model.safetensors", digest_bytes(b"weights")],
        ["modules.json", digest_bytes(b"[]")],
        ["tokenizer.json", digest_bytes(b"{}")],
    ]

    assert model_digest(folder) == digest_value(rows)


def test_a_copy_has_the_same_digest(folder, tmp_path):
    assert model_digest(shutil.copytree(folder, tmp_path / "copy")) == model_digest(folder)


@pytest.mark.parametrize("name", FILES)
def test_every_deciding_file_counts(folder, name):
    before = model_digest(folder)
    (folder / name).write_bytes(FILES[name] + b" ")

    assert model_digest(folder) != before


@pytest.mark.parametrize(
    "name",
    ["vocab.txt", "vocab.json", "merges.txt", "added_tokens.json", "spiece.model", "2_Dense/model.safetensors"],
)
def test_files_that_other_tokenizers_and_modules_have_count(folder, name):
    before = model_digest(folder)

    assert model_digest(write(folder, {name: b"x"})) != before


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "training.log",
        "pytorch_model.bin",
        "onnx/model.safetensors",
        "openvino/config.json",
        ".cache/config.json",
    ],
)
def test_files_that_do_not_decide_do_not_count(folder, name):
    before = model_digest(folder)

    assert model_digest(write(folder, {name: b"x"})) == before


def test_a_file_under_another_name_is_another_model(folder):
    before = model_digest(folder)
    (folder / "1_Pooling").rename(folder / "2_Pooling")

    assert model_digest(folder) != before


def test_a_model_below_a_hidden_folder_is_seen(tmp_path):
    """Only hidden folders inside the model are left out, not those it lies in."""
    hidden = write(tmp_path / ".embedtune" / "model", FILES)
    plain = write(tmp_path / "model", FILES)

    assert model_digest(hidden) == model_digest(plain)


def test_one_weight_file_has_its_own_hash(folder):
    (folder / "config.json").write_text(json.dumps({"other": 1}))

    assert weights_digest(folder) == digest_bytes(b"weights")


def test_several_weight_files_have_a_common_digest(folder):
    write(folder, {"2_Dense/model.safetensors": b"dense", "onnx/model.safetensors": b"export"})

    rows = [["2_Dense/model.safetensors", digest_bytes(b"dense")], ["model.safetensors", digest_bytes(b"weights")]]
    assert weights_digest(folder) == digest_value(rows)
