"""Identify a model by the bytes that decide its vectors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from embedtune.files import digest_file, digest_value

_DECIDING = frozenset(
    {
        "modules.json",
        "config.json",
        "config_sentence_transformers.json",  # a default prompt goes in front of every text
        "sentence_bert_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "vocab.txt",
        "vocab.json",
        "merges.txt",
    }
)
FOREIGN_FOLDERS = frozenset({"onnx", "openvino"})
"""Folders within a model that hold it in exported formats."""

_DECIDING_SUFFIXES = frozenset({".safetensors", ".model"})


def model_digest(folder: Path) -> str:
    """Return the digest of a sentence-transformers folder: its weights, tokenizer and module settings.

    Files that say nothing about the vectors (README, training logs, weights in other formats) do not
    count, so a copy with another README is the same model.
    """
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return digest_of_files({name: digest_file(folder / name) for name in names if _decides(PurePosixPath(name))})


def digest_of_files(files: Mapping[str, str]) -> str:
    """Return what `model_digest` would, from the digests of files that are known already.

    Args:
        files: The relative path (with ``/``) of each file to its digest; those that do not count are left out.
    """
    deciding = sorted(path for path in map(PurePosixPath, files) if _decides(path))
    return digest_value([[str(path), files[str(path)]] for path in deciding])


def weights_digest(folder: Path) -> str:
    """Return the digest of a model's weight files alone."""
    files = sorted(
        path for path in folder.rglob("*.safetensors") if not _foreign(PurePosixPath(path.relative_to(folder)))
    )
    if len(files) == 1:
        return digest_file(files[0])
    return digest_value([[path.relative_to(folder).as_posix(), digest_file(path)] for path in files])


def _decides(path: PurePosixPath) -> bool:
    return (path.suffix in _DECIDING_SUFFIXES or path.name in _DECIDING) and not _foreign(path)


def _foreign(path: PurePosixPath) -> bool:
    """Tell whether a file lies in a hidden folder or one of exported formats (``onnx``, ``openvino``)."""
    return any(part.startswith(".") or part in FOREIGN_FOLDERS for part in path.parts[:-1])
