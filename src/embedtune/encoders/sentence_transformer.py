"""A sentence-transformers model as an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embedtune.encoders.digests import model_digest
from embedtune.encoders.kernel_caches import bound_kernel_caches
from embedtune.encoders.locate import locate_model
from embedtune.encoders.token_table import ModelTokens, StoredTokens, model_tokens
from embedtune.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

_BATCH_ON_CPU = 8  # small enough for the layers' intermediate results to stay in the processor's cache
_BATCH_ON_GPU = 64
_TOKENIZERS = frozenset({"tokenizer.json", "vocab.txt", "vocab.json"})


class SentenceTransformerEncoder:
    """Encodes with a sentence-transformers model; every vector has length 1.

    Args:
        model: The loaded model.
        name: Its name, for people.
        digest: The digest of its files; see `embedtune.encoders.digests`.
    """

    def __init__(self, model: SentenceTransformer, name: str, digest: str) -> None:
        self.model = model
        self.name = name
        self.digest = digest

    @cached_property
    def dimension(self) -> int:
        """The length of a vector."""
        size = self.model.get_embedding_dimension()
        return int(size) if size else int(self.encode(["dimension"]).shape[1])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape (len(texts), dimension), float32.

        Equal texts are encoded once, and texts of like length together, so little is padded.
        """
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        distinct = sorted(set(texts), key=lambda text: (len(text), text))
        row = {text: number for number, text in enumerate(distinct)}
        vectors = self.model.encode(
            distinct,
            batch_size=_BATCH_ON_CPU if self.model.device.type == "cpu" else _BATCH_ON_GPU,
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        result: NDArray[np.float32] = np.asarray(vectors, dtype=np.float32)[[row[text] for text in texts]]
        return result

    def token_table(self) -> StoredTokens | ModelTokens | None:
        """Return the model's tokens with the vectors it begins with; ``None`` where it has none."""
        return model_tokens(self.model)


def load_encoder(
    folder: Path, name: str = "", *, device: str = "cpu", max_seq_length: int | None = None, digest: str = ""
) -> SentenceTransformerEncoder:
    """Load a sentence-transformers folder: safetensors only, no remote code, no network.

    Args:
        folder: The model's folder.
        name: Its name for people, by default the folder's.
        device: Where it runs, as torch names it.
        max_seq_length: Cut texts after so many tokens, if the model's own limit is not lower.
        digest: The digest of its files where it is known; by default they are read for it.

    Raises:
        ModelError: The folder cannot be loaded that way.
    """
    model = load_model(folder, device=device)
    if max_seq_length is not None:
        model.max_seq_length = min(max_seq_length, model.max_seq_length or max_seq_length)
    return SentenceTransformerEncoder(model, name or folder.name, digest or model_digest(folder))


def load_named_encoder(name: str, *, allow_network: bool = False, device: str = "cpu") -> SentenceTransformerEncoder:
    """Locate a model by name or folder and load it.

    Raises:
        ModelError: It is not on this machine or cannot be loaded.
    """
    located = locate_model(name, allow_network=allow_network)
    return load_encoder(located.folder, located.name, device=device)


def load_model(folder: Path, *, device: str = "cpu") -> SentenceTransformer:
    """Load a sentence-transformers folder as a model: safetensors only, no remote code, no network.

    Raises:
        ModelError: The folder cannot be loaded that way.
    """
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    _check_files(folder)
    bound_kernel_caches()
    # the library's own bars would break into the caller's
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return SentenceTransformer(
            str(folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
    except (OSError, ValueError, LookupError, TypeError, RuntimeError, ImportError, SafetensorError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(
            f"The model in {folder} cannot be loaded: {first.rstrip('.')}.",
            "It must be a sentence-transformers folder with safetensors weights.",
        ) from error


def _check_files(folder: Path) -> None:
    """Refuse what the library would load without a word: a model without its tokenizer, pickled weights."""
    if not (folder / "modules.json").is_file():
        raise ModelError(
            f"{folder} holds no sentence-transformers model (no modules.json).", "Give the folder of a model."
        )
    if not any(path.name in _TOKENIZERS or path.suffix == ".model" for path in folder.rglob("*")):
        raise ModelError(f"The model in {folder} has no tokenizer.", "Copy it whole, or save it anew.")
    for pickled in sorted(folder.rglob("pytorch_model.bin")):
        if not any(pickled.parent.glob("*.safetensors")):
            raise ModelError(
                f"The weights in {pickled} are a pickle, which can run code when it is loaded.",
                "Save the model with safetensors weights: model.save_pretrained(folder).",
            )
