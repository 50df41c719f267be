from __future__ import annotations

import json

import pytest

from embedtune.artifacts.safety import ALLOWED_MODULES, check_model_folder
from embedtune.errors import ModelError


def write_modules(folder, **changes):
    module = {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"} | changes
    (folder / "modules.json").write_text(json.dumps([module]))


def test_a_plain_model_passes(model_folder):
    check_model_folder(model_folder)


@pytest.mark.parametrize("name", sorted(ALLOWED_MODULES))
def test_known_module_classes_pass(model_folder, name):
    write_modules(model_folder, type=name)
    check_model_folder(model_folder)


@pytest.mark.parametrize(
    "name",
    ["custom.Module", "os.system", "sentence_transformers.base.modules.router.Router", "", None, "builtins.eval"],
)
def test_unknown_module_classes_are_refused(model_folder, name):
    write_modules(model_folder, type=name)
    with pytest.raises(ModelError, match=r"modules\.json names the module class"):
        check_model_folder(model_folder)


@pytest.mark.parametrize("path", ["/other", "../other", "x/../../other", None])
def test_modules_outside_the_folder_are_refused(model_folder, path):
    write_modules(model_folder, path=path)
    with pytest.raises(ModelError, match="outside the model"):
        check_model_folder(model_folder)


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "1_Pooling/weights.pt", "optimizer.PTH", "x.pkl", "modeling_custom.py", "a/b.so"]
)
def test_pickles_and_code_are_refused_by_name(model_folder, name):
    path = model_folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    with pytest.raises(ModelError) as caught:
        check_model_folder(model_folder)
    assert caught.value.message.startswith(str(path))


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("config.json", {"auto_map": {"AutoModel": "modeling.Custom"}}, "auto_map"),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["t.T", None]}}, "auto_map"),
        ("sentence_bert_config.json", {"model_args": {"trust_remote_code": True}}, "trust_remote_code"),
        ("config.json", {"nested": [{"auto_map": {"AutoModel": "x"}}]}, "auto_map"),
        ("config.json", {"attn_implementation": "someone/kernel"}, "attention kernel"),
        ("1_Pooling/config.json", {"activation_function": "os.system"}, "activation"),
    ],
)
def test_configurations_that_call_for_code_are_refused(model_folder, file, content, reason):
    (model_folder / file).write_text(json.dumps(content))
    with pytest.raises(ModelError, match=reason) as caught:
        check_model_folder(model_folder)
    assert str(model_folder / file) in caught.value.message


@pytest.mark.parametrize(
    "content",
    [
        {"activation_function": "torch.nn.modules.activation.Tanh"},
        {"activation_function": "torch.nn.modules.linear.Identity"},
        {"activation_function": "gelu"},
        {"attn_implementation": "sdpa"},
        {"auto_map": None, "trust_remote_code": False},
    ],
)
def test_harmless_configurations_pass(model_folder, content):
    (model_folder / "config.json").write_text(json.dumps(content))
    check_model_folder(model_folder)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '["x"]', "\ud800"])
def test_damaged_modules_are_refused(model_folder, content):
    (model_folder / "modules.json").write_text(content, errors="surrogatepass")
    with pytest.raises(ModelError, match=r"modules\.json"):
        check_model_folder(model_folder)


def test_missing_parts_are_named(model_folder, tmp_path):
    with pytest.raises(ModelError, match="no model folder"):
        check_model_folder(tmp_path / "nowhere")
    (model_folder / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelError, match="adapter"):
        check_model_folder(model_folder)
    (model_folder / "adapter_config.json").unlink()
    (model_folder / "modules.json").unlink()
    with pytest.raises(ModelError, match=r"has no modules\.json"):
        check_model_folder(model_folder)
    (model_folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="no safetensors"):
        check_model_folder(model_folder)
