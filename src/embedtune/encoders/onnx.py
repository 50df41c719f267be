"""An exported model as an encoder: no torch, and a fraction of its time for one text."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embedtune.encoders.onnx_files import OnnxFacts, check_graph, graph_file, read_facts
from embedtune.encoders.token_table import StoredTokens, stored_tokens
from embedtune.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

_BATCH = 8  # as for torch on a processor: the layers' intermediate results stay in its cache
_ENOUGH_THREADS = 4  # a question of a dozen tokens has no work for more
_ERRORS_ONLY = 3
_TOKENIZER = "tokenizer.json"


class OnnxEncoder:
    """Encodes with an exported model; every vector has length 1. It may be shared by threads.

    Args:
        session: The loaded graph.
        tokenizer: Cuts texts into tokens, no more than the model takes.
        facts: What stands beside the graph.
        name: Its name, for people.
        folder: The model's own folder.
    """

    def __init__(
        self, session: InferenceSession, tokenizer: Tokenizer, facts: OnnxFacts, name: str, folder: Path
    ) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._facts = facts
        self._folder = folder
        self.name = name

    @property
    def digest(self) -> str:
        """The digest of the model whose vectors these are; see `OnnxFacts.digest`."""
        return self._facts.digest

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._facts.dimension

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape (len(texts), dimension), float32.

        Equal texts are encoded once, and texts of like length together, so little is padded.
        """
        if len(texts) == 1:
            return self._run(self._tokenizer.encode_batch(list(texts)))
        distinct = sorted(set(texts))
        encodings = self._tokenizer.encode_batch(distinct)
        order = sorted(range(len(distinct)), key=lambda number: len(encodings[number]))
        vectors = np.empty((len(distinct), self.dimension), dtype=np.float32)
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            vectors[rows] = self._run([encodings[row] for row in rows])
        place = {text: number for number, text in enumerate(distinct)}
        return vectors[[place[text] for text in texts]]

    def token_table(self) -> StoredTokens | None:
        """Return the model's tokens with the vectors it begins with; ``None`` where its weights hold none.

        Raises:
            ModelError: The model's folder is gone or damaged.
        """
        return stored_tokens(self._folder, load_tokenizer(self._folder))

    def _run(self, encodings: Sequence[Encoding]) -> NDArray[np.float32]:
        columns = {
            "input_ids": (self._facts.pad_id, [encoding.ids for encoding in encodings]),
            "attention_mask": (0, [encoding.attention_mask for encoding in encodings]),
            "token_type_ids": (0, [encoding.type_ids for encoding in encodings]),
        }
        feed = {name: _padded(columns[name][1], columns[name][0]) for name in self._facts.inputs}
        vectors: NDArray[np.float32] = self._session.run(None, feed)[0]
        return vectors


def load_onnx(
    folder: Path, model_digest: str, name: str = "", threads: int | None = None, source: Path | None = None
) -> OnnxEncoder:
    """Load the exported model in a model folder.

    Args:
        folder: The model's folder.
        model_digest: The model that it must have been exported from.
        name: Its name for people, by default the folder's.
        threads: How many threads one text may take; by default what OMP_NUM_THREADS says, as for torch, else
            as many as there are processors, four at most.
        source: A folder of the same model that stays, where ``folder`` does not.

    Raises:
        ModelError: There is none, it is not the one that was exported, or it cannot be loaded.
    """
    import onnxruntime

    facts = read_facts(folder, model_digest)
    check_graph(folder, facts)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or _threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    try:
        session = onnxruntime.InferenceSession(graph_file(folder), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # The runtime raises classes of its own that share no base but this.
        raise ModelError(
            f"The exported model in {folder} cannot be loaded: {str(error).splitlines()[0]}.",
            "Remove its onnx folder to have torch run the model, or publish it anew.",
        ) from error
    return OnnxEncoder(session, load_tokenizer(folder, facts.max_tokens), facts, name or folder.name, source or folder)


def load_tokenizer(folder: Path, max_tokens: int | None = None) -> Tokenizer:
    """Load the tokenizer of a model folder; it cuts texts after so many tokens, if any, and fills up none.

    Raises:
        ModelError: It is not in the one format that needs no model library, or cannot cut so.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        if max_tokens is not None:
            tokenizer.enable_truncation(max_tokens)
    except Exception as error:
        # The library raises nothing more special.
        raise ModelError(f"The tokenizer in {folder} cannot be loaded: {error}.", "Save the model anew.") from error
    return tokenizer


def _threads() -> int:
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _ENOUGH_THREADS)


def _padded(rows: Sequence[Sequence[int]], filler: int) -> NDArray[np.int64]:
    """Return rows of numbers as a table, filled up on the right."""
    if len(rows) == 1:
        return np.array(rows, dtype=np.int64)
    table = np.full((len(rows), max(map(len, rows))), filler, dtype=np.int64)
    for number, row in enumerate(rows):
        table[number, : len(row)] = row
    return table
