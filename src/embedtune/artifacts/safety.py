"""What a sentence-transformers folder may hold: safetensors weights, known modules, no code.

Loading a model folder can run code: a pickle in the weights, a class named in ``modules.json``, a
Python file named under ``auto_map``, an attention kernel fetched from a hub. The folder is checked
before any library opens it.
"""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from embedtune.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES_FILE = "modules.json"

UNSAFE_SUFFIXES = frozenset(
    {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".npy", ".npz", ".h5", ".msgpack"}
    | {".py", ".pyc", ".pyd", ".so", ".dll", ".dylib"}
)

# As written by sentence-transformers 6 (base.modules…), 5.4 (sentence_transformer.modules…) and before (models…).
ALLOWED_MODULES = frozenset(
    {
        "sentence_transformers.base.modules.transformer.Transformer",
        "sentence_transformers.base.modules.normalize.Normalize",
        "sentence_transformers.base.modules.dense.Dense",
        "sentence_transformers.sentence_transformer.modules.transformer.Transformer",
        "sentence_transformers.sentence_transformer.modules.pooling.Pooling",
        "sentence_transformers.sentence_transformer.modules.normalize.Normalize",
        "sentence_transformers.sentence_transformer.modules.dense.Dense",
        "sentence_transformers.models.Transformer",
        "sentence_transformers.models.Pooling",
        "sentence_transformers.models.Normalize",
        "sentence_transformers.models.Dense",
        "sentence_transformers.models.Transformer.Transformer",
        "sentence_transformers.models.Pooling.Pooling",
        "sentence_transformers.models.Normalize.Normalize",
        "sentence_transformers.models.Dense.Dense",
    }
)

_CODE_KEYS = frozenset({"auto_map", "custom_pipelines", "trust_remote_code"})
_KERNEL_KEYS = frozenset({"attn_implementation", "_attn_implementation"})
_ACTIVATION_PREFIXES = ("torch.nn.modules.activation.", "torch.nn.modules.linear.Identity")


def check_model_folder(folder: Path) -> None:
    """Refuse a model folder that could run code when it is loaded, or that has no safe weights.

    Args:
        folder: A sentence-transformers folder.

    Raises:
        ModelError: The folder is missing or incomplete, or holds a pickle or code, an unknown module
            class, a module outside the folder, an adapter whose base lies elsewhere, or a
            configuration that names remote code. The message names the file.
    """
    _check_files(folder)
    _check_modules(folder)
    for path in sorted(folder.rglob("*config*.json")):
        _check_config(path, _read(path))


def _check_files(folder: Path) -> None:
    if not folder.is_dir():
        raise ModelError(f"There is no model folder {folder}.", "Check the path.")
    files = sorted(path for path in folder.rglob("*") if not path.is_dir())
    for path in files:
        if path.suffix.lower() in UNSAFE_SUFFIXES:
            raise ModelError(
                f"{path} can run code when it is loaded.",
                "Save the model with safetensors weights and without code: model.save_pretrained(folder).",
            )
        if path.name == "adapter_config.json":
            raise ModelError(
                f"{path} is an adapter: its base model lies elsewhere and cannot be verified.",
                "Merge the adapter into its base model and save the result.",
            )
    if not any(path.suffix == ".safetensors" for path in files):
        raise ModelError(
            f"{folder} holds no safetensors weights.", "Save the model with model.save_pretrained(folder)."
        )


def _check_modules(folder: Path) -> None:
    path = folder / MODULES_FILE
    if not path.is_file():
        raise ModelError(
            f"{folder} has no {MODULES_FILE}, so it is not a sentence-transformers model.",
            "Name the folder that holds modules.json and config.json.",
        )
    modules = _read(path)
    if not isinstance(modules, list) or not modules or not all(isinstance(module, dict) for module in modules):
        raise ModelError(f"{path} is not a list of modules.", "Save the model anew.")
    for module in modules:
        if module.get("type") not in ALLOWED_MODULES:
            raise ModelError(
                f"{path} names the module class {module.get('type')!r}, which embedtune does not load.",
                "Only Transformer, Pooling, Normalize and Dense of sentence-transformers are supported.",
            )
        place = module.get("path")
        if not isinstance(place, str) or PurePosixPath(place).is_absolute() or ".." in PurePosixPath(place).parts:
            raise ModelError(f"{path} names the module path {place!r}, which lies outside the model.", "Save it anew.")


def _check_config(path: Path, config: object) -> None:
    for key, value in _pairs(config):
        if key in _CODE_KEYS and value:
            raise ModelError(
                f"{path} asks for code outside this folder or beside the weights ({key}).",
                "Use a model whose architecture is part of the transformers library.",
            )
        if key in _KERNEL_KEYS and "/" in str(value):
            raise ModelError(f"{path} asks for an attention kernel from a hub ({value}).", f"Remove {key} from it.")
        if key == "activation_function" and "." in str(value) and not str(value).startswith(_ACTIVATION_PREFIXES):
            raise ModelError(f"{path} names the activation {value!r}.", "Use an activation class of torch.nn.")


def _pairs(value: object) -> Iterator[tuple[str, object]]:
    """Yield every (key, value) of a JSON value, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key), inner
            yield from _pairs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _pairs(inner)


def _read(path: Path) -> object:
    try:
        value: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(
            f"{path} cannot be read as JSON: {error}.", "Restore the file, or save the model anew."
        ) from error
    return value
