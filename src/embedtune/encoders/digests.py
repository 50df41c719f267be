"""Identify a model by the bytes that decide its vectors."""

from __future__ import annotations

from pathlib import Path

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
_DECIDING_SUFFIXES = frozenset({".safetensors", ".model"})


def model_digest(folder: Path) -> str:
    """Return the digest of a sentence-transformers folder: its weights, tokenizer and module settings.

    Files that say nothing about the vectors (README, training logs, weights in other formats) do not
    count, so a copy with another README is the same model.
    """
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and (path.suffix in _DECIDING_SUFFIXES or path.name in _DECIDING)
        and not _foreign(path, folder)
    )
    return digest_value([[path.relative_to(folder).as_posix(), digest_file(path)] for path in files])


def weights_digest(folder: Path) -> str:
    """Return the digest of a model's weight files alone."""
    files = sorted(path for path in folder.rglob("*.safetensors") if not _foreign(path, folder))
    if len(files) == 1:
        return digest_file(files[0])
    return digest_value([[path.relative_to(folder).as_posix(), digest_file(path)] for path in files])


def _foreign(path: Path, folder: Path) -> bool:
    """Tell whether a file lies in a hidden folder or one of exported formats (``onnx``, ``openvino``)."""
    parts = path.relative_to(folder).parts[:-1]
    return any(part.startswith(".") or part in {"onnx", "openvino"} for part in parts)
